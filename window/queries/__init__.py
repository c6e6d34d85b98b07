"""Reads of trades, their sums, and what stands behind every mark."""

from window.queries.opendata import Changes, changes, process, processes, published_codes, published_years
from window.queries.sums import Sums, View, dashboard, recount, stage_recount, years
from window.queries.trades import DONE, import_of, imports, regions, stages_of, standing, trade, trades, untraded

__all__ = [
    "DONE", "Changes", "Sums", "View", "changes", "dashboard", "import_of", "imports", "process", "processes",
    "published_codes", "published_years", "recount", "regions", "stage_recount", "stages_of", "standing", "trade",
    "trades", "untraded", "years",
]  # fmt: skip
