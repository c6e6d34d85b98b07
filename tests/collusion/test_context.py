"""Indicators of history, conduct, owners and benchmark: shown, never weighed; the trace found, its twin not."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import comb
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from benchmarks import collusion_context as world
from bidding import queries as bidding
from bidding.models import Section
from collusion import queries
from collusion.indicators import (
    conduct_no_show,
    conduct_upload_gap,
    experts_winner_lift,
    files_layout,
    history_co_bidding,
    history_companion,
    history_rotation,
    people_contacts,
    people_ownership,
    prices_benchmark_squeeze,
    tenderer_loyalty,
)
from collusion.rules import fusion
from collusion.rules.background import Background
from collusion.rules.case import Bid, Case, Conduct
from collusion.rules.documents import Marks, Place
from collusion.rules.evidence import Evidence, Explanation, Indicator
from collusion.rules.history import Meeting, Pricing, hypergeometric_tail, runs_tail
from collusion.rules.owners import Owners
from collusion.rules.registry_file import read_registry
from collusion.rules.scan import evaluate
from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from core.errors import Invalid
from experts.models import Committee, Expert, Member
from tests.collusion.cases import text
from tests.collusion.desk import opened

PLACE = Place("r", None, None)
PAIR = ("a", "b")
ENDS = datetime(2026, 3, 26, tzinfo=UTC)


def section(**changes: Any) -> Case:
    """Three bidders and nothing else."""
    bids = tuple(Bid(name, (), None, None, name) for name in "abc")
    return replace(Case((), bids, window=(ENDS - timedelta(days=24), ENDS)), **changes)


def found(indicator: Indicator, case: Case) -> dict[tuple[str, str], Evidence]:
    """What it shows, by pair; never weighed."""
    items = indicator.evaluate(case)
    assert all(not item.weighed and item.findings and item.tested and 0 < item.chance <= 1 for item in items)
    assert not items or indicator.lacking(case) is None
    return {(item.a, item.b): item for item in items}


def met(code: int, who: str, winner: str | None, absent: str = "") -> Meeting:
    return Meeting(f"s{code:03d}", "k", frozenset(who), frozenset(absent), winner)


def test_exact_tails_are_what_counting_says() -> None:
    """Against every order and every draw. Seen red: with one run too many counted."""
    for ones, zeros in ((3, 4), (2, 2), (5, 1)):
        orders = set(itertools.permutations([True] * ones + [False] * zeros))
        runs = {order: 1 + sum(x != y for x, y in itertools.pairwise(order)) for order in orders}
        for order in orders:
            share = sum(count >= runs[order] for count in runs.values()) / len(orders)
            assert runs_tail(order) == pytest.approx(share)
    draws = list(itertools.combinations(range(8), 3))
    share = sum(len({*draw} & {0, 1, 2, 3}) >= 2 for draw in draws) / comb(8, 3)
    assert hypergeometric_tail(2, 8, 4, 3) == pytest.approx(share)


HISTORIES: dict[str, tuple[Indicator, list[Meeting], list[Meeting]]] = {
    "history.co_bidding": (
        history_co_bidding.INDICATOR,
        [met(n, "abx" if n < 14 else "xyz", "x") for n in range(40)],
        [met(n, ("ax", "bx", "abx", "xy")[n % 4], "x") for n in range(40)],
    ),
    "history.companion": (
        history_companion.INDICATOR,
        [met(n, "ab", "b") if n % 2 else met(n, "ac", "a") for n in range(40)],
        [met(n, "ab" if n % 2 else "ac", "a" if n % 4 < 2 else "bc"[n % 2 == 0]) for n in range(40)],
    ),
    "history.rotation": (
        history_rotation.INDICATOR,
        [met(n, "ab", "ab"[n % 2]) for n in range(12)],
        [met(n, "ab", "ab"[n > 5]) for n in range(12)],
    ),
    "conduct.no_show": (
        conduct_no_show.INDICATOR,
        [met(n, "ab", "b", "a") if n % 5 == 0 else met(n, "acx", "x") for n in range(40)],
        [met(n, "ab", "b", "a" if n % 4 == 0 else "") if n % 2 else met(n, "acx", "x", "a" if n % 8 == 0 else "")
         for n in range(40)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("identifier", sorted(HISTORIES))
def test_a_history_that_speaks_and_one_that_does_not(identifier: str) -> None:
    """Also: none, and one of another trade, is none. Seen red: with histories of every trade taken."""
    indicator, guilty, innocent = HISTORIES[identifier]
    pricing = Pricing({}, None, None, "k")
    assert PAIR in found(indicator, section(history=tuple(guilty), pricing=pricing))
    assert PAIR not in found(indicator, section(history=tuple(innocent), pricing=pricing))
    assert found(indicator, section()) == {} and indicator.lacking(section()) is not None
    assert found(indicator, section(history=tuple(guilty), pricing=replace(pricing, kind="other"))) == {}


def test_uploads_together_count_far_from_the_deadline_only() -> None:
    """Seen red: with the rush left out of the density."""

    def at(*left: timedelta) -> Case:
        bids = tuple(
            Bid(name, (), None, None, name, Conduct(ENDS - one, PLACE)) for name, one in zip("abc", left, strict=True)
        )
        return section(bids=bids)

    day, minute = timedelta(days=1), timedelta(minutes=1)
    assert set(found(conduct_upload_gap.INDICATOR, at(day, day + minute, 9 * day))) == {PAIR}
    assert found(conduct_upload_gap.INDICATOR, at(4 * minute, 5 * minute, 9 * day)) == {}
    assert conduct_upload_gap.INDICATOR.lacking(section()) is not None


def owners(name: str, responsible: str = "", **holders: float) -> Owners:
    listed = tuple(sorted((holder, holder, share) for holder, share in holders.items()))
    return Owners(name, responsible, responsible, listed, "2026-11-01", PLACE)


@pytest.mark.parametrize(
    ("one", "other", "tied"),
    [
        (owners("A", h=60.0), owners("B", h=51.0), True),
        (owners("A", h=50.0), owners("B", h=100.0), False),
        (owners("A", B=80.0), owners("B"), True),
        (owners("A", "110"), owners("B", "110"), True),
        (owners("A", "110"), owners("B", "111"), False),
    ],
)
def test_control_is_more_than_half_or_one_person(one: Owners, other: Owners, tied: bool) -> None:
    """Of the bidder itself, or of a partner in its consortium. Seen red: with half of the shares taken for control."""
    bids = tuple(Bid(n, (), None, None, n, None, held) for n, held in zip("ab", (one, other), strict=True))
    assert (PAIR in found(people_ownership.INDICATOR, section(bids=bids))) is tied
    joint = (bids[0], Bid("b", (), None, None, "b", None, owners("X"), (owners("Y"), other)))
    assert (PAIR in found(people_ownership.INDICATOR, section(bids=joint))) is tied


def test_a_common_controller_explains_shared_contacts_and_raises_nothing() -> None:
    """One cause, told once. Seen red: with the telephone weighed beside the registry."""
    paper = text("投标函.docx", "项目联系电话：13812345678。")
    plain = tuple(Bid(name, (paper,), None, None, name) for name in "ab")
    held = tuple(replace(bid, owners=owners(bid.bidder, h=70.0)) for bid in plain)
    assert evaluate(section(bids=plain)).pairs[0].families
    result = evaluate(section(bids=held))
    signals = {item.indicator: item for item in result.evidence[PAIR]}
    assert signals["people.contacts"].explained_by is Explanation.REGISTRY
    assert signals["people.ownership"].llr > 2
    assert result.pairs[0].score == 0
    assert people_contacts.INDICATOR.evaluate(section(bids=plain))[0].weighed


def test_what_is_not_weighed_moves_no_score() -> None:
    """Whatever its weight. Seen red: with the flag ignored in fusion."""
    item = people_ownership.INDICATOR.evaluate(
        section(bids=tuple(Bid(n, (), None, None, n, None, owners(n, h=70.0)) for n in "ab"))
    )[0]
    strong = [replace(item, llr=50.0, family=family) for family in ("content", "authoring", "people")]
    judged = fusion.judge("a", "b", strong, pairs=1)
    assert judged.score == 0 and judged.tier is None and not judged.tied


def test_a_price_that_lifts_another_onto_the_benchmark_is_shown() -> None:
    """Honest prices hardly ever are. Seen red: with the helper's own price left in its place."""
    rule = {"formula": "mean-deviation/v1", "points": "50", "above": "1.0", "below": "0.5", "trim_from": 99}
    pricing = Pricing(rule, "0.97", None, "k")

    def of(*totals: int) -> Case:
        bids = tuple(Bid(name, (), total, None, name) for name, total in zip("abcdef", totals, strict=True))
        return section(bids=bids, pricing=pricing)

    rng = random.Random(3)
    honest = [of(*(round(9e7 * rng.lognormvariate(0, 0.03)) for _ in range(6))) for _ in range(40)]
    spoke = sum(len(found(prices_benchmark_squeeze.INDICATOR, one)) for one in honest)
    assert spoke <= 12  # of 200 pairs
    totals = [92_000_000, 86_000_000, 86_500_000, 85_800_000, 86_300_000]
    helper = round(6 * 92_000_000 / 0.97 - sum(totals))
    assert ("a", "f") in found(prices_benchmark_squeeze.INDICATOR, of(*totals, helper))
    assert prices_benchmark_squeeze.INDICATOR.lacking(section()) is not None


