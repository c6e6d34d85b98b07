"""Drafting a section: its documents, the publication, clarifications."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from flask import render_template, request
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, instant_now, reading, requires
from accounts.rules import Role
from bidding import forms, queries, rules, services
from bidding.routes.bill import Refused, read_uploaded_bill, shown_bill_findings
from bidding.routes.blueprint import blueprint, counts_of, done, frame_of, shown_findings
from bidding.services.projects import DOCUMENT_SLOTS
from core.errors import Conflict, Invalid, Refusal
from core.forms import choice, text
from core.store import Stored, chunks_of


@blueprint.route("/tender/projects/<code>/sections/new", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def create_section(code: str) -> Response | tuple[str, int]:
    """Add a section by its name; everything else is filled in on the next page."""
    errors: list[Refusal] = []
    if request.method == "POST":
        try:
            name = text(request.form, "name")
            with acting() as act:
                project = queries.own_project(act.session, code, act.actor)
                section = services.create_section(act, project, name=name, is_consortium_stated=False)
                return done(_("标段已创建，请填写公告内容。"), "bidding.update_section", code=section.code)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        project = queries.own_project(session, code, current_actor())
        page = render_template("bidding/create_section.html", project=project, errors=errors, values=request.form)
    return page, 422 if errors else 200


@blueprint.route("/tender/sections/<code>/documents", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def add_document(code: str) -> Response | tuple[str, int]:
    """Put tender documents, bill of quantities, drawings into a draft."""
    errors: list[Refusal] = []
    if request.method == "POST":
        try:
            slot = choice(request.form, "slot", DOCUMENT_SLOTS)
            with acting() as act:
                section = queries.own_section(act.session, code, act.actor)
                name, stored = _stored(act.store.put, request.files.get("file"))
                services.add_document(act, section, slot, name, stored)
            return done(_("文件已保存并计算指纹。"), "bidding.add_document", code=code)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        page = render_template(
            "bidding/add_document.html",
            errors=errors,
            documents=queries.documents(session, section, all_versions=True),
            slots=DOCUMENT_SLOTS,
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


@blueprint.route("/tender/sections/<code>/publish", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def publish_section(code: str) -> Response | tuple[str, int]:
    """The last look before the notice: every check, every document, the trustees; confirmed by typing the code."""
    errors: list[Refusal] = []
    if request.method == "POST":
        try:
            if text(request.form, "confirmation", most=80) != code:
                raise Invalid("form.confirmation", field="confirmation", expected=code)
            with acting() as act:
                notice = services.publish_section(act, queries.own_section(act.session, code, act.actor))
                return done(_("公告 %(number)s 已发布。", number=notice.number), "bidding.section", code=code)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        if section.state != "draft":
            raise Conflict("section.published", section=code)
        findings = queries.findings(session, section, instant_now())
        page = render_template(
            "bidding/publish_section.html",
            errors=errors,
            findings=shown_findings(findings),
            counts=counts_of(findings),
            documents=queries.documents(session, section),
            trustees={trustee.role: trustee for trustee in queries.trustees(session, section)},
            required=rules.TRUSTEES,
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


@blueprint.route("/tender/sections/<code>/clarifications", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def publish_clarification(code: str) -> Response | tuple[str, int]:
    """Answer a question or amend the documents, for all alike; the page shows where the deadline will move to."""
    errors: list[Refusal] = []
    found: list[dict[str, str]] = []
    if request.method == "POST":
        with reading() as session:
            queries.own_section(session, code, current_actor())
        try:
            values = forms.read_clarification(request.form)
            bill = read_uploaded_bill(code)[0] if request.form.get("slot") == rules.BILL else None
            with acting(through=rules.turnstile(code), shared=False) as act:
                section = queries.own_section(act.session, code, act.actor)
                number = request.form.get("question", type=int)
                values["question"] = queries.question(act.session, section, number) if number else None
                file = request.files.get("file")
                if bill is not None:
                    values["documents"] = services.bill_documents(act, bill)
                elif file is not None and file.filename:
                    slot = choice(request.form, "slot", DOCUMENT_SLOTS)
                    values["documents"] = [(slot, *_stored(act.store.put, file))]
                clarification = services.publish_clarification(act, section, **values)
                message = _("澄清（第%(number)s号）已发布，所有人看到同样的内容。", number=clarification.number)
                return done(message, "bidding.section", code=code)
        except Refused as refused:
            errors, found = [refused.refusal], shown_bill_findings(refused.findings)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        now = instant_now()
        answered = {item.question_id: item for item in queries.clarifications(session, section)}
        law = queries.law_for(section, now)
        page = render_template(
            "bidding/publish_clarification.html",
            errors=errors,
            values=request.form,
            questions=queries.questions(session, section),
            answered=answered,
            asked=request.args.get("question", type=int) or request.form.get("question", type=int),
            least=rules.minimum_deadline(now, section.closing_at, law),
            gap=law.rules.get("clarify_before_deadline"),
            slots=DOCUMENT_SLOTS if queries.bill_document(session, section) is None else (*DOCUMENT_SLOTS, rules.BILL),
            found=found,
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


def _stored(put: Callable[[Iterator[bytes]], Stored], file: FileStorage | None) -> tuple[str, Stored]:
    """The uploaded file's name and what the store holds of it."""
    if file is None or not file.filename:
        raise Invalid("form.required", field="file")
    name = text({"file": file.filename.replace("\\", "/").rsplit("/", 1)[-1]}, "file")
    stream: BinaryIO = file.stream  # type: ignore[assignment]
    return name, put(chunks_of(stream))
