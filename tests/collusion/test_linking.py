"""Machines across projects: with the regulator's key alone, for a warning in work, told without any identifier."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from click.testing import CliRunner

from accounts.queries import person
from accounts.rules import Role
from bidding import queries as bidding
from collusion import queries, services
from collusion.cli import collusion
from collusion.models import DeviceLink
from collusion.rules.machine_records import ANSWER, compare, proof_of, read_answer
from collusion.rules.machines import Told, shared
from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from core.errors import Conflict, Invalid
from core.seal import new_identity, recipient_of
from core.seal.age import open_whole
from core.seal.keyfile import KeyFile
from opening import services as opening
from opening.services.devices import keep_record
from tests import factories
from tests.collusion.desk import opened
from tests.collusion.test_desk import CODE, as_login, do, scanned, supervisor
from tests.collusion.test_passages import OWN

OTHER = "XS-2026-002-01"
REASON = "两家设备标识相同，核查其他项目是否出自同一台机器。"
MACHINE = {"mac": "3C-52-82-11-22-33", "disk": "S4EVNX0M778", "cpu": "BFEBFBFF000906EA", "host": "", "tool": "t/1"}
PASSPHRASE = "correct horse battery"


@pytest.fixture
def key() -> str:
    return new_identity()


@pytest.fixture
def desk(platform: Platform, clock: StoppedClock, key: str) -> Platform:
    """Two projects; bid 1 of the first and bid 2 of the other, another bidder's, were made on one machine."""
    with platform.act(supervisor(platform)) as act:
        opening.name_regulator_key(act, recipient_of(key))
    opened(platform, clock, CODE, {1: OWN, 2: OWN, 3: "完全不同的第三家做法，逐段验收。"})
    opened(platform, clock, OTHER, {1: "甲", 2: "乙", 3: "丙"}, others={2: factories.uscc(777), 3: factories.uscc(778)})
    with platform.act(SYSTEM) as act:
        for code in (CODE, OTHER):
            for bid in queries.opened_bids(act.session, bidding.section(act.session, code)):
                own = {**MACHINE, "disk": f"D{code}{bid.number}", "mac": f"02-00-{code[8:11]}-{bid.number}"}
                keep_record(act, bid, MACHINE if (code, bid.number) in ((CODE, 1), (OTHER, 2)) else own)
    with platform.act(factories.actor(platform, Role.SUPERVISOR)) as act:
        services.record_scan(act, bidding.section(act.session, CODE), scanned(platform))
    return platform


def warned(session: Any) -> Any:
    """The one warning."""
    (found,) = queries.warnings_of(session, bidding.section(session, CODE))
    return found


def take(desk: Platform, reason: str = REASON, who: str = "a") -> bytes:
    with desk.act(supervisor(desk, who)) as act:
        return services.take_records(act, warned(act.session), reason)


def bring(desk: Platform, answer: dict[str, Any] | bytes, who: str = "a") -> DeviceLink:
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    with desk.act(supervisor(desk, who)) as act:
        return services.receive_link(act, warned(act.session), content)


def compared(bundle: bytes, key: str) -> dict[str, Any]:
    return compare(bundle, lambda sealed: open_whole(sealed, key))


