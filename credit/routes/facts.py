"""Pages of facts found on this platform: all of them for the staff, one for its party, the export, the withdrawal."""

from __future__ import annotations

from flask import Response, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.wrappers import Response as BaseResponse

from accounts.access import acting, current_actor, door, limited, reading, requires, status_of
from accounts.rules import Role
from core.errors import Missing, Refusal
from core.forms import text
from credit import queries, services
from credit.routes.pages import STAFF, blueprint
from credit.rules.export import GROUPS, KINDS, as_csv, as_groups

PARTIES = (Role.BIDDER, Role.AGENT, Role.TENDEREE)


@blueprint.get("/credit/facts")
@requires(*STAFF)
def facts() -> str:
    """The facts found on this platform, by party, section and kind."""
    words, kind = request.args.get("q", "").strip(), request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    with reading() as session:
        found = queries.found_facts(session, words, kind)
        return render_template(
            "credit/facts.html",
            found=found,
            gone=queries.withdrawals_of(session, found),
            words=words,
            kind=kind,
            kinds=KINDS,
            groups=GROUPS,
        )


@blueprint.get("/credit/facts/<int:number>")
@requires(*STAFF, *PARTIES)
def fact(number: int) -> tuple[str, int]:
    """One fact: about whom, what decided it, when, by which law, whether it stands; for its party and the staff."""
    return _fact(number, [])


def _fact(number: int, errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    actor = current_actor()
    with reading() as session:
        found = queries.own_fact(session, number, actor, staff=actor.has(*STAFF))
        by = queries.withdrawal(session, found)
        page = render_template(
            "credit/fact.html",
            fact=found,
            by=by,
            group=KINDS.get(found.kind, "other"),
            is_own=found.identifier == queries.own_code(session, actor),
            may_withdraw=by is None and actor.has(Role.SUPERVISOR),
            errors=errors,
            values=request.form,
        )
    return page, status


@blueprint.post("/credit/facts/<int:number>/withdraw")
@requires(Role.SUPERVISOR)
@limited("60/hour", by="token")
def withdraw_fact(number: int) -> BaseResponse | tuple[str, int]:
    """The decision behind a fact was reversed: a new fact withdraws it."""
    try:
        with acting() as act:
            held = queries.own_fact(act.session, number, act.actor, staff=True)
            services.withdraw_fact(
                act,
                held,
                source=f"credit.fact:{number}",
                decision=text(request.form, "decision", most=200),
                reason=text(request.form, "reason", most=2000, least=4),
            )
    except Missing:
        raise
    except Refusal as refusal:
        return _fact(number, [refusal], status_of(refusal))
    flash(_("已撤销并告知当事人；原记录保留并注明已撤销。"), "ok")
    return redirect(url_for("credit.fact", number=number), 303)


@blueprint.get("/credit/facts.json")
@requires(*STAFF)
def facts_json() -> Response:
    """Facts found on this platform in the credit groups of the national data set."""
    with reading() as session:
        return jsonify(as_groups(queries.facts_since(session), platform_code=door().platform.signer.verifier.name))


@blueprint.get("/credit/facts.csv")
@requires(*STAFF)
def facts_csv() -> Response:
    """The same as one table."""
    with reading() as session:
        groups = as_groups(queries.facts_since(session), platform_code=door().platform.signer.verifier.name)
    answer = make_response("\ufeff" + as_csv(groups))
    answer.headers["Content-Type"] = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = 'attachment; filename="credit-facts.csv"'
    return answer
