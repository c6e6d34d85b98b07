"""Questions to bidders: the committee's page, the correction of a price, the bidder's answer and its signature."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from flask import Response as FlaskResponse
from flask import jsonify, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, door, instant_now, limited, reading, requires, signing
from accounts.rules import Role
from bidding import queries as bidding
from core.errors import Invalid, Missing, Refusal
from experts import forms, queries, services
from experts.models import Committee
from experts.routes.frame import ROOM, blueprint, done, own_room, room_frame
from experts.rules.clarifications import digest_of
from experts.rules.grounds import CONTENT, LOW_PRICE
from experts.rules.low_price import Trigger
from opening.models import Bid

MOST_FILE = 20 * 1024 * 1024
BEGINNINGS = {".pdf": b"%PDF-", ".png": b"\x89PNG", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff",
              ".xlsx": b"PK\x03\x04"}  # fmt: skip
"""What an answer may be proved with, and how such a file begins."""


@blueprint.get("/expert/<code>/clarifications")
@requires(*ROOM)
def clarifications(code: str) -> str:
    """Everything the committee has asked bidders, with the answers; the leader's form."""
    return _clarifications(code, [])


@blueprint.post("/expert/<code>/clarifications")
@requires(*ROOM)
def ask_bidder(code: str) -> Response | tuple[str, int]:
    """The leader puts a question to one bidder."""
    try:
        values = forms.read_question(request.form)
        number = int(forms.one_of(request.form, "bid", [str(one) for one in _numbers(code)]))
        with acting() as act:
            held = queries.own_member(act.session, code, act.actor).committee
            services.ask_bidder(act, held, _bid(act.session, code, number), **values)
    except Missing:
        raise
    except Refusal as refusal:
        return _clarifications(code, [refusal]), 422
    return done(_("已发给投标人，等待其在期限内答复。"), "experts.clarifications", code=code)


@blueprint.get("/expert/<code>/corrections/<int:number>")
@requires(*ROOM)
def correction(code: str, number: int) -> str:
    """One bid's figures side by side, and what the corrected price would be."""
    return _correction(code, number, [])


@blueprint.post("/expert/<code>/corrections/<int:number>")
@requires(*ROOM)
def propose_correction(code: str, number: int) -> Response | tuple[str, int]:
    """The leader has the corrected price computed and put to the bidder."""
    try:
        values = forms.read_correction(request.form)
        with acting() as act:
            held = queries.own_member(act.session, code, act.actor).committee
            services.propose_correction(act, held, _bid(act.session, code, number), **values)
    except Missing:
        raise
    except Refusal as refusal:
        return _correction(code, number, [refusal]), 422
    return done(_("修正已发给投标人，等待其书面确认。"), "experts.clarifications", code=code)


@blueprint.get("/expert/<code>/clarifications/<int:number>/<sha256>")
@requires(*ROOM)
def clarification_file(code: str, number: int, sha256: str) -> FlaskResponse:
    """A file of a signed answer, for who sits in this room; as a download."""
    with reading() as session:
        member = own_room(session, code)
        answer = queries.shown_answer(queries.bid_clarification(session, member.committee, number))
        for file in answer["files"] if answer else []:
            if file["sha256"] == sha256:
                content = door().platform.store.read(sha256)
                response = FlaskResponse(content, mimetype="application/octet-stream")
                response.headers.set("Content-Disposition", "attachment", filename=file["name"])
                return response
    raise Missing("object.unknown")


@blueprint.get("/sections/<code>/bid-clarifications")
@requires(Role.BIDDER)
@signing
def bid_clarifications(code: str) -> str:
    """What the committee asks this bidder, with the answers being written and those signed."""
    return _mine(code, [])


@blueprint.post("/sections/<code>/bid-clarifications/<int:number>")
@requires(Role.BIDDER)
@limited("20/minute;200/hour", by="token")
def write_answer(code: str, number: int) -> Response | tuple[str, int]:
    """Keep the answer as it stands; it is given once it is signed."""
    try:
        values = forms.read_answer(request.form)
        kept = [_kept(file) for file in request.files.getlist("files") if file.filename]
        with acting() as act:
            section = bidding.section(act.session, code)
            asked = queries.own_bid_clarification(act.session, section, act.actor, number)
            before = (asked.answer or {}).get("files", []) if request.form.get("keep") else []
            services.write_answer(act, asked, files=[*before, *kept], **values)
    except Missing:
        raise
    except Refusal as refusal:
        return _mine(code, [refusal], number), 422
    return done(_("答复已保存，尚未发出。请核对后用证书签名。"), "experts.bid_clarifications", code=code)


