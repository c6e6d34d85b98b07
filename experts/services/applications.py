"""Into the pool: a person applies, the unit recommends, the pool's officer reviews; changes go the same way (R-310)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from accounts import services as accounts
from accounts.models import Organisation, Person
from accounts.queries import roles_of
from accounts.rules import Role
from core.act import Act
from core.calendar import day_of
from core.errors import Conflict, Forbidden, Invalid, Missing
from core.ledger.log import append
from core.machine import advance
from core.outbox import post
from experts import queries
from experts.models import Expert, ExpertPool, PoolApplication
from experts.rules import Declared, check_declared, check_term, declared_digest
from experts.rules.application import CHANGE, ENTRY, TRAINING
from experts.services.pool import add_expert, update_declarations
from experts.services.proofs import lock_proof

OPEN = ("applied", "recommended", "returned")
Documents = Sequence[tuple[str, str, bytes]]
"""Proofs: name, kind (`pdf`, `png`, `jpeg`), content."""


def apply_for_pool(
    act: Act, pool: ExpertPool, declared: Declared, *, unit: Organisation | None = None, documents: Documents = ()
) -> PoolApplication:
    """The actor applies to be taken into the pool, or, being in it, for a change of what is declared (R-310).

    An entry names the unit that is to recommend it, and brings at least one proof; a change needs neither. From here a
    change's new employers, shares and relatives count for avoidance beside the old ones. Conflict("application.open")
    while another of the actor's waits; Forbidden("application.reviewer") to who keeps pools; what `check_declared`
    raises.
    """
    person = _self(act)
    if act.actor.has(Role.OPERATOR):
        raise Forbidden("application.reviewer")
    held = queries.expert_of(act.session, act.actor)
    kind = CHANGE if held is not None else ENTRY
    if any(one.state in OPEN for one in queries.own_applications(act.session, act.actor)):
        raise Conflict("application.open")
    check_declared(declared, day_of(act.now))
    if kind == ENTRY:
        if unit is None:
            raise Invalid("application.unit", field="unit")
        if not documents:
            raise Invalid("application.documents", field="documents")
    application = PoolApplication(
        kind=kind, person_id=person.id, person=person, pool_id=pool.id, pool=pool, unit_id=unit.id if unit else None,
        unit=unit, content=declared.as_json(), documents=_keep(act, documents), applied_at=act.now, state="applied",
        state_at=act.now,
    )  # fmt: skip
    act.session.add(application)
    act.session.flush()
    append(act, "application.apply", application.subject, _facts(application))
    return application


def reapply(
    act: Act, application: PoolApplication, declared: Declared, *, unit: Organisation | None = None,
    documents: Documents = (),
) -> None:  # fmt: skip
    """The applicant mends what was returned; new proofs are added, a recommendation given before is asked for anew."""
    _own(act, application)
    check_declared(declared, day_of(act.now))
    application.content = declared.as_json()
    application.documents = [*application.documents, *_keep(act, documents)]
    if unit is not None:
        application.unit_id, application.unit = unit.id, unit
    application.opinion = application.recommended_by = application.recommended_at = None
    advance(act, application, "reapply", **_facts(application))


def withdraw_application(act: Act, application: PoolApplication) -> None:
    """The applicant takes it back; Conflict("application.state") once it is decided."""
    _own(act, application)
    advance(act, application, "withdraw")


def recommend(act: Act, application: PoolApplication, opinion: str) -> None:
    """The unit named recommends the applicant, by another of its people, in words (R-310).

    Missing("application.unknown") for who does not belong to the unit, Forbidden("application.self") for the applicant.
    """
    unit = application.unit
    if unit is None or unit.id != act.actor.organisation_id:
        raise Missing("application.unknown")
    if act.actor.person_id == application.person_id:
        raise Forbidden("application.self")
    if not opinion.strip():
        raise Invalid("form.required", field="opinion")
    application.opinion, application.recommended_by = opinion.strip(), act.actor.person_id
    application.recommended_at = act.now
    advance(act, application, "recommend", unit=unit.identifier)


def return_application(act: Act, application: PoolApplication, reason: str) -> None:
    """The pool's officer gives it back to be mended, with the reason the applicant reads."""
    _reviewed(act, application, reason)
    advance(act, application, "return")
    _tell(act, application)


