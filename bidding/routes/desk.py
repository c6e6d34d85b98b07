"""The tenderee's and agent's desk: projects, sections, what is to do next."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _  # type: ignore[import-untyped]
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, instant_now, reading, requires
from accounts.models import Organisation
from accounts.queries import organisation
from accounts.rules import Role
from bidding import forms, queries, rules, services
from bidding.models import Section
from bidding.routes.blueprint import blueprint, counts_of, done
from bidding.rules.law import CATEGORIES, PROCEDURES, REGIMES
from core.errors import Forbidden, Invalid, Missing, Refusal
from credit import queries as credit


@blueprint.get("/tender")
@requires(Role.TENDEREE, Role.AGENT)
def projects() -> str:
    """The projects of one's own organisation, with their sections."""
    with reading() as session:
        found = queries.projects_of(session, current_actor())
        listed = [{"project": project, "sections": queries.sections_of(session, project)} for project in found]
        return render_template("bidding/projects.html", listed=listed)


@blueprint.route("/tender/new", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def create_project() -> Response | str | tuple[str, int]:
    """Enter a project: whose it is, by which regime, mandatory or not."""
    if request.method == "GET":
        return _project_form([])
    try:
        values = forms.read_project(request.form)
        with acting() as act:
            actor = act.actor
            if actor.organisation_id is None:
                raise Forbidden("project.not_party", tenderee=values["tenderee"])
            own = organisation(act.session, actor.organisation_id)
            tenderee, agent = own, None
            if values["tenderee"]:
                tenderee, agent = named_party(act.session, values["tenderee"], "tenderee"), own
            elif values["agent"]:
                agent = named_party(act.session, values["agent"], "agent")
            project = services.create_project(act, **{**values, "tenderee": tenderee, "agent": agent})
            return done(_("项目已创建，请添加标段。"), "bidding.create_section", code=project.code)
    except Refusal as refusal:
        return _project_form([refusal], 422)


@blueprint.get("/tender/projects/<code>")
@requires(Role.TENDEREE, Role.AGENT)
def project(code: str) -> str:
    """One project's desk: its sections, for each draft what still refuses publication."""
    with reading() as session:
        found = queries.own_project(session, code, current_actor())
        sections = []
        for section in queries.sections_of(session, found):
            findings = queries.findings(session, section, instant_now()) if section.state == "draft" else []
            sections.append(
                {
                    "section": section,
                    "counts": counts_of(findings),
                    "steps": rules.readiness(findings),
                    "has_final_round": has_final_round(section),
                    "documents": len(queries.documents(session, section)),
                    "has_bill": queries.bill_document(session, section) is not None,
                    "trustees": queries.trustees(session, section),
                    "open_questions": open_questions(session, section),
                    "objections": [one for one in queries.objections(session, section) if one.state == "open"],
                    "pending": queries.pending_notice(session, section),
                }
            )
        decides = current_actor().organisation_id == found.tenderee_id
        return render_template(
            "bidding/project.html",
            project=found,
            sections=sections,
            decides=decides,
            uses_incentives=credit.uses_incentives(session, found.code),
        )


def has_final_round(section: Section) -> bool:
    """Whether sealed final offers follow the first responses (R-602)."""
    law = queries.law_of(section) if section.project.law is not None else None
    return law is not None and section.round == 1 and "rounds" in law.rules and law.days("rounds") > 1


def open_questions(session: Session, section: Section) -> int:
    """How many questions no clarification answers yet."""
    answered = {item.question_id for item in queries.clarifications(session, section)}
    return sum(question.id not in answered for question in queries.questions(session, section))


def named_party(session: Session, identifier: str, field: str) -> Organisation:
    try:
        return queries.organisation_named(session, identifier)
    except Missing as refusal:
        raise Invalid("project.party_unknown", field=field, identifier=identifier) from refusal


def _project_form(errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    page = render_template(
        "bidding/create_project.html",
        errors=errors,
        values=request.form or request.args,
        regimes=REGIMES,
        categories=CATEGORIES,
        procedures=PROCEDURES,
    )
    return page, status
