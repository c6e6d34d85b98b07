"""The blueprint of the watchman and what several of its pages show."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

blueprint = Blueprint("collusion", __name__)

TIER_KINDS = {"lead": "info", "review": "warn", "priority": "bad"}
STATE_KINDS = {
    "open": "warn", "assigned": "info", "asked": "info", "proposed": "warn", "confirmed": "bad", "referred": "bad",
    "dismissed": "ok",
}  # fmt: skip


def done(message: str, endpoint: str, **values: Any) -> Response:
    """Say so and go on to a page."""
    flash(message, "ok")
    return redirect(url_for(endpoint, **values), 303)
