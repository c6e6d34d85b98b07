"""Readers of what people and key holders' programs send to the hall."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import Invalid
from core.forms import Fields, choice, digest, fault, instant, integer, text, whole
from core.seal import MAX_PACKAGE
from opening.rules import CAUSES, TROUBLES


@dataclass(frozen=True)
class Layer:
    """One layer named by a key holder's program, with what was found inside it or why nothing was."""

    submission: str
    package: str
    set_name: str
    stage: int
    role: str
    content: bytes
    code: str


def words(fields: Fields, name: str) -> str:
    """A reason, an answer, an objection: 2 to 2000 characters."""
    return text(fields, name, least=2, most=2000)


@whole
def incident(fields: Fields) -> dict[str, str]:
    """What went wrong: cause, impact, measures, 2 to 2000 characters each."""
    return {name: words(fields, name) for name in ("cause", "impact", "measures")}


@whole
def extension(fields: Fields) -> tuple[int, str]:
    """By how many minutes the window is prolonged, and why."""
    return integer(fields, "minutes", least=1, most=24 * 60), words(fields, "reason")


@whole
def supplement(fields: Fields) -> tuple[datetime, str]:
    """When the restored bids are opened, and what bidders are told."""
    return instant(fields, "supplement_at"), words(fields, "reason")


@whole
def reconvening(fields: Fields) -> tuple[datetime, str]:
    """When the opening is resumed, and what is said about it."""
    return instant(fields, "reconvene_at"), words(fields, "reason")


@whole
def cancellation(fields: Fields, code: str) -> tuple[str, str]:
    """Why the tender is cancelled and on what basis; the section's code typed as confirmation."""
    if text(fields, "confirmation", most=80) != code:
        fault(Invalid("form.confirmation", field="confirmation", expected=code), "")
    return words(fields, "reason"), words(fields, "basis")


@whole
def evidence(fields: Fields) -> tuple[str | None, str]:
    """The trouble a bidder names (or nothing), and what is said about it."""
    code = choice(fields, "code", TROUBLES) if fields.get("code") else None
    return code, words(fields, "text")


def backup_salts(data: bytes) -> dict[str, str]:
    """The salts in a bidder's private.json, {envelope: 64 hex}; nothing else of it is read."""
    try:
        salts = json.loads(data.decode("utf-8"))["salts"]
        good = all(len(bytes.fromhex(salt)) == 32 for salt in salts.values())
    except (ValueError, KeyError, TypeError, AttributeError):
        good = False
    if not good or len(salts) > 8:
        raise Invalid("backup.private", field="private")
    return {str(name): salt for name, salt in salts.items()}


def backup(body: Any) -> tuple[str, dict[str, str], dict[str, str]]:
    """A program's backup: digest, {envelope: object hash}, {envelope: salt}, from {submission, archives, salts}."""
    fields = _object(body)
    submission = digest({"submission": _text(fields, "submission")}, "submission")
    found = []
    for name in ("archives", "salts"):
        held = fields.get(name)
        if not isinstance(held, dict) or len(held) > 8:
            raise Invalid("backup.incomplete", field=name, missing=name)
        found.append({str(key): digest({name: str(value)}, name) for key, value in held.items()})
    return submission, found[0], found[1]


@whole
def cause(fields: Fields) -> tuple[str, str]:
    """Why a bid was not decrypted, and the evidence for it."""
    return choice(fields, "cause", CAUSES), words(fields, "evidence")


def layer(body: Any, *, with_content: bool) -> Layer:
    """A layer from a JSON body {submission, package, set, stage, role, content | code}."""
    fields = _object(body)
    stage = fields.get("stage")
    if type(stage) is not int:
        raise Invalid("form.integer", field="stage", found=str(stage)[:20])
    texts = {name: _text(fields, name) for name in ("submission", "package", "set", "role")}
    return Layer(
        submission=digest(texts, "submission"),
        package=text(texts, "package", most=40),
        set_name=text(texts, "set", most=80),
        stage=stage,
        role=text(texts, "role", most=40),
        content=_bytes(fields.get("content"), "content") if with_content else b"",
        code="" if with_content else text({"code": _text(fields, "code")}, "code", most=60),
    )


def released(body: Any) -> tuple[str, dict[str, bytes]]:
    """A bidder's release: digest and {envelope: layer}, from {submission, layers: {envelope: base64}}."""
    fields = _object(body)
    layers = fields.get("layers")
    if not isinstance(layers, dict) or len(layers) > 8:
        raise Invalid("peel.content", field="layers", place="layers", most=MAX_PACKAGE)
    submission = digest({"submission": _text(fields, "submission")}, "submission")
    return submission, {str(name): _bytes(value, str(name)) for name, value in layers.items()}


def party_value(body: Any, name: str) -> tuple[str, str]:
    """A draw party and its commitment or nonce, both as hex, from {party, <name>}."""
    fields = _object(body)
    party = text({"party": _text(fields, "party")}, "party", most=40)
    return party, digest({name: _text(fields, name)}, name)


def signature(body: Any) -> str | None:
    """The optional signature of a confirmation, base64."""
    if not isinstance(body, dict) or body.get("signature") is None:
        return None
    return text({"signature": _text(body, "signature")}, "signature", most=400)


def _object(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise Invalid("form.required", field="body")
    return body


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _bytes(value: Any, place: str) -> bytes:
    try:
        content = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (ValueError, binascii.Error):
        content = b""
    if not 0 < len(content) <= MAX_PACKAGE:
        raise Invalid("peel.content", field=place, place=place, most=MAX_PACKAGE)
    return content
