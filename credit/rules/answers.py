"""What a source answers about one party, whatever way it was asked, and how an API's answer is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.errors import Invalid, Refusal
from credit.rules.lists import COLUMNS, normal_name, read_row

MOST_RECORDS = 1000


@dataclass(frozen=True)
class Question:
    """One party asked about at one source; `nonce` ties an answer to its question."""

    source: str
    identifier: str
    name: str
    nonce: str = ""


@dataclass(frozen=True)
class Answer:
    """What a source said: its records that carry the party's code, those with its name only, and as of when.

    `as_of` None: the source has said nothing. `unread`: a line it could not be read from may mean the party. `told`:
    what the evidence keeps of the source itself (version, digest, signer).
    """

    adapter: str
    as_of: datetime | None
    by_code: tuple[dict[str, Any], ...] = ()
    by_name: tuple[dict[str, Any], ...] = ()
    unread: bool = False
    raw_sha256: str | None = None
    told: dict[str, Any] | None = field(default=None)


def read_answer(body: bytes, asked: Question, *, now: datetime) -> Answer:
    """Read an API's answer: JSON with `query` (code, name and nonce as asked), `as_of` and `records`.

    Raises Invalid("credit.answer") with what is wrong: an answer about somebody else, one from another time, one with
    a record that cannot be read. Nothing of such an answer is used.
    """
    try:
        value = json.loads(body)
        query, listed = value["query"], value["records"]
        as_of = datetime.fromisoformat(value["as_of"]).astimezone(UTC)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Invalid("credit.answer", field="answer", error="format") from None
    same = isinstance(query, dict) and (query.get("source"), query.get("nonce")) == (asked.source, asked.nonce)
    if not same or query.get("identifier") != asked.identifier or query.get("name") != asked.name:
        raise Invalid("credit.answer", field="answer", error="query")
    if as_of > now + timedelta(minutes=5):
        raise Invalid("credit.answer", field="answer", error="as_of")
    if not isinstance(listed, list) or len(listed) > MOST_RECORDS:
        raise Invalid("credit.answer", field="answer", error="records")
    by_code, by_name = [], []
    for item in listed:
        record = _record(item)
        if record["identifier"] == asked.identifier:
            by_code.append(record)
        elif record["name"] == normal_name(asked.name):
            by_name.append(record)
        else:
            raise Invalid("credit.answer", field="answer", error="records")
    return Answer("api", as_of, tuple(by_code), tuple(by_name))


def _record(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise Invalid("credit.answer", field="answer", error="records")
    try:
        row = read_row({name: str(item.get(name) or "") for name in COLUMNS})
    except Refusal:
        raise Invalid("credit.answer", field="answer", error="records") from None
    if row.repaired_on is not None:
        raise Invalid("credit.answer", field="answer", error="repaired")
    return told(row._asdict())


TOLD = (
    "identifier", "name", "document_number", "reason", "listed_on", "ban_until", "measures", "fine_fen", "sector",
    "grade",
)  # fmt: skip


def told(record: Mapping[str, Any]) -> dict[str, Any]:
    """What evidence keeps of a record."""
    return {name: record[name] for name in TOLD}
