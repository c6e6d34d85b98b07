"""The regulator's desk: the inbox of warnings, the card of one, and what is done with it."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from accounts.access import acting, current_actor, door, instant_now, reading, requires
from accounts.queries import names_of, person_by_id
from accounts.rules import Role
from collusion import forms, queries, services
from collusion.routes import drawings
from collusion.routes.frame import STATE_KINDS, TIER_KINDS, blueprint, done
from collusion.rules.law import desk_law
from core.calendar import day_of
from core.errors import Missing, Refusal
from core.store import chunks_of
from opening import queries as opening

MOST_PASSAGES = 12
FILTERS = ("state", "tier", "overdue", "mine", "q")


@blueprint.get("/supervise/warnings")
@requires(Role.SUPERVISOR)
def warnings() -> str:
    """The inbox: most urgent first, filters in the address, counts beside them."""
    chosen = {name: request.args.get(name, "").strip()[:80] for name in FILTERS}
    with reading() as session:
        found = queries.inbox(
            session,
            state=chosen["state"],
            tier=chosen["tier"],
            overdue=bool(chosen["overdue"]),
            assignee_id=current_actor().person_id if chosen["mine"] else None,
            words=chosen["q"],
            now=instant_now(),
            reader_id=current_actor().person_id,
        )
        return render_template(
            "collusion/warnings.html", inbox=found, chosen=chosen, tier_kinds=TIER_KINDS, state_kinds=STATE_KINDS
        )


@blueprint.get("/supervise/warnings/<code>")
@requires(Role.SUPERVISOR)
def warning(code: str) -> str:
    """One card: evidence, innocent explanations, measured error, what would clear it. Every view is kept."""
    with acting() as act:
        services.view_warning(act, queries.warning(act.session, code))
    return card(code, [])


@blueprint.post("/supervise/warnings/<code>/assign")
@requires(Role.SUPERVISOR)
def assign_warning(code: str) -> Answer:
    """Take the warning on."""
    with acting() as act:
        services.assign_warning(act, queries.warning(act.session, code))
    return done(_("线索已由您签收。"), "collusion.warning", code=code)


@blueprint.post("/supervise/warnings/<code>/ask")
@requires(Role.SUPERVISOR)
def ask_bidders(code: str) -> Answer | tuple[str, int]:
    """Ask bidders of the ring for an explanation or material, each by itself."""
    try:
        numbers, question = forms.read_request(request.form)
        with acting() as act:
            services.ask_bidders(act, queries.warning(act.session, code), numbers, question)
    except Missing:
        raise
    except Refusal as refusal:
        return card(code, [refusal]), 422
    return done(_("已要求投标人补充材料。"), "collusion.warning", code=code)


@blueprint.post("/supervise/warnings/<code>/resume")
@requires(Role.SUPERVISOR)
def resume_warning(code: str) -> Answer:
    """Take it up again although answers are missing."""
    with acting() as act:
        services.resume_warning(act, queries.warning(act.session, code))
    return done(_("已恢复核查。"), "collusion.warning", code=code)


@blueprint.post("/supervise/warnings/<code>/decide")
@requires(Role.SUPERVISOR)
def decide_warning(code: str) -> Answer | tuple[str, int]:
    """Refer it, or propose to confirm or dismiss it, with a reason."""
    try:
        verb, reason, counter = forms.read_decision(request.form)
        with acting() as act:
            services.decide_warning(act, queries.warning(act.session, code), verb, reason, counter)
    except Missing:
        raise
    except Refusal as refusal:
        return card(code, [refusal]), 422
    said = _("已移送，处置结论已记录。") if verb == "refer" else _("处置建议已提交，待另一名监督人员复核。")
    return done(said, "collusion.warning", code=code)


@blueprint.post("/supervise/warnings/<code>/approve")
@requires(Role.SUPERVISOR)
def approve_warning(code: str) -> Answer | tuple[str, int]:
    """Approve what was proposed, or send it back with a note."""
    try:
        agrees, note = forms.read_approval(request.form)
        with acting() as act:
            services.approve_warning(act, queries.warning(act.session, code), agrees, note)
    except Missing:
        raise
    except Refusal as refusal:
        return card(code, [refusal]), 422
    return done(_("处置结论已记录。") if agrees else _("已退回承办人。"), "collusion.warning", code=code)


@blueprint.get("/supervise/warnings/<code>/materials/<sha256>")
@requires(Role.SUPERVISOR)
def material_file(code: str, sha256: str) -> Response:
    """A file a bidder has handed in."""
    with acting() as act:
        found = queries.warning(act.session, code)
        held = [file for one in queries.materials(act.session, found) for file in one.files]
        services.view_warning(act, found)
    file = next((file for file in held if file["sha256"] == sha256), None)
    if file is None:
        raise Missing("object.unknown")
    headers = {
        "Content-Disposition": "attachment; filename=" + sha256[:16] + "." + file["name"].rpartition(".")[2],
        "Content-Length": str(file["size"]),
    }
    stream = door().platform.store.open(sha256)
    return Response(chunks_of(stream), mimetype="application/octet-stream", headers=headers)


def card(code: str, errors: list[Refusal]) -> str:
    """The page of one warning."""
    with reading() as session:
        found = queries.warning(session, code)
        made = queries.scan_behind(session, found)
        names = {f"{bid.number:02d}": bid.name for bid in queries.opened_bids(session, found.section)}
        links, trail = queries.device_links(session, found), queries.trail(session, found)
        told = {link.asked_by for link in links} | {_doer(entry.facts) for entry in trail}
        told.add((found.proposal or {}).get("by", ""))
        keys = [member["key"] for member in found.ring]
        pairs = sorted(found.card["pairs"], key=lambda pair: -pair["score"])
        pair = next((one for one in pairs if request.args.get("pair") == f"{one['a']}-{one['b']}"), pairs[0])
        return render_template(
            "collusion/warning.html",
            found=found,
            names=names,
            pair=pair,
            pairs=pairs,
            passages=[_sides(passage, names, pair) for passage in pair["passages"][:MOST_PASSAGES]],
            opened_later=queries.opened_later(session, found.section),
            graph=drawings.ties(made.result if made else {}, names, keys),
            likeness=drawings.likeness(made.result if made else {}, names),
            weights=drawings.weights(pair),
            prices=drawings.prices(queries.opened_bids(session, found.section), found.section.control_price_fen),
            history=queries.joint_history(session, found.section, [member["identifier"] for member in found.ring]),
            assignee=_person(session, found.assignee_id),
            approver=_person(session, found.approved_by_id),
            materials=queries.materials(session, found),
            trail=trail,
            doer=_doer,
            limit=desk_law(day_of(found.raised_at)).rule("warning_decide_within"),
            links=links,
            people=names_of(session, told),
            material=made.material if made else None,
            regulator_key=opening.regulator_key(session),
            tier_kinds=TIER_KINDS,
            state_kinds=STATE_KINDS,
            errors=errors,
            mine=found.assignee_id == current_actor().person_id,
            values=request.form,
            now=instant_now(),
        )


def _doer(facts: dict[str, Any] | None) -> str:
    """The login a fact of the trail says did it; empty where none is named."""
    return str((facts or {}).get("actor") or (facts or {}).get("by") or "")


def _person(session: Session, identifier: int | None) -> Any:
    return person_by_id(session, identifier) if identifier else None


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
