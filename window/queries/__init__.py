"""Reads of trades, their sums, and what stands behind every mark."""

from window.queries.sums import Sums, View, dashboard, recount, stage_recount, years
from window.queries.trades import DONE, import_of, imports, regions, stages_of, standing, trade, trades, untraded

__all__ = [
    "DONE", "Sums", "View", "dashboard", "import_of", "imports", "recount", "regions", "stage_recount", "stages_of",
    "standing", "trade", "trades", "untraded", "years",
]  # fmt: skip
