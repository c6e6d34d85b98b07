"""Into the pool: the person's own record and application, the unit's recommendation, the officer's review."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response as FlaskResponse
from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, door, instant_now, limited, reading, requires, signed_in
from accounts.models import Organisation
from accounts.queries import organisation_by_identifier
from accounts.rules import Role
from core.act import Act
from core.calendar import day_of
from core.errors import Invalid, Missing, Refusal
from core.forms import day
from experts import forms, queries, services
from experts.models import PoolApplication, Sanction
from experts.routes.frame import blueprint, done
from experts.rules import classification, is_term_over, speciality_name
from experts.rules.application import longest_term

KINDS = {
    "applied": "info", "recommended": "info", "returned": "warn", "refused": "bad", "accepted": "ok",
    "withdrawn": "muted",
}  # fmt: skip
STANDING = ("proposed", "heard", "in_force", "lift_asked")
"""States of a sanction that is not over."""
MEDIA = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}
ROWS = {
    "employers": ("employer", ("name", "identifier", "from", "until")),
    "shareholdings": ("holding", ("name", "identifier", "kind")),
    "relatives": ("relative", ("name", "relation", "organisation", "identifier")),
}


@blueprint.get("/expert/record")
@signed_in
def own_record() -> str:
    """One's own place in the pool: what it holds, what was applied for and decided, and the form for more."""
    return _own([], request.form)


@blueprint.post("/expert/record/apply")
@limited("20/hour")
@signed_in
def apply_for_pool() -> Response | tuple[str, int]:
    """Apply for a pool, or for a change of what it holds."""
    try:
        declared = forms.read_declared(request.form)
        documents = forms.read_documents(request.files.getlist("documents"))
        with acting() as act:
            pool = queries.expert_pool(act.session, forms.optional(request.form, "pool"))
            services.apply_for_pool(act, pool, declared, unit=_unit(act), documents=documents)
    except Refusal as refusal:
        return _own([refusal], request.form), 422
    return done(_("申请已提交。"), "experts.own_record")


@blueprint.post("/expert/record/<int:number>/reapply")
@limited("20/hour")
@signed_in
def reapply(number: int) -> Response | tuple[str, int]:
    """Mend what was returned."""
    try:
        declared = forms.read_declared(request.form)
        documents = forms.read_documents(request.files.getlist("documents"))
        with acting() as act:
            application = queries.own_application(act.session, number, act.actor)
            services.reapply(act, application, declared, unit=_unit(act), documents=documents)
    except Missing:
        raise
    except Refusal as refusal:
        return _own([refusal], request.form), 422
    return done(_("申请已再次提交。"), "experts.own_record")


