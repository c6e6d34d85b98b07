"""The regulator's desk: the inbox of warnings, the card of one, its decision; and closing the section's file."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from accounts.access import acting, current_actor, door, instant_now, reading, requires
from accounts.queries import person_by_id
from accounts.rules import Role
from bidding import queries as bidding
from collusion import forms, queries, services
from collusion.models import Warning
from core.errors import Invalid, Missing, Refusal
from core.render.figures import Figure, heatmap, strip_plot, waterfall
from core.store import chunks_of

blueprint = Blueprint("collusion", __name__)

KEEPERS = (Role.SUPERVISOR, Role.OFFICER)
TIER_KINDS = {"lead": "info", "review": "warn", "priority": "bad"}
STATE_KINDS = {"open": "warn", "assigned": "info", "confirmed": "bad", "referred": "bad", "dismissed": "ok"}
MOST_PASSAGES = 12


@blueprint.get("/supervise/warnings")
@requires(Role.SUPERVISOR)
def warnings() -> str:
    """The inbox: most urgent first, filters in the address, counts beside them."""
    state, tier, overdue = (request.args.get(name, "") for name in ("state", "tier", "overdue"))
    with reading() as session:
        found = queries.inbox(session, state=state, tier=tier, overdue_at=instant_now() if overdue else None)
        return render_template(
            "collusion/warnings.html",
            inbox=found,
            state=state,
            tier=tier,
            overdue=overdue,
            tier_kinds=TIER_KINDS,
            state_kinds=STATE_KINDS,
        )


@blueprint.get("/supervise/warnings/<code>")
@requires(Role.SUPERVISOR)
def warning(code: str) -> str:
    """One card: evidence, innocent explanations, measured error, what would clear it. Every view is kept."""
    with acting() as act:
        services.view_warning(act, queries.warning(act.session, code))
    return _card(code, [])


@blueprint.post("/supervise/warnings/<code>/assign")
@requires(Role.SUPERVISOR)
def assign_warning(code: str) -> Answer:
    """Take the warning on."""
    with acting() as act:
        services.assign_warning(act, queries.warning(act.session, code))
    flash(_("线索已由您签收。"), "ok")
    return redirect(url_for("collusion.warning", code=code), 303)


@blueprint.post("/supervise/warnings/<code>/decide")
@requires(Role.SUPERVISOR)
def decide_warning(code: str) -> Answer | tuple[str, int]:
    """Decide it, with a reason."""
    try:
        verb, reason = forms.read_decision(request.form)
        with acting() as act:
            services.decide_warning(act, queries.warning(act.session, code), verb, reason)
    except Invalid as refusal:
        return _card(code, [refusal]), 422
    flash(_("处置结论已记录。"), "ok")
    return redirect(url_for("collusion.warning", code=code), 303)


@blueprint.get("/sections/<code>/archive")
@requires(*KEEPERS)
def archive(code: str) -> str:
    """The section's file: whether it can be closed, and the closed one with its hash."""
    return _archive(code, [])


@blueprint.post("/sections/<code>/archive")
@requires(Role.OFFICER)
def archive_section(code: str) -> Answer | tuple[str, int]:
    """Close the section's file."""
    try:
        forms.check_phrase(request.form, code)
        with acting() as act:
            services.archive_section(act, bidding.section(act.session, code))
    except Missing:
        raise
    except Refusal as refusal:
        return _archive(code, [refusal]), 422
    flash(_("一标一档已归档。"), "ok")
    return redirect(url_for("collusion.archive", code=code), 303)


@blueprint.get("/sections/<code>/archive.tar")
@requires(*KEEPERS)
def archive_file(code: str) -> Response:
    """The file itself."""
    with reading() as session:
        held = queries.archive_of(session, bidding.section(session, code))
    if held is None:
        raise Missing("object.unknown")
    stream = door().platform.store.open(held.sha256)
    headers = {"Content-Disposition": f'attachment; filename="{code}.archive.tar"', "Content-Length": str(held.size)}
    return Response(chunks_of(stream), mimetype="application/x-tar", headers=headers)


