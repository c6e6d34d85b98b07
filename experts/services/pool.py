"""The pool: take experts in, keep what avoidance needs, suspend and restore."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from accounts import services as accounts
from accounts.models import Organisation, Person
from accounts.queries import roles_of
from accounts.rules import Role
from core.act import Act
from core.calendar import day_of
from core.errors import Conflict, Invalid, Missing
from core.ledger.log import append
from core.locker import Private
from experts import queries
from experts.models import Expert, ExpertPool
from experts.rules import joined, read_experts
from experts.rules.application import TRAINING
from experts.rules.discipline import HELD
from experts.rules.pool import MOST_ROWS, STATUSES
from experts.rules.table import PARTS as LISTS

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
    pool: ExpertPool | None = None,
    term_until: str | None = None,
    training: Entries = (),
) -> Expert:
    """Take a person into the pool under `code` (R-310, R-330); Conflict("expert.exists") for a code or person in it.

    employers: [{name, identifier, from, until}], shareholdings: [{name, identifier, kind}], relatives: [{name,
    relation, organisation, identifier}], training: [{name, on, hours}]; days as ISO text, `until` empty while it lasts,
    `term_until` the last day of the term, None without an end.
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
        pool_id=pool.id if pool else None,
        pool=pool,
        term_until=term_until,
        training=[dict(entry) for entry in training],
    )
    act.session.add(expert)
    act.session.flush()
    append(act, "expert.add", f"expert:{code}", Private(_facts(expert)))
    return expert


def update_declarations(
    act: Act, expert: Expert, *, employers: Entries, shareholdings: Entries, relatives: Entries
) -> None:
    """Replace what the expert has declared; the ledger keeps what was declared before (R-330)."""
    expert.employers = [dict(entry) for entry in employers]
    expert.shareholdings = [dict(entry) for entry in shareholdings]
    expert.relatives = [dict(entry) for entry in relatives]
    append(act, "expert.declare", f"expert:{expert.code}", Private(_facts(expert)))


def change_status(act: Act, expert: Expert, status: str, reason: str) -> None:
    """One officer sends an expert to a training first or lets them be drawn again, with the reason on record.

    Nobody suspends or removes alone, nor ends what two have decided: Conflict("expert.sanctioned"). Where no sanction
    is in force (a table of before brought the status) the officer may restore.
    """
    if not reason.strip():
        raise Invalid("expert.reason", field="reason")
    held = [one for one in queries.sanctions_of(act.session, expert) if one.state in queries.IN_FORCE]
    if _status(status) in HELD or (expert.status in HELD and any(one.measure != "warning" for one in held)):
        raise Conflict("expert.sanctioned", expert=expert.code)
    set_status(act, expert, status, reason)


def set_status(act: Act, expert: Expert, status: str, reason: str) -> None:
    """Bring the status to what was decided elsewhere, with the reason on record (R-315)."""
    before, expert.status = expert.status, _status(status)
    facts = Private({"from": before, "to": expert.status, "reason": reason})
    append(act, "expert.status", f"expert:{expert.code}", facts)


def found_pool(act: Act, *, code: str, name: str, region: str, owner: Organisation) -> ExpertPool:
    """Keep a pool of its own with the unit that answers for it (R-311); Conflict("pool.exists") for a code in use."""
    if act.session.scalar(select(ExpertPool.id).where(ExpertPool.code == code)) is not None:
        raise Conflict("pool.exists", pool=code)
    pool = ExpertPool(
        code=code, name=name, region=region, owner_id=owner.id, owner=owner, founded_on=day_of(act.now).isoformat()
    )
    act.session.add(pool)
    act.session.flush()
    append(act, "pool.found", f"pool:{code}", {"name": name, "region": region, "owner": owner.identifier})
    return pool


def renew_term(act: Act, expert: Expert, until: date) -> None:
    """Set the last day of the expert's term; whoever's term is over before a meeting is no candidate for it."""
    before, expert.term_until = expert.term_until, until.isoformat()
    append(act, "expert.term", f"expert:{expert.code}", Private({"from": before, "to": expert.term_until}))


