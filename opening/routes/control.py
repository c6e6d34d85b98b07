"""The host's controls beside the day's course: prolong, incidents, suspend, resume at a published instant, cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response

from accounts.access import acting, requires
from accounts.rules import Role
from core.errors import Invalid, Missing
from opening import forms, queries, services
from opening.routes.desk import show_desk
from opening.routes.frame import HOSTS, answer, blueprint, find, given, move, placed


def _moved(code: str, verb: Callable[..., Any], read: Callable[[Any], dict[str, Any]]) -> Response:
    """One move with a form: the desk again, with the form's errors where there are any."""
    try:
        move(code, verb, **read(given()))
    except Invalid as refusal:
        return show_desk(code, [placed(refusal)], 422)
    return answer("opening.desk", code)


@blueprint.post("/opening/<code>/extend")
@requires(*HOSTS)
def extend(code: str) -> Response:
    """Prolong the decrypt window, with a reason."""
    return _moved(
        code, services.extend, lambda fields: dict(zip(("minutes", "reason"), forms.extension(fields), strict=True))
    )


@blueprint.post("/opening/<code>/suspend")
@requires(*HOSTS)
def suspend(code: str) -> Response:
    """Suspend the opening for an incident."""
    return _moved(code, services.suspend, forms.incident)


@blueprint.post("/opening/<code>/announce-reconvening")
@requires(*HOSTS)
def announce_reconvening(code: str) -> Response:
    """Publish when the opening is resumed."""
    return _moved(
        code,
        services.announce_reconvening,
        lambda fields: dict(zip(("at", "reason"), forms.reconvening(fields), strict=True)),
    )


@blueprint.post("/opening/<code>/reconvene")
@requires(*HOSTS)
def reconvene(code: str) -> Response:
    """Resume the opening where it stood."""
    move(code, services.reconvene)
    return answer("opening.desk", code)


@blueprint.post("/opening/<code>/cancel")
@requires(Role.TENDEREE, Role.AGENT)
def cancel(code: str) -> Response:
    """Cancel the tender; the tenderee's decision alone, never the centre's."""

    def read(fields: Any) -> dict[str, Any]:
        return dict(zip(("reason", "basis"), forms.cancellation(fields, code), strict=True))

    return _moved(code, services.cancel, read)


@blueprint.post("/opening/<code>/incidents")
@requires(*HOSTS)
def raise_incident(code: str) -> Response:
    """Put an incident on record without suspending."""
    return _moved(code, services.raise_incident, forms.incident)


@blueprint.post("/opening/<code>/incidents/<int:number>/outcome")
@requires(*HOSTS)
def close_incident(code: str, number: int) -> Response:
    """Say how an incident ended."""
    try:
        outcome = forms.words(given(), "outcome")
        with acting() as act:
            opening = find(act.session, code, own=True)
            found = next((item for item in queries.incidents(act.session, opening) if item.number == number), None)
            if found is None:
                raise Missing("incident.unknown")
            services.close_incident(act, opening, found, outcome)
    except Invalid as refusal:
        return show_desk(code, [placed(refusal)], 422)
    return answer("opening.desk", code)
