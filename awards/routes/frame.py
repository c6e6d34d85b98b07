"""What every page of the award shares: the blueprint, who comes, a section's frame, the answers after an act."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, url_for
from werkzeug.wrappers import Response

from accounts.rules import Role
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
