"""Reads of what is about to be published: the exact draft, its texts, what must be answered for, who may publish."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding import rules
from bidding.models import DocumentReading, Publication, Section, Trustee
from bidding.queries.objections import objection
from bidding.queries.sections import documents, findings, invitees, notice_facts
from bidding.rules.clauses import Clause, Suspicion, clauses_on, find_clauses
from bidding.rules.concerns import Concern, concerns_of
from bidding.rules.passages import Passage
from bidding.rules.privacy import Exposure, find_private, unread
from core.act import Actor
from core.calendar import day_of
from core.clock import iso
from core.documents import Paragraph
from core.errors import Missing
from core.seal import canonical

CONTACTS = ("contact", "objection_contact")
"""Fields that are there to say how to reach somebody."""

MOVING = {
    "project": {"id", "law", "created_at", "tenderee_id", "agent_id", "second_person"},
    "section": {"id", "project_id", "state", "state_at", "epoch", "published_at", "closed_at"},
    "trustee": {"id", "section_id", "canary", "canary_digest", "rehearsed_at", "registered_at"},
    "tender_document": {"id", "section_id", "added_at"},
    "invitee": {"id", "section_id", "added_at"},
}
"""Columns that are no part of a draft: keys, states, and what publication itself writes."""


def publications(session: Session, section: Section, *, states: Iterable[str] | None = None) -> list[Publication]:
    """What was prepared for publication of a section, oldest first."""
    query = select(Publication).where(Publication.section_id == section.id).order_by(Publication.number)
    if states is not None:
        query = query.where(Publication.state.in_(tuple(states)))
    return list(session.scalars(query))


def publication(session: Session, section: Section, number: int) -> Publication:
    """The publication of that number, or Missing."""
    found = session.scalar(
        select(Publication).where(Publication.section_id == section.id, Publication.number == number)
    )
    if found is None:
        raise Missing("publication.unknown", section=section.code, number=number)
    return found


def pending_notice(session: Session, section: Section) -> Publication | None:
    """The notice that waits for its second person, if one does."""
    found = [one for one in publications(session, section, states=("submitted",)) if one.kind == "notice"]
    return found[-1] if found else None


def draft_of(session: Session, section: Section) -> dict[str, Any]:
    """Everything a notice will publish, as it stands now: every column of project, section and what belongs to it."""
    project = section.project
    newest = documents(session, section)
    trustees = session.scalars(select(Trustee).where(Trustee.section_id == section.id).order_by(Trustee.role))
    return {
        "project": _columns(project) | {"tenderee": project.tenderee.name, "agent": _name(project.agent)},
        "section": _columns(section),
        "documents": [_columns(document) for document in newest],
        "trustees": [_columns(trustee) for trustee in trustees],
        "invitees": [_columns(one) for one in invitees(session, section)],
    }


def digest_of(kind: str, content: Mapping[str, Any], declarations: Iterable[Mapping[str, Any]]) -> str:
    """The SHA-256 of what is published together with what was declared about it."""
    whole = {"kind": kind, "content": dict(content), "declarations": [dict(one) for one in declarations]}
    return hashlib.sha256(canonical(whole)).hexdigest()


def reading(session: Session, sha256: str) -> DocumentReading | None:
    """The text read out of a document, if it was read already."""
    return session.scalar(select(DocumentReading).where(DocumentReading.sha256 == sha256))


def paragraphs(held: DocumentReading) -> list[Paragraph]:
    """A reading's paragraphs."""
    return [Paragraph(text, number, page, row) for text, number, page, row in held.paragraphs]


def own_file(session: Session, section: Section, sha256: str) -> str:
    """The name of a document of the section, published or only prepared; Missing for every other object."""
    held = {one.sha256: one.name for one in documents(session, section, all_versions=True)}
    for prepared in publications(session, section):
        held |= {one["sha256"]: one["name"] for one in prepared.content["documents"]}
    if sha256 not in held:
        raise Missing("object.unknown", sha256=sha256[:64])
    return held[sha256]


