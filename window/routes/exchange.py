"""Platforms above and below: registered by the operator, verdicts with reasons, records sent again or taken in."""

from __future__ import annotations

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.wrappers import Response

from accounts.access import acting, cookieless, door, limited, public, reading, requires, status_of
from accounts.rules import Role
from core import partners
from core.act import SYSTEM
from core.errors import Invalid, Refusal
from core.forms import choice, text
from window import queries, services
from window.queries.exchange import VERDICTS
from window.routes.blueprint import blueprint
from window.rules import national

SIDES = ("upper", "lower")
SHOWN = 50


@blueprint.post("/exchange/records")
@public
@cookieless
@limited("60/minute")
def receive_records() -> FlaskResponse:
    """For platforms below: their records, signed; our verdict on each, signed."""
    raw = request.get_data(cache=False)
    if len(raw) > 8 * partners.MOST_ASKED:
        raise Invalid("partner.malformed")
    with door().platform.act(SYSTEM) as act:
        answer = services.receive_records(act, raw)
    return FlaskResponse(answer, content_type=partners.KIND)


def _list(errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    with reading() as session:
        found = [
            {
                "platform": one,
                "counts": queries.verdict_counts(session, one),
                "received": queries.received_count(session, one),
            }
            for one in queries.exchange_platforms(session)
        ]
        page = render_template(
            "window/exchange.html",
            errors=errors,
            found=found,
            groups=national.groups(),
            own_key=str(door().platform.signer.verifier),
            values=request.form if errors else {},
            chosen=request.form.getlist("groups") if errors else [],
        )
    return page, status


@blueprint.get("/exchange")
@requires(Role.OPERATOR)
def exchange() -> tuple[str, int]:
    """The platforms we exchange records with, and where each stands."""
    return _list([])


@blueprint.post("/exchange")
@requires(Role.OPERATOR)
def register_platform() -> Response | tuple[str, int]:
    """A platform above or below, from now on."""
    try:
        fields = request.form
        code = text(fields, "code", most=40)
        values = {
            "name": text(fields, "name"),
            "side": choice(fields, "side", SIDES),
            "url": text(fields, "url", most=300, required=False),
            "key": text(fields, "key", most=200, required=False),
        }
        with acting() as act:
            services.register_platform(act, code=code, groups=fields.getlist("groups"), **values)
    except Refusal as refusal:
        return _list([refusal], status_of(refusal))
    flash(_("平台已登记。"), "ok")
    return redirect(url_for("window.exchange_platform", code=code), 303)


@blueprint.get("/exchange/<code>")
@requires(Role.OPERATOR)
def exchange_platform(code: str) -> str:
    """One platform: its records by verdict, each rejected or faulty one with its reason."""
    verdict = request.args.get("verdict", "rejected")
    with reading() as session:
        held = queries.exchange_platform(session, code)
        return render_template(
            "window/exchange_platform.html",
            platform=held,
            counts=queries.verdict_counts(session, held),
            received=queries.received_count(session, held),
            verdict=verdict if verdict in VERDICTS else "rejected",
            records=queries.handed_records(
                session, held, verdict=verdict if verdict in VERDICTS else "rejected", limit=SHOWN
            ),
        )


@blueprint.post("/exchange/<code>/resend")
@requires(Role.OPERATOR)
def resend_records(code: str) -> Response:
    """Every rejected record, or the one named, waits to be sent again."""
    number = request.form.get("record", type=int)
    with acting() as act:
        held = queries.exchange_platform(act.session, code, "upper")
        chosen = (
            [queries.handed_record(act.session, held, number)]
            if number
            else queries.handed_records(act.session, held, verdict="rejected", limit=10_000)
        )
        count = services.resend(act, held, chosen)
    flash(_("%(n)s 条记录已排队重发。", n=count), "ok")
    return redirect(url_for("window.exchange_platform", code=code), 303)


@blueprint.post("/exchange/<code>/withdraw")
@requires(Role.OPERATOR)
def withdraw_platform(code: str) -> Response:
    """Nothing is exchanged with it any more."""
    with acting() as act:
        services.withdraw_platform(act, queries.exchange_platform(act.session, code))
    flash(_("已停止与该平台交换。"), "ok")
    return redirect(url_for("window.exchange"), 303)
