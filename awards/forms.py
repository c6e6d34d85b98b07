"""Readers of what people send about objections and the award."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from awards.rules import PASSED_OVER, SET_ASIDE
from awards.rules.complaints import ABOUT, OUTCOMES, STEPS
from awards.rules.contracts import EVENTS, FAULTS, FREE
from awards.rules.recordings import MEDIA, ROOMS
from awards.rules.selection import TYPE
from core.errors import Invalid
from core.forms import Fields, checked, choice, day, decimal, digest, instant, integer, text, whole

MOST_TEXT = 5000
MOST_FILE = 20 * 1024 * 1024
BEGINNINGS = {".pdf": b"%PDF-", ".png": b"\x89PNG", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff"}


def read_text(fields: Fields, name: str) -> str:
    """An objection or an answer, up to 5000 characters."""
    return text(fields, name, most=MOST_TEXT, least=2)


@whole
def read_award(fields: Fields, candidates: Sequence[int]) -> dict[str, Any]:
    """The winner's number, and for each better candidate `reason-<n>` with `evidence-<n>` where one was entered."""
    number = integer(fields, "number", least=1, most=10_000)
    passed = {}
    for better in candidates:
        if better != number and fields.get(f"reason-{better}"):
            reason = choice(fields, f"reason-{better}", PASSED_OVER)
            passed[better] = (reason, text(fields, f"evidence-{better}", most=1000))
    return {"number": number, "passed_over": passed}


@whole
def read_answer(fields: Fields) -> tuple[str, dict[str, Any] | None]:
    """An answer with its outcome: dismissed, or upheld with `remedy` and, for a re-evaluation, `stage` and `ground`."""
    words = read_text(fields, "answer")
    if choice(fields, "outcome", ("dismissed", "upheld")) == "dismissed":
        return words, None
    return words, {"kind": text(fields, "remedy"), "stage": fields.get("stage"), "ground": fields.get("ground")}


@whole
def read_set_aside(fields: Fields) -> dict[str, Any]:
    """Why the winner is set aside, with the evidence."""
    return {
        "reason": choice(fields, "reason", SET_ASIDE),
        "evidence": text(fields, "evidence", most=2000, least=10),
    }


@whole
def read_fault(fields: Fields) -> dict[str, Any]:
    """Whether a winner gave up without due cause, with the reason."""
    return {
        "at_fault": choice(fields, "fault", ("without_cause", "with_cause")) == "without_cause",
        "reason": text(fields, "fault_reason", most=2000, least=10),
    }


@whole
def read_extension(fields: Fields) -> dict[str, Any]:
    """A longer validity: its last day, answers by when, the reason."""
    return {
        "until": day(fields, "until"),
        "answer_by": instant(fields, "answer_by"),
        "reason": text(fields, "reason", most=2000),
    }


@whole
def read_complaint(fields: Fields) -> dict[str, Any]:
    """A complaint as it was typed; what is empty the checklist names, so only the length is refused here."""
    draft: dict[str, Any] = {"about": choice(fields, "about", ABOUT)}
    for name, most in (("respondent", 200), ("facts", 5000), ("claims", 2000), ("basis", 2000), ("signatory", 100)):
        draft[name] = text(fields, name, most=most, required=False)
    draft["known_at"] = instant(fields, "known_at")
    draft["joint"], draft["within_challenge"] = checked(fields, "joint"), checked(fields, "within_challenge")
    return draft


@whole
def read_step(fields: Fields) -> dict[str, str]:
    """A step of an investigation."""
    return {"kind": choice(fields, "kind", STEPS), "text": text(fields, "text", most=5000, least=4)}


@whole
def read_decision(fields: Fields) -> dict[str, Any]:
    """A decision: outcome, findings, law, and for an upheld one a remedy, or none."""
    outcome, kind = choice(fields, "outcome", OUTCOMES), fields.get("remedy", "none")
    remedy = {"kind": kind, "stage": fields.get("stage"), "ground": fields.get("ground")}
    return {
        "outcome": outcome,
        "findings": text(fields, "findings", most=5000, least=10),
        "law": text(fields, "law", most=1000, least=4),
        "remedy": remedy if outcome == "upheld" and kind != "none" else None,
    }


def read_numbers(values: Sequence[str], name: str) -> list[int]:
    """Numbers that were ticked."""
    if not all(value.isascii() and value.isdigit() and len(value) < 16 for value in values):
        raise Invalid("form.integer", field=name, found=" ".join(values)[:40])
    return [int(value) for value in values]


@whole
def read_plan(fields: Fields) -> tuple[dict[str, Any] | None, list[str]]:
    """The plan of an award committee, or None where the ranking decides; and the logins of its roll, one a line."""
    if choice(fields, "separate", ("no", "yes")) == "no":
        return None, []
    plan = {
        "type": TYPE,
        "basis": {
            "title": text(fields, "basis_title", most=200, required=False),
            "article": text(fields, "basis_article", most=100, required=False),
        },
        "method": text(fields, "method", most=20, required=False),
        "win": text(fields, "win", most=20, required=False),
        "price_rule": text(fields, "price_rule", most=30, required=False) or None,
        "size": integer(fields, "size", least=1, most=99),
        "forming": text(fields, "forming", most=20, required=False),
        "factors": text(fields, "factors", most=5000, required=False),
    }
    return plan, read_logins(fields, "roll")


def read_logins(fields: Fields, name: str) -> list[str]:
    """Logins, one a line or parted by commas."""
    words = text(fields, name, most=5000, required=False)
    return [one for one in words.replace(",", "\n").replace("，", "\n").replace(" ", "\n").split("\n") if one]


