"""Random walks through the day with real bids: the checklist never lies, and what is not yet public never shows."""

from __future__ import annotations

import contextlib
import copy
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.act import Platform
from core.clock import StoppedClock, from_iso
from core.db import Database
from core.errors import Missing, Refusal
from core.ledger.log import entries_of
from core.store import ObjectStore
from opening import queries, services
from opening.lifecycle import OPENING
from opening.rules import HOST_MOVES, NAMES_SHOWN, PRICES_SHOWN, first_unmet
from tests.opening.stage import CODE, TRUSTEES, Stage

TROUBLE = {"cause": "机房断电", "impact": "无法解密", "measures": "切换电源"}


def _sign(stage: Stage) -> None:
    facts = None
    with stage.platform.reading() as session, contextlib.suppress(Missing):
        facts = queries.record_facts(session, stage.opening.section)
    stage.act(stage.tenderee, services.sign_record, b"%PDF-1.7 printed elsewhere", facts)


def _host(verb: str) -> Callable[[Stage], Any]:
    """The host's move with something sensible in its form."""
    arguments: dict[str, Callable[[Stage], tuple[Any, ...]]] = {
        "pause": lambda stage: ("核实",),
        "extend": lambda stage: (7, "网络拥塞"),
        "announce_reconvening": lambda stage: (stage.clock.now() + timedelta(minutes=9), "恢复"),
        "announce_supplement": lambda stage: (stage.clock.now() + timedelta(minutes=9), "改判"),
    }
    named: dict[str, dict[str, str]] = {"suspend": TROUBLE, "cancel": {"reason": "撤销", "basis": "决定"}}
    if verb == "sign_record":
        return _sign
    return lambda stage: stage.act(
        stage.tenderee,
        getattr(services, verb),
        *arguments.get(verb, lambda stage: ())(stage),
        **named.get(verb, {}),
    )


def _decide(stage: Stage) -> None:
    for letter in stage.bidders:
        stage.as_bid(letter, stage.tenderee, services.decide_cause, "bidder_absent", "三次电话未接")


def _reply(stage: Stage) -> None:
    with stage.platform.reading() as session:
        left = queries.open_objections(session, stage.opening)
    for objection in left:
        stage.reply(objection, "经核对无误")


def _outcome(stage: Stage) -> None:
    with stage.platform.act(stage.tenderee) as act:
        found = queries.opening(act.session, stage.opening.section)
        for incident in queries.incidents(act.session, found):
            if incident.closed_at is None:
                services.close_incident(act, found, incident, "已恢复")


def _reveal(stage: Stage) -> None:
    for role in ("officer", "supervisor"):
        stage.act(stage.trustees[role], services.reveal_coefficient, role, stage.nonce(role))


OTHERS: dict[str, Callable[[Stage], Any]] = {
    "peel": lambda stage: stage.peel(*TRUSTEES),
    "release a": lambda stage: stage.release("a"),
    "release b": lambda stage: stage.release("b"),
    "release c": lambda stage: stage.release("c"),
    "open": lambda stage: stage.open_ready(),
    "tick": lambda stage: stage.tick(),
    "wait 10": lambda stage: stage.clock.advance(minutes=10),
    "wait 60": lambda stage: stage.clock.advance(minutes=60),
    "decide": _decide,
    "reveal": _reveal,
    "object": lambda stage: stage.as_bid("b", stage.bidders["b"].actor, services.raise_objection, "请核对"),
    "reply": _reply,
    "incident": lambda stage: stage.act(stage.tenderee, services.raise_incident, **TROUBLE),
    "outcome": _outcome,
    "confirm": lambda stage: stage.as_bid("a", stage.bidders["a"].actor, services.confirm_record),
}
# A blind walk seldom comes far: the day's own steps in their order, with anything in between, come all the way.
AGAIN = ("announce_reconvening", "wait 10", "reconvene")
DAY = (
    "peel", "publish_names", *AGAIN, "open_decryption", "fall_back", "extend", "release a", "release b", "release c",
    "peel", "open", *AGAIN, "wait 60", "tick", "decide", "peel", "tick", "decide", *AGAIN, "close_decryption",
    "reveal", "draw_coefficients", "read_prices", *AGAIN, "ask_confirmation", "confirm", "reply", "outcome", *AGAIN,
    "sign_record", "hand_over",
)  # fmt: skip
ANY = (*(verb for verb in HOST_MOVES if verb != "cancel"), *OTHERS)
WALK = st.tuples(*(st.tuples(st.just(step), st.lists(st.sampled_from(ANY), max_size=1)) for step in DAY)).map(
    lambda parts: [step for own, more in parts for step in (*more, own)]
)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Stage:
    """A closed section with three bids, copied for every walk."""
    from core.chance import seeded
    from core.ledger.log import platform_signer
    from tests.conftest import SIGNER_SEED, START

    folder = tmp_path_factory.mktemp("walks")
    (folder / "platform").mkdir()
    shutil.copy(empty_sqlite, folder / "platform" / "sunbid.db")
    database = Database(f"sqlite:///{folder / 'platform' / 'sunbid.db'}", folder=folder / "platform")
    platform = Platform(
        database,
        ObjectStore(folder / "platform" / "objects"),
        StoppedClock(START),
        platform_signer("sunbid.test", SIGNER_SEED),
        seeded(b"walks"),
    )
    stage = Stage(platform, folder / "machines")
    for letter in "abc":
        stage.submit(letter)
    stage.commit_draw()
    stage.close()
    database.checkpoint()
    database.close()
    return stage