def texts_of(session: Session, section: Section, now: datetime) -> list[Passage]:
    """Every text of a notice that people typed."""
    return rules.notice.typed_texts(notice_facts(session, section, now))


def clauses_for(section: Section, now: datetime) -> tuple[Clause, ...]:
    """The restrictive clauses that are looked for today under the section's regime."""
    return clauses_on(section.project.regime, day_of(now))


def document_texts(session: Session, held: Iterable[tuple[str, str]]) -> tuple[list[Passage], list[Exposure]]:
    """The paragraphs of documents given as (name, SHA-256), and one exposure for each that could not be read."""
    found: list[Passage] = []
    closed: list[Exposure] = []
    for name, sha256 in held:
        read = reading(session, sha256)
        if read is None or read.refused is not None:
            closed.append(unread(Passage(sha256, name, read.refused if read and read.refused else "document.unread")))
        else:
            found += [Passage(sha256, name, one.text, one.page, one.number) for one in paragraphs(read)]
    return found, closed


def looked_through(
    session: Session, section: Section, now: datetime, typed: list[Passage], held: Iterable[tuple[str, str]]
) -> tuple[list[Exposure], list[Suspicion]]:
    """What the privacy scan and the clause check find in typed texts and documents."""
    read, closed = document_texts(session, held)
    exposures = [*find_private([*typed, *read], CONTACTS), *closed]
    return exposures, find_clauses([*typed, *read], clauses_for(section, now))


def notice_concerns(session: Session, section: Section, now: datetime) -> list[Concern]:
    """Everything that must be declared before a section's notice may be submitted."""
    held = [(document.name, document.sha256) for document in documents(session, section)]
    exposures, suspicions = looked_through(session, section, now, texts_of(session, section, now), held)
    warned = [one for one in findings(session, section, now) if one.code != rules.BARRIER]
    return concerns_of(warned, exposures, suspicions)


def clarification_concerns(
    session: Session, section: Section, now: datetime, content: Mapping[str, Any]
) -> list[Concern]:
    """Everything that must be declared before a clarification may be submitted: in its text and its new documents.

    Contacts told in the notice are public already. An objection that is answered is published with its answer: private
    data in it counts, restrictive words do not, for it may quote what it objects to.
    """
    contacts = [one for one in texts_of(session, section, now) if one.source in CONTACTS]
    typed = [Passage(name, name, content[name]) for name in ("text", "reason") if content.get(name)]
    if content.get("objection"):
        typed.append(Passage("objection", "objection", objection(session, section, content["objection"]).text))
    held = [(document["name"], document["sha256"]) for document in content["documents"]]
    exposures, suspicions = looked_through(session, section, now, [*contacts, *typed], held)
    return concerns_of(
        [],
        [one for one in exposures if one.passage.source not in CONTACTS],
        [one for one in suspicions if one.passage.source not in (*CONTACTS, "objection")],
    )


def concerns(session: Session, held: Publication, now: datetime) -> list[Concern]:
    """Everything a publication must have declared."""
    if held.kind == "notice":
        return notice_concerns(session, held.section, now)
    return clarification_concerns(session, held.section, now, held.content)


def is_party(section: Section, actor: Actor) -> bool:
    """Whether the actor is a person of the tenderee or its agent."""
    mine, project = actor.organisation_id, section.project
    return actor.person_id is not None and mine is not None and mine in (project.tenderee_id, project.agent_id)


def may_review(held: Publication, actor: Actor) -> bool:
    """Whether the actor may publish or return it: a person of the tenderee (or the agent where the tenderee allows
    it), and never the one who prepared it.
    """
    project = held.section.project
    allowed = {project.tenderee_id} | ({project.agent_id} if project.second_person == "party" else set())
    return is_party(held.section, actor) and actor.organisation_id in allowed and not _prepared(held, actor)


def _prepared(held: Publication, actor: Actor) -> bool:
    return actor.person_id == held.prepared_by_id


def _columns(row: Any) -> dict[str, Any]:
    left_out = MOVING[row.__tablename__]
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in left_out}
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _name(organisation: Any) -> str | None:
    return organisation.name if organisation else None
