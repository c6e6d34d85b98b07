"""Readers of the regulator's forms."""

from __future__ import annotations

from core.errors import Invalid
from core.forms import Fields, choice, text


def read_decision(fields: Fields) -> tuple[str, str]:
    """What is decided, and why."""
    return choice(fields, "verb", ("confirm", "refer", "dismiss")), text(fields, "reason", most=2000)


def check_phrase(fields: Fields, phrase: str) -> None:
    """The code typed to confirm an irreversible act."""
    if text(fields, "confirmation", most=80) != phrase:
        raise Invalid("form.confirmation", field="confirmation", expected=phrase)