def copied(stage: Stage, folder: Path) -> Stage:
    """The same stage over a copy of its platform."""
    shutil.copytree(stage.platform.database.folder, folder)
    clock = StoppedClock(stage.clock.now())
    database = Database(f"sqlite:///{folder / 'sunbid.db'}", folder=folder)
    twin = copy.copy(stage)
    twin.platform = Platform(
        database, ObjectStore(folder / "objects"), clock, stage.platform.signer, stage.platform.chance
    )
    twin.clock = clock
    return twin


@pytest.mark.slow
@given(WALK)
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_on_any_walk_the_checklist_tells_the_truth_and_nothing_shows_early(
    closed: Stage, tmp_path_factory: pytest.TempPathFactory, walk: list[str]
) -> None:
    """Each move of the host succeeds exactly where its checklist says so; each refusal is the one it names.

    Seen red: with fall_back not asking its conditions; with a prolongation that took minutes away; with prices shown
    once decryption has closed.
    """
    stage = copied(closed, tmp_path_factory.mktemp("walk") / "platform")
    until = None
    try:
        for step in walk:
            with stage.platform.reading() as session:
                expected = (
                    first_unmet(step, queries.standing(session, stage.opening, stage.clock.now()))
                    if step in HOST_MOVES
                    else None
                )
            try:
                (_host(step) if step in HOST_MOVES else OTHERS[step])(stage)
            except Refusal as refusal:
                if step in HOST_MOVES:
                    assert expected is not None and refusal.code == expected.code, (step, refusal, expected)
            else:
                assert expected is None, (step, expected)
            opening = stage.opening
            with stage.platform.reading() as session:
                rows = queries.board(session, opening)
                told = queries.state_facts(session, opening)
                lines = queries.log_lines(session, opening)
            assert bool(rows) == (opening.standing in NAMES_SHOWN), step
            assert opening.standing in PRICES_SHOWN or all(row["price_fen"] is None for row in rows), step
            assert opening.standing in NAMES_SHOWN or not told["bids"]
            assert opening.standing in NAMES_SHOWN or all(line.bidder is None for line in lines)
            if opening.decrypt_until_at is not None:
                assert until is None or opening.decrypt_until_at >= until
                until = opening.decrypt_until_at
        with stage.platform.reading() as session:
            moves = [entry for entry in entries_of(session, f"opening:{CODE}") if "to" in (entry.facts or {})]
        state = OPENING.start
        for entry in moves:
            verb = entry.kind.removeprefix("opening.")
            assert entry.facts["from"] == state and state in OPENING.moves[verb].sources
            state = entry.facts["to"]
            assert OPENING.moves[verb].target in (state, None)
        assert state == stage.opening.state
        for suspension in stage.opening.suspensions:
            if suspension["until"] is not None:
                assert from_iso(suspension["until"]) >= from_iso(suspension["reconvene_at"])
    finally:
        stage.platform.database.close()
