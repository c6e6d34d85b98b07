"""Pure rules of the window: what a trade is, sums and their rounding, how long stages took against their promise."""

from window.rules.figures import (
    Rounding,
    growth,
    in_unit,
    printed_growth,
    rounding,
    share,
    whole_bases,
)
from window.rules.law import PROMISES, promises
from window.rules.stages import STAGES, Stage, stages
from window.rules.trades import BASES, COLUMNS, MARKETS, TradeFact, market_of, read_trades

__all__ = [
    "BASES", "COLUMNS", "MARKETS", "PROMISES", "STAGES", "Rounding", "Stage", "TradeFact", "growth", "in_unit",
    "market_of", "printed_growth", "promises", "read_trades", "rounding", "share", "stages", "whole_bases",
]  # fmt: skip
