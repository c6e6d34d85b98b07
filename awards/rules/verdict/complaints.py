"""Claims about complaints: whole, decided, and while an order stood nothing went on (archive.md, complaints)."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

from awards.rules.verdict.told import Told, need, need_object
from core.clock import from_iso

BEGUN = ("complaint.file", "complaint.file_again")
HELD_BACK = ("publicity.award", "publicity.end", "publicity.renew", "contract.conclude")
"""What an order of the regulator forbids while it stands (R-562)."""


def check_complaints(told: Told) -> dict[str, Any]:
    """Every complaint the log tells is here with the very text, steps and decision it tells; none is left open."""
    code = told.project["section"]["code"]
    rows = told.complaints if "complaints.json" in told.container.members else []
    filed = [e for e in told.ledger["entries"] if e["kind"] == "complaint.file"]
    subjects = [f"complaint:{code}:{row['number']}" for row in rows]
    need([e["subject"] for e in filed] == subjects, "archive.untold", what="complaints")
    for row, subject in zip(rows, subjects, strict=True):
        _check_one(told, row, subject)
    return {"complaints": len(rows), "upheld": sum((row["decision"] or {}).get("outcome") == "upheld" for row in rows)}


def _check_one(told: Told, row: dict[str, Any], subject: str) -> None:
    number = row["number"]
    last = [e for e in told.ledger["entries"] if e["kind"] in BEGUN and e["subject"] == subject][-1]
    digest = hashlib.sha256(rfc8785.dumps({"content": row["content"], "files": row["files"]})).hexdigest()
    need(digest == last["facts"]["content_sha256"], "archive.complaint_text", number=number)
    need(row["state"] in ("refused", "withdrawn", "decided"), "archive.complaint", numbers=[number])
    for file in (*row["files"], *(file for step in row["steps"] for file in step["files"])):
        need_object(told, file["sha256"])
    said = [
        [one["number"], one["step"], one["text"], [file["sha256"] for file in one["files"]]] for one in row["steps"]
    ]
    steps = told.facts_of("complaint.step", subject)
    tells = [[one[name] for name in ("number", "step", "text", "files")] for one in steps]
    need(said == tells, "archive.untold", what="complaints")
    decisions = [one["decision"] for one in told.facts_of("complaint.decide", subject)]
    need(decisions == ([row["decision"]] if row["state"] == "decided" else []), "archive.untold", what="complaints")
    _check_orders(told, steps, told.places("complaint.step", subject), number)
    if row["decision"] and row["decision"]["remedy"]:
        place, about = told.places("complaint.decide", subject)[0], f"publicity:{told.project['section']['code']}"
        followed = told.places("publicity.revoke", about) + told.places("publicity.lapse", about)
        need(any(one > place for one in followed), "archive.untold", what="complaints")


def _check_orders(told: Told, steps: list[Any], places: list[int], number: int) -> None:
    begun: tuple[int, str | None] | None = None
    for step, place in zip(steps, places, strict=True):
        if step["step"] == "suspend":
            begun = (place, step.get("until"))
        elif step["step"] == "resume" and begun is not None:
            first, until = begun
            for entry in told.ledger["entries"]:
                inside = first < entry["index"] < place and (until is None or from_iso(entry["at"]) < from_iso(until))
                need(not (inside and entry["kind"] in HELD_BACK), "archive.order_broken", number=number)
            begun = None
    need(begun is None, "archive.complaint", numbers=[number])
