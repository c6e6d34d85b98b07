"""Readers of the regulator's forms."""

from __future__ import annotations

from decimal import Decimal

from werkzeug.datastructures import MultiDict

from collusion.rules.fusion import Selection
from core.errors import Invalid
from core.forms import Fields, choice, day, decimal, text, whole


@whole
def read_decision(fields: Fields) -> tuple[str, str, str]:
    """What is decided, why, and the counter-evidence that was weighed."""
    verb = choice(fields, "verb", ("confirm", "refer", "dismiss"))
    return verb, text(fields, "reason", most=2000), text(fields, "counter", most=2000, required=False)


@whole
def read_request(fields: Fields) -> tuple[list[int], str]:
    """Which bidders are asked, by number, and what."""
    values = fields.getlist("numbers") if isinstance(fields, MultiDict) else []
    numbers = [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 6]
    if not numbers:
        raise Invalid("form.required", field="numbers")
    return numbers, text(fields, "question", most=2000)


@whole
def read_approval(fields: Fields) -> tuple[bool, str]:
    """Whether the second person agrees, and the note."""
    agrees = choice(fields, "verdict", ("agree", "return")) == "agree"
    return agrees, text(fields, "note", most=2000, required=not agrees)


def read_recipient(fields: Fields) -> str:
    """The public part of a key (age1…)."""
    return text(fields, "recipient", most=100)


def read_link(fields: Fields) -> str:
    """Why machines are compared across projects."""
    return text(fields, "link_reason", most=2000)


def read_answer(fields: Fields) -> str:
    """A bidder's explanation."""
    return text(fields, "answer", most=5000)


@whole
def read_budget(fields: Fields, bounds: tuple[float, float]) -> tuple[float, Selection, str]:
    """The budget of false leads in per cent, how leads are chosen, and why."""
    least, most = (Decimal(repr(bound)) * 100 for bound in bounds)
    per_cent = decimal(fields, "budget", least=least, most=most, places=2)
    selection = Selection(choice(fields, "selection", [selection.value for selection in Selection]))
    return float(per_cent / 100), selection, text(fields, "reason", most=2000)


@whole
def read_change(fields: Fields) -> tuple[bool, str]:
    """Whether the reading is to be taken back instead of fitted anew, and why."""
    return choice(fields, "verb", ("refit", "roll_back")) == "roll_back", text(fields, "model_reason", most=2000)


@whole
def read_registry_facts(fields: Fields) -> tuple[str, str]:
    """As of which day, and from which source."""
    return day(fields, "as_of").isoformat(), text(fields, "source", most=200)


def check_phrase(fields: Fields, phrase: str) -> None:
    """The code typed to confirm an irreversible act."""
    if text(fields, "confirmation", most=80) != phrase:
        raise Invalid("form.confirmation", field="confirmation", expected=phrase)
