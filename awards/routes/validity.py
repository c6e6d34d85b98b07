"""Letting bids stand longer: the tenderee asks all alike, each bidder answers for itself (R-158)."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, instant_now, limited, reading, requires
from accounts.queries import names_of
from accounts.rules import Role
from awards import forms, queries, services
from awards.models import ValidityExtension
from awards.queries import validity as found
from awards.routes.frame import PROJECT, blueprint, done, frame
from bidding import queries as bidding
from bidding.queries import bonds
from bidding.routes.bonds.shown import language
from bidding.rules.bonds import PAPERS
from bidding.rules.sentences import say
from core.calendar import end_of_day
from core.errors import Invalid, Missing, Refusal

MOST_GUARANTEE = 256 * 1024


@blueprint.get("/tender/<code>/validity")
@requires(*PROJECT)
def validity(code: str) -> str:
    """Until when bids stand, who was asked to let them stand longer, and what they said."""
    return _page(code, [])


@blueprint.post("/tender/<code>/validity")
@requires(Role.TENDEREE, Role.AGENT)
def ask_extension(code: str) -> Response | tuple[str, int]:
    """Ask every bidder whose bid stands."""
    try:
        asked = forms.read_extension(request.form)
        with acting() as act:
            services.ask_extension(act, bidding.own_section(act.session, code, act.actor), **asked)
    except Missing:
        raise
    except Refusal as refusal:
        return _page(code, [refusal]), 422
    return done(_("已书面要求全部投标人，答复期满自动记录。"), "awards.validity", code=code)


@blueprint.get("/bid/<code>/validity")
@requires(Role.BIDDER)
def own_validity(code: str) -> str:
    """What one is asked, and one's own answers."""
    return _own(code, [])


@blueprint.post("/bid/<code>/validity")
@requires(Role.BIDDER)
@limited("20/minute;100/hour", by="token")
def answer_extension(code: str) -> Response | tuple[str, int]:
    """Agree, with a guarantee that lasts where the bond is one, or do not."""
    try:
        answer = request.form.get("answer", "")
        if answer not in ("agree", "refuse"):
            raise Invalid("form.required", field="answer")
        file = request.files.get("guarantee")
        content = file.stream.read(MOST_GUARANTEE + 1) if file else b""
        with acting() as act:
            section = bidding.section(act.session, code)
            bid = queries.own_bid(act.session, section, act.actor)
            held = found.open_extension(act.session, section)
            if held is None:
                raise Invalid("validity.none_open", field="answer")
            services.answer_extension(act, held, bid, accepts=answer == "agree", guarantee=content)
    except Missing:
        raise
    except Refusal as refusal:
        return _own(code, [refusal]), 422
    return done(_("答复已记录，不能再改。"), "awards.own_validity", code=code)


def _told(one: ValidityExtension) -> dict[str, Any]:
    return {"held": one, "until": date.fromisoformat(one.until), "before": date.fromisoformat(one.before)}


def _page(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        section = bidding.own_section(session, code, current_actor())
        asked = [
            {**_told(one), "answers": found.answers(session, one), "waiting": found.unanswered(session, one)}
            for one in found.extensions(session, section)
        ]
        until = found.valid_until(session, section)
        waiting = found.open_extension(session, section)
        return render_template(
            "awards/validity.html",
            errors=errors,
            values=request.form,
            asked=asked,
            names=names_of(session, {one["held"].asked_by for one in asked}),
            until=until,
            ends_at=end_of_day(until),
            may_ask=waiting is None
            and section.state in found.ASKABLE
            and bool(found.standing_bids(session, section))
            and current_actor().has(Role.TENDEREE, Role.AGENT),
            now=instant_now(),
            **frame(section),
        )


def _own(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        section = bidding.section(session, code)
        bid = queries.own_bid(session, section, current_actor())
        here = bonds.bonded_section(session, section)
        bond = next((one for one in bonds.bonds(session, here, "bid") if one.holder == bid.identifier), None)
        mine = [
            {
                **_told(one),
                "answer": next((said for said in found.answers(session, one) if said.bid_id == bid.id), None),
                "asked": bid.id in {waiting.id for waiting in found.unanswered(session, one)},
            }
            for one in found.extensions(session, section)
        ]
        until = found.valid_until(session, section)
        faults = [one for refusal in errors for one in refusal.facts.get("faults", [])]
        return render_template(
            "awards/own_validity.html",
            errors=errors,
            faults=[say(one["code"], one["facts"], language()) for one in faults],
            values=request.form,
            mine=mine,
            until=until,
            ends_at=end_of_day(until),
            bid=bid,
            bond=bond,
            needs_guarantee=bool(bond and bond.form in PAPERS and (bond.guarantee or {}).get("document")),
            now=instant_now(),
            **frame(section),
        )
