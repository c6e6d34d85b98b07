"""Reads of projects, sections, documents, answers, trustees and policies; ownership is part of the question."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Organisation, Person
from bidding import rules
from bidding.lifecycle import SECTION
from bidding.models import (
    Clarification,
    Invitee,
    Policy,
    Project,
    Question,
    Section,
    Submission,
    TenderDocument,
    Trustee,
)
from bidding.rules.bonds import asked_slots as with_guarantee
from core.act import Actor
from core.calendar import day_of, national
from core.clock import BEIJING
from core.errors import Forbidden, Missing
from core.law import Snapshot
from core.ledger.log import LedgerEntry, entries_of
from credit.rules import cutoff_on

EVERYWHERE = ("officer", "supervisor", "system")
"""Roles that act on every section (RULES §1.4)."""

RECEIVING = ("submission_open", "suspended")
"""In these states submissions come in; while suspended the deadline stands still and nothing is late (R-135)."""

AFTER_CLOSING = frozenset(SECTION.states) - {"draft", *RECEIVING}


def project(session: Session, code: str) -> Project:
    """The project of that code, or Missing."""
    found = session.scalar(select(Project).where(Project.code == code))
    if found is None:
        raise Missing("project.unknown", project=code)
    return found


def own_project(session: Session, code: str, actor: Actor) -> Project:
    """The project, if the actor's organisation calls the tender or acts for who does; else Missing."""
    found = project(session, code)
    if not _owns(found, actor):
        raise Missing("project.unknown", project=code)
    return found


def projects_of(session: Session, actor: Actor) -> list[Project]:
    """The projects the actor may work on, newest first."""
    query = select(Project).order_by(Project.id.desc())
    if not actor.has(*EVERYWHERE):
        mine = actor.organisation_id
        if mine is None:
            return []
        query = query.where((Project.tenderee_id == mine) | (Project.agent_id == mine))
    return list(session.scalars(query))


def section(session: Session, code: str, *, drafts: bool = False) -> Section:
    """The section of that code once it is published, or Missing; drafts are for their own only."""
    found = session.scalar(select(Section).where(Section.code == code))
    if found is None or (found.state == "draft" and not drafts):
        raise Missing("section.unknown", section=code)
    return found


def own_section(session: Session, code: str, actor: Actor) -> Section:
    """The section, draft or not, if the actor works on it: its tenderee or agent, an officer, a supervisor."""
    found = session.scalar(select(Section).where(Section.code == code))
    if found is None or not (actor.has(*EVERYWHERE) or _owns(found.project, actor)):
        raise Missing("section.unknown", section=code)
    return found


def sections(
    session: Session,
    *,
    states: Collection[str] | None = None,
    project: Project | None = None,
    words: str = "",
    limit: int = 200,
) -> list[Section]:
    """Sections by state, project and words in the name, the nearest deadline first; drafts only when asked for."""
    query = select(Section).order_by(Section.deadline_at, Section.id).limit(limit)
    query = query.where(Section.state.in_(states)) if states is not None else query.where(Section.state != "draft")
    if project is not None:
        query = query.where(Section.project_id == project.id)
    if words:
        query = query.where(Section.name.contains(words, autoescape=True))
    return list(session.scalars(query))


def sections_of(session: Session, project: Project) -> list[Section]:
    """Every section of a project, drafts too."""
    return list(session.scalars(select(Section).where(Section.project_id == project.id).order_by(Section.id)))


def final_round(session: Session, section: Section) -> Section | None:
    """The round of final offers that follows this section, if it has been called (R-602)."""
    return session.scalar(select(Section).where(Section.first_round == section.code))


def accepts_consortia(section: Section) -> bool:
    """Whether consortia may bid here, as the notice says or the law has it where the notice says nothing (R-112)."""
    return rules.is_accepted(section.accepts_consortium, section.is_consortium_stated, section.project.regime)


def credit_cutoff(section: Section) -> date | None:
    """The day at which bans on credit lists are measured here (R-705); None for the day of each query."""
    notice = day_of(section.published_at) if section.published_at else None
    named = str((section.particulars or {}).get("credit_cutoff", ""))
    return cutoff_on(law_of(section), named, notice=notice, deadline=day_of(section.closing_at))


def asked_slots(section: Section) -> list[dict[str, Any]]:
    """The files of a bid, with a place for a guarantee and for a joint bidding agreement where there may be one."""
    return rules.joint_slots(with_guarantee(section.slots, section.bond_fen), accepts_consortia(section))


def due_to_close(session: Session, now: datetime) -> list[Section]:
    """Sections whose deadline has come and that are still open."""
    return list(
        session.scalars(
            select(Section)
            .where(Section.state == "submission_open", Section.deadline_at <= now)
            .order_by(Section.deadline_at, Section.id)
        )
    )


