"""The host's controls beside the day's course: prolong, incidents, suspend, resume at a published instant, cancel."""

from __future__ import annotations

from typing import Any

from flask import Response

from accounts.access import requires
from accounts.rules import Role
from core.act import Act
from core.errors import Missing
from opening import forms, queries, services
from opening.models import Incident, Opening
from opening.routes.desk import moved, replied
from opening.routes.frame import HOSTS, answer, blueprint, move


@blueprint.post("/opening/<code>/extend")
@requires(*HOSTS)
def extend(code: str) -> Response:
    """Prolong the decrypt window, with a reason."""
    return moved(
        code, services.extend, lambda fields: dict(zip(("minutes", "reason"), forms.extension(fields), strict=True))
    )


@blueprint.post("/opening/<code>/suspend")
@requires(*HOSTS)
def suspend(code: str) -> Response:
    """Suspend the opening for an incident."""
    return moved(code, services.suspend, forms.incident)


@blueprint.post("/opening/<code>/announce-reconvening")
@requires(*HOSTS)
def announce_reconvening(code: str) -> Response:
    """Publish when the opening is resumed."""
    return moved(
        code,
        services.announce_reconvening,
        lambda fields: dict(zip(("at", "reason"), forms.reconvening(fields), strict=True)),
    )


@blueprint.post("/opening/<code>/announce-supplement")
@requires(*HOSTS)
def announce_supplement(code: str) -> Response:
    """Publish when the restored bids are opened."""
    return moved(
        code,
        services.announce_supplement,
        lambda fields: dict(zip(("at", "reason"), forms.supplement(fields), strict=True)),
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

    return moved(code, services.cancel, read)


@blueprint.post("/opening/<code>/incidents")
@requires(*HOSTS)
def raise_incident(code: str) -> Response:
    """Put an incident on record without suspending."""
    return moved(code, services.raise_incident, forms.incident)


@blueprint.post("/opening/<code>/incidents/<int:number>/outcome")
@requires(*HOSTS)
def close_incident(code: str, number: int) -> Response:
    """Say how an incident ended."""

    def held(act: Act, opening: Opening) -> Incident:
        found = next((item for item in queries.incidents(act.session, opening) if item.number == number), None)
        if found is None:
            raise Missing("incident.unknown")
        return found

    return replied(code, "outcome", held, services.close_incident)
