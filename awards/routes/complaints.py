"""Complaints: the complainant's form with its checklist, the regulator's desk, what the public may know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import render_template, request, send_file
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, current_person, door, instant_now, limited, public, reading, requires
from accounts.queries import names_of
from accounts.rules import Role
from awards import forms, queries, services
from awards.models import Complaint
from awards.queries import complaints as found
from awards.routes.frame import blueprint, carried, carried_files, done, frame, kept_files
from awards.rules import GROUNDS, remedies_of
from awards.rules.complaints import ABOUT, OUTCOMES, STEPS
from bidding import queries as bidding
from bidding.models import Section
from bidding.rules import turnstile
from core.act import Act
from core.clock import BEIJING, from_iso
from core.errors import Conflict, Invalid, Missing, Refusal
from credit import queries as credit

LOOKS = {
    "filed": "info", "returned": "warn", "accepted": "warn", "refused": "bad", "withdrawn": "muted", "decided": "ok",
}  # fmt: skip


@blueprint.get("/bid/<code>/complaint")
@requires(Role.BIDDER)
def complaint(code: str) -> str:
    """Complain to the regulator: the form, the deadline, and what was filed before."""
    return _form(code, [])


@blueprint.post("/bid/<code>/complaint")
@requires(Role.BIDDER)
@limited("20/minute;100/hour", by="token")
def file_complaint(code: str) -> Response | tuple[str, int]:
    """Check the complaint, or file it: formal defects are told first and have to be acknowledged."""
    files: list[dict[str, Any]] = []
    try:
        files = carried_files() + kept_files()
        draft = {**forms.read_complaint(request.form), "files": files}
        with acting() as act:
            section = bidding.section(act.session, code)
            if request.form.get("action") == "check":
                defects, due = services.check_complaint(act, section, draft)
                return _form(code, [], files, defects, due), 200
            number = request.form.get("again", "")
            again = found.own_complaint(act.session, code, int(number), act.actor) if number.isdigit() else None
            acknowledged = request.form.get("acknowledged") == "yes"
            services.file_complaint(act, section, draft, acknowledged=acknowledged, again=again)
    except Missing:
        raise
    except Conflict as refusal:
        if refusal.code != "complaint.defects":
            return _form(code, [refusal], files), 422
        with acting() as act:
            defects, due = services.check_complaint(act, bidding.section(act.session, code), draft)
        return _form(code, [refusal], files, defects, due), 422
    except Refusal as refusal:
        return _form(code, [refusal], files), 422
    return done(_("投诉书已送达行政监督部门，受理期限见下。"), "awards.complaint", code=code)


@blueprint.post("/bid/<code>/complaint/<int:number>/withdraw")
@requires(Role.BIDDER)
def withdraw_complaint(code: str, number: int) -> Response | tuple[str, int]:
    """The complainant withdraws."""
    try:
        with acting(through=turnstile(code), shared=False) as act:
            services.withdraw_complaint(act, found.own_complaint(act.session, code, number, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return _form(code, [refusal]), 422
    return done(_("投诉已撤回。"), "awards.complaint", code=code)


@blueprint.get("/supervise/complaints")
@requires(Role.SUPERVISOR)
def complaints_desk() -> str:
    """The regulator's complaints, open ones first with their clocks."""
    chosen, now = request.args.get("state", ""), instant_now()
    with reading() as session:
        held = found.complaints_desk(session)
        counts = {state: sum(one.state == state for one in held) for state in LOOKS}
        counts = {state: count for state, count in counts.items() if count}
        chosen = chosen if chosen in counts else ""
        dues = [found.due_of(one) for one in held]
        return render_template(
            "awards/complaints_desk.html",
            complaints=[one for one in held if not chosen or one.state == chosen],
            counts=counts,
            chosen=chosen,
            overdue=sum(due is not None and due <= now for due in dues),
            looks=LOOKS,
        )


@blueprint.get("/supervise/complaints/<code>/<int:number>")
@requires(Role.SUPERVISOR)
def complaint_file(code: str, number: int) -> str:
    """One complaint for the regulator: text, files, steps, orders, decision."""
    return _file(code, number, [])


@blueprint.get("/supervise/complaints/<code>/<int:number>/files/<sha256>")
@requires(Role.SUPERVISOR)
def complaint_object(code: str, number: int, sha256: str) -> Response:
    """A file of the complaint or of a step, to be saved."""
    with reading() as session:
        held = found.complaint(session, bidding.own_section(session, code, current_actor()), number)
        files = [*held.files, *(file for step in found.steps(session, held) for file in step.files)]
    name = next((file["name"] for file in files if file["sha256"] == sha256), None)
    if name is None:
        raise Missing("complaint.unknown")
    answer = send_file(
        door().platform.store.path(sha256), mimetype="application/octet-stream", as_attachment=True, download_name=name
    )
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/supervise/complaints/<code>/<int:number>")
@requires(Role.SUPERVISOR)
def handle_complaint(code: str, number: int) -> Response | tuple[str, int]:
    """One act of the regulator: accept, refuse, return, a step, an order, its end, the decision."""
    verb = request.form.get("verb", "")
    try:
        if verb not in VERBS:
            raise Invalid("form.choice", field="verb", found=verb, options=list(VERBS))
        handle = VERBS[verb]()
        through = turnstile(code) if verb in STOPPING else None
        with acting(through=through, shared=False, as_ordered=True) as act:
            handle(act, found.complaint(act.session, bidding.section(act.session, code), number))
    except Missing:
        raise
    except Refusal as refusal:
        return _file(code, number, [refusal]), 422
    return done(_("已记录。"), "awards.complaint_file", code=code, number=number)