def test_another_bidders_bid_in_another_project_on_the_same_machine_is_found_and_kept(desk: Platform, key: str) -> None:
    """The answer names bids and kinds, both digests are in the ledger, and no identifier stands anywhere.

    Seen red: with whoever is not in charge let in.
    """
    with pytest.raises(Conflict, match=r"link\.not_in_work"):
        take(desk)
    do(desk, services.assign_warning)
    with pytest.raises(Conflict, match=r"warning\.not_yours"):
        take(desk, who="b")
    with pytest.raises(Invalid, match=r"warning\.reason"):
        take(desk, "看看")
    bundle = take(desk)
    answer = compared(bundle, key)
    assert answer == compared(bundle, key)
    bring(desk, answer)
    with desk.reading() as session:
        (link,) = queries.device_links(session, warned(session))
        told = [entry.facts for entry in queries.trail(session, warned(session)) if entry.kind.startswith("device.")]
    strong = [match for match in link.answer["matches"] if len(match["equal"]) == 3]
    assert [(match["bid"]["number"], match["other"]["section"], match["other"]["number"]) for match in strong] == [
        (1, OTHER, 2)
    ]
    assert {one["kind"]: one["holders"] for one in strong[0]["equal"]} == {"mac": 2, "disk": 2, "cpu": 5}
    assert link.answer["bids"] == 6 and link.answer["left_out"] == 0 and link.answer["ring"] == link.answer["ring_size"]
    taken, linked = told
    assert taken["bundle_sha256"] == linked["bundle_sha256"] == hashlib.sha256(bundle).hexdigest()
    assert linked["answer_sha256"] == hashlib.sha256(rfc8785.dumps(link.answer)).hexdigest()
    assert taken["reason"] == linked["reason"] == REASON and taken["records"] == linked["records"] == 6
    kept = (json.dumps([answer, told]) + bundle.decode()).casefold()
    assert not any(value in kept for value in ("3c5282", "s4evnx0m778", "bfebfbff"))


def test_only_the_keys_holder_can_answer_and_only_for_the_bundle_that_was_taken(desk: Platform, key: str) -> None:
    """A changed answer, a foreign key, another bundle, a bid that was not handed out: each refused."""
    do(desk, services.assign_warning)
    bundle = take(desk)
    with pytest.raises(Invalid, match=r"seal\.not_for_this_key"):
        compared(bundle, new_identity())
    answer = compared(bundle, key)
    silent = {**answer, "answer": {**answer["answer"], "matches": []}}
    forged = {**silent, "proof": proof_of(bytes(32), answer["bundle_sha256"], silent["answer"])}
    for changed in (silent, forged, {**answer, "proof": "0" * 64}):
        with pytest.raises(Invalid, match=r"link\.proof"):
            bring(desk, changed)
    with pytest.raises(Invalid, match=r"link\.other_bundle"):
        bring(desk, {**answer, "bundle_sha256": "0" * 64})
    with pytest.raises(Conflict, match=r"warning\.not_yours"):
        bring(desk, answer, who="b")
    token = open_whole(base64.b64decode(json.loads(bundle)["token"]), key)
    for place, value in (("name", "别家"), ("number", 77), ("section", CODE)):
        wrong = json.loads(json.dumps(answer))
        wrong["answer"]["matches"][0]["other"][place] = value
        wrong["proof"] = proof_of(token, wrong["bundle_sha256"], wrong["answer"])
        with pytest.raises(Invalid, match=r"link\.bid"):
            bring(desk, wrong)
    torn = json.loads(bundle)
    torn["records"][0]["submission"] = "0" * 64
    with pytest.raises(Invalid, match=r"link\.torn"):
        compared(json.dumps(torn).encode(), key)
    with desk.reading() as session:
        assert session.query(DeviceLink).count() == 0
    bring(desk, answer)


def test_an_answer_file_is_read_place_by_place() -> None:
    """Seen red: with the kinds of identifiers not looked at."""
    bid = {"section": "S", "number": 1, "name": "甲", "identifier": "A"}
    match = {"bid": bid, "other": {**bid, "number": 2}, "equal": [{"kind": "mac", "holders": 2}]}
    counts = dict.fromkeys(("bids", "bidders", "own", "ring", "ring_size", "left_out"), 3)
    good = {
        "format": ANSWER, "warning": "W", "bundle_sha256": "0" * 64, "proof": "0" * 64,
        "answer": {**counts, "matches": [match]},
    }  # fmt: skip
    assert read_answer(json.dumps(good).encode()) == good

    def answering(**changes: Any) -> dict[str, Any]:
        return {**good, "answer": {**counts, "matches": [match], **changes}}

    for wrong in (
        [], {**good, "format": "x"}, {**good, "more": 1}, {**good, "proof": 7}, {**good, "answer": counts},
        answering(bids=True), answering(own=-1), answering(matches={}), answering(matches=[{**match, "equal": []}]),
        answering(matches=[{**match, "equal": [{"kind": "serial", "holders": 2}]}]),
        answering(matches=[{**match, "other": {**bid, "mac": "3c"}}]),
        answering(matches=[{**match, "bid": {**bid, "name": None}}]),
    ):  # fmt: skip
        with pytest.raises(Invalid, match=r"link\.answer"):
            read_answer(json.dumps(wrong).encode())
    with pytest.raises(Invalid, match=r"link\.answer"):
        read_answer(b"[" * 100_000)
    with pytest.raises(Invalid, match=r"link\.bundle"):
        compare(b'{"format": "sunbid-machine-records/v1", "section": "S", "ring": [[]]}', lambda sealed: sealed)


