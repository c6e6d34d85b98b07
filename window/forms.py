"""Readers of the window's addresses and forms: what is looked at, with a default where nothing usable is said."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from window.queries.sums import ALL, View
from window.queries.trades import Cursor
from window.rules import MARKETS, STAGES

_PERIOD = re.compile(r"(?:19|20|21)[0-9]{2}(?:-(?:0[1-9]|1[0-2]))?")
_REGION = re.compile(r"[0-9]{6}(?:[0-9]{6})?")


def read_view(arguments: Mapping[str, str], years: Collection[str], *, default: str, open_period: bool = False) -> View:
    """The view an address asks for: `period` or `year` with `month`; unknown values mean all.

    Without a usable period the newest year with trades is meant, with `open_period` all of time.
    """
    month = arguments.get("month", "")
    year = arguments.get("year", "")
    period = arguments.get("period", "") or (f"{year}-{month}" if month else year)
    if not _PERIOD.fullmatch(period):
        period = ALL if open_period else max(years, default=default)
    market, region = arguments.get("market", ""), arguments.get("region", "")
    return View(period, market if market in MARKETS else ALL, region if _REGION.fullmatch(region) else ALL)


def read_list(arguments: Mapping[str, str]) -> tuple[Cursor | None, str, str]:
    """Where a list goes on, in which stage its trades were late, and words of their names."""
    late = arguments.get("late", "")
    known = {name for name, *_ in STAGES}
    return (
        Cursor.parse(arguments.get("after", "")),
        late if late in known else "",
        arguments.get("q", "").strip()[:100],
    )
