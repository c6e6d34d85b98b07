"""The checklist of a complaint and its clocks, purely."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from awards.rules.complaints import (
    Grounding,
    checked_decision,
    complaint_due,
    decision_due,
    formal_defects,
    working_due,
)
from core.calendar import national
from core.clock import BEIJING
from core.errors import Invalid


def at(day: str, hour: int = 10) -> datetime:
    return datetime.fromisoformat(f"2026-{day}T{hour:02}:00").replace(tzinfo=BEIJING)


def ground(regime: str = "T", **facts: Any) -> Grounding:
    told: dict[str, Any] = {
        "took_part": True, "is_consortium": False, "objected_at": at("10-12"), "answered_at": at("10-14"),
        "answer_due_at": at("10-16", 0),
    }  # fmt: skip
    return Grounding(regime=regime, **{**told, **facts})


def draft(**changed: Any) -> dict[str, Any]:
    return {
        "about": "result", "respondent": "招标人", "facts": "事实", "claims": "请求", "basis": "依据",
        "signatory": "张三",
        "files": [{"sha256": "0" * 64}], "known_at": at("10-12"), "joint": False, "within_challenge": True, **changed,
    }  # fmt: skip


def test_ten_days_from_knowing_without_the_days_of_answering() -> None:
    """R-553: 12 Oct + 10 days + 2 days of answering = 24 Oct, a Saturday: ends on Monday 26 Oct. Seen red: without."""
    assert complaint_due(national(), 10, "days", at("10-12"), ground()) == at("10-27", 0)
    free = ground(objected_at=None, answered_at=None, answer_due_at=None)
    assert complaint_due(national(), 10, "days", at("10-12"), free) == at("10-23", 0)


def test_fifteen_working_days_from_the_answer_or_its_end() -> None:
    """R-554: counted from the answer; where there is none, from the end of the time to answer."""
    answered = complaint_due(national(), 15, "working_days", at("10-12"), ground("G"))
    silent = complaint_due(national(), 15, "working_days", at("10-12"), ground("G", answered_at=None))
    assert answered == at("11-05", 0) and silent == at("11-07", 0)


@pytest.mark.parametrize(
    ("grounding", "changed", "code", "bars"),
    [
        (ground(), {"respondent": ""}, "respondent", False),
        (ground(), {"files": []}, "files", False),
        (ground(objected_at=None, answered_at=None, answer_due_at=None), {}, "unobjected", True),
        (ground(answered_at=None, answer_due_at=at("10-21")), {}, "unanswered", True),
        (ground("G"), {"within_challenge": False}, "scope", True),
        (ground("G", is_consortium=True), {}, "joint", True),
        (ground(took_part=False), {}, "party", False),
        (ground(), {"known_at": at("10-30")}, "known", False),
    ],
)
def test_each_formal_defect_is_named_and_nothing_else(
    grounding: Grounding, changed: dict[str, Any], code: str, bars: bool
) -> None:
    found = formal_defects(draft(**changed), grounding, now=at("10-20"), due_at=at("10-27", 0))
    assert [(one.code, one.bars) for one in found] == [(f"complaint.defect_{code}", bars)]
    assert formal_defects(draft(), ground(), now=at("10-20"), due_at=at("10-27", 0)) == []


def test_the_last_instant_is_too_late() -> None:
    (late,) = formal_defects(draft(), ground(), now=at("10-27", 0), due_at=at("10-27", 0))
    assert late.code == "complaint.defect_late" and late.bars
    before = at("10-27", 0) - timedelta(microseconds=1)
    assert formal_defects(draft(), ground(), now=before, due_at=at("10-27", 0)) == []


def test_tests_and_reviews_are_not_counted() -> None:
    """a61, 94号令 a26: a begun day counts whole, a test that goes on up to now. Seen red: with the days left in."""
    plain = working_due(national(), at("10-12"), 30)
    assert decision_due(national(), at("10-12"), 30, [], at("10-12")) == plain == at("11-24", 0)
    tested = [(at("10-20"), at("10-22", 11)), (at("11-02"), None)]
    assert decision_due(national(), at("10-12"), 30, tested, at("11-03")) == at("11-28", 0)


def test_a_decision_needs_findings_law_and_an_upheld_complaint_for_a_remedy() -> None:
    for args, code in (
        (("maybe", None, "查明" * 10, "条例第六十一条"), "outcome"),
        (("rejected", None, "短", "条例第六十一条"), "findings"),
        (("rejected", None, "查明" * 10, ""), "law"),
        (("rejected", {"kind": "re_tender"}, "查明" * 10, "条例第六十一条"), "remedy"),
    ):
        with pytest.raises(Invalid, match=rf"complaint\.{code}"):
            checked_decision(*args)  # type: ignore[arg-type]
