"""The duty officer's key: named with its recipient, opened from the officer's file, withdrawn (R-323)."""

from __future__ import annotations

from accounts.rules import Role
from core.act import Act
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from core.seal.age import check_recipient
from core.vault import vault_of
from experts import queries
from experts.models import Committee, DutyKey, Member


def name_duty_key(act: Act, recipient: str) -> DutyKey:
    """From here on drawn names are sealed to this recipient (age1…); its holder alone can read them.

    Conflict("duty.in_use") while another key is in force and seats are sealed to it: nobody could read both.
    """
    _check_officer(act)
    check_recipient(recipient)
    held = queries.duty_key(act.session)
    if held is not None:
        if held.recipient == recipient:
            raise Conflict("duty.named")
        waiting = queries.committees_with_secrets(act.session)
        if waiting:
            raise Conflict("duty.in_use", count=waiting)
        held.withdrawn_at = act.now
        vault_of(act.session).close()
    key = DutyKey(recipient=recipient, named_at=act.now, named_by=act.actor.name)
    act.session.add(key)
    act.session.flush()
    append(act, "duty.name", "duty:key", {"recipient": recipient, "actor": act.actor.name})
    return key


def go_on_duty(act: Act, identity: str) -> None:
    """Hand the identity to this process's memory, and nowhere else. Invalid("duty.other_key") for another key's."""
    _check_officer(act)
    held = queries.duty_key(act.session)
    if held is None:
        raise Invalid("duty.none", field="file")
    vault_of(act.session).open(identity.strip(), recipient=held.recipient)
    append(act, "duty.begin", "duty:key", {"actor": act.actor.name})


def go_off_duty(act: Act) -> None:
    """Take the identity out of this process's memory."""
    _check_officer(act)
    vault_of(act.session).close()
    append(act, "duty.end", "duty:key", {"actor": act.actor.name})


def reveal_seat(act: Act, member: Member) -> None:
    """The seat's holder stands in clear from here on: they have signed in, the evaluation begins (R-323)."""
    if member.person_id is None:
        member.person_id, member.expert_id = queries.identity_of(act.session, member)


def reveal_tables(act: Act, committee: Committee) -> None:
    """The evaluation is over: the draws' tables stand in clear, for the supervisor and the archive.

    Nothing happens off duty: a delivery does not wait for the duty officer, the archive asks again.
    """
    if any("sealed" in held for held in committee.rounds) and queries.is_open(act.session):
        rounds = []
        for held in committee.rounds:
            told = {key: value for key, value in held.items() if key != "sealed"}
            rounds.append({**told, **queries.table_of(act.session, held)} if "sealed" in held else held)
        committee.rounds = rounds


def _check_officer(act: Act) -> None:
    if not act.actor.has(Role.OFFICER):
        raise Forbidden("duty.officer")