def test_the_simulated_world_is_held() -> None:
    """A short run of the benchmark."""
    said: list[str] = []
    assert world.measure(6, said.append) and len(said) == 8


def test_a_registry_extract_is_read_whole_or_refused() -> None:
    """Every wrong line is named. Seen red: with a share above a hundred taken."""
    head = "identifier,name,responsible,responsible_id,holder,holder_id,share\n"
    good = head + "A,甲公司,张三,P1,母公司,H,60%\nA,甲公司,张三,P1,自然人,P2,40\nB,乙公司,,,,,\n"
    one, two = read_registry(good.encode("gb18030"))
    assert [holder["share"] for holder in one.content["holders"]] == [60.0, 40.0] and two.content["holders"] == []
    for line, column in (
        ("A,甲,,,x,H,160\n", "share"),
        (",甲,,,,,\n", "identifier"),
        ("A,,,,,,\n", "name"),
        ("A,甲,张,P1,,,\nA,甲,李,P9,,,\n", "responsible_id"),
    ):
        with pytest.raises(Invalid) as refused:
            read_registry((head + line).encode())
        assert refused.value.code == "registry.line" and refused.value.facts["column"] == column
    with pytest.raises(Invalid, match=r"registry\.columns"):
        read_registry(b"identifier,name\n")


