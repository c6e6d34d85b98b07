"""Pages of accounts: signing in and out, one's own account, the operator's register."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from accounts import services
from accounts.access import acting, current_sign_in, dismiss, door, local_path, public

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/login")
@public
def sign_in() -> str:
    """The sign-in page with every method."""
    return render_template("accounts/sign_in.html", back=local_path(request.args.get("next")), errors=[])


@blueprint.post("/logout")
@public
def sign_out() -> Response:
    """End this browser's sign-in on the server too."""
    if current_sign_in() is not None:
        with acting() as act:
            services.sign_out(act, request.cookies.get(door().cookie, ""))
    return dismiss(redirect("/", 303))  # type: ignore[arg-type]
