"""Shared pools: what partner platforms ask of us, the operator's list of them, our experts' seats at their tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response as FlaskResponse
from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, cookieless, current_actor, door, limited, public, reading, requires
from accounts.rules import Role
from core.act import Act
from core.errors import Invalid, Missing, Refusal
from core.ledger.log import entries_of
from core.partners import KIND, MOST_ASKED
from experts import forms, queries
from experts.queries import federation
from experts.routes.frame import blueprint, done, refused
from experts.services import consulting, exchange, lending, partners

ASKED = "120/minute;2000/hour"
LOAN_KINDS = {"invited": "info", "accepted": "ok", "declined": "muted", "barred": "warn", "recalled": "muted"}


@blueprint.post("/federation/pools")
@public
@cookieless
@limited(ASKED)
def answer_pools() -> FlaskResponse:
    """For partner platforms: which pools of ours they may draw from."""
    return _answer(partners.answer_pools)


@blueprint.post("/federation/candidates")
@public
@cookieless
@limited(ASKED)
def answer_candidates() -> FlaskResponse:
    """For partner platforms: our candidates for one of their draws, anonymised and signed."""
    return _answer(lending.answer_candidates)


@blueprint.post("/federation/seats")
@public
@cookieless
@limited(ASKED)
def answer_seats() -> FlaskResponse:
    """For partner platforms: which of our candidates they have seated, and what we know of them."""
    return _answer(lending.answer_seats)


def _answer(verb: Callable[[Act, bytes], bytes]) -> FlaskResponse:
    """Read at most a mebibyte, answer in one act; whoever is on no list learns nothing."""
    raw = request.stream.read(MOST_ASKED + 1)
    if len(raw) > MOST_ASKED:
        raise Invalid("partner.malformed", what="size")
    with acting() as act:
        return FlaskResponse(verb(act, raw), content_type=KIND)


@blueprint.get("/ops/partners")
@requires(Role.OPERATOR)
def partner_list() -> str:
    """The partner platforms, and a form for another."""
    return _partners([])


@blueprint.post("/ops/partners")
@requires(Role.OPERATOR)
def add_partner() -> Response | tuple[str, int]:
    """Put a platform on the list."""
    try:
        values = forms.read_partner(request.form)
        with acting() as act:
            partners.add_partner(act, **values)
    except Invalid as refusal:
        return _partners([refusal.at("key")]), 422
    except Refusal as refusal:
        return _partners([refusal]), 422
    return done(_("协作平台已登记。"), "experts.partner_list")


@blueprint.get("/ops/partners/<code>")
@requires(Role.OPERATOR)
def partner(code: str) -> str:
    """One partner: the pools it lends us, those we lend it, what passed between us."""
    return _partner(code, [])


@blueprint.post("/ops/partners/<code>/pools")
@limited("30/minute;200/hour")
@requires(Role.OPERATOR)
def fetch_pools(code: str) -> Response:
    """Ask the partner which pools it lends us."""
    try:
        found = exchange.fetch_pools(door().platform, current_actor(), code)
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.partner", code=code)
    return done(_("对方提供 %(n)s 个专家库。", n=len(found)), "experts.partner", code=code)


@blueprint.post("/ops/partners/<code>/lend")
@requires(Role.OPERATOR)
def lend_pools(code: str) -> Response:
    """Choose which pools of ours the partner may draw from."""
    try:
        with acting() as act:
            partners.lend_pools(act, federation.partner(act.session, code), forms.listed(request.form, "lends"))
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.partner", code=code)
    return done(_("开放范围已更新。"), "experts.partner", code=code)


@blueprint.post("/ops/partners/<code>/withdraw")
@requires(Role.OPERATOR)
def withdraw_partner(code: str) -> Response | tuple[str, int]:
    """Take the platform off the list."""
    try:
        reason = forms.read_reason(request.form)
        with acting() as act:
            partners.withdraw_partner(act, federation.partner(act.session, code), reason)
    except Missing:
        raise
    except Refusal as refusal:
        return _partner(code, [refusal]), 422
    return done(_("协作平台已移出名单。"), "experts.partner_list")


@blueprint.post("/tender/<code>/committee/partners/forgo")
@requires(Role.OFFICER)
def forgo_partner(code: str) -> Response:
    """Draw without a partner that has not answered, with the reason."""
    try:
        partner, reason = forms.read_reason(request.form, "partner", most=12), forms.read_reason(request.form, "why")
        with acting() as act:
            consulting.forgo(act, queries.own_committee(act.session, code, act.actor), partner, reason)
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.committee", code=code)
    return done(_("已记录：此次抽取不含该平台的专家。"), "experts.committee", code=code)


@blueprint.post("/tender/<code>/committee/partners/ask")
@requires(Role.OFFICER)
def ask_partner_after_all(code: str) -> Response:
    """Take back the decision to draw without the partner."""
    try:
        partner = forms.read_reason(request.form, "partner", most=12)
        with acting() as act:
            consulting.ask_after_all(act, queries.own_committee(act.session, code, act.actor), partner)
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.committee", code=code)
    return done(_("冻结名单时将再次询问该平台。"), "experts.committee", code=code)


@blueprint.get("/expert/loans/<int:number>")
@requires(Role.EXPERT)
def loan(number: int) -> str:
    """An invitation to a partner platform's committee: when and where, never what for."""
    return _loan(number, [])


@blueprint.post("/expert/loans/<int:number>/accept")
@requires(Role.EXPERT)
def accept_loan(number: int) -> Response:
    """Accept."""
    try:
        with acting() as act:
            lending.accept_loan(act, federation.own_loan(act.session, number, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.loan", number=number)
    return done(_("已接受邀请。请按时持本人数字证书在对方平台签到。"), "experts.loan", number=number)


@blueprint.post("/expert/loans/<int:number>/decline")
@requires(Role.EXPERT)
def decline_loan(number: int) -> Response | tuple[str, int]:
    """Decline, with the reason."""
    try:
        reason = forms.read_reason(request.form)
        with acting() as act:
            lending.decline_loan(act, federation.own_loan(act.session, number, act.actor), reason)
    except Missing:
        raise
    except Refusal as refusal:
        return _loan(number, [refusal]), 422
    return done(_("已谢绝，将由下一位专家递补。"), "experts.invitations")


def _loan(number: int, errors: list[Refusal]) -> str:
    with reading() as session:
        found = federation.own_loan(session, number, current_actor())
        return render_template(
            "experts/loan.html", loan=found, errors=errors, values=request.form, kinds=LOAN_KINDS
        )  # fmt: skip


def _partner(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        found = federation.partner_named(session, code)
        return render_template(
            "experts/partner.html", partner=found, pools=queries.pools(session), errors=errors, values=request.form,
            history=list(reversed(entries_of(session, f"partner:{code}"))),
        )  # fmt: skip


def _partners(errors: list[Refusal]) -> str:
    with reading() as session:
        values: dict[str, Any] = {
            "partners": federation.partners(session, withdrawn=True),
            "pools": queries.pools(session),
            "own_key": str(door().platform.signer.verifier),
            "errors": errors,
            "values": request.form,
        }
        return render_template("experts/partners.html", **values)