def record_training(act: Act, expert: Expert, *, name: str, on: date, hours: str) -> None:
    """Add a training to what the expert has attended; nothing is taken away. The first makes a new expert eligible."""
    expert.training = [*(expert.training or []), {"name": name, "on": on.isoformat(), "hours": hours}]
    append(act, "expert.train", f"expert:{expert.code}", Private(expert.training[-1]))
    if expert.status == TRAINING:
        set_status(act, expert, "active", "training attended")


def record_contact(act: Act, expert: Expert, *, phone: str, mail: str) -> None:
    """Where invitations reach the expert; the ledger has only that it changed. By the expert or an operator."""
    if act.actor.person_id != expert.person_id and not act.actor.has(Role.OPERATOR):
        raise Missing("expert.unknown")
    expert.contact = {name: value for name, value in (("phone", phone), ("mail", mail)) if value}
    append(act, "expert.contact", f"expert:{expert.code}", Private({"kinds": sorted(expert.contact)}))


def export_experts(act: Act, experts: Sequence[Expert]) -> list[dict[str, str]]:
    """The experts as rows of `rules.table.COLUMNS`; who took how many with them stands in the ledger."""
    append(act, "expert.export", "pool:export", {"count": len(experts), "actor": act.actor.name})
    return [
        {
            "code": one.code, "login": one.person.login, "name": one.person.name,
            "specialities": ";".join(one.specialities), "region": one.region, "status": one.status,
            "term_until": one.term_until or "",
            **{name: joined(getattr(one, name) or [], name) for name in LISTS},
        }
        for one in experts
    ]  # fmt: skip


def import_experts(
    act: Act,
    table: str | bytes,
    *,
    pool: ExpertPool | None = None,
    most: int = MOST_ROWS,
    told: Callable[[int, int], None] = lambda done, all_rows: None,
) -> list[Expert]:
    """Take in a table of experts (see `rules.read_experts`): all rows or none; `told(done, all)` after each row.

    A known code is updated when its login is the same person's, else Conflict("expert.exists"); a new login becomes a
    person with the expert's role, who then sets a second factor before signing in. `pool` is theirs where given.
    """
    taken = []
    rows = read_experts(table, most=most)
    for number, row in enumerate(rows, 1):
        taken.append(_take_in(act, row, pool))
        told(number, len(rows))
    return taken


def _take_in(act: Act, row: Mapping[str, Any], pool: ExpertPool | None) -> Expert:
    held = act.session.scalar(select(Expert).where(Expert.code == row["code"]))
    if held is not None:
        if held.person.login != row["login"]:
            raise Conflict("expert.exists", expert=row["code"])
        if row["status"] != held.status and {row["status"], held.status} & set(HELD):
            raise Conflict("expert.sanctioned", expert=row["code"])
        held.specialities, held.region, held.status = row["specialities"], row["region"], row["status"]
        held.term_until, held.training = row["term_until"], row["training"]
        if pool is not None:
            held.pool_id, held.pool = pool.id, pool
        update_declarations(act, held, **{name: row[name] for name in ("employers", "shareholdings", "relatives")})
        return held
    person = act.session.scalar(select(Person).where(Person.login == row["login"]))
    if person is None:
        person = accounts.register_person(act, login=row["login"], name=row["name"], organisation=None)
    if Role.EXPERT not in roles_of(act.session, person.id):
        accounts.grant_role(act, person, Role.EXPERT)
    details = {name: value for name, value in row.items() if name not in ("login", "name")}
    return add_expert(act, person=person, pool=pool, **details)


def _status(status: str) -> str:
    if status not in STATUSES:
        raise Invalid("expert.status", field="status", found=status)
    return status


def _facts(expert: Expert) -> dict[str, Any]:
    return {
        "specialities": expert.specialities, "region": expert.region, "status": expert.status,
        "employers": expert.employers, "shareholdings": expert.shareholdings, "relatives": expert.relatives,
        "pool": expert.pool.code if expert.pool else None, "term_until": expert.term_until,
        "training": expert.training,
    }  # fmt: skip
