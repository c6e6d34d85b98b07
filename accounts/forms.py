"""Readers of accounts' forms: text to value, or Invalid with the field named."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from accounts.rules import Role
from accounts.rules.scopes import MOST_DAYS
from core import forms
from core.errors import Invalid
from core.forms import Fields


@dataclass(frozen=True)
class Registration:
    """A new organisation with its first person."""

    name: str
    identifier: str
    region: str
    evidence: str
    login: str
    person_name: str
    password: str


@forms.whole
def registration(fields: Fields) -> Registration:
    """The registration form; the repeated password must agree (password.repeat)."""
    return Registration(
        name=forms.text(fields, "name"),
        identifier=forms.text(fields, "uscc", most=40),
        region=region(fields),
        evidence=forms.text(fields, "evidence", most=400, required=False),
        login=forms.text(fields, "login", most=40),
        person_name=forms.text(fields, "person_name", most=80),
        password=new_password(fields),
    )


def region(fields: Fields) -> str:
    """An administrative division of six digits, or nothing (GB/T 2260)."""
    value = forms.text(fields, "region", most=6, required=False)
    if value and (len(value) != 6 or not value.isascii() or not value.isdigit()):
        return forms.fault(Invalid("form.region", field="region", found=value), "")
    return value


def new_password(fields: Fields) -> str:
    """A password typed twice alike; a password is never trimmed."""
    password = fields.get("password", "")
    if not password:
        return forms.fault(Invalid("form.required", field="password"), "")
    if password != fields.get("repeat", ""):
        return forms.fault(Invalid("password.repeat", field="repeat"), "")
    return password


@forms.whole
def role(fields: Fields) -> tuple[Role, str]:
    """A role and its scope: a project's code, or everywhere."""
    wanted = Role(forms.choice(fields, "role", [str(item) for item in Role]))
    return wanted, forms.text(fields, "scope", most=60, required=False) or "*"


def signature(fields: Fields) -> bytes:
    """A signature as base64, line breaks allowed."""
    text = "".join(str(fields.get("signature", "")).split())
    try:
        value = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise Invalid("form.base64", field="signature") from None
    if not 8 <= len(value) <= 1024:
        raise Invalid("form.base64", field="signature")
    return value


def certificate(fields: Fields) -> str:
    """A certificate as PEM."""
    return forms.text(fields, "certificate", most=10_000)


def json_fields(body: Any) -> dict[str, str]:
    """A JSON object of texts as form fields; Invalid("form.json") for anything else."""
    if not isinstance(body, dict) or not all(isinstance(value, str) for value in body.values()):
        raise Invalid("form.json")
    return {str(name): value for name, value in body.items()}


def credential(body: Any) -> dict[str, Any]:
    """The credential a browser answers a passkey challenge with, still unchecked."""
    if not isinstance(body, dict) or not isinstance(body.get("credential"), dict):
        raise Invalid("form.json")
    found: dict[str, Any] = body["credential"]
    return found


def token(fields: Fields) -> tuple[str, int]:
    """A program token's name and for how many days it is good."""
    return forms.text(fields, "name", most=80), forms.integer(fields, "days", least=1, most=MOST_DAYS)
