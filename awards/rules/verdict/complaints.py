"""Claims about complaints: whole, decided, and while an order stood nothing went on (archive.md, complaints)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import rfc8785

from awards.rules.verdict.told import Told, need, need_list, need_object
from core.clock import from_iso

BEGUN = ("complaint.file", "complaint.file_again")
HELD_BACK = ("publicity.award", "publicity.end", "publicity.renew", "contract.conclude")
"""What an order of the regulator forbids while it stands (R-562)."""
STANDING = (
    *HELD_BACK,
    *(f"section.{verb}" for verb in ("begin_evaluation", "call_final", "deliver_report", "mark_opened", "archive",
                                     "publish_candidates", "award")),
    *(f"opening.{verb}" for verb in ("publish_names", "open_decryption", "resume", "fall_back", "close_decryption",
                                     "draw_coefficients", "read_prices", "ask_confirmation", "sign_record", "hand_over",
                                     "convene_second", "reconvene")),
    *(f"committee.{verb}" for verb in ("request", "candidates", "draw", "begin_scoring", "conclude_first", "lock",
                                       "lock_blind", "report", "deliver")),
    *(f"bid_clarification.{verb}" for verb in ("ask", "answer", "refuse", "lapse")),
)  # fmt: skip
"""What an order forbids that tells where the section stood (`stands`); one without it is of an earlier version."""


def check_complaints(told: Told) -> dict[str, Any]:
    """Every complaint the log tells is here with the very text, steps and decision it tells; none is left open."""
    code = told.project["section"]["code"]
    rows = told.complaints if "complaints.json" in told.container.members else []
    need_list(rows, "complaints.json")
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
    begun: tuple[int, str | None, str | None] | None = None
    for step, place in zip(steps, places, strict=True):
        if step["step"] == "suspend":
            begun = (place, step.get("until"), step.get("stands"))
        elif step["step"] == "resume" and begun is not None:
            first, until, stands = begun
            held = STANDING if stands else HELD_BACK
            held = (*held, "section.close") if stands == "suspended" else held
            for entry in told.ledger["entries"]:
                inside = first < entry["index"] < place and (until is None or from_iso(entry["at"]) < from_iso(until))
                need(not (inside and entry["kind"] in held), "archive.order_broken", number=number)
            need(stands != "suspended" or _stood(told, first, place), "archive.unsuspended", number=number)
            begun = None
    need(begun is None, "archive.complaint", numbers=[number])


def _stood(told: Told, first: int, last: int) -> bool:
    """Whether the section was suspended from the order, which stands right before it, to the order's end."""
    about = f"section:{told.project['section']['code']}"
    stops, goes = told.places("section.suspend", about), told.places("section.resume", about)
    return any(stop - 1 <= first and last < going for stop, going in zip(stops, goes, strict=False))


def order_spans(told: Told) -> list[tuple[datetime, datetime]]:
    """The spans in which orders made everything stand still, merged, in order."""
    about = f"complaint:{told.project['section']['code']}:"
    spans: list[tuple[datetime, datetime]] = []
    open_since: dict[str, datetime] = {}
    for entry in told.ledger["entries"]:
        if entry["kind"] != "complaint.step" or not entry["subject"].startswith(about):
            continue
        at, step = from_iso(entry["at"]), entry["facts"]
        if step["step"] == "suspend" and step.get("stands"):
            open_since[entry["subject"]] = at
        elif step["step"] == "resume" and entry["subject"] in open_since:
            spans.append((open_since.pop(entry["subject"]), at))
    merged: list[tuple[datetime, datetime]] = []
    for begun, ended in sorted(spans):
        if merged and begun <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ended))
        else:
            merged.append((begun, ended))
    return merged


def moved_due(told: Told, asked_at: datetime, due_at: datetime) -> datetime:
    """A time limit, later by what orders made stand still between its begin and its end (R-562)."""
    for begun, ended in order_spans(told):
        if ended > asked_at and begun < due_at:
            due_at += ended - max(begun, asked_at)
    return due_at
