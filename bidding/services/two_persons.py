"""Publication that two people answer for: one prepares and declares, another looks at the same bytes and publishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.queries import person_by_id
from bidding import queries, rules
from bidding.models import Project, Publication, Section
from bidding.rules.concerns import declared, uncovered
from core.act import Act
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from core.machine import advance, may

SECOND_PERSONS = ("tenderee", "party")
MOST_NOTE = 1000


def choose_second_person(act: Act, project: Project, who: str) -> None:
    """From here on `who` may publish what another prepared: people of the "tenderee", or of either "party".

    Only the tenderee decides that; Forbidden("publication.not_second") for its agent.
    """
    if who not in SECOND_PERSONS:
        raise Invalid("form.choice", field="second_person", found=who, options=list(SECOND_PERSONS))
    if act.actor.organisation_id != project.tenderee_id:
        raise Forbidden("publication.not_second", tenderee=project.tenderee.name)
    project.second_person = who
    act.session.flush()
    facts = {"second_person": who, "actor": act.actor.name}
    append(act, "project.second_person", f"project:{project.code}", facts)


def submit_section(act: Act, section: Section, reasons: Mapping[str, str]) -> Publication:
    """Hand a draft to the second person: its exact content with the reason for every finding that stays.

    `reasons`: concern key (or group) → reason. Raises Invalid for the first finding of the law that refuses
    publication and Invalid("publication.undeclared") for a concern without a reason; Conflict("publication.pending")
    while the notice already waits.
    """
    _check_party(act, section)
    if section.state != "draft":
        raise Conflict("section.published", section=section.code)
    if queries.pending_notice(act.session, section) is not None:
        raise Conflict("publication.pending", section=section.code)
    refuse_blocked(act, section)
    concerns = queries.notice_concerns(act.session, section, act.now)
    held = prepare(act, section, "notice", queries.draft_of(act.session, section))
    submit_publication(act, held, declared(concerns, reasons))
    return held


def refuse_blocked(act: Act, section: Section) -> list[rules.Finding]:
    """Every finding of the law on the draft; Invalid with field and rule of the first that refuses its publication."""
    findings = queries.findings(act.session, section, act.now)
    block = rules.first_block(findings)
    if block is not None:
        raise Invalid(block.code, field=block.field, **{**block.facts, "rule": block.rule})
    return findings


def prepare(act: Act, section: Section, kind: str, content: dict[str, Any]) -> Publication:
    """A publication of the section with this content, prepared by the actor; not handed on yet."""
    person = _check_party(act, section)
    held = Publication(
        section_id=section.id,
        section=section,
        number=len(queries.publications(act.session, section)) + 1,
        kind=kind,
        content=content,
        declarations=[],
        digest=queries.digest_of(kind, content, []),
        prepared_by_id=person,
        prepared_by=person_by_id(act.session, person).name,
        prepared_at=act.now,
        note="",
        state="drafted",
        state_at=act.now,
    )
    act.session.add(held)
    act.session.flush()
    return held


def submit_publication(act: Act, held: Publication, declarations: list[dict[str, Any]]) -> None:
    """Hand it to the second person with what was declared; from here on its digest is fixed."""
    held.declarations = declarations
    held.digest = queries.digest_of(held.kind, held.content, declarations)
    advance(act, held, "submit", **_facts(held))


def return_publication(act: Act, held: Publication, note: str) -> None:
    """The second person hands it back with a note for whoever prepared it; nothing is published."""
    note = note.strip()
    if not note or len(note) > MOST_NOTE:
        raise Invalid("form.length", field="note", least=1, most=MOST_NOTE, found=len(note))
    _check_reviewer(act, held)
    _reviewed(act, held, note)
    advance(act, held, "return", **_facts(held))


def withdraw_publication(act: Act, held: Publication) -> None:
    """Whoever works on the section takes back what waits or was drafted, to change it."""
    _check_party(act, held.section)
    advance(act, held, "withdraw", **_facts(held))


def settle(act: Act, held: Publication, digest: str) -> None:
    """The second person publishes: `digest` is of what they had before their eyes.

    Refused unless it is what was prepared, unchanged since, with every finding of today declared, by another person:
    Forbidden("publication.same_person"), Forbidden("publication.not_second"), Conflict("publication.changed"),
    Conflict("publication.uncovered").
    """
    _check_reviewer(act, held)
    if not may(held, "publish"):
        raise Conflict("publication.state", verb="publish", state=held.state, number=held.number)
    current = queries.draft_of(act.session, held.section) if held.kind == "notice" else held.content
    if digest != held.digest or queries.digest_of(held.kind, current, held.declarations) != held.digest:
        raise Conflict("publication.changed", section=held.section.code, number=held.number)
    left = uncovered(queries.concerns(act.session, held, act.now), held.declarations)
    if left:
        raise Conflict("publication.uncovered", section=held.section.code, count=len(left))
    _reviewed(act, held, held.note)
    advance(act, held, "publish", **_facts(held))


def _facts(held: Publication) -> dict[str, Any]:
    told = {"number": held.number, "kind": held.kind, "digest": held.digest, "prepared_by": held.prepared_by}
    return told | ({"reviewed_by": held.reviewed_by} if held.reviewed_by else {})


def _reviewed(act: Act, held: Publication, note: str) -> None:
    if act.actor.person_id is None:
        raise Forbidden("publication.not_second", tenderee=held.section.project.tenderee.name)
    held.reviewed_by_id = act.actor.person_id
    held.reviewed_by = person_by_id(act.session, act.actor.person_id).name
    held.reviewed_at, held.note = act.now, note


def _check_party(act: Act, section: Section) -> int:
    """The actor's person, who belongs to the tenderee or its agent."""
    if not queries.is_party(section, act.actor) or act.actor.person_id is None:
        raise Forbidden("publication.not_party", section=section.code)
    return act.actor.person_id


def _check_reviewer(act: Act, held: Publication) -> None:
    if act.actor.person_id is not None and act.actor.person_id == held.prepared_by_id:
        raise Forbidden("publication.same_person", number=held.number)
    if not queries.may_review(held, act.actor):
        raise Forbidden("publication.not_second", tenderee=held.section.project.tenderee.name)
