"""Who stays unnamed: candidates of a draw, and whoever acts from a seat, which the ledger names instead (R-323)."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from bidding import rules
from bidding.models import Section
from core.act import Act
from core.errors import Conflict, Missing
from experts import queries
from experts.models import Committee, Member

CANDIDATE_DOMAIN = b"sunbid-expert/v1\n"


def candidate_name(salt: str, label: str, code: str) -> str:
    """The name under which an expert stands in one draw: 16 hex digits of SHA-256(domain ‖ salt ‖ label ‖ LF ‖ code).

    A pool code on the public record would tell, in the next draw, who sits before the award is made (R-323).
    """
    return hashlib.sha256(CANDIDATE_DOMAIN + bytes.fromhex(salt) + label.encode() + b"\n" + code.encode()).hexdigest()[
        :16
    ]


def from_seat(act: Act, member: Member) -> Act:
    """The same act with the seat's name as actor, so that entries told before the award name nobody."""
    return replace(act, actor=replace(act.actor, name=f"seat:{member.label}"))


def check_moving(section: Section) -> None:
    """Raise Conflict("section.ordered") while the regulator orders the section to stand still (R-562)."""
    rules.check_moving(section.code, section.orders)


def check_own(act: Act, member: Member) -> None:
    """Raise Missing unless the actor sits on this very seat, Conflict("section.ordered") while all stands still."""
    if act.actor.person_id is None or queries.identity_of(act.session, member)[0] != act.actor.person_id:
        raise Missing("member.unknown")
    check_moving(member.committee.section)


def check_leader(act: Act, committee: Committee) -> Member:
    """Return the leader, who must be the one acting: Conflict("committee.no_leader") or ("committee.leader_only").

    Conflict("section.ordered") while the regulator orders the section to stand still.
    """
    check_moving(committee.section)
    leader = queries.leader(act.session, committee)
    if leader is None:
        raise Conflict("committee.no_leader")
    if leader.person_id != act.actor.person_id:
        raise Conflict("committee.leader_only")
    return leader
