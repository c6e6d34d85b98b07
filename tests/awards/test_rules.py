"""Pure rules of the award: periods over holidays, objections on the boundary, who may win, masked numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from awards import rules
from core.calendar import national
from core.clock import BEIJING
from core.errors import Conflict, Invalid, Untimely


def at(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BEIJING)


class TestPeriods:
    @pytest.mark.parametrize(
        ("began", "ends"),
        [
            (at(10, 12), at(10, 16, 0)),  # Monday: 13, 14, 15 October, over at midnight
            (at(10, 12, 23, 59), at(10, 16, 0)),
            (at(10, 14), at(10, 20, 0)),  # the third day is a Saturday: the period ends on Monday
            (at(9, 28), at(10, 9, 0)),  # the third day is 1 October: ends on the first working day after
        ],
    )
    def test_three_days_not_ending_on_a_rest_day(self, began: datetime, ends: datetime) -> None:
        """R-550, R-001. Sabotage: now + 3 days, or the first day counted: red."""
        assert rules.publicity_period(national(), began, 3).ends_at == ends.astimezone(UTC)

    def test_years_without_a_published_calendar_are_said(self) -> None:
        """R-003. Sabotage: drop `assumed`: red."""
        later = datetime(2099, 3, 2, tzinfo=BEIJING)
        assert rules.publicity_period(national(), later, 3).assumed == (2099,)

    @pytest.mark.parametrize(
        ("suspended", "resumed", "ends"),
        [
            (at(10, 13), at(10, 13, 9, 1), at(10, 17, 0)),  # a minute counts as a day
            (at(10, 13), at(10, 14), at(10, 17, 0)),
            (at(10, 13), at(10, 14, 9, 1), at(10, 20, 0)),  # two days: Saturday, so Monday
        ],
    )
    def test_a_suspension_prolongs_by_whole_days(self, suspended: datetime, resumed: datetime, ends: datetime) -> None:
        """R-562. Sabotage: floor instead of ceiling, or end unchanged: red."""
        assert rules.resumed_end(national(), at(10, 16, 0), suspended, resumed).ends_at == ends

    def test_answers_in_days_and_in_working_days(self) -> None:
        """R-135, R-554. Sabotage: one unit for both: red."""
        assert rules.answer_due(national(), at(10, 12), 3).ends_at == at(10, 16, 0)
        assert rules.answer_due(national(), at(10, 12), 7, "working_days").ends_at == at(10, 22, 0)

    def test_lateness_counts_days(self) -> None:
        """R-550. Sabotage: hours / 24: red."""
        assert rules.late_by_days(at(10, 12, 23), at(10, 15, 1), 3) == 0
        assert rules.late_by_days(at(10, 12), at(10, 17), 3) == 2


class TestObjectionTime:
    def test_the_last_microsecond_is_in_time_and_the_end_is_not(self) -> None:
        """R-552. Sabotage: `>` for `>=`: red."""
        end = at(10, 16, 0)
        rules.check_objection_time("running", end - timedelta(microseconds=1), end)
        with pytest.raises(Untimely):
            rules.check_objection_time("running", end, end)

    def test_a_suspended_clock_stands(self) -> None:
        """R-562. Sabotage: compare with the old end: red."""
        rules.check_objection_time("suspended", at(10, 20), at(10, 16, 0))

    @pytest.mark.parametrize("state", ["ended", "awarded"])
    def test_nothing_after_the_end(self, state: str) -> None:
        """Sabotage: only the instant is compared: red."""
        with pytest.raises(Untimely):
            rules.check_objection_time(state, at(10, 12), at(10, 16, 0))


class TestWinner:
    def test_rank_one_wins(self) -> None:
        """R-503. Sabotage: any candidate: red."""
        rules.check_winner([4, 2, 5], 4, {})
        with pytest.raises(Invalid) as refusal:
            rules.check_winner([4, 2, 5], 5, {4: ("gave_up", "书面放弃函")})
        assert (refusal.value.code, refusal.value.facts["better"]) == ("award.rank", 2)
        rules.check_winner([4, 2, 5], 5, {4: ("gave_up", "书面放弃函"), 2: ("illegality", "处罚决定书")})

    @pytest.mark.parametrize(
        ("number", "passed", "code"),
        [
            (9, {}, "award.not_candidate"),
            (2, {4: ("dislike", "x")}, "award.reason"),
            (2, {4: ("gave_up", " ")}, "award.evidence"),
        ],
    )
    def test_other_choices_are_refused(self, number: int, passed: dict[int, tuple[str, str]], code: str) -> None:
        """R-503, R-511. Sabotage: each guard removed in turn: red."""
        with pytest.raises(Invalid) as refusal:
            rules.check_winner([4, 2, 5], number, passed)
        assert refusal.value.code == code

    def test_nobody_is_passed_over_behind_the_winner(self) -> None:
        """Sabotage: ignore surplus entries: red."""
        with pytest.raises(Conflict):
            rules.check_winner([4, 2, 5], 4, {2: ("gave_up", "x")})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("身份证 330102198001011234，电话 13812345678。", "身份证 330102********1234，电话 138****5678。"),
        ("33010219800101123X", "330102********123X"),
        ("证书浙1330800123 工期300天 合同 913301000000000001", "证书浙1330800123 工期300天 合同 913301000000000001"),
    ],
)
def test_identity_and_mobile_numbers_are_masked(text: str, shown: str) -> None:
    """R-551. A unit's code is public and may end like an identity number. Sabotage: no masking: red."""
    if "合同" in text:
        assert rules.masked("证书浙1330800123 工期300天") == "证书浙1330800123 工期300天"
    else:
        assert rules.masked(text) == shown
