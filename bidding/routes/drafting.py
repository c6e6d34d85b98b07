"""Drafting a section: its documents, the publication, clarifications."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from flask import render_template, request
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, reading, requires
from accounts.rules import Role
from bidding import queries, services
from bidding.routes.blueprint import blueprint, done, frame_of
from bidding.services.projects import DOCUMENT_SLOTS
from core.errors import Invalid, Refusal
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
                name, stored = stored_file(act.store.put, request.files.get("file"))
                services.add_document(act, section, slot, name, stored)
            return done(_("文件已保存并计算指纹。"), "bidding.add_document", code=code)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        page = render_template(
            "bidding/add_document.html",
            errors=errors,
            documents=queries.documents(session, section),
            slots=DOCUMENT_SLOTS,
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


def stored_file(put: Callable[[Iterator[bytes]], Stored], file: FileStorage | None) -> tuple[str, Stored]:
    """The uploaded file's name and what the store holds of it."""
    if file is None or not file.filename:
        raise Invalid("form.required", field="file")
    name = text({"file": file.filename.replace("\\", "/").rsplit("/", 1)[-1]}, "file")
    stream: BinaryIO = file.stream  # type: ignore[assignment]
    return name, put(chunks_of(stream))
