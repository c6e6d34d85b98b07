"""Drafting: a project, its sections, their tender documents."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from accounts.models import Organisation
from bidding import queries, rules
from bidding.lifecycle import SECTION
from bidding.models import Project, Section, TenderDocument
from bidding.rules.envelopes import names_of
from bidding.rules.law import CATEGORIES, PROCEDURES, REGIMES
from bidding.rules.procedures import refusal
from core.act import Act
from core.clock import BEIJING
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from core.store import Stored
from credit import services as credit

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", re.ASCII)
DOCUMENT_SLOTS = ("tender", "boq", "drawings", "contract", "approval", "other")
EDITABLE = (
    "name",
    "estimate_fen",
    "control_price_fen",
    "bond_fen",
    "duration_days",
    "validity_days",
    "decrypt_minutes",
    "qualification",
    "accepts_consortium",
    "is_consortium_stated",
    "credit_rule",
    "method",
    "particulars",
    "envelopes",
    "slots",
    "documents_from_at",
    "documents_until_at",
    "deadline_at",
    "second_opening_at",
)
PROJECT_EDITABLE = (
    "name",
    "regime",
    "category",
    "procedure",
    "is_mandatory",
    "region",
    "funding",
    "description",
    "ground",
    "invitation",
)


def create_project(
    act: Act,
    *,
    name: str,
    tenderee: Organisation,
    agent: Organisation | None = None,
    code: str | None = None,
    regime: str = "T",
    category: str = "works",
    procedure: str = "open",
    is_mandatory: bool = True,
    region: str = "",
    funding: str = "",
    description: str = "",
    predecessor: str | None = None,
) -> Project:
    """Create a project of `tenderee`, entered by it or by `agent`; `code` is made (ZB2026-00001) when not given.

    `predecessor`: the code of the tenderee's failed project that is held again, which this one stays linked to (R-561).
    Raises Forbidden("project.not_party") unless the actor belongs to either or is an officer, Conflict("project.code")
    for a code in use, Invalid for an unknown regime, category or procedure and for one the law forbids here (R-055).
    """
    party = {tenderee.id, agent.id if agent else None} - {None}
    if act.actor.organisation_id not in party and not act.actor.has("officer", "system"):
        raise Forbidden("project.not_party", tenderee=tenderee.name)
    if agent is not None and agent.id == tenderee.id:
        raise Invalid("project.same_agent", field="agent")
    if code is None:
        prefix = f"ZB{act.now.astimezone(BEIJING).year}-"
        count = select(func.count()).select_from(Project).where(Project.code.startswith(prefix))
        code = f"{prefix}{(act.session.scalar(count) or 0) + 1:05d}"
    _check_code(code)
    if act.session.scalar(select(Project.id).where(Project.code == code)) is not None:
        raise Conflict("project.code", project=code)
    project = Project(
        code=code,
        name=name,
        tenderee_id=tenderee.id,
        agent_id=agent.id if agent else None,
        regime=regime,
        category=category,
        procedure=procedure,
        is_mandatory=is_mandatory,
        region=region,
        funding=funding,
        description=description,
        ground="",
        invitation="public",
        attempt=_attempt(act, predecessor, tenderee),
        predecessor=predecessor,
        law=None,
        created_at=act.now,
    )
    _settle_procedure(act, project)
    act.session.add(project)
    act.session.flush()
    act.session.refresh(project, ["tenderee", "agent"])
    facts = {"name": name, "tenderee": tenderee.identifier, "regime": regime, "actor": act.actor.name}
    if predecessor:
        facts["predecessor"] = predecessor
    append(act, "project.create", f"project:{code}", facts)
    return project


def choose_incentives(act: Act, project: Project, uses: bool) -> None:
    """Say whether good credit ratings earn a bond reduction in this project (R-707).

    Only the tenderee decides that, Forbidden("publication.not_second") for its agent; Conflict("project.published")
    once the rules are frozen.
    """
    if act.actor.organisation_id != project.tenderee_id:
        raise Forbidden("publication.not_second", tenderee=project.tenderee.name)
    if project.law is not None:
        raise Conflict("project.published", project=project.code)
    credit.choose_incentives(act, project.code, uses)


def update_project(act: Act, project: Project, **values: Any) -> Project:
    """Change a project before its first publication; what its procedure does not allow is set to what it does.

    Conflict("project.published") afterwards: its rules are frozen (R-006). Invalid where the law forbids the procedure
    for this regime and category (R-055).
    """
    if project.law is not None:
        raise Conflict("project.published", project=project.code)
    unknown = sorted(set(values) - set(PROJECT_EDITABLE))
    if unknown:
        raise Invalid("section.field", field=unknown[0], name=unknown[0])
    for name, value in values.items():
        setattr(project, name, value)
    _settle_procedure(act, project)
    act.session.flush()
    return project


def _settle_procedure(act: Act, project: Project) -> None:
    """Refuse what the law forbids outright, and keep only a ground and an invitation the procedure knows."""
    for value, field, options in (
        (project.regime, "regime", REGIMES),
        (project.category, "category", CATEGORIES),
        (project.procedure, "procedure", PROCEDURES),
    ):
        if value not in options:
            raise Invalid("form.choice", field=field, found=value, options=sorted(options))
    law = queries.law_today(project, act.now)
    forbidden = refusal(law)
    if forbidden is not None:
        raise Invalid("procedure.forbidden", field="procedure", procedure=project.procedure, **forbidden)
    if project.ground not in law.words("grounds"):
        project.ground = ""
    allowed = law.words("invitation")
    if allowed and project.invitation not in allowed:
        project.invitation = allowed[0]


def _attempt(act: Act, predecessor: str | None, tenderee: Organisation) -> int:
    """1, or one more than the failed project's that is held again; Invalid where there is no such project."""
    if not predecessor:
        return 1
    held = act.session.scalar(select(Project).where(Project.code == predecessor, Project.tenderee_id == tenderee.id))
    if held is None or not any(section.state == "failed" for section in queries.sections_of(act.session, held)):
        raise Invalid("project.predecessor", field="predecessor", project=predecessor)
    return held.attempt + 1