def test_at_the_desk_records_go_out_and_the_answer_comes_in_and_no_key_is_sent(
    desk: Platform, key: str, app: Any, login: Callable[..., Any], tmp_path: Path
) -> None:
    """The whole round with the real command."""
    do(desk, services.assign_warning)
    browser = as_login(app, desk, supervisor(desk).name)
    url = f"/supervise/warnings/W-{desk.clock.now():%Y}-0001"
    page = browser.get(url).get_data(as_text=True)
    assert "比对其他项目的制作设备" in page and 'type="password"' not in page
    short = browser.post(f"{url}/machines", data={"link_reason": "看看"})
    assert short.status_code == 422 and "看看" in short.get_data(as_text=True)
    handed = browser.post(f"{url}/machines", data={"link_reason": REASON})
    assert handed.status_code == 200 and "attachment" in handed.headers["Content-Disposition"]
    bundle, out, keys = tmp_path / "machines.json", tmp_path / "answer.json", tmp_path / "regulator.age"
    bundle.write_bytes(handed.data)
    keys.write_bytes(KeyFile(key, secrets.token_bytes(32)).wrapped(PASSPHRASE))
    words = ["link", str(bundle), "--key", str(keys), "--out", str(out), "--passphrase", PASSPHRASE]
    ran = CliRunner().invoke(collusion, words, catch_exceptions=False)
    assert ran.exit_code == 0 and f"{CODE} 1 – {OTHER} 2\tcpu (5), disk (2), mac (2)" in ran.output
    with pytest.raises(Conflict, match=r"identity\.exists"):
        CliRunner().invoke(collusion, words, catch_exceptions=False)

    def sent(content: bytes) -> Any:
        fields = {"file": (io.BytesIO(content), "answer.json")}
        return browser.post(f"{url}/link", data=fields, content_type="multipart/form-data")

    for content, told in ((b"", "请选择不超过 4 MB"), (b"no answer at all", "不符合格式")):
        refused = sent(content)
        assert refused.status_code == 422 and told in refused.get_data(as_text=True)
    with desk.reading() as session:
        assert session.query(DeviceLink).count() == 0
    assert sent(out.read_bytes()).status_code == 303
    page = browser.get(url).get_data(as_text=True)
    assert OTHER in page and "网卡（5 家中 2 家）" in page and "s4evnx0m778" not in page.casefold()
    with desk.reading() as session:
        name = person(session, "supervisor-a").name
    for told in (page, browser.get("/supervise/machines").get_data(as_text=True)):
        assert name in told.partition("<main")[2] and "supervisor-a" not in told.partition("<main")[2]


def test_a_bidders_own_machine_in_its_other_projects_says_nothing() -> None:
    """Seen red: with bids of the same project compared too."""
    told = [
        Told("P1", "P1-01", 1, "A", "甲", {"mac": "m", "cpu": "c"}),
        Told("P1", "P1-02", 1, "B", "乙", {"mac": "m"}),
        Told("P2", "P2-01", 4, "A", "甲", {"mac": "m", "cpu": "c"}),
        Told("P3", "P3-01", 2, "C", "丙", {"cpu": "c"}),
    ]
    found = shared(told, {("P1-01", 1)})
    assert found["own"] == 1 and found["bidders"] == 3
    assert [(match["other"]["identifier"], match["equal"]) for match in found["matches"]] == [
        ("C", [{"kind": "cpu", "holders": 2}])
    ]
