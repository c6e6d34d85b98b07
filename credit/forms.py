"""Readers of credit's forms and arguments: text to value, or Invalid with the field named."""

from __future__ import annotations

from datetime import datetime

from core import forms
from core.errors import Invalid
from core.forms import Fields
from credit.rules import LISTS


def list_import(fields: Fields, file: bytes | None) -> tuple[str, bytes, datetime, bool]:
    """Source, bytes, instant of the snapshot, and whether a person confirmed a shrinking list."""
    if not file:
        raise Invalid("form.required", field="file")
    source = forms.choice(fields, "source", LISTS)
    return source, file, forms.instant(fields, "as_of"), forms.checked(fields, "confirmed")
