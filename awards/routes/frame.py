"""What every page of the award shares: the blueprint, who comes, a section's frame, the answers after an act."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from accounts.access import door
from accounts.rules import Role
from awards import forms
from bidding.models import Section
from core.errors import Refusal

blueprint = Blueprint("awards", __name__)

PROJECT = (Role.TENDEREE, Role.AGENT, Role.OFFICER, Role.SUPERVISOR)
STATUS = {"running": "info", "suspended": "warn", "ended": "ok", "awarded": "ok", "revoked": "bad"}


def frame(section: Section) -> dict[str, Any]:
    """What every page on one section shows."""
    return {"section": section, "project": section.project}


def done(message: str, endpoint: str, **values: Any) -> Response:
    """Say so and go on to a page."""
    flash(message, "ok")
    return redirect(url_for(endpoint, **values), 303)


def refused(refusal: Refusal, endpoint: str, **values: Any) -> Response:
    """Say why not, on the page it came from."""
    flash(current_app.jinja_env.filters["sentence"](refusal), "bad")
    return redirect(url_for(endpoint, **values), 303)


def kept_files(name: str = "files") -> list[dict[str, Any]]:
    """The uploaded evidence files in the store, each with its own name."""
    held = []
    for file in request.files.getlist(name):
        if file.filename:
            data = file.stream.read(forms.MOST_FILE + 1)
            plain = forms.kept_file(file.filename, data)
            stored = door().platform.store.put(data)
            held.append({"name": plain, "sha256": stored.sha256, "size": stored.size})
    return held


def carried_files() -> list[dict[str, Any]]:
    """Files that were kept with an earlier try of the same form, as the platform named them there."""
    held = []
    for line in request.form.getlist("kept"):
        try:
            sha256, size, name = _carrier().loads(line)
        except BadSignature:
            continue
        held.append({"name": name, "sha256": sha256, "size": size})
    return held


def carried(file: dict[str, Any]) -> str:
    """A kept file as a form carries it to its next try."""
    return str(_carrier().dumps([file["sha256"], file["size"], file["name"]]))


def _carrier() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="awards.files")
