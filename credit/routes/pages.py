"""The blueprint every page of credit hangs on, and who may come."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from accounts.rules import Role
from core.errors import Invalid, Refusal

blueprint = Blueprint("credit", __name__)
STAFF = (Role.OPERATOR, Role.SUPERVISOR, Role.OFFICER)
READERS = (*STAFF, Role.TENDEREE, Role.AGENT, Role.EXPERT, Role.BIDDER)
LOOKERS = (Role.OPERATOR, Role.OFFICER)
"""Who looks at sources by hand and deals with requests; the supervisor watches."""


def uploaded(name: str, most: int) -> tuple[bytes, str]:
    """A small file of the form with its name; empty bytes where none was chosen; Invalid("credit.shot_large")."""
    held = request.files.get(name)
    if held is None:
        return b"", ""
    raw = held.stream.read(most + 1)
    if len(raw) > most:
        raise Invalid("credit.shot_large", field=name, most=most)
    return raw, held.filename or ""


def typed(refusals: list[Refusal]) -> dict[str, Any]:
    """What a page shows again after a refusal: the refusals, and the form as it was typed."""
    return {"errors": refusals, "values": request.form}
