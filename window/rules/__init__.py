"""Pure rules of the window: what a trade is, sums and their rounding, how long stages took against their promise."""

from window.rules.catalogue import (
    LEVELS,
    MATTERS,
    Deal,
    Split,
    catalogue,
    catalogue_law,
    check_outside,
    disclosures,
    grounds,
    splits,
)
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
from window.rules.ratings import BAD, STARS, TOPICS, rating_due
from window.rules.stages import STAGES, Stage, stages
from window.rules.trades import BASES, COLUMNS, MARKETS, TradeFact, market_of, read_trades

__all__ = [
    "BAD", "BASES", "COLUMNS", "LEVELS", "MARKETS", "MATTERS", "PROMISES", "STAGES", "STARS", "TOPICS", "Deal",
    "Rounding", "Split", "Stage", "TradeFact", "catalogue", "catalogue_law", "check_outside", "disclosures", "grounds",
    "growth", "in_unit", "market_of", "printed_growth", "promises", "rating_due", "read_trades", "rounding", "share",
    "splits", "stages", "whole_bases",
]  # fmt: skip
