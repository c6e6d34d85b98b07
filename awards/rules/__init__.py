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
from awards.rules.remedies import (
    GROUNDS,
    NEXT,
    RE_EVALUATE,
    RETENDER,
    SET_ASIDE,
    STAGES,
    checked_remedy,
    heaviest,
    remedies_of,
)

__all__ = [
    "GROUNDS", "NEXT", "PASSED_OVER", "RETENDER", "RE_EVALUATE", "SET_ASIDE", "STAGES", "Period", "ResultPeriods",
    "answer_due", "check_objection_time", "check_winner", "checked_remedy", "evidence_of", "heaviest", "late_by_days",
    "masked", "publicity_period", "remedies_of", "result_periods", "resumed_end",
]  # fmt: skip
