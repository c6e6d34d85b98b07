"""Reads of trades, their sums, and what stands behind every mark."""

from window.queries.catalogue import Completeness, SplitAlarm, completeness, outside_trades, split_alarms
from window.queries.exchange import (
    due_to_gather,
    due_to_hand_over,
    exchange_platform,
    exchange_platforms,
    handed_record,
    handed_records,
    projects_about,
    received_count,
    verdict_counts,
)
from window.queries.finding import Found, dated_sections, draws, results, search
from window.queries.listing import listed_draws, listed_notices, listed_projects, listed_sections, replaced_number
from window.queries.opendata import (
    Changes,
    changes,
    process,
    processes,
    published_codes,
    published_years,
    result_facts,
    section_facts,
    section_of,
)
from window.queries.ratings import RatingSums, rating, rating_sums, ratings
from window.queries.sums import Sums, View, dashboard, recount, stage_recount, years
from window.queries.trades import DONE, import_of, imports, regions, stages_of, standing, trade, trades, untraded
from window.queries.webhooks import behind, message, messages, messages_due, tries, webhook, webhooks

__all__ = [
    "DONE", "Changes", "Completeness", "Found", "RatingSums", "SplitAlarm", "Sums", "View", "behind", "changes",
    "completeness", "dashboard", "dated_sections", "draws", "due_to_gather", "due_to_hand_over", "exchange_platform",
    "exchange_platforms", "handed_record", "handed_records", "import_of", "imports", "listed_draws", "listed_notices",
    "listed_projects", "listed_sections", "message", "messages", "messages_due", "outside_trades", "process",
    "processes", "projects_about", "published_codes", "published_years", "rating", "rating_sums", "ratings",
    "received_count", "recount", "regions", "replaced_number", "result_facts", "results", "search", "section_facts",
    "section_of", "split_alarms", "stage_recount", "stages_of", "standing", "trade", "trades", "tries", "untraded",
    "verdict_counts", "webhook", "webhooks", "years",
]  # fmt: skip
