"""The choice of incentives, and ledgers of checks that were made before this platform or beside it."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import UTC, datetime
from typing import Any

import rfc8785
from sqlalchemy import insert, select

from accounts.rules import normalise_uscc
from core.act import Act
from core.clock import BEIJING
from core.errors import Invalid
from core.ledger.log import append
from credit import queries
from credit.models import CreditCheck, CreditChoice
from credit.rules import SOURCES

LEDGER = ("number", "identifier", "name", "source", "region", "section", "asked_at", "feedback_at", "decision")
"""The columns of a ledger file; `feedback_at` is empty where no feedback came."""
DECISIONS = ("clear", "informed", "pending", "restricted")


def choose_incentives(act: Act, project_code: str, uses: bool) -> None:
    """Say whether a project lets good ratings earn anything; whoever calls has seen that it is not published yet."""
    held = act.session.scalar(select(CreditChoice).where(CreditChoice.project == project_code))
    if held is None:
        held = CreditChoice(project=project_code, uses_incentives=uses, set_by="", set_at=act.now)
        act.session.add(held)
    held.uses_incentives, held.set_by, held.set_at = uses, act.actor.name, act.now
    act.session.flush()
    append(act, "credit.choice", f"project:{project_code}", {"uses_incentives": uses, "actor": act.actor.name})


def take_ledger(act: Act, raw: bytes) -> int:
    """Take over a ledger of earlier checks and their feedback (CSV in UTF-8) as it is, all or nothing; its length.

    Raises Invalid("credit.ledger") with the line, or _columns, _encoding and _twice for what is wrong with the file,
    and Conflict("credit.ledger_held") for a file taken before.
    """
    stored = act.store.put(raw)
    queries.check_new_ledger(act.session, stored.sha256)
    rows = []
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), strict=True)
        missing = [name for name in LEDGER if name not in (reader.fieldnames or [])]
        if missing:
            raise Invalid("credit.ledger_columns", field="file", missing=missing)
        for row in reader:
            rows.append(_ledger_row(row, reader.line_num, stored.sha256, act.actor.name))
    except (UnicodeDecodeError, csv.Error):
        raise Invalid("credit.ledger_encoding", field="file") from None
    if len({row["evidence"]["number"] for row in rows}) != len(rows):
        raise Invalid("credit.ledger_twice", field="file")
    for start in range(0, len(rows), 1000):
        act.session.execute(insert(CreditCheck), rows[start : start + 1000])
    append(act, "credit.ledger", "credit:ledger", {"sha256": stored.sha256, "rows": len(rows), "actor": act.actor.name})
    return len(rows)


def _ledger_row(row: dict[str, str], line: int, sha256: str, by: str) -> dict[str, Any]:
    try:
        asked, came = _instant(row["asked_at"]), _instant(row["feedback_at"]) if row["feedback_at"] else None
        if row["source"] not in SOURCES or row["decision"] not in DECISIONS or (came is not None and came < asked):
            raise ValueError
        if came is None and row["decision"] != "pending":
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise Invalid("credit.ledger", field="file", line=line) from None
    evidence = {"type": "sunbid-credit-ledger-row/v1", "file_sha256": sha256, **{name: row[name] for name in LEDGER}}
    return {
        "section": row["section"],
        "stage": "imported",
        "identifier": normalise_uscc(row["identifier"]),
        "name": row["name"],
        "role": "bidder",
        "member_of": "",
        "source": row["source"],
        "adapter": "ledger",
        "region": row["region"],
        "source_as_of": None,
        "raw_sha256": sha256,
        "checked_at": asked,
        "checked_by": by,
        "feedback_at": came,
        "follows_id": None,
        "outcome": "imported" if came else "unanswered",
        "decision": row["decision"],
        "rule": {"rule": "R-702", "key": "credit.evidence", "value": "required", "unit": "effect", "source": ""},
        "evidence": evidence,
        "evidence_sha256": hashlib.sha256(rfc8785.dumps(evidence)).hexdigest(),
        "attempts": 1,
        "next_ask_at": None,
    }


def _instant(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    return (value if value.tzinfo else value.replace(tzinfo=BEIJING)).astimezone(UTC)