def standing_deadline(section: Section, at: datetime) -> datetime:
    """The deadline that counts at the instant: while objections suspend the section it goes on standing still."""
    return rules.standing_deadline(section.state, section.state_at, section.closing_at, at)


def organisation_named(session: Session, identifier: str) -> Organisation:
    """A verified or unverified organisation by its code, or Missing, for naming the tenderee an agent acts for."""
    found = session.scalar(select(Organisation).where(Organisation.identifier == identifier.strip().upper()))
    if found is None:
        raise Missing("organisation.unknown", identifier=identifier)
    return found


def law_of(section: Section) -> Snapshot:
    """The rules frozen into the section's project at first publication (R-006); Missing before it."""
    if section.project.law is None:
        raise Missing("law.not_frozen", section=section.code)
    return Snapshot.from_json(section.project.law)


def law_for(section: Section, now: datetime) -> Snapshot:
    """The frozen rules, or while the project is a draft those in force today."""
    if section.project.law is not None:
        return Snapshot.from_json(section.project.law)
    return law_today(section.project, now)


def law_today(project: Project, now: datetime) -> Snapshot:
    """The rules in force today for the project's procedure, category and place: what a publication now freezes."""
    return rules.law_on(
        project.regime,
        day_of(now),
        procedure=project.procedure,
        category=project.category,
        is_mandatory=project.is_mandatory,
        region=project.region,
        ground=project.ground,
        attempt=project.attempt,
    )


def documents(session: Session, section: Section, *, all_versions: bool = False) -> list[TenderDocument]:
    """The newest version in each slot, or every version; by slot, then version."""
    found = list(
        session.scalars(
            select(TenderDocument)
            .where(TenderDocument.section_id == section.id)
            .order_by(TenderDocument.slot, TenderDocument.version)
        )
    )
    if all_versions:
        return found
    return list({document.slot: document for document in found}.values())


def bill_document(session: Session, section: Section, slot: str = rules.BILL) -> TenderDocument | None:
    """The newest version of the section's bill of quantities as data, if it has one."""
    return next((document for document in documents(session, section) if document.slot == slot), None)


def trustees(session: Session, section: Section) -> list[Trustee]:
    """The key holders of a section by role."""
    return list(session.scalars(select(Trustee).where(Trustee.section_id == section.id).order_by(Trustee.role)))


def trustee(session: Session, section: Section, role: str) -> Trustee:
    """The key holder of that role, or Missing."""
    found = session.scalar(select(Trustee).where(Trustee.section_id == section.id, Trustee.role == role))
    if found is None:
        raise Missing("trustee.unknown", role=role, section=section.code)
    return found


def policies(session: Session, section: Section) -> list[Policy]:
    """Every policy a section was published with, oldest first."""
    return list(session.scalars(select(Policy).where(Policy.section_id == section.id).order_by(Policy.version)))


def policy(session: Session, section: Section) -> Policy:
    """The newest policy, or Missing before publication."""
    found = policies(session, section)
    if not found:
        raise Missing("policy.unknown", section=section.code)
    return found[-1]


def policy_of(session: Session, submission: Submission) -> Policy:
    """The policy a submission was sealed for: the newest of its time, maybe not of today (docs/spec/submission.md)."""
    found = session.scalar(select(Policy).where(Policy.digest == submission.content["policy_digest"]))
    if found is None:
        raise Missing("policy.unknown", section=submission.content["section"])
    return found


def questions(session: Session, section: Section) -> list[Question]:
    """The questions on a section's documents, by number."""
    return list(session.scalars(select(Question).where(Question.section_id == section.id).order_by(Question.number)))


def question(session: Session, section: Section, number: int) -> Question:
    """The question of that number, or Missing."""
    found = session.scalar(select(Question).where(Question.section_id == section.id, Question.number == number))
    if found is None:
        raise Missing("question.unknown", number=number)
    return found


def clarifications(session: Session, section: Section) -> list[Clarification]:
    """The published clarifications, by number."""
    return list(
        session.scalars(
            select(Clarification).where(Clarification.section_id == section.id).order_by(Clarification.number)
        )
    )


def invitees(session: Session, section: Section) -> list[Invitee]:
    """Those who may be invited, by the order of entry; for the tenderee's eyes only until the opening (R-043)."""
    return list(session.scalars(select(Invitee).where(Invitee.section_id == section.id).order_by(Invitee.id)))


def invited_identifiers(session: Session, section: Section) -> frozenset[str] | None:
    """The codes of those who may bid where not all may (R-053, R-602); None for a section that is open to all."""
    if section.project.invitation == "public" and section.round == 1:
        return None
    return frozenset(one.identifier for one in invitees(session, section) if one.is_invited)


