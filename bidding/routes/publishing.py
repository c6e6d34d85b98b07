"""What two people publish: preparing with every finding declared, reviewing the same bytes, publishing or returning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Response, jsonify, render_template, request, send_file
from flask_babel import get_locale  # type: ignore[import-untyped]
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from accounts.access import acting, current_actor, door, instant_now, reading, requires, wants_json
from accounts.rules import Role
from bidding import forms, queries, rules, services
from bidding.models import DocumentObjection, Publication, Section
from bidding.routes.bill import Refused, read_uploaded_bill, shown_bill_findings
from bidding.routes.blueprint import LEVELS, blueprint, counts_of, done, frame_of, shown_findings
from bidding.routes.drafting import stored_file
from bidding.rules.clauses import checklist
from bidding.rules.concerns import Concern
from bidding.services.projects import DOCUMENT_SLOTS
from core.errors import Conflict, Invalid, Missing, Refusal
from core.forms import choice, text


@blueprint.route("/tender/sections/<code>/submit", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def submit_section(code: str) -> Response | Answer | tuple[str, int]:
    """The last look of whoever prepared the notice: every check, private data, restrictive words, each declared.

    For programs: GET answers the findings as JSON, POST takes `reason-<key>` or `reason-<group>`.
    """
    read_through(code)
    errors: list[Refusal] = []
    if request.method == "POST":
        try:
            with acting() as act:
                section = queries.own_section(act.session, code, act.actor)
                held = services.submit_section(act, section, reasons_of(request.form))
                message = _("已送审，等待另一人核对并发布（指纹 %(digest)s）。", digest=held.digest[:12])
                return done(message, "bidding.publish_section", code=code)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        if section.state != "draft":
            raise Conflict("section.published", section=code)
        concerns = queries.notice_concerns(session, section, instant_now())
        if wants_json():
            return jsonify(told(concerns, errors)), 422 if errors else 200  # type: ignore[return-value]
        findings = queries.findings(session, section, instant_now())
        page = render_template(
            "bidding/submit_section.html",
            errors=errors,
            findings=shown_findings(findings),
            counts=counts_of(findings),
            pending=queries.pending_notice(session, section),
            last=returned(queries.publications(session, section)),
            **concerned(section, concerns, request.form),
            **draft_shown(session, section),
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


@blueprint.route("/tender/sections/<code>/publish", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def publish_section(code: str) -> Answer | tuple[str, int]:
    """The second person's look at what was prepared; the notice goes out with the bytes they had before their eyes."""
    errors: list[Refusal] = []
    if request.method == "POST":
        try:
            digest = confirmed(code)
            with acting() as act:
                section = queries.own_section(act.session, code, act.actor)
                notice = services.publish_section(act, _pending(act.session, section), digest)
                return done(_("公告 %(number)s 已发布。", number=notice.number), "bidding.section", code=code)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        if section.state != "draft":
            raise Conflict("section.published", section=code)
        held = queries.pending_notice(session, section)
        findings = queries.findings(session, section, instant_now())
        page = render_template(
            "bidding/publish_section.html",
            errors=errors,
            findings=shown_findings(findings),
            counts=counts_of(findings),
            unchanged=held is not None and queries.draft_of(session, section) == held.content,
            **reviewed(session, section, held),
            **draft_shown(session, section),
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


@blueprint.route("/tender/sections/<code>/clarifications", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def draft_clarification(code: str) -> Answer | tuple[str, int]:
    """Prepare an answer or amendment for all alike; the page shows where the deadline will move to."""
    errors: list[Refusal] = []
    found: list[dict[str, str]] = []
    if request.method == "POST":
        with reading() as session:
            queries.own_section(session, code, current_actor())
        try:
            values = forms.read_clarification(request.form)
            bill = read_uploaded_bill(code)[0] if request.form.get("slot") == rules.BILL else None
            with acting() as act:
                section = queries.own_section(act.session, code, act.actor)
                number = request.form.get("question", type=int)
                values["question"] = queries.question(act.session, section, number) if number else None
                objected = request.form.get("objection", type=int)
                values["objection"] = queries.objection(act.session, section, objected) if objected else None
                file = request.files.get("file")
                if bill is not None:
                    values["documents"] = services.bill_documents(act, bill)
                elif file is not None and file.filename:
                    slot = choice(request.form, "slot", DOCUMENT_SLOTS)
                    values["documents"] = [(slot, *stored_file(act.store.put, file))]
                held = services.draft_clarification(act, section, **values)
                made = held.number
            return done(_("已起草，请核对检查结果后送审。"), "bidding.submit_clarification", code=code, number=made)
        except Refused as refused:
            errors, found = [refused.refusal], shown_bill_findings(refused.findings)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        now = instant_now()
        law = queries.law_for(section, now)
        page = render_template(
            "bidding/draft_clarification.html",
            errors=errors,
            values=request.form,
            questions=queries.questions(session, section),
            answered={item.question_id: item for item in queries.clarifications(session, section)},
            asked=request.args.get("question", type=int) or request.form.get("question", type=int),
            objections=[one for one in queries.objections(session, section) if one.state == "open"],
            objected_to=request.args.get("objection", type=int) or request.form.get("objection", type=int),
            is_open=section.state in queries.RECEIVING and queries.standing_deadline(section, now) > now,
            least=queries.least_deadline(session, section, now, affects=True, answered=_objected(session, section)),
            gap=law.rules.get("clarify_before_deadline"),
            slots=DOCUMENT_SLOTS if queries.bill_document(session, section) is None else (*DOCUMENT_SLOTS, rules.BILL),
            found=found,
            waiting=[one for one in queries.publications(session, section) if one.kind == "clarification"],
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


@blueprint.route("/tender/sections/<code>/publications/<int:number>/submit", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def submit_clarification(code: str, number: int) -> Response | Answer | tuple[str, int]:
    """What was found in a drafted clarification and its files; each declared, then on to the second person."""
    read_through(code, number)
    errors: list[Refusal] = []
    if request.method == "POST":
        try:
            with acting() as act:
                held = _own_clarification(act.session, code, number)
                services.submit_clarification(act, held, reasons_of(request.form))
            return done(_("已送审，等待另一人核对并发布。"), "bidding.publish_clarification", code=code, number=number)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        held = _own_clarification(session, code, number)
        section = held.section
        if held.state != "drafted":
            return done(_("这一份已送审。"), "bidding.publish_clarification", code=code, number=number)
        concerns = queries.concerns(session, held, instant_now())
        if wants_json():
            return jsonify(told(concerns, errors)), 422 if errors else 200  # type: ignore[return-value]
        page = render_template(
            "bidding/submit_clarification.html",
            errors=errors,
            held=held,
            objection=_answered(session, held),
            **concerned(section, concerns, request.form),
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


@blueprint.route("/tender/sections/<code>/publications/<int:number>", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def publish_clarification(code: str, number: int) -> Answer | tuple[str, int]:
    """The second person's look at a clarification; publishing enters the section's turnstile alone."""
    errors: list[Refusal] = []
    if request.method == "POST":
        try:
            digest = confirmed(code)
            with acting(through=rules.turnstile(code), shared=False, as_ordered=True) as act:
                clarification = services.publish_clarification(
                    act, _own_clarification(act.session, code, number), digest
                )
                message = _("澄清（第%(number)s号）已发布，所有人看到同样的内容。", number=clarification.number)
                return done(message, "bidding.section", code=code)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        held = _own_clarification(session, code, number)
        section, now = held.section, instant_now()
        asked, affects = held.content.get("question"), held.content["affects_preparation"]
        objection = _answered(session, held)
        page = render_template(
            "bidding/publish_clarification.html",
            errors=errors,
            question=queries.question(session, section, asked) if asked else None,
            objection=objection,
            resumes=queries.resumes(session, section, objection),
            least=queries.least_deadline(session, section, now, affects=affects, answered=objection),
            **reviewed(session, section, held),
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


@blueprint.post("/tender/sections/<code>/publications/<int:number>/return")
@requires(Role.TENDEREE, Role.AGENT)
def return_publication(code: str, number: int) -> Answer:
    """The second person hands it back with a note."""
    with acting() as act:
        held = _own(act.session, code, number)
        services.return_publication(act, held, text(request.form, "note", most=1000))
        target = "bidding.submit_section" if held.kind == "notice" else "bidding.draft_clarification"
    return done(_("已退回并附意见。"), target, code=code)


@blueprint.post("/tender/sections/<code>/publications/<int:number>/withdraw")
@requires(Role.TENDEREE, Role.AGENT)
def withdraw_publication(code: str, number: int) -> Answer:
    """Whoever works on the section takes back what waits."""
    with acting() as act:
        held = _own(act.session, code, number)
        services.withdraw_publication(act, held)
        target = "bidding.submit_section" if held.kind == "notice" else "bidding.draft_clarification"
    return done(_("已撤回，可以修改后重新送审。"), target, code=code)


@blueprint.post("/tender/projects/<code>/second-person")
@requires(Role.TENDEREE)
def choose_second_person(code: str) -> Answer:
    """The tenderee says whose people may publish what another prepared."""
    with acting() as act:
        project = queries.own_project(act.session, code, act.actor)
        services.choose_second_person(act, project, choice(request.form, "second_person", ("tenderee", "party")))
    return done(_("发布权限已更新并记入账本。"), "bidding.project", code=code)


@blueprint.post("/tender/projects/<code>/incentives")
@requires(Role.TENDEREE)
def choose_incentives(code: str) -> Answer:
    """The tenderee says whether good credit ratings earn a bond reduction, before the first publication only."""
    with acting() as act:
        project = queries.own_project(act.session, code, act.actor)
        services.choose_incentives(act, project, choice(request.form, "incentives", ("yes", "no")) == "yes")
    return done(_("信用激励的选择已更新并记入账本。"), "bidding.project", code=code)


@blueprint.get("/tender/sections/<code>/documents/<sha256>")
@requires(Role.TENDEREE, Role.AGENT)
def own_document(code: str, sha256: str) -> Response:
    """A document of one's own section before it is published, to be saved."""
    with reading() as session:
        name = queries.own_file(session, queries.own_section(session, code, current_actor()), sha256)
    store = door().platform.store
    store.size(sha256)
    answer = send_file(store.path(sha256), mimetype="application/octet-stream", etag=False, last_modified=None)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def read_through(code: str, number: int | None = None) -> None:
    """Before the page: every document of the section, or of one publication, is read; outside any transaction."""
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        if number is None:
            held = [(one.name, one.sha256) for one in queries.documents(session, section)]
        else:
            content = queries.publication(session, section, number).content
            held = [(one["name"], one["sha256"]) for one in content["documents"]]
    services.read_documents(door().platform, held)


def confirmed(code: str) -> str:
    """The digest the second person had before their eyes, after they typed the section's code."""
    if text(request.form, "confirmation", most=80) != code:
        raise Invalid("form.confirmation", field="confirmation", expected=code)
    return text(request.form, "digest", most=64)


def reasons_of(form: Mapping[str, str]) -> dict[str, str]:
    """Reasons by key or group from fields called `reason-…`."""
    return {name.removeprefix("reason-"): value for name, value in form.items() if name.startswith("reason-")}


def told(concerns: list[Concern], errors: list[Refusal]) -> dict[str, Any]:
    """The concerns for a program."""
    found = [{"key": one.key, "group": one.group, **one.told("")} for one in concerns]
    return {"concerns": found, "errors": [{"code": error.code, **error.facts} for error in errors]}


def concerned(section: Section, concerns: list[Concern], form: Mapping[str, str]) -> dict[str, Any]:
    """What a page shows of concerns to declare, by sort, and the fair-competition checklist."""
    suspicions = [one.suspicion for one in concerns if one.suspicion]
    return {
        "concerns": {
            sort: [shown_concern(one, form.get(f"reason-{one.key}", "")) for one in concerns if one.sort == sort]
            for sort in ("law", "privacy", "clause")
        },
        "checklist": checklist(suspicions, queries.clauses_for(section, instant_now())),
    }


def reviewed(session: Session, section: Section, held: Publication | None) -> dict[str, Any]:
    """What the second person sees: the concerns with the reasons given, and whether this actor may decide."""
    if held is None:
        return {"held": None, "concerns": {"law": [], "privacy": [], "clause": []}, "checklist": [], "may": False}
    reasons = {f"reason-{one['key']}": one["reason"] for one in held.declarations}
    concerns = queries.concerns(session, held, instant_now())
    actor = current_actor()
    return {
        "held": held,
        "may": queries.may_review(held, actor),
        "prepared_it": actor.person_id == held.prepared_by_id,
        **concerned(section, concerns, reasons),
    }


def shown_concern(concern: Concern, reason: str) -> dict[str, Any]:
    """One concern as a page shows it."""
    shown: dict[str, Any] = {"key": concern.key, "group": concern.group, "reason": reason, "place": concern.passage}
    shown["said"] = None
    if concern.finding is not None:
        finding = concern.finding
        facts = {**finding.facts, "rule": finding.rule}
        shown |= {"rule": finding.rule, "kind": LEVELS[finding.level]}
        shown["said"] = Invalid(finding.code, field=finding.field, **facts)
    if concern.exposure is not None:
        shown |= {"private": concern.exposure.kind, "masked": concern.exposure.masked}
        if concern.exposure.kind == "unread":
            shown["said"] = Invalid(concern.exposure.masked)
    if concern.suspicion is not None:
        clause = concern.suspicion.clause
        before, words, after = concern.suspicion.sentence.partition(concern.suspicion.words)
        shown |= {"rule": clause.rule, "topic": clause.topic, "cited": clause.cited, "innocent": clause.innocent}
        shown |= {"before": before, "words": words, "after": after}
        shown["explanation"] = clause.in_english if str(get_locale()) == "en" else clause.explanation
    return shown


def draft_shown(session: Session, section: Section) -> dict[str, Any]:
    """Everything of a draft as the two people read it."""
    return {
        "texts": queries.texts_of(session, section, instant_now()),
        "documents": queries.documents(session, section),
        "trustees": {trustee.role: trustee for trustee in queries.trustees(session, section)},
        "required": rules.TRUSTEES,
    }


def returned(held: list[Publication]) -> Publication | None:
    """The newest publication, if it was handed back."""
    return held[-1] if held and held[-1].state == "returned" else None


def _pending(session: Session, section: Section) -> Publication:
    held = queries.pending_notice(session, section)
    if held is None:
        raise Conflict("publication.none", section=section.code)
    return held


def _objected(session: Session, section: Section) -> DocumentObjection | None:
    """The objection the page is opened for, if there is such a one."""
    number = request.args.get("objection", type=int) or request.form.get("objection", type=int)
    return next((one for one in queries.objections(session, section) if one.number == number), None)


def _answered(session: Session, held: Publication) -> DocumentObjection | None:
    number = held.content.get("objection")
    return queries.objection(session, held.section, number) if number else None


def _own(session: Session, code: str, number: int) -> Publication:
    return queries.publication(session, queries.own_section(session, code, current_actor()), number)


def _own_clarification(session: Session, code: str, number: int) -> Publication:
    held = _own(session, code, number)
    if held.kind != "clarification":
        raise Missing("publication.unknown", section=code, number=number)
    return held