def test_every_page_carries_the_measured_rate() -> None:
    for indicator in (*world.INDICATORS, people_ownership.INDICATOR):
        page = Path(__file__).parents[2] / "docs" / "indicators" / f"{indicator.identifier}.md"
        assert "Not weighed." in page.read_text("utf-8")


def noted(indicator: Indicator, case: Case) -> set[str]:
    """Of whom it speaks; it says nothing of two, and its chance is one."""
    assert indicator.notes is not None and indicator.evaluate(case) == []
    items = indicator.notes(case)
    assert all(0 < item.chance <= 0.05 and len(item.told) == 2 for item in items)
    return {item.bidder for item in items}


def won(count: int, winner: str, **more: Any) -> list[Meeting]:
    """Earlier sections in which a, b and x bid."""
    return [replace(met(n, "abx", winner), code=f"{winner}{more}{n}", **more) for n in range(count)]


def test_a_favourite_of_the_tenderer_is_noted_and_a_winner_everywhere_is_not() -> None:
    """Seen red: with the wins under every tenderer counted as this one's."""
    indicator = tenderer_loyalty.INDICATOR
    pricing = Pricing({}, None, None, "k", "T1")
    loyal = (
        won(9, "a", tenderee="T1")
        + won(1, "x", tenderee="T1")
        + won(1, "a", tenderee="T2")
        + won(24, "x", tenderee="T2")
    )
    even = (
        won(5, "a", tenderee="T1")
        + won(5, "x", tenderee="T1")
        + won(12, "a", tenderee="T2")
        + won(12, "x", tenderee="T2")
    )
    assert noted(indicator, section(history=tuple(loyal), pricing=pricing)) == {"a"}
    assert noted(indicator, section(history=tuple(even), pricing=pricing)) == set()
    assert noted(indicator, section(history=tuple(loyal), pricing=replace(pricing, kind="other"))) == set()
    assert indicator.lacking(section(history=tuple(loyal))) is not None
    assert indicator.lacking(section(history=tuple(loyal), pricing=pricing)) is None


