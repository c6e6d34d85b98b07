"""Readers of what people send to the pool, the draw and the committee room."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.errors import Invalid
from core.forms import Fields, choice, decimal, digest, instant, integer, text
from experts.rules import FINDINGS
from experts.rules.pool import STATUSES

MOST_SEATS = 8
PARTIES = ("officer", "supervisor", "tenderee")


def read_request(fields: Fields) -> dict[str, Any]:
    """What asks for a committee: size, representatives, seats by speciality (`speciality-1`, `count-1` …), meeting."""
    seats = []
    for row in range(1, MOST_SEATS + 1):
        name = text(fields, f"speciality-{row}", most=60, required=False)
        if name:
            seats.append((name, integer(fields, f"count-{row}", least=1, most=30)))
    return {
        "size": integer(fields, "size", least=1, most=99),
        "representatives": integer(fields, "representatives", least=0, most=30),
        "seats": seats,
        "meets_at": instant(fields, "meets_at"),
        "hours": integer(fields, "hours", least=1, most=240),
        "place": text(fields, "place", required=False),
    }


def read_findings(fields: Fields, clauses: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The findings made so far on one bid: `<clause>` and `<clause>-reason`; clauses without a choice are left out."""
    return {
        clause: (choice(fields, clause, FINDINGS), text(fields, f"{clause}-reason", most=1000, required=False))
        for clause in clauses
        if fields.get(clause)
    }


def read_scores(fields: Fields, criteria: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Decimal], dict[str, str]]:
    """The scores and notes that were sent; empty boxes are left out, what is no number names its box.

    The range is the service's rule: a number out of it is told with the criterion's points.
    """
    scores, notes = {}, {}
    for code in criteria:
        if fields.get(code, "").strip():
            scores[code] = decimal(fields, code, least=Decimal(-(10**6)), most=Decimal(10**6), places=9)
            notes[code] = text(fields, f"{code}-note", most=500, required=False)
    return scores, notes


def read_party(body: Any, fields: Fields, name: str) -> tuple[str, str]:
    """A draw party and its 64 hex digits (`commitment` or `nonce`), from JSON or from a form."""
    sent: Mapping[str, Any] = body if isinstance(body, Mapping) else fields
    values = {key: str(sent.get(key) or "") for key in ("party", name)}
    return choice(values, "party", PARTIES), digest(values, name)


def read_status(fields: Fields) -> tuple[str, str]:
    """An expert's new status and the reason."""
    return choice(fields, "status", STATUSES), text(fields, "reason", most=500)


def read_reason(fields: Fields, name: str = "reason", *, most: int = 1000) -> str:
    """A reason in words."""
    return text(fields, name, least=2, most=most)


def read_file(sent: Any, *, most: int = 4_000_000) -> str:
    """An uploaded table as text, in UTF-8 or GB 18030 as spreadsheets save it; Invalid("pool.empty") without one."""
    raw = sent.read(most + 1) if sent is not None else b""
    if not raw:
        raise Invalid("pool.empty", field="file")
    if len(raw) > most:
        raise Invalid("form.length", field="file", most=most, least=1, found=len(raw))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return str(raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise Invalid("pool.rows", field="file", count=0, lines="UTF-8 / GB 18030")


def one_of(fields: Fields, name: str, options: Collection[str]) -> str:
    """One of the options."""
    return choice(fields, name, options)
