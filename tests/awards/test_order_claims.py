"""What an archive says of a regulator's orders: both verifiers take the true story and no false one (R-562)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from awards.rules.verdict.complaints import _check_orders, moved_due
from awards.rules.verdict.told import Told
from core.clock import from_iso
from core.errors import Invalid
from verifier.canonical import Wrong, digest
from verifier.claims_complaints import later, one
from verifier.verdict import Case

SECTION, COMPLAINT, OTHER = "section:A1", "complaint:A1:1", "complaint:A1:2"
Story = list[dict[str, Any]]


def entry(index: int, kind: str, hour: str, subject: str = SECTION, **facts: Any) -> dict[str, Any]:
    """A told entry."""
    return {"index": index, "kind": kind, "subject": subject, "at": f"2026-10-{hour}:00:00.000000Z", "facts": facts}


def step(index: int, number: int, hour: str, kind: str, subject: str = COMPLAINT, **facts: Any) -> dict[str, Any]:
    """A told step of a complaint."""
    return entry(index, "complaint.step", hour, subject, number=number, step=kind, text="理由", files=[], **facts)


def story() -> Story:
    """An order before the deadline for a day and an hour, a second one in the evaluation, another complaint's in it."""
    return [
        entry(5, "complaint.file", "09T00", COMPLAINT, content_sha256=""),
        step(10, 1, "10T01", "suspend", until=None, stands="suspended"),
        entry(11, "section.suspend", "10T01", order=COMPLAINT, deadline="2026-10-12T01:00:00.000000Z"),
        step(14, 2, "11T02", "resume"),
        entry(15, "section.resume", "11T02", deadline="2026-10-14T01:00:00.000000Z"),
        entry(20, "section.close", "14T01"),
        entry(21, "opening.publish_names", "14T02", "opening:A1"),
        step(30, 3, "20T01", "suspend", until="2026-11-19T01:00:00.000000Z", stands="evaluating"),
        step(32, 1, "20T03", "suspend", OTHER, until=None, stands="evaluating"),
        step(33, 4, "20T04", "resume"),
        step(34, 2, "20T06", "resume", OTHER),
        entry(40, "committee.lock", "21T01", "committee:A1"),
    ]


def steps_of(told: Story, subject: str) -> Story:
    """The told steps of one complaint."""
    return [one for one in told if one["kind"] == "complaint.step" and one["subject"] == subject]


class Held(Case):
    """A case without a file."""

    def __init__(self, told: Story) -> None:
        self.__dict__["entries"] = told
        self.archive = self  # type: ignore[assignment]

    section = "A1"  # type: ignore[assignment]


def archive(told: Story) -> Told:
    """The same without a file for the platform's own verifier."""
    held = Told.__new__(Told)
    held.__dict__ |= {"ledger": {"entries": told}, "project": {"section": {"code": "A1"}}}
    return held


def judged(told: Story) -> tuple[bool, bool]:
    """Whether ours and theirs take the story of the first complaint."""
    mine = steps_of(told, COMPLAINT)
    said = [{**{name: e["facts"][name] for name in ("number", "step", "text")}, "files": []} for e in mine]
    row = {"number": 1, "content": {}, "files": [], "state": "withdrawn", "decision": None, "steps": said}
    told[0]["facts"]["content_sha256"] = digest({"content": {}, "files": []})
    held = archive(told)
    verdicts = []
    for check in (
        lambda: _check_orders(held, [e["facts"] for e in mine], [e["index"] for e in mine], 1),
        lambda: one(Held(told), row, COMPLAINT),
    ):
        try:
            check()
            verdicts.append(True)
        except (Invalid, Wrong):
            verdicts.append(False)
    return verdicts[0], verdicts[1]


def test_the_true_story_holds() -> None:
    """Also one of an earlier version, whose orders stopped less and say nothing of where the section stood."""
    assert judged(story()) == (True, True)
    old = [one for one in story() if one["index"] not in (11, 15)]
    for one_step in old:
        one_step["facts"].pop("stands", None)
    old.insert(7, entry(31, "committee.begin_scoring", "20T02", "committee:A1"))
    assert judged(old) == (True, True)


def _closed_meanwhile(told: Story) -> None:
    told.insert(3, entry(12, "section.close", "10T05"))


def _named_meanwhile(told: Story) -> None:
    told.insert(8, entry(31, "opening.publish_names", "20T02", "opening:A1"))


def _scored_meanwhile(told: Story) -> None:
    told.insert(8, entry(31, "committee.begin_scoring", "20T02", "committee:A1"))


def _answered_meanwhile(told: Story) -> None:
    told.insert(8, entry(31, "bid_clarification.answer", "20T02", "bid_clarification:A1:1"))


def _never_stood(told: Story) -> None:
    del told[4], told[2]


def _went_on_before_the_end(told: Story) -> None:
    told[4]["index"] = 13


def _never_ended(told: Story) -> None:
    told.remove(steps_of(told, COMPLAINT)[-1])


LIES = [
    _closed_meanwhile, _named_meanwhile, _scored_meanwhile, _answered_meanwhile, _never_stood,
    _went_on_before_the_end, _never_ended,
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_no_lie_passes_either(lie: Callable[[Story], None]) -> None:
    told = story()
    lie(told)
    assert judged(told) == (False, False)


@pytest.mark.parametrize(
    ("asked", "due", "moved"),
    [("20T00", "20T02", 5), ("20T02", "20T03", 4), ("19T00", "20T00", 0), ("20T06", "20T07", 0), ("20T05", "20T06", 1)],
)
def test_both_move_a_time_limit_alike(asked: str, due: str, moved: int) -> None:
    """Two overlapping orders from one to six o'clock: counted once, from the begin of the limit on."""
    begin, end = (from_iso(f"2026-10-{one}:00:00.000000Z") for one in (asked, due))
    told = story()

    def spent(at: datetime) -> float:
        return (at - end) / timedelta(hours=1)

    assert spent(moved_due(archive(told), begin, end)) == spent(later(Held(told), begin, end)) == moved
