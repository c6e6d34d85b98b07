"""The pool: take experts in, keep what avoidance needs, suspend and restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from accounts import services as accounts
from accounts.models import Person
from accounts.queries import roles_of
from accounts.rules import Role
from core.act import Act
from core.calendar import day_of
from core.errors import Conflict, Invalid
from core.ledger.log import append
from experts.models import Expert
from experts.rules import read_experts
from experts.rules.pool import STATUSES

Entries = Sequence[Mapping[str, Any]]


def add_expert(
    act: Act,
    *,
    person: Person,
    code: str,
    specialities: Sequence[str],
    region: str,
    employers: Entries = (),
    shareholdings: Entries = (),
    relatives: Entries = (),
    status: str = "active",
) -> Expert:
    """Take a person into the pool under `code` (R-310, R-330); Conflict("expert.exists") for a code or person in it.

    employers: [{name, identifier, from, until}], shareholdings: [{name, identifier, kind}], relatives: [{name,
    relation, organisation, identifier}]; days as ISO text, `until` empty while it lasts.
    """
    if not specialities:
        raise Invalid("expert.specialities", field="specialities")
    if act.session.scalar(select(Expert.id).where((Expert.code == code) | (Expert.person_id == person.id))) is not None:
        raise Conflict("expert.exists", expert=code)
    expert = Expert(
        code=code,
        person_id=person.id,
        person=person,
        specialities=list(specialities),
        region=region,
        employers=[dict(entry) for entry in employers],
        shareholdings=[dict(entry) for entry in shareholdings],
        relatives=[dict(entry) for entry in relatives],
        status=_status(status),
        joined_on=day_of(act.now).isoformat(),
    )
    act.session.add(expert)
    act.session.flush()
    append(act, "expert.add", f"expert:{code}", _facts(expert))
    return expert


def update_declarations(
    act: Act, expert: Expert, *, employers: Entries, shareholdings: Entries, relatives: Entries
) -> None:
    """Replace what the expert has declared; the ledger keeps what was declared before (R-330)."""
    expert.employers = [dict(entry) for entry in employers]
    expert.shareholdings = [dict(entry) for entry in shareholdings]
    expert.relatives = [dict(entry) for entry in relatives]
    append(act, "expert.declare", f"expert:{expert.code}", _facts(expert))


def change_status(act: Act, expert: Expert, status: str, reason: str) -> None:
    """Suspend, remove, punish or restore an expert, with the reason on record (R-315)."""
    if not reason.strip():
        raise Invalid("expert.reason", field="reason")
    before, expert.status = expert.status, _status(status)
    append(act, "expert.status", f"expert:{expert.code}", {"from": before, "to": expert.status, "reason": reason})


def import_experts(act: Act, text: str) -> list[Expert]:
    """Take in a table of experts (see `rules.read_experts`): all rows or none.

    A known code is updated when its login is the same person's, else Conflict("expert.exists"); a new login becomes a
    person with the expert's role, who then sets a second factor before signing in.
    """
    taken = []
    for row in read_experts(text):
        held = act.session.scalar(select(Expert).where(Expert.code == row["code"]))
        if held is not None:
            if held.person.login != row["login"]:
                raise Conflict("expert.exists", expert=row["code"])
            held.specialities, held.region, held.status = row["specialities"], row["region"], row["status"]
            update_declarations(act, held, **{name: row[name] for name in ("employers", "shareholdings", "relatives")})
            taken.append(held)
            continue
        person = act.session.scalar(select(Person).where(Person.login == row["login"]))
        if person is None:
            person = accounts.register_person(act, login=row["login"], name=row["name"], organisation=None)
        if Role.EXPERT not in roles_of(act.session, person.id):
            accounts.grant_role(act, person, Role.EXPERT)
        details = {name: value for name, value in row.items() if name not in ("login", "name")}
        taken.append(add_expert(act, person=person, **details))
    return taken


def _status(status: str) -> str:
    if status not in STATUSES:
        raise Invalid("expert.status", field="status", found=status)
    return status


def _facts(expert: Expert) -> dict[str, Any]:
    return {
        "specialities": expert.specialities, "region": expert.region, "status": expert.status,
        "employers": expert.employers, "shareholdings": expert.shareholdings, "relatives": expert.relatives,
    }  # fmt: skip