@blueprint.get("/sections/<code>/complaints")
@public
def complaints(code: str) -> str:
    """What the public may know of a section's complaints: state, clocks, orders, decisions, the way to appeal."""
    with reading() as session:
        section = bidding.section(session, code)
        return render_template(
            "awards/complaints.html",
            **frame(section),
            complaints=found.complaints(session, section),
            spans={one.number: _spans(section, one) for one in found.complaints(session, section)},
            looks=LOOKS,
            law=found.law_of_complaints(section, instant_now()),
            may_complain=current_person() is None or current_actor().has(Role.BIDDER),
        )


def _accept() -> Callable[[Act, Complaint], None]:
    return services.accept_complaint


def _with_text(service: Callable[[Act, Complaint, str], None]) -> Callable[[], Callable[[Act, Complaint], None]]:
    def read() -> Callable[[Act, Complaint], None]:
        words = forms.read_text(request.form, "text")
        return lambda act, held: service(act, held, words)

    return read


def _record() -> Callable[[Act, Complaint], None]:
    step, files = forms.read_step(request.form), kept_files()
    return lambda act, held: services.record_step(act, held, files=files, **step)


def _decide() -> Callable[[Act, Complaint], None]:
    decision = forms.read_decision(request.form)
    forms.check_phrase(request.form, request.form.get("section", ""))
    withdraws = forms.read_numbers(request.form.getlist("withdraws"), "withdraws")
    return lambda act, held: services.decide_complaint(act, held, withdraws=withdraws, **decision)


VERBS: dict[str, Callable[[], Callable[[Act, Complaint], None]]] = {
    "accept": _accept,
    "refuse": _with_text(services.refuse_complaint),
    "return": _with_text(services.return_complaint),
    "record": _record,
    "order": _with_text(services.order_suspension),
    "lift": _with_text(services.lift_suspension),
    "decide": _decide,
}


STOPPING = frozenset({"order", "lift", "decide"})
"""What may stop the section or let it go on: it waits for the submissions that are being committed."""


def _form(
    code: str, errors: list[Refusal], files: list[dict[str, Any]] | None = None,
    defects: list[dict[str, Any]] | None = None, due: str | None = None,
) -> str:  # fmt: skip
    actor = current_actor()
    with reading() as session:
        section = bidding.section(session, code)
        own = found.complaints_by(session, section, actor)
        return render_template(
            "awards/complaint.html",
            **frame(section),
            own=[{"one": one, "steps": found.steps(session, one)} for one in own],
            looks=LOOKS,
            about=ABOUT,
            grounding=found.grounding(session, section, actor),
            law=found.law_of_complaints(section, instant_now()),
            defects=None if defects is None else [_said(one) for one in defects],
            due=from_iso(due) if due else None,
            files=files or [],
            carried=[carried(one) for one in files or []],
            errors=errors,
            values=request.form,
            known=request.form.get("known_at") or _local(instant_now()),
        )


def _spans(section: Section, held: Complaint) -> list[dict[str, datetime | None]]:
    """When the complaint's orders stopped the section, for the public."""
    return [
        {"begun": from_iso(one["from"]), "until": from_iso(one["until"]) if one["until"] else None}
        for one in section.orders
        if one["order"] == held.subject
    ]


def _said(defect: dict[str, Any]) -> dict[str, Any]:
    facts = {name: from_iso(value) for name, value in defect["facts"].items()}
    return {"bars": defect["bars"], "refusal": Conflict(defect["code"], **facts)}


def _local(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M")


def _file(code: str, number: int, errors: list[Refusal]) -> str:
    with reading() as session:
        section = bidding.own_section(session, code, current_actor())
        held = found.complaint(session, section, number)
        try:
            publicity = queries.publicity(session, section)
        except Missing:
            publicity = None
        return render_template(
            "awards/complaint_file.html",
            **frame(section),
            held=held,
            steps=found.steps(session, held),
            names=names_of(session, {one.by for one in found.steps(session, held)}),
            look=LOOKS[held.state],
            known_at=from_iso(held.content["known_at"]),
            digest=found.content_digest(held.content, held.files),
            publicity=publicity,
            kinds=STEPS,
            outcomes=OUTCOMES,
            remedies=("none", *dict.fromkeys((*remedies_of(section.project.regime), "next_candidate"))),
            grounds=GROUNDS,
            facts=credit.standing_facts(session, code),
            chosen=request.form.getlist("withdraws"),
            errors=errors,
            values=request.form,
        )