@whole
def read_inspection(fields: Fields) -> dict[str, Any]:
    """What was inspected of a candidate."""
    return {
        "number": integer(fields, "number", least=1, most=10_000),
        "place": text(fields, "place", most=200, least=2),
        "people": text(fields, "people", most=200, least=2),
        "findings": text(fields, "findings", most=5000, least=10),
    }


def read_report_signature(fields: Fields) -> dict[str, str]:
    """A signature under the award committee's report: the hash that was read, and dissent if any."""
    if fields.get("agreed") != "yes":
        raise Invalid("form.required", field="agreed")
    return {"report_sha256": fields.get("report_sha256", ""), "dissent": fields.get("dissent", "").strip()}


@whole
def read_ballot(fields: Fields) -> dict[str, Any]:
    """A ballot, an opinion or a decision: the choice and its reason."""
    return {
        "choice": integer(fields, "choice", least=1, most=10_000),
        "reason": text(fields, "reason", most=5000, least=10),
    }


@whole
def read_terms(fields: Fields) -> dict[str, Any]:
    """The contract's terms: what the offer fixes, the clauses, the performance bond (nought where none)."""
    terms: dict[str, Any] = {
        "subject": text(fields, "subject", most=5000),
        "price_fen": fen(fields, "price_fen"),
        "duration_days": integer(fields, "duration_days", least=1, most=10_000),
        "quality": text(fields, "quality", most=500, required=False),
        "manager": text(fields, "manager", most=100, required=False),
        "performance_bond_fen": fen(fields, "performance_bond_fen"),
    }
    return terms | {name: text(fields, name, most=5000, required=False) for name in FREE}


def fen(fields: Fields, name: str) -> int:
    """An amount in yuan, read as fen; empty is nought."""
    if not fields.get(name, "").strip():
        return 0
    plain = {name: fields[name].replace(",", "").replace("，", "")}
    return int(decimal(plain, name, least=Decimal(0), most=Decimal(10) ** 13) * 100)


@whole
def read_event(fields: Fields) -> dict[str, Any]:
    """What happened under a contract; a change says by how much the price changes."""
    return {
        "kind": choice(fields, "kind", EVENTS),
        "text": text(fields, "text", most=5000, least=4),
        "amount_fen": fen(fields, "amount_fen"),
    }


@whole
def read_ending(fields: Fields) -> dict[str, Any]:
    """Why a contract ends, what is settled and refunded."""
    return {
        "text": text(fields, "text", most=5000, least=10),
        "settlement_fen": fen(fields, "settlement_fen"),
        "refund_fen": fen(fields, "refund_fen"),
        "fault": choice(fields, "fault", FAULTS),
        "document": text(fields, "document", most=120, required=False),
    }


def read_signature(body: Any) -> dict[str, str]:
    """The hash that was signed and the signature over it (base64), from a JSON body."""
    if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in ("pdf_sha256", "signature")):
        raise Invalid("contract.signature", field="signature")
    return {"pdf_sha256": body["pdf_sha256"], "signature": body["signature"]}


def read_brought(fields: Fields) -> dict[str, str]:
    """A member's signature that another party brings: certificate (PEM), signature (base64), the hash it signed."""
    return {
        "certificate": text(fields, "certificate", most=20_000),
        "signature": "".join(text(fields, "signature", most=1000).split()),
        "pdf_sha256": text(fields, "pdf_sha256", most=64),
    }


MOST_RECORDING = 10**15
"""Bytes: more than any recording has; what is longer is a slip."""


@whole
def read_recording(fields: Fields) -> dict[str, Any]:
    """An entry of the index: `place` names the room, and after a colon the site where there are sites."""
    room, site = read_place(fields, "place")
    return {
        "room": room,
        "site": site,
        "title": text(fields, "title", least=2),
        "media": choice(fields, "media", MEDIA),
        "began_at": instant(fields, "began_at"),
        "ended_at": instant(fields, "ended_at"),
        "sha256": digest(fields, "sha256"),
        "size": integer(fields, "size", least=1, most=MOST_RECORDING),
        "location": text(fields, "location", most=500, least=2),
        "custody": text(fields, "custody", least=2),
    }


@whole
def read_missing(fields: Fields) -> dict[str, str]:
    """That a room (`lost`) has no recording, and why."""
    room, site = read_place(fields, "lost")
    return {"room": room, "site": site, "reason": text(fields, "reason", most=2000, least=10)}


def read_withdrawal(fields: Fields, number: int) -> str:
    """Why the entry of that number does not stand."""
    return text(fields, f"withdraw-{number}", most=2000, least=4)


def read_place(fields: Fields, name: str) -> tuple[str, str]:
    """A room and its site, `evaluation:S2`; the site is empty where the room is in one place."""
    room, _, site = text(fields, name, most=40).partition(":")
    return choice({name: room}, name, ROOMS), site


def kept_file(name: str, data: bytes) -> str:
    """The plain name of an evidence file that begins as its name says and is not too large.

    Invalid: evidence.large, bid_clarification.file.
    """
    plain = PurePath(name.replace("\\", "/")).name[:200]
    if len(data) > MOST_FILE:
        raise Invalid("evidence.large", field="files", most=MOST_FILE // 1024 // 1024)
    beginning = BEGINNINGS.get(PurePath(plain).suffix.lower())
    if beginning is None or not data.startswith(beginning):
        raise Invalid("bid_clarification.file", field="files", found=plain)
    return plain


def check_phrase(fields: Fields, phrase: str, name: str = "confirmation") -> None:
    """Refuse an irreversible act whose confirmation was not typed."""
    if text(fields, name, most=80, required=False) != phrase:
        raise Invalid("form.confirmation", field=name, expected=phrase)
