"""A remote evaluation's sites: named, seats bound to them, attendance witnessed, one that is cut off (R-341)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.rules import Role
from core.act import Act
from core.clock import iso
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from experts import queries
from experts.models import Committee, Member
from experts.queries import federation
from experts.rules.sites import check_sites
from experts.services.avoidance import release_member
from experts.services.places import bind, place

BEFORE = ("requested", "draw_announced", "drawn")


def set_sites(act: Act, committee: Committee, rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Name the sites before the committee is seated; every seat is bound to one, a partner's experts to their own.

    Raises what `check_sites` raises, Forbidden("sites.officer"), Conflict("committee.state") once it is seated.
    """
    if not act.actor.has(Role.OFFICER):
        raise Forbidden("sites.officer")
    if committee.state not in BEFORE:
        raise Conflict(
            "committee.state", verb="set_sites", state=committee.state, allowed=list(BEFORE), subject=committee.subject
        )
    codes = [one.code for one in federation.partners(act.session)]
    committee.sites = check_sites(rows, codes)
    append(act, "committee.sites", committee.subject, {"sites": committee.sites, "actor": act.actor.name})
    for member in queries.live_members(act.session, committee):
        bind(act, member)
    return list(committee.sites)


def move_seat(act: Act, member: Member, code: str) -> None:
    """The officer moves a seat to another site, before its holder has signed in. Missing("sites.unknown")."""
    if not act.actor.has(Role.OFFICER):
        raise Forbidden("sites.officer")
    if member.state not in ("invited", "accepted"):
        raise Conflict(
            "member.state",
            verb="move_seat",
            state=member.state,
            allowed=["accepted", "invited"],
            subject=member.subject,
        )
    queries.site(member.committee, code)
    place(act, member, code)


def witness_site(act: Act, committee: Committee, code: str, *, present: Sequence[str], note: str) -> None:
    """The witness of a site says which of its seats are taken there, with a note; told again it stands beside.

    By an officer or supervisor who acts for the named witness. Invalid("sites.seat") for a seat of another site,
    Conflict("member.not_due") more than two hours before the meeting.
    """
    if not act.actor.has(Role.OFFICER, Role.SUPERVISOR):
        raise Forbidden("sites.witness")
    site = queries.site(committee, code)
    if committee.meets_at is not None and not queries.is_room_open(committee, act.now):
        raise Conflict("member.not_due", meets_at=iso(committee.meets_at))
    own = [one.label for one in queries.live_members(act.session, committee) if one.site == code]
    wrong = [label for label in present if label not in own]
    if wrong:
        raise Invalid("sites.seat", field="present", label=wrong[0])
    row = {
        "present": sorted(set(present)),
        "absent": sorted(set(own) - set(present)),
        "note": note.strip(),
        "at": iso(act.now),
    }
    committee.sites = [
        {**one, "witnessed": [*one.get("witnessed", []), row]} if one["code"] == code else one
        for one in committee.sites or []
    ]
    append(
        act, "committee.witness", committee.subject,
        {"site": code, "witness": site["witness"], **row, "actor": act.actor.name},
    )  # fmt: skip


def cut_off_site(act: Act, committee: Committee, code: str, reason: str) -> list[Member]:
    """A supervisor releases everybody who has signed in at a guest site that does not come back (R-341, R-332).

    Their scores are void and kept, the next of the order is invited for each; returns who was invited.
    Conflict("sites.empty") where nobody has signed in there, Conflict("sites.host") for the host site: a meeting whose
    own place fails is held anew.
    """
    if queries.site(committee, code) == dict((committee.sites or [{}])[0]):
        raise Conflict("sites.host")
    held = [
        one for one in queries.live_members(act.session, committee) if one.site == code and one.state == "signed_in"
    ]
    if not held:
        raise Conflict("sites.empty")
    append(act, "committee.cut_off", committee.subject, {"site": code, "seats": [one.label for one in held]})
    fresh: list[Member] = []
    for member in held:
        fresh += release_member(act, member, cause="cut_off", reason=reason)
    return fresh
