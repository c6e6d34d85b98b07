"""Changing a closed file the way an insider would: members edited, leaves and manifest made and signed again."""

from __future__ import annotations

import contextlib
import io
import json
import secrets
from collections.abc import Callable
from typing import Any

import rfc8785

from awards.rules import disclosure
from awards.rules.container import Source, open_container, write_container
from core.ledger.notes import Signer

Members = dict[str, bytes]


def members_of(raw: bytes) -> Members:
    """An archive's members but manifest and its note."""
    held = open_container(io.BytesIO(raw))
    return {path: held.read(path) for path in held.members if not path.startswith("manifest.")}


def edited(members: Members, path: str, change: Callable[[Any], None]) -> None:
    """Change one JSON member."""
    value = json.loads(members[path])
    change(value)
    members[path] = rfc8785.dumps(value)


def leaves(members: Members, section: str, built_at: str, signer: Signer) -> None:
    """Put `disclosure.json` in, as the platform would over these members."""
    told = {path: json.loads(raw) for path, raw in members.items() if path.endswith(".json")}
    told.pop(disclosure.MEMBER, None)
    objects = {path.removeprefix("objects/"): len(raw) for path, raw in members.items() if path.startswith("objects/")}
    edition = disclosure.edition_at(built_at)
    found = disclosure.parts(edition, told, told.__getitem__, objects)
    made = disclosure.disclosed(section, edition, found, [secrets.token_hex(32) for _ in found], signer)
    members[disclosure.MEMBER] = rfc8785.dumps(made)


def packed(members: Members, section: str, built_at: str, signer: Signer) -> bytes:
    """The archive over these members, leaves and manifest signed; leaves stay where members are too odd to cut up."""
    with contextlib.suppress(KeyError, TypeError, AttributeError):
        leaves(members, section, built_at, signer)
    out = io.BytesIO()
    sources = [Source(path, raw) for path, raw in members.items()]
    write_container(out, section=section, built_at=built_at, signer=signer, sources=sources)
    return out.getvalue()
