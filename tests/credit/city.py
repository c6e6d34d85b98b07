"""A city's ledger of three quarters: 4,796 checks, 4,789 feedbacks (99.85 %), as published; the rest is made up.

Only the two totals are the city's own. How they fall on quarters, lists and regions was not published.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

from core.clock import BEIJING
from credit.rules import SOURCES
from credit.services.ledgers import LEDGER
from tests.factories import uscc

QUARTERS = {1: (1602, 2), 4: (1571, 2), 7: (1623, 3)}
"""By first month of the quarter: how many were asked, how many of them not answered."""
REGIONS = ("330102", "330105", "330106", "330108", "330109")


def ledger() -> bytes:
    """The ledger file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, LEDGER)
    writer.writeheader()
    number = 0
    for month, (asked, silent) in QUARTERS.items():
        begin = datetime(2026, month, 1, 9, 0, tzinfo=BEIJING)
        for place in range(asked):
            number += 1
            at = begin + timedelta(minutes=place * 75)
            is_silent = place in range(100, 100 + silent * 300, 300)
            party = place % 400
            writer.writerow(
                {
                    "number": f"C{number:05d}",
                    "identifier": uscc(20_000 + party),
                    "name": f"第{party}号建设工程有限公司",
                    "source": list(SOURCES)[place % 4],
                    "region": REGIONS[place % 5],
                    "section": f"HZ-2026-{month:02d}{place % 90:02d}",
                    "asked_at": at.isoformat(),
                    "feedback_at": "" if is_silent else (at + timedelta(minutes=3 + place % 40)).isoformat(),
                    "decision": "pending" if is_silent else "informed" if place % 97 == 0 else "clear",
                }
            )
    return out.getvalue().encode()
