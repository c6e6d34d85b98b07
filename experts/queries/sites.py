"""Reads of a remote evaluation's sites and of the seats at each."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.errors import Missing
from experts.models import Committee, Member
from experts.queries.committee import live_members


def site(held: Committee, code: str) -> dict[str, Any]:
    """The committee's site of that code, or Missing."""
    for one in held.sites or []:
        if one["code"] == code:
            return dict(one)
    raise Missing("sites.unknown")


def seats_by_site(session: Session, held: Committee) -> list[dict[str, Any]]:
    """Each site with its live seats; empty where the committee meets in one place."""
    everyone = live_members(session, held)
    return [{**one, "seats": [member for member in everyone if member.site == one["code"]]} for one in held.sites or []]


def place_of(member: Member) -> str:
    """Where this seat is: its site's name and place, else the committee's place."""
    for one in member.committee.sites or []:
        if one["code"] == member.site:
            return f"{one['name']} {one['place']}"
    return str(member.committee.place)
