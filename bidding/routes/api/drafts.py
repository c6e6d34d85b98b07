"""Projects and drafts for their owners' programs: read, begun, changed against the version seen; never published here.

Publishing takes two people who look at the same bytes (R-107a); no program stands for either.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from accounts.access import current_actor, instant_now
from accounts.queries import organisation
from accounts.routes.api.frame import check_match, operation
from accounts.rules import Role
from bidding import queries, services
from bidding.models import Project, Section
from bidding.routes.api import contents, shapes
from bidding.routes.blueprint import blueprint
from bidding.routes.desk import named_party
from bidding.rules import Level
from bidding.rules.envelopes import check_layout
from bidding.rules.slots import fit_slots
from core.act import Act
from core.api.cursors import cursor, place
from core.api.fields import Page, PageAsked
from core.errors import Forbidden, Invalid

OWNERS = (Role.TENDEREE, Role.AGENT)
READ, WRITE = "drafts:read", "drafts:write"
INSTANTS = ("documents_until_at", "deadline_at", "second_opening_at")


def _project(session: Session, held: Project) -> shapes.ProjectTold:
    return shapes.ProjectTold(
        code=held.code,
        name=held.name,
        regime=held.regime,
        category=held.category,
        procedure=held.procedure,
        is_mandatory=held.is_mandatory,
        region=held.region,
        funding=held.funding,
        description=held.description,
        ground=held.ground,
        invitation=held.invitation,
        attempt=held.attempt,
        is_frozen=held.law is not None,
        tenderee=shapes.Unit(identifier=held.tenderee.identifier, name=held.tenderee.name),
        agent=shapes.Unit(identifier=held.agent.identifier, name=held.agent.name) if held.agent else None,
        sections=[
            shapes.SectionState(code=one.code, name=one.name, state=one.state)
            for one in queries.sections_of(session, held)
        ],
    )


def draft_told(session: Session, held: Section) -> shapes.DraftTold:
    """A section as its owner drafts it, with the documents in it."""
    return shapes.DraftTold(
        code=held.code,
        project=held.project.code,
        state=held.state,
        name=held.name,
        estimate_fen=held.estimate_fen,
        control_price_fen=held.control_price_fen,
        bond_fen=held.bond_fen,
        duration_days=held.duration_days,
        validity_days=held.validity_days,
        decrypt_minutes=held.decrypt_minutes,
        qualification=held.qualification,
        credit_rule=held.credit_rule,
        accepts_consortium=held.accepts_consortium if held.is_consortium_stated else None,
        documents_until_at=held.documents_until_at,
        deadline_at=held.deadline_at,
        second_opening_at=held.second_opening_at,
        particulars={name: str(value) for name, value in (held.particulars or {}).items()},
        method=held.method or {},
        envelopes=[contents.EnvelopeTold(**one) for one in held.envelopes],
        slots=[contents.SlotTold(**one) for one in held.slots],
        documents=[
            contents.DocumentTold(slot=one.slot, name=one.name, sha256=one.sha256, size=one.size)
            for one in queries.documents(session, held)
        ],
    )


def _changes(given: shapes.DraftGiven, held: Section | None = None) -> dict[str, Any]:
    """What a program has said of a draft; a field said to be null is refused where it cannot be empty."""
    values: dict[str, Any] = {}
    particulars = (held.particulars or {}) if held is not None else {}
    for name in given.model_fields_set:
        value = getattr(given, name)
        if name == "particulars":
            said = {} if value is None else {one: getattr(value, one) or "" for one in value.model_fields_set}
            values[name] = {key: text for key, text in {**particulars, **said}.items() if text}
        elif name == "accepts_consortium":
            values |= {"accepts_consortium": bool(value), "is_consortium_stated": value is not None}
        elif isinstance(value, datetime):
            values[name] = value.astimezone(UTC)
        elif value is None and name not in INSTANTS:
            raise Invalid("form.required", field=name)
        elif name == "method":
            values[name] = value.checked()
        elif name in ("envelopes", "slots"):
            values[name] = [one.model_dump() for one in value]
        else:
            values[name] = value
    if "envelopes" in values and "slots" not in values and held is not None:
        values["slots"] = fit_slots(held.slots, check_layout(values["envelopes"]))
    return values


@operation(
    blueprint, "GET", "/projects", tag="drafts", answer=Page[shapes.ProjectTold], asked=PageAsked, scope=READ,
    roles=OWNERS,
)  # fmt: skip
def api_projects(session: Session, asked: PageAsked) -> Page[shapes.ProjectTold]:
    """One's own unit's projects, newest first, drafts too."""
    held = place(asked.cursor, "projects", int)
    found = [one for one in queries.projects_of(session, current_actor()) if held is None or one.id < int(held[0])]
    shown = found[: asked.limit]
    following = cursor("projects", shown[-1].id) if len(found) > len(shown) else None
    return Page(items=[_project(session, one) for one in shown], next=following)


@operation(
    blueprint, "POST", "/projects", tag="drafts", answer=shapes.ProjectTold, status=201, given=shapes.ProjectGiven,
    scope=WRITE, roles=OWNERS, takes_key=True,
)  # fmt: skip
def create_api_project(act: Act, given: shapes.ProjectGiven) -> shapes.ProjectTold:
    """A new project of one's own unit, or of the tenderee an agent names."""
    values = given.model_dump()
    if act.actor.organisation_id is None:
        raise Forbidden("project.not_party", tenderee=given.tenderee or "")
    own = organisation(act.session, act.actor.organisation_id)
    tenderee, agent = own, None
    if given.tenderee:
        tenderee, agent = named_party(act.session, given.tenderee, "tenderee"), own
    elif given.agent:
        agent = named_party(act.session, given.agent, "agent")
    held = services.create_project(act, **{**values, "tenderee": tenderee, "agent": agent})
    return _project(act.session, held)


