"""Checks of objections to the documents: all are told, and while one stood open the section stood still (R-135)."""

from __future__ import annotations

import hashlib
from typing import Any

from awards.rules.verdict.told import Told, need
from core.calendar import DAY
from core.clock import from_iso

RAISED = ("number", "is_admissible", "text_sha256")


def check_objections(told: Told, section: str) -> None:
    """Objections are as the ledger tells them, their texts published with their answers; each in time fell into a
    suspension, none of which the closing cut short, and the deadline moved by at least the whole days stood still.
    """
    objections = told.questions.get("objections", [])
    raised = told.facts_of("document_objection.raise", section)
    stated = [{**{name: one[name] for name in RAISED[:2]}, "text_sha256": _sha256(one["text"])} for one in objections]
    need(stated == [{name: fact[name] for name in RAISED} for fact in raised], "archive.untold", what="objections")
    answers = [fact["objection"] for fact in told.facts_of("clarification.publish", section) if fact.get("objection")]
    texts = [{"number": o["number"], "text": o["text"]} for o in objections if o["answered_at"] is not None]
    need(sorted(answers, key=_by_number) == texts, "archive.untold", what="answers to objections")
    stops, goes, closes, raises = (
        [entry for entry in told.ledger["entries"] if entry["kind"] == kind and entry["subject"] == section]
        for kind in ("section.suspend", "section.resume", "section.close", "document_objection.raise")
    )
    need(len(stops) == len(goes), "archive.suspended", number=len(stops))
    for number, (stop, going) in enumerate(zip(stops, goes, strict=True), 1):
        stood = -((from_iso(stop["at"]) - from_iso(going["at"])) // DAY) * DAY
        moved = from_iso(going["facts"]["deadline"]) >= from_iso(stop["facts"]["deadline"]) + stood
        cut = any(stop["index"] < close["index"] < going["index"] for close in closes)
        need(stop["index"] < going["index"] and moved and not cut, "archive.suspended", number=number)
    if any(rule["key"] == "doc_objection_before" for rule in told.project["law"]["rules"]):
        for entry in raises:
            # The objection that suspends stands right before the suspension, later ones inside it.
            still = any(s["index"] - 1 <= entry["index"] < g["index"] for s, g in zip(stops, goes, strict=True))
            need(still or not entry["facts"]["is_admissible"], "archive.unsuspended", number=entry["facts"]["number"])


def _by_number(answer: dict[str, Any]) -> int:
    return int(answer["number"])


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