def test_wins_before_one_expert_are_noted_with_the_experts_looked_at_paid_for() -> None:
    """Seen red: without multiplying by the experts looked at, where every section has another five."""
    indicator = experts_winner_lift.INDICATOR
    pricing = Pricing({}, None, None, "k")
    three = frozenset({"E3", "E9"})
    lifted = won(8, "a", experts=three) + won(1, "x", experts=three) + won(24, "x", experts=frozenset({"E1", "E2"}))
    (note,) = indicator.notes(section(history=tuple(lifted), pricing=pricing))  # type: ignore[misc]
    assert note.bidder == "a" and "E3" in str(note.told[0])
    spread = [replace(m, experts=frozenset(f"E{(n * 5 + k) % 20}" for k in range(5))) for n, m in enumerate(lifted)]
    assert noted(indicator, section(history=tuple(spread), pricing=pricing)) == set()
    many = [
        replace(
            m, experts=frozenset({"E0"} if n in (0, 1, 2) else set()) | {f"E{k}" for k in range(1, 12) if (n + k) % 3}
        )
        for n, m in enumerate(won(7, "a") + won(26, "x"))
    ]
    assert noted(indicator, section(history=tuple(many), pricing=pricing)) == set()
    assert indicator.lacking(section(history=tuple(won(40, "a")), pricing=pricing)) is not None


def test_pages_set_alike_are_shown_unless_the_tender_sets_them() -> None:
    """Seen red: with the measured rate left out where the archive knows nothing of the setting."""
    own = Marks(layout="11906/16838 · 1247/1134/1247/1134 · 仿宋 28")
    bids = tuple(replace(bid, documents=(text("t.docx", "甲", marks=own),)) for bid in section().bids[:2])
    shown = found(files_layout.INDICATOR, section(bids=bids))[PAIR]
    assert shown.chance == pytest.approx(0.398)
    tender = (text("form.docx", "格式", marks=own),)
    assert files_layout.INDICATOR.evaluate(section(bids=bids, tender=tender))[0].explained_by is Explanation.TENDER
    assert files_layout.INDICATOR.lacking(section()) is not None
    unseen = Background(tenders=20, bidders=200)
    assert found(files_layout.INDICATOR, section(bids=bids, background=unseen))[PAIR].chance == pytest.approx(0.398)
    known = Background(tenders=20, bidders=200, values={"layout": {own.layout: 3}})
    assert found(files_layout.INDICATOR, section(bids=bids, background=known))[PAIR].chance < 0.05


def test_who_judged_a_section_is_told_once_it_is_awarded(platform: Platform, clock: StoppedClock) -> None:
    """R-323: before that not even by a number, whose name another section tells. Seen red: from the report on."""
    code, later = "XS-2026-001-01", "XS-2026-002-01"
    opened(platform, clock, code, {1: "甲", 2: "乙"}).add_experts(1)
    opened(platform, clock, later, {1: "丙", 2: "丁"})
    with platform.act(SYSTEM) as act:
        section, (expert,) = bidding.section(act.session, code), act.session.scalars(select(Expert))
        delivered = {"state": "delivered", "state_at": act.now, "report_sha256": "0" * 64}
        committee = Committee(section_id=section.id, section=section, shape={}, **delivered)
        act.session.add(committee)
        act.session.flush()
        seat = {"committee_id": committee.id, "person_id": expert.person_id, "expert_id": expert.id, "label": "M1"}
        signed = {"state": "signed_in", "state_at": act.now, "signed_at": act.now}
        act.session.add(Member(**seat, **signed, seat="A08"))

    def told() -> list[str]:
        with platform.reading() as session:
            (meeting,) = queries.meetings_before(session, bidding.section(session, later))
            return meeting["experts"]

    assert told() == []
    with platform.act(SYSTEM) as act:
        act.session.execute(update(Section).where(Section.code == code).values(state="awarded"))
    assert told() == ["E1"]