def refuse_application(act: Act, application: PoolApplication, reason: str) -> None:
    """The pool's officer refuses it for good, with the reason the applicant reads."""
    _reviewed(act, application, reason)
    advance(act, application, "refuse")
    _tell(act, application)


def accept_application(act: Act, application: PoolApplication, *, term_until: date | None = None) -> Expert:
    """The pool's officer accepts: an entry makes an expert whose term begins and who is to be trained before any draw;
    a change replaces what was declared.

    An entry needs the unit's recommendation (Conflict("application.unrecommended")) and the last day of the term
    (`check_term`). The reviewer is neither the applicant nor who recommended (Forbidden("application.two_people")).
    """
    _check_reviewer(act, application)
    declared = application.content
    lists = {name: declared[name] for name in ("employers", "shareholdings", "relatives")}
    if application.kind == CHANGE:
        expert = act.session.query(Expert).where(Expert.person_id == application.person_id).one()
        _decide(act, application)
        expert.specialities, expert.region = declared["specialities"], declared["region"]
        update_declarations(act, expert, **lists)
    else:
        if application.state == "applied":
            raise Conflict("application.unrecommended")
        if term_until is None:
            raise Invalid("form.required", field="term_until")
        check_term(term_until, day_of(act.now))
        _decide(act, application)
        if Role.EXPERT not in roles_of(act.session, application.person_id):
            accounts.grant_role(act, application.person, Role.EXPERT)
        expert = add_expert(
            act, person=application.person, code=queries.next_code(act.session, application.pool),
            specialities=declared["specialities"], region=declared["region"], pool=application.pool, status=TRAINING,
            term_until=term_until.isoformat(), **lists,
        )  # fmt: skip
    advance(act, application, "accept", expert=expert.code)
    _tell(act, application)
    return expert


def _self(act: Act) -> Person:
    person = act.session.get(Person, act.actor.person_id) if act.actor.person_id is not None else None
    if person is None:
        raise Missing("application.unknown")
    return person


def _own(act: Act, application: PoolApplication) -> None:
    if act.actor.person_id is None or application.person_id != act.actor.person_id:
        raise Missing("application.unknown")


def _check_reviewer(act: Act, application: PoolApplication) -> None:
    if not act.actor.has(Role.OPERATOR):
        raise Forbidden("application.officer")
    if act.actor.person_id in (application.person_id, application.recommended_by):
        raise Forbidden("application.two_people")


def _reviewed(act: Act, application: PoolApplication, reason: str) -> None:
    _check_reviewer(act, application)
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    application.reason = reason.strip()
    _decide(act, application)


def _decide(act: Act, application: PoolApplication) -> None:
    application.reviewed_by, application.reviewed_at = act.actor.person_id, act.now


def _keep(act: Act, documents: Documents) -> list[dict[str, Any]]:
    kept = []
    for name, kind, content in documents:
        sha256, size = hashlib.sha256(content).hexdigest(), len(content)
        kept.append({"name": name, "kind": kind, "sha256": sha256, "size": size, "object": lock_proof(act, content)})
    return kept


def _facts(application: PoolApplication) -> dict[str, Any]:
    """What the ledger holds: no declaration, only the hash of all of them."""
    return {
        "kind": application.kind,
        "pool": application.pool.code,
        "declared_sha256": declared_digest(application.content, application.documents),
    }


def _tell(act: Act, application: PoolApplication) -> None:
    post(
        act,
        key=f"application:{application.id}:{application.epoch}",
        recipient=application.person.login,
        template=f"experts.application_{application.state}",
        pool=application.pool.name,
    )
