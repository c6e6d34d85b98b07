"""Public pages of the whole site: home, notices, ledger, service pages, health."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template

from accounts.access import instant_now, public
from core.clock import iso
from portal import words

blueprint = Blueprint("portal", __name__)


@blueprint.get("/")
@public
def home() -> str:
    """The first page: today's openings, the latest notices, search."""
    return render_template("portal/home.html")


@blueprint.get("/time")
@public
def time() -> Response:
    """The platform's clock, which alone decides (R-005)."""
    answer = jsonify(now=iso(instant_now()))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/help/refusals")
@public
def refusals() -> str:
    """Every refusal by its code, with its sentence: what a program's problem documents point to."""
    return render_template("portal/refusals.html", sentences=sorted(words.sentences().items()))
