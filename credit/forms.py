"""Readers of credit's forms and arguments: text to value, or Invalid with the field named."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.rules import normalise_uscc
from core import forms
from core.forms import Fields
from credit.rules import LISTS
from credit.rules.signatures import KINDS


@forms.whole
def list_import(fields: Fields) -> tuple[str, datetime, bool]:
    """Source, instant of the snapshot, and whether a person confirmed a shrinking list."""
    source = forms.choice(fields, "source", LISTS)
    return source, forms.instant(fields, "as_of"), forms.checked(fields, "confirmed")


@forms.whole
def source(fields: Fields) -> dict[str, Any]:
    """How a list's source signs and whether it is asked."""
    return {
        "source": forms.choice(fields, "source", LISTS),
        "url": forms.text(fields, "url", most=400, required=False),
        "key_kind": forms.choice(fields, "key_kind", KINDS) if fields.get("key_kind") else "",
        "key": forms.text(fields, "key", most=64, required=False),
        "region": forms.text(fields, "region", most=12, required=False),
        "per_minute": forms.integer(fields, "per_minute", least=1, most=6000),
        "is_asked": forms.checked(fields, "is_asked"),
    }


@forms.whole
def look(fields: Fields) -> tuple[datetime, str, dict[str, str] | None]:
    """When a person looked, at which site, and the record seen there, if any."""
    found = forms.choice(fields, "found", ("none", "record"))
    looked_at, site = forms.instant(fields, "looked_at"), forms.text(fields, "site")
    if found == "none":
        return looked_at, site, None
    record = {"reason": forms.text(fields, "reason", most=2000)}
    for name in ("document_number", "listed_on", "ban_until", "measures", "fine_yuan"):
        record[name] = forms.text(fields, name, most=400, required=False)
    return looked_at, site, record


@forms.whole
def as_of(fields: Fields) -> tuple[str, str, datetime, str, str]:
    """Code, name, instant, regime and the tender document's rule."""
    return (
        normalise_uscc(forms.text(fields, "identifier", most=40)),
        forms.text(fields, "name"),
        forms.instant(fields, "at"),
        forms.choice(fields, "regime", ("T", "G")),
        forms.text(fields, "document", most=2000, required=False),
    )