@blueprint.post("/sections/<code>/bid-clarifications/<int:number>/sign")
@requires(Role.BIDDER)
def sign_answer(code: str, number: int) -> Response:
    """Give the answer, signed by the bidder's certificate."""
    values = forms.read_signature(request.get_json(silent=True))
    with acting() as act:
        section = bidding.section(act.session, code)
        services.sign_answer(act, queries.own_bid_clarification(act.session, section, act.actor, number), **values)
    return jsonify(number=number, answered=True)


def _kept(file: FileStorage) -> dict[str, Any]:
    """An uploaded file in the store with its own name; only what begins as its name says."""
    data = file.stream.read(MOST_FILE + 1)
    name = PurePath((file.filename or "").replace("\\", "/")).name[:200]
    if len(data) > MOST_FILE:
        raise Invalid("evidence.large", field="files", most=MOST_FILE // 1024 // 1024)
    beginning = BEGINNINGS.get(PurePath(name).suffix.lower())
    if beginning is None or not data.startswith(beginning):
        raise Invalid("bid_clarification.file", field="files", found=name)
    stored = door().platform.store.put(data)
    return {"name": name, "sha256": stored.sha256, "size": stored.size}


def _numbers(code: str) -> list[int]:
    with reading() as session:
        member = own_room(session, code)
        return [bid.number for bid in queries.bids_in_evaluation(session, member.committee.section)]


def _bid(session: Any, code: str, number: int) -> Bid:
    bids = queries.bids_in_evaluation(session, bidding.section(session, code))
    found = next((bid for bid in bids if bid.number == number), None)
    if found is None:
        raise Missing("bid.unknown")
    return found


def _clarifications(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        member = own_room(session, code)
        held = member.committee
        if member.declared_at is None:
            raise Missing("committee.unknown")
        bids = queries.bids_in_evaluation(session, held.section)
        return render_template(
            "experts/clarifications.html",
            **room_frame(session, member),
            bids=_priced(session, held) if queries.in_price_stage(session, held) else bids,
            asked=[
                {"one": one, "answer": queries.shown_answer(one), "until": queries.answer_until(one, instant_now())}
                for one in reversed(queries.bid_clarifications(session, held))
            ],
            clauses=queries.clauses_of(held.section),
            low=_low(session, held),
            priced=_priced(session, held),
            kinds=_kinds(session, held),
            errors=errors,
            values=request.form,
        )


def _kinds(session: Session, held: Committee) -> list[str]:
    """What the leader may ask about now, besides corrections."""
    if queries.in_price_stage(session, held):
        return [LOW_PRICE]
    if held.state != "seated":
        return []
    return [CONTENT] if queries.in_two_stages(held.section) else [CONTENT, LOW_PRICE]


def _priced(session: Session, held: Committee) -> list[Bid]:
    """The bids whose prices the committee may look at: of two sittings only once the second was read."""
    if queries.in_two_stages(held.section):
        return queries.price_stage_bids(session, held)
    return queries.bids_in_evaluation(session, held.section)


def _low(session: Session, held: Committee) -> list[Trigger]:
    prices = queries.evaluated_prices(session, held)
    if queries.in_two_stages(held.section):
        ranked = queries.priced_bids(session, held) if queries.in_price_stage(session, held) else []
        return queries.low_price_hits_of(held.section, {bid.number: prices[bid.number] or 0 for bid in ranked})
    return queries.low_price_hits(session, held)


def _correction(code: str, number: int, errors: list[Refusal]) -> str:
    with reading() as session:
        member = own_room(session, code)
        held = member.committee
        if member.declared_at is None:
            raise Missing("bid.unknown")
        bid = next((one for one in _priced(session, held) if one.number == number), None)
        if bid is None:
            raise Missing("bid.unknown")
        bill = queries.stated_bill(session, bid)
        return render_template(
            "experts/correction.html",
            **room_frame(session, member),
            bid=bid,
            bill=bill,
            slips=services.found_slips(bill),
            wrong=[one for one in bill["findings"] if one["rule"].startswith("R-43")] if bill else [],
            can_ask=held.state == "seated" or queries.in_price_stage(session, held),
            before=queries.correction_of(session, held, bid),
            errors=errors,
            values=request.form,
        )


def _mine(code: str, errors: list[Refusal], number: int | None = None) -> str:
    with reading() as session:
        section = bidding.section(session, code)
        asked = []
        for one in reversed(queries.own_bid_clarifications(session, section, current_actor())):
            document = queries.answer_of(one)
            until = queries.answer_until(one, instant_now())
            digest = digest_of(document) if document else None
            asked.append({"one": one, "answer": one.answer, "digest": digest, "until": until})
        return render_template(
            "experts/bid_clarifications.html",
            section=section,
            project=section.project,
            asked=asked,
            wrong=number,
            errors=errors,
            values=request.form,
        )
