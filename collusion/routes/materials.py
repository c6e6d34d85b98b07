"""A bidder's side of a warning: what its unit is asked to explain or hand in, and nothing else of it."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, door, limited, reading, requires
from accounts.rules import Role
from collusion import forms, queries, services
from collusion.routes.frame import blueprint, done
from core.errors import Invalid, Missing, Refusal

MOST_FILE = 20 * 1024 * 1024
MOST_FILES = 5
BEGINNINGS = {
    ".pdf": b"%PDF-", ".png": b"\x89PNG", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff", ".xlsx": b"PK\x03\x04",
    ".docx": b"PK\x03\x04",
}  # fmt: skip
"""What an answer may be proved with, and how such a file begins."""


@blueprint.get("/explanations")
@requires(Role.BIDDER)
def explanations() -> str:
    """What the supervision asks this unit, and what it has answered."""
    return _mine([])


@blueprint.post("/explanations/<int:number>")
@requires(Role.BIDDER)
@limited("20/minute;200/hour", by="token")
def answer_material(number: int) -> Response | tuple[str, int]:
    """Hand the answer in; it cannot be changed afterwards."""
    try:
        text = forms.read_answer(request.form)
        sent = [file for file in request.files.getlist("files") if file.filename]
        if len(sent) > MOST_FILES:
            raise Invalid("bid_clarification.files", field="files", most=MOST_FILES)
        files = [_kept(file) for file in sent]
        with acting() as act:
            services.answer_material(act, queries.own_material(act.session, act.actor, number), text, files)
    except Missing:
        raise
    except Refusal as refusal:
        return _mine([refusal], number), 422
    return done(_("说明已提交，监督部门可以查看。"), "collusion.explanations")


def _kept(file: FileStorage) -> dict[str, Any]:
    data = file.stream.read(MOST_FILE + 1)
    name = PurePath((file.filename or "").replace("\\", "/")).name[:200]
    if len(data) > MOST_FILE:
        raise Invalid("evidence.large", field="files", most=MOST_FILE // 1024 // 1024)
    beginning = BEGINNINGS.get(PurePath(name).suffix.lower())
    if beginning is None or not data.startswith(beginning):
        raise Invalid("material.file", field="files", found=name)
    stored = door().platform.store.put(data)
    return {"name": name, "sha256": stored.sha256, "size": stored.size}


def _mine(errors: list[Refusal], answering: int | None = None) -> str:
    with reading() as session:
        return render_template(
            "collusion/explanations.html",
            asked=queries.own_materials(session, current_actor()),
            errors=errors,
            answering=answering,
            values=request.form,
        )