def check_invited(session: Session, section: Section, actor: Actor) -> None:
    """Refuse (bid.not_invited) a bidder whom a section or round that is not open to all has not invited (R-210)."""
    invited = invited_identifiers(session, section)
    if invited is None:
        return
    own = session.get(Organisation, actor.organisation_id) if actor.organisation_id else None
    if own is None or own.identifier not in invited:
        raise Forbidden("bid.not_invited", section=section.code)


def barred(session: Session, project: Project) -> list[dict[str, Any]]:
    """Who may not bid in this project because they refused to sign in an attempt before it (R-561)."""
    found: list[dict[str, Any]] = []
    seen = {project.code}
    while project.predecessor and project.predecessor not in seen:
        seen.add(project.predecessor)
        query = select(Project).where(Project.code == project.predecessor, Project.tenderee_id == project.tenderee_id)
        before = session.scalar(query)
        if before is None:
            break
        found += before.barred
        project = before
    return found


def check_unbarred(session: Session, section: Section, actor: Actor) -> None:
    """Refuse (bid.barred) a bidder that refused to sign in an earlier attempt of this project (R-561)."""
    names = {one["identifier"] for one in barred(session, section.project)}
    own = session.get(Organisation, actor.organisation_id) if names and actor.organisation_id else None
    if own is not None and own.identifier in names:
        raise Forbidden("bid.barred", section=section.code)


def kindred_fen(session: Session, section: Section, now: datetime) -> int:
    """Estimates of other packages that may be one purchase split up: the project's own, and in procurement what the
    purchaser bought of the same category without a public tender in this fiscal year (R-051).
    """
    project = section.project
    year = datetime(now.astimezone(BEIJING).year, 1, 1, tzinfo=BEIJING)
    same = Section.project_id == project.id
    if project.regime == "G":
        same |= (
            (Project.tenderee_id == project.tenderee_id)
            & (Project.regime == "G")
            & (Project.category == project.category)
            & (Project.procedure.notin_(("open", "invited")))
            & (Section.published_at >= year)
        )
    query = select(func.sum(Section.estimate_fen)).join(Project, Section.project_id == Project.id)
    query = query.where(same, Section.id != section.id, Section.round == 1, Section.state != "failed")
    return int(session.scalar(query) or 0)


def timeline(session: Session, section: Section) -> list[LedgerEntry]:
    """What the ledger says on a section, oldest first."""
    return entries_of(session, section.subject)


def notice_facts(session: Session, section: Section, now: datetime) -> rules.NoticeFacts:
    """The section as the checks of a notice see it."""
    project = section.project
    listed = invitees(session, section)
    return rules.NoticeFacts(
        now=now,
        regime=project.regime,
        category=project.category,
        procedure=project.procedure,
        is_mandatory=project.is_mandatory,
        project_name=project.name,
        description=project.description,
        funding=project.funding,
        tenderee=project.tenderee.name,
        section_name=section.name,
        estimate_fen=section.estimate_fen,
        control_price_fen=section.control_price_fen,
        bond_fen=section.bond_fen,
        duration_days=section.duration_days,
        validity_days=section.validity_days,
        decrypt_minutes=section.decrypt_minutes,
        qualification=section.qualification,
        accepts_consortium=section.accepts_consortium if section.is_consortium_stated else None,
        credit_rule=section.credit_rule,
        method=section.method,
        particulars=section.particulars or {},
        documents_from_at=section.documents_from_at,
        documents_until_at=section.documents_until_at,
        deadline_at=section.deadline_at,
        document_slots=frozenset(document.slot for document in documents(session, section)),
        trustees=frozenset(trustee.role for trustee in trustees(session, section)),
        required_trustees=rules.TRUSTEES,
        ground=project.ground,
        invitation=project.invitation,
        invitees=len(listed),
        invited=sum(one.is_invited for one in listed),
        attempt=project.attempt,
        kindred_fen=kindred_fen(session, section, now),
        is_frozen=project.law is not None,
        envelopes=section.envelopes,
        slots=section.slots,
        second_opening_at=section.second_opening_at,
    )


def findings(session: Session, section: Section, now: datetime) -> list[rules.Finding]:
    """Every check of a draft as it stands now."""
    return rules.check_notice(notice_facts(session, section, now), law_for(section, now), national())


def trustee_people(session: Session, section: Section) -> dict[str, Person | None]:
    """The person behind each registered key of a section, by role."""
    return {trustee.role: session.get(Person, trustee.person_id) for trustee in trustees(session, section)}


def _owns(project: Project, actor: Actor) -> bool:
    mine = actor.organisation_id
    return mine is not None and mine in (project.tenderee_id, project.agent_id)
