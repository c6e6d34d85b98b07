"""Stamping a closed file again while it is kept (R-560): each renewal covers file, layers and the token before."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import Invalid
from core.timestamps import check_token, read_roots, root_fingerprint

TYPE = "sunbid-renewals/v1"
BODY = "sunbid-renewal/v1"


@lru_cache(1)
def rules() -> list[dict[str, Any]]:
    """The dated rules of renewal and retention."""
    held: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "archive.json").read_bytes())["renewal"]
    return held


def rule_at(now: datetime) -> dict[str, Any]:
    """The rule in force on the day."""
    return [one for one in rules() if date.fromisoformat(one["from"]) <= now.date() or one is rules()[0]][-1]


def next_due(at: datetime) -> datetime:
    """When a stamp of this instant is to be renewed."""
    return at + timedelta(days=int(rule_at(at)["every_days"]))


def kept_until(built_at: datetime) -> datetime:
    """Until when the file must be kept at least."""
    return built_at.replace(year=built_at.year + int(rule_at(built_at)["years"]), day=min(built_at.day, 28))


def body_of(section: str, number: int, archive: str, layers: Sequence[str], before: str | None) -> str:
    """What is stamped: the file's hash, those of its layers, and that of the token before."""
    return f"{BODY}\n{section}\n{number}\n{archive}\n{','.join(layers) or '-'}\n{before or '-'}\n"


def check_renewals(told: Any, *, section: str, archive: str, layers: Sequence[str]) -> dict[str, Any]:
    """`{"renewals", "last", "roots"}` of a chain over these bytes; Invalid("archive.renewal") where a link is wrong."""
    if told["type"] != TYPE or told["section"] != section or not told["renewals"]:
        raise Invalid("archive.renewal", number=0)
    roots = tuple(root for pem in told["roots"] for root in read_roots(pem.encode()))
    before, last = None, None
    for number, row in enumerate(told["renewals"], 1):
        covered = int(row["layers"])
        body = body_of(section, number, archive, layers[:covered], before)
        raw = base64.b64decode(row["token"], validate=True)
        try:
            said = check_token(raw, body.encode(), roots)
        except Invalid:
            raise Invalid("archive.renewal", number=number) from None
        if covered > len(layers) or (last is not None and said.at <= last):
            raise Invalid("archive.renewal", number=number)
        before, last = hashlib.sha256(raw).hexdigest(), said.at
    return {
        "renewals": len(told["renewals"]),
        "last": last.isoformat() if last else None,
        "roots": sorted(map(root_fingerprint, roots)),
    }


def told(section: str, roots: Iterable[str], rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The chain as a file: `roots` in PEM, rows `{"layers", "token"}` in order."""
    return {"type": TYPE, "section": section, "roots": list(roots), "renewals": list(rows)}