def create_section(
    act: Act,
    project: Project,
    *,
    name: str,
    code: str | None = None,
    estimate_fen: int = 0,
    control_price_fen: int = 0,
    bond_fen: int = 0,
    duration_days: int = 0,
    validity_days: int = 90,
    decrypt_minutes: int = 30,
    qualification: str = "",
    accepts_consortium: bool = False,
    is_consortium_stated: bool = True,
    credit_rule: str = "",
    method: dict[str, Any] | None = None,
    particulars: dict[str, str] | None = None,
    slots: list[dict[str, Any]] | None = None,
    envelopes: list[dict[str, Any]] | None = None,
    documents_from_at: datetime | None = None,
    documents_until_at: datetime | None = None,
    deadline_at: datetime | None = None,
    second_opening_at: datetime | None = None,
) -> Section:
    """Draft a section of `project`; nothing is checked by law before its publication, drafts may be incomplete."""
    if code is None:
        count = select(func.count()).select_from(Section).where(Section.project_id == project.id)
        code = f"{project.code}-{(act.session.scalar(count) or 0) + 1:02d}"
    _check_code(code)
    if act.session.scalar(select(Section.id).where(Section.code == code)) is not None:
        raise Conflict("section.code", section=code)
    opened = rules.check_layout(envelopes or rules.layout())
    section = Section(
        code=code,
        project_id=project.id,
        name=name,
        estimate_fen=estimate_fen,
        control_price_fen=control_price_fen,
        bond_fen=bond_fen,
        duration_days=duration_days,
        validity_days=validity_days,
        decrypt_minutes=decrypt_minutes,
        qualification=qualification,
        accepts_consortium=accepts_consortium,
        is_consortium_stated=is_consortium_stated,
        credit_rule=credit_rule,
        method=method or {},
        particulars=particulars or {},
        slots=rules.check_slots(slots or rules.default_slots(opened), names_of(opened)),
        envelopes=opened,
        documents_from_at=documents_from_at,
        documents_until_at=documents_until_at,
        deadline_at=deadline_at,
        second_opening_at=second_opening_at,
        state=SECTION.start,
        state_at=act.now,
    )
    act.session.add(section)
    act.session.flush()
    act.session.refresh(section, ["project"])
    append(act, "section.create", section.subject, {"name": name, "actor": act.actor.name})
    return section


def update_section(act: Act, section: Section, **values: Any) -> Section:
    """Change a draft; Conflict("section.published") afterwards: then only a clarification changes anything (R-107)."""
    _need_draft(section)
    unknown = sorted(set(values) - set(EDITABLE))
    if unknown:
        raise Invalid("section.field", field=unknown[0], name=unknown[0])
    opened = rules.check_layout(values.get("envelopes", section.envelopes))
    if "slots" in values:
        rules.check_slots(values["slots"], names_of(opened))
    if "method" in values:
        # The wizard knows nothing of who chooses among the candidates; only `"selection": None` takes that away.
        method = dict(values["method"])
        plan = method.pop("selection", (section.method or {}).get("selection"))
        values["method"] = method if plan is None else {**method, "selection": plan}
    for name, value in values.items():
        setattr(section, name, value)
    act.session.flush()
    return section


def add_document(act: Act, section: Section, slot: str, name: str, stored: Stored) -> TenderDocument:
    """Put a stored file into a slot of a draft's documents; one that stands there is replaced.

    Versions are numbered by publication: whatever a draft went through, version 1 is what its notice publishes.
    """
    _need_draft(section)
    document = next((one for one in queries.documents(act.session, section) if one.slot == slot), None)
    if document is None:
        return new_version(act, section, slot, name, stored)
    if not stored.size:
        raise Invalid("document.empty", field="file", name=name)
    document.name, document.sha256, document.size = name, stored.sha256, stored.size
    document.added_at = act.now
    act.session.flush()
    return document


def new_version(act: Act, section: Section, slot: str, name: str, stored: Stored) -> TenderDocument:
    """The next version of a slot's document; older versions stay."""
    if slot not in (*DOCUMENT_SLOTS, rules.BILL, rules.BILL_TEMPLATE):
        raise Invalid("form.choice", field="slot", found=slot, options=sorted(DOCUMENT_SLOTS))
    if not stored.size:
        raise Invalid("document.empty", field="file", name=name)
    held = [item for item in queries.documents(act.session, section) if item.slot == slot]
    document = TenderDocument(
        section_id=section.id,
        slot=slot,
        version=held[0].version + 1 if held else 1,
        name=name,
        sha256=stored.sha256,
        size=stored.size,
        added_at=act.now,
    )
    act.session.add(document)
    act.session.flush()
    return document


def _need_draft(section: Section) -> None:
    if section.state != "draft":
        raise Conflict("section.published", section=section.code)


def _check_code(code: str) -> None:
    if CODE.fullmatch(code) is None:
        raise Invalid("code.malformed", field="code", found=code[:60])