def _archive(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        section = bidding.section(session, code)
        return render_template(
            "collusion/archive.html",
            section=section,
            held=queries.archive_of(session, section),
            undecided=[item.code for item in queries.warnings_of(session, section) if item.decided_at is None],
            key=str(door().platform.signer.verifier),
            errors=errors,
            may_close=current_actor().has(Role.OFFICER),
        )


def _card(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        found = queries.warning(session, code)
        made = queries.scan(session, found.section)
        names = {f"{bid.number:02d}": bid.name for bid in queries.opened_bids(session, found.section)}
        pair = max(found.card["pairs"], key=lambda pair: pair["score"])
        return render_template(
            "collusion/warning.html",
            found=found,
            names=names,
            pair=pair,
            passages=[_sides(passage, names, pair) for passage in pair["passages"][:MOST_PASSAGES]],
            likeness=_likeness(made.result if made else {}, names),
            weights=_weights(pair),
            prices=_prices(session, found),
            assignee=person_by_id(session, found.assignee_id) if found.assignee_id else None,
            trail=queries.trail(session, found),
            tier_kinds=TIER_KINDS,
            state_kinds=STATE_KINDS,
            decisions=services.DECISIONS,
            errors=errors,
            mine=found.assignee_id == current_actor().person_id,
            values=request.form,
        )


def _sides(passage: dict[str, Any], names: dict[str, str], pair: dict[str, Any]) -> dict[str, Any]:
    return {
        "a": _side(passage["a"], names[pair["a"]]),
        "b": _side(passage["b"], names[pair["b"]]),
        "rarity": passage["rarity"],
        "matched": passage["matched"],
    }


def _side(side: dict[str, Any], name: str) -> dict[str, Any]:
    """One side of a passage for `ui.diff_pair`: equal parts marked, where it stands."""
    text, at, parts = side["text"], 0, []
    for start, end in side["equal"]:
        parts += [(text[at:start], False), (text[start:end], True)]
        at = end
    parts.append((text[at:], False))
    where = _("第 %(page)s 页", page=side["page"]) if side["page"] else _("第 %(n)s 段", n=side["paragraph"])
    return {"place": f"{name} · {side['file'].rpartition('/')[2]} · {where}", "parts": [p for p in parts if p[0]]}


def _likeness(result: dict[str, Any], names: dict[str, str]) -> Figure:
    """How much of each own text, in per cent, stands again in the other's, after the tender's words are taken out."""
    keys = sorted(names)
    shares: dict[tuple[str, str], float] = {}
    for pair in result.get("pairs", []):
        text = pair["text"]
        own = max(1, min(text["own_a"], text["own_b"]))
        shares[pair["a"], pair["b"]] = shares[pair["b"], pair["a"]] = min(100.0, 100 * text["matched"] / own)
    matrix = [[None if a == b else shares.get((a, b), 0.0) for b in keys] for a in keys]
    title = _("独有文本重合度（百分比，已扣除招标文件）")
    return heatmap([names[key] for key in keys], matrix, title=title, mark_from=15)


def _weights(pair: dict[str, Any]) -> Figure:
    signals = [signal for signal in pair["signals"] if not signal["explained_by"] and abs(signal["llr"]) >= 0.05]
    items = [(_(signal["name"]), float(signal["llr"])) for signal in signals]
    return waterfall(items or [(_("没有证据"), 0.0)], title=_("各项证据的对数似然比"), total=_("合计（未收缩）"))


def _prices(session: Session, found: Warning) -> Figure:
    bids = queries.opened_bids(session, found.section)
    prices = [(bid.name, bid.price_fen) for bid in bids if bid.price_fen is not None]
    return strip_plot(prices, control_price=found.section.control_price_fen)
