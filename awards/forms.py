"""Readers of what people send about objections and the award."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awards.rules import PASSED_OVER, SET_ASIDE
from core.errors import Invalid
from core.forms import Fields, choice, integer, text

MOST_TEXT = 5000


def read_text(fields: Fields, name: str) -> str:
    """An objection or an answer, up to 5000 characters."""
    return text(fields, name, most=MOST_TEXT, least=2)


def read_award(fields: Fields, candidates: Sequence[int]) -> dict[str, Any]:
    """The winner's number, and for each better candidate `reason-<n>` with `evidence-<n>` where one was entered."""
    number = integer(fields, "number", least=1, most=10_000)
    passed = {}
    for better in candidates:
        if better != number and fields.get(f"reason-{better}"):
            reason = choice(fields, f"reason-{better}", PASSED_OVER)
            passed[better] = (reason, text(fields, f"evidence-{better}", most=1000))
    return {"number": number, "passed_over": passed}


def read_answer(fields: Fields) -> tuple[str, dict[str, Any] | None]:
    """An answer with its outcome: dismissed, or upheld with `remedy` and, for a re-evaluation, `stage` and `ground`."""
    words = read_text(fields, "answer")
    if choice(fields, "outcome", ("dismissed", "upheld")) == "dismissed":
        return words, None
    return words, {"kind": text(fields, "remedy"), "stage": fields.get("stage"), "ground": fields.get("ground")}


def read_set_aside(fields: Fields) -> dict[str, Any]:
    """Why the winner is set aside, with the evidence."""
    return {
        "reason": choice(fields, "reason", SET_ASIDE),
        "evidence": text(fields, "evidence", most=2000, least=10),
    }


def check_phrase(fields: Fields, phrase: str, name: str = "confirmation") -> None:
    """Refuse an irreversible act whose confirmation was not typed."""
    if text(fields, name, most=80, required=False) != phrase:
        raise Invalid("form.confirmation", field=name, phrase=phrase)