@blueprint.post("/expert/record/<int:number>/withdraw")
@signed_in
def withdraw_application(number: int) -> Response | tuple[str, int]:
    """Take an application back."""
    try:
        with acting() as act:
            services.withdraw_application(act, queries.own_application(act.session, number, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return _own([refusal], {}), 409
    return done(_("申请已撤回。"), "experts.own_record")


@blueprint.post("/expert/record/contact")
@requires(Role.EXPERT)
def record_contact() -> Response | tuple[str, int]:
    """Say where invitations reach one."""
    try:
        values = forms.read_contact(request.form)
        with acting() as act:
            held = queries.expert_of(act.session, act.actor)
            if held is None:
                raise Missing("expert.unknown")
            services.record_contact(act, held, **values)
    except Missing:
        raise
    except Refusal as refusal:
        return _own([refusal], {}, contact=request.form), 422
    return done(_("联系方式已保存。"), "experts.own_record")


@blueprint.get("/expert/record/<int:number>/documents/<sha256>")
@signed_in
def own_document(number: int, sha256: str) -> FlaskResponse:
    """A proof one has brought oneself."""
    with reading() as session:
        return document(session, queries.own_application(session, number, current_actor()), sha256)


@blueprint.get("/recommendations")
@signed_in
def recommendations() -> str:
    """The applications that name one's own unit."""
    return _recommendations([])


@blueprint.post("/recommendations/<int:number>")
@signed_in
def recommend(number: int) -> Response | tuple[str, int]:
    """Recommend an applicant in the unit's name."""
    try:
        opinion = forms.read_reason(request.form, "opinion")
        with acting() as act:
            services.recommend(act, queries.application_of_unit(act.session, number, act.actor), opinion)
    except Missing:
        raise
    except Refusal as refusal:
        return _recommendations([refusal], number), 422
    return done(_("已推荐。"), "experts.recommendations")


@blueprint.get("/ops/applications")
@requires(Role.OPERATOR)
def applications() -> str:
    """Every application, those that wait first looked for."""
    state = request.args.get("state", "")[:20]
    with reading() as session:
        everyone = queries.applications(session)
        counts = {name: sum(one.state == name for one in everyone) for name in KINDS}
        found = [one for one in everyone if not state or one.state == state]
        return render_template(
            "experts/applications.html", applications=found[:200], count=len(found), counts=counts, asked=state,
            kinds=KINDS,
        )  # fmt: skip


@blueprint.get("/ops/applications/<int:number>")
@requires(Role.OPERATOR)
def application(number: int) -> str:
    """One application with its proofs, and the three ways to decide it."""
    return _application(number, [])


@blueprint.get("/ops/applications/<int:number>/documents/<sha256>")
@requires(Role.OPERATOR)
def application_document(number: int, sha256: str) -> FlaskResponse:
    """A proof brought with the application."""
    with reading() as session:
        return document(session, queries.application(session, number), sha256)


@blueprint.post("/ops/applications/<int:number>/accept")
@requires(Role.OPERATOR)
def accept_application(number: int) -> Response | tuple[str, int]:
    """Accept."""

    def verb(act: Act, held: PoolApplication) -> None:
        until = day(request.form, "term_until") if held.kind == "entry" else None
        services.accept_application(act, held, term_until=until)

    return _decided(number, verb, _("已通过。"))


@blueprint.post("/ops/applications/<int:number>/return")
@requires(Role.OPERATOR)
def return_application(number: int) -> Response | tuple[str, int]:
    """Give back to be mended."""

    def verb(act: Act, held: PoolApplication) -> None:
        services.return_application(act, held, forms.read_reason(request.form, "return_reason"))

    return _decided(number, verb, _("已退回补正。"))


@blueprint.post("/ops/applications/<int:number>/refuse")
@requires(Role.OPERATOR)
def refuse_application(number: int) -> Response | tuple[str, int]:
    """Refuse for good."""

    def verb(act: Act, held: PoolApplication) -> None:
        services.refuse_application(act, held, forms.read_reason(request.form, "refuse_reason"))

    return _decided(number, verb, _("已决定不予入库。"))


def _decided(number: int, verb: Callable[[Act, PoolApplication], None], said: str) -> Response | tuple[str, int]:
    try:
        with acting() as act:
            verb(act, queries.application(act.session, number))
    except Missing:
        raise
    except Refusal as refusal:
        return _application(number, [refusal]), 422
    return done(said, "experts.application", number=number)


def _unit(act: Act) -> Organisation | None:
    code = forms.optional(request.form, "unit")
    if not code:
        return None
    unit = organisation_by_identifier(act.session, code)
    if unit is None:
        raise Invalid("application.unit_unknown", field="unit", found=code)
    return unit


def document(session: Session, held: PoolApplication | Sanction, sha256: str) -> FlaskResponse:
    """A proof or piece of evidence as a file to keep, shown in no page of ours."""
    found, raw = queries.proof(session, door().platform.store, held, sha256)
    response = FlaskResponse(raw, mimetype=MEDIA[found["kind"]])
    response.headers.set("Content-Disposition", "attachment", filename=found["name"])
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def filled(content: Mapping[str, Any]) -> dict[str, Any]:
    """What was declared as a form shows it: the rows by field name, own words beside the ticked specialities."""
    known = classification()
    values: dict[str, Any] = {
        "title": content["title"], "years": content["years"], "region": content["region"],
        "specialities": [code for code in content["specialities"] if code in known],
        "own_specialities": " ".join(code for code in content["specialities"] if code not in known),
    }  # fmt: skip
    for name, (prefix, parts) in ROWS.items():
        for row, entry in enumerate(content[name], 1):
            values |= {f"{prefix}-{row}-{part}": entry.get(part) or "" for part in parts}
    return values


def _own(errors: list[Refusal], sent: Mapping[str, Any], contact: Mapping[str, Any] | None = None) -> str:
    actor = current_actor()
    with reading() as session:
        held = queries.expert_of(session, actor)
        own = queries.own_applications(session, actor)
        latest = own[0] if own else None
        sanctions = queries.sanctions_of(session, held) if held is not None else []
        values: dict[str, Any] = {}
        if errors and sent:
            values = {**sent, "specialities": forms.listed(sent, "specialities")}
        elif latest is not None and latest.state == "returned":
            values = {**filled(latest.content), "unit": latest.unit.identifier if latest.unit else ""}
        elif held is not None:
            told = {name: getattr(held, name) for name in ("specialities", "region", *ROWS)}
            last = next((one.content for one in own if one.state == "accepted"), {"title": "senior", "years": ""})
            values = filled({**told, "title": last["title"], "years": last["years"]})
        return render_template(
            "experts/own_record.html",
            expert=held, contact=contact or (held.contact if held is not None else {}),
            applications=own, latest=latest, kinds=KINDS, errors=errors, values=values,
            pools=queries.pools(session), specialities=[code for code in classification() if code != "A"],
            speciality_name=speciality_name, counts=(forms.EMPLOYERS, forms.SHAREHOLDINGS, forms.RELATIVES),
            is_over=held is not None and is_term_over(held.term_until, day_of(instant_now())),
            history=queries.history_of(session, held) if held is not None else [],
            sanctions=[one for one in sanctions if one.state in STANDING],
            past=[one for one in sanctions if one.state not in STANDING],
            assessments=queries.assessments_of(session, held) if held is not None else [],
            is_open=latest is not None and latest.state in ("applied", "recommended"),
        )  # fmt: skip


def _recommendations(errors: list[Refusal], number: int = 0) -> str:
    with reading() as session:
        return render_template(
            "experts/recommendations.html", applications=queries.to_recommend(session, current_actor()), kinds=KINDS,
            errors=errors, number=number, values=request.form, speciality_name=speciality_name,
        )  # fmt: skip


def _application(number: int, errors: list[Refusal]) -> str:
    with reading() as session:
        held = queries.application(session, number)
        return render_template(
            "experts/application.html", application=held, kinds=KINDS, errors=errors, values=request.form,
            speciality_name=speciality_name, most_years=longest_term(day_of(instant_now())),
        )  # fmt: skip