@operation(
    blueprint, "GET", "/projects/<code>", tag="drafts", answer=shapes.ProjectTold, scope=READ, roles=OWNERS
)  # fmt: skip
def api_project(session: Session, code: str) -> shapes.ProjectTold:
    """One of one's own projects."""
    return _project(session, queries.own_project(session, code, current_actor()))


@operation(
    blueprint, "PATCH", "/projects/<code>", tag="drafts", answer=shapes.ProjectTold, given=shapes.ProjectChange,
    scope=WRITE, roles=OWNERS, needs_match=True,
)  # fmt: skip
def update_api_project(act: Act, code: str, given: shapes.ProjectChange) -> shapes.ProjectTold:
    """Change a project before its first publication."""
    held = queries.own_project(act.session, code, act.actor)
    services.lock_row(act, held)
    check_match(_project(act.session, held))
    values = {name: getattr(given, name) for name in given.model_fields_set}
    empty = sorted(name for name, value in values.items() if value is None)
    if empty:
        raise Invalid("form.required", field=empty[0])
    services.update_project(act, held, **values)
    return _project(act.session, held)


@operation(
    blueprint, "POST", "/projects/<code>/drafts", tag="drafts", answer=shapes.DraftTold, status=201,
    given=shapes.NewDraft, scope=WRITE, roles=OWNERS, takes_key=True, place="/drafts",
)  # fmt: skip
def create_api_draft(act: Act, code: str, given: shapes.NewDraft) -> shapes.DraftTold:
    """A new draft of a section; nothing is checked by law before its publication."""
    project = queries.own_project(act.session, code, act.actor)
    values = _changes(given)
    values.setdefault("is_consortium_stated", False)
    made = services.create_section(act, project, **values)
    act.session.refresh(made)  # as the next reader finds it, or its tag would be another
    return draft_told(act.session, made)


@operation(blueprint, "GET", "/drafts/<code>", tag="drafts", answer=shapes.DraftTold, scope=READ, roles=OWNERS)
def api_draft(session: Session, code: str) -> shapes.DraftTold:
    """One section as its owner drafts it."""
    return draft_told(session, queries.own_section(session, code, current_actor()))


@operation(
    blueprint, "PATCH", "/drafts/<code>", tag="drafts", answer=shapes.DraftTold, given=shapes.DraftGiven, scope=WRITE,
    roles=OWNERS, needs_match=True,
)  # fmt: skip
def update_api_draft(act: Act, code: str, given: shapes.DraftGiven) -> shapes.DraftTold:
    """Change a draft against the version seen; 412 where somebody has changed it since."""
    held = queries.own_section(act.session, code, act.actor)
    services.lock_row(act, held)
    check_match(draft_told(act.session, held))
    services.update_section(act, held, **_changes(given, held))
    act.session.refresh(held)
    return draft_told(act.session, held)


@operation(
    blueprint, "GET", "/drafts/<code>/findings", tag="drafts", answer=shapes.Findings, scope=READ, roles=OWNERS
)  # fmt: skip
def api_findings(session: Session, code: str) -> shapes.Findings:
    """What the law says to the draft as it stands, each by its rule."""
    found = queries.findings(session, queries.own_section(session, code, current_actor()), instant_now())
    sentence = current_app.jinja_env.filters["sentence"]
    items = [
        shapes.FindingTold(
            rule=one.rule,
            level=str(one.level.value),
            field=one.field,
            code=one.code,
            detail=sentence(Invalid(one.code, field=one.field, **{**one.facts, "rule": one.rule})),
        )
        for one in found
    ]
    return shapes.Findings(items=items, blocks=sum(one.level is Level.BLOCK for one in found))
