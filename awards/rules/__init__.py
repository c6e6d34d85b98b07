"""Pure rules of the award: publicity periods, objections, who may win, what a notice may show."""

from awards.rules.evidence import evidence_of
from awards.rules.publicity import (
    PASSED_OVER,
    Period,
    ResultPeriods,
    answer_due,
    check_objection_time,
    check_winner,
    late_by_days,
    masked,
    publicity_period,
    result_periods,
    resumed_end,
)

__all__ = [
    "PASSED_OVER", "Period", "ResultPeriods", "answer_due", "check_objection_time", "check_winner", "evidence_of",
    "late_by_days", "masked", "publicity_period", "result_periods", "resumed_end",
]  # fmt: skip
