"""Sanctions: officer and supervisor propose and decide, the expert is heard, what is in force is public (R-315)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response as FlaskResponse
from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, instant_now, limited, public, reading, requires
from accounts.rules import Role
from core.act import Act
from core.calendar import day_of
from core.errors import Missing, Refusal
from experts import forms, queries, services
from experts.models import Sanction
from experts.routes.applications import document
from experts.routes.frame import blueprint, done
from experts.rules.discipline import MEASURES, causes
from experts.rules.law import expert_law

KEEPERS = (Role.OPERATOR, Role.SUPERVISOR)
KINDS = {
    "proposed": "info", "heard": "info", "in_force": "warn", "lift_asked": "warn", "dismissed": "muted",
    "withdrawn": "muted", "lifted": "ok", "expired": "ok",
}  # fmt: skip
SHOWN = 200
Verb = Callable[[Act, Sanction], None]


def measure_word(measure: str) -> str:
    """A measure in words."""
    return str({"warning": _("警告"), "suspension": _("暂停评标资格"), "removal": _("取消评标资格")}[measure])


def cause_word(cause: str) -> str:
    """A cause in words."""
    words = {
        "avoidance": _("应当回避而不回避"),
        "absence": _("擅离职守或者无故缺席"),
        "standards": _("不按照招标文件规定的标准和方法评标"),
        "contact": _("私下接触投标人"),
        "instructions": _("征询或者接受确定中标人的意向"),
        "no_rejection": _("对依法应当否决的投标不提出否决意见"),
        "hinting": _("暗示、诱导投标人澄清或者接受其主动澄清"),
        "partial": _("其他不客观、不公正履行职务的行为"),
        "bribery": _("收受财物或者其他好处"),
        "disclosure": _("泄露评标情况"),
        "untrue_record": _("入库申报不实或者隐瞒应当申报的关系"),
        "review": _("考核不合格"),
        "punished": _("因招投标违法受过行政或者刑事处罚"),
    }
    return str(words[cause])


@blueprint.get("/experts/sanctions")
@public
def public_sanctions() -> str:
    """Suspensions and removals in force, as long as they last."""
    with reading() as session:
        return render_template(
            "experts/public_sanctions.html", sanctions=queries.public_sanctions(session), measure_word=measure_word,
            cause_word=cause_word, causes=causes(),
        )  # fmt: skip


@blueprint.get("/ops/sanctions")
@requires(*KEEPERS)
def sanctions() -> str:
    """Every sanction, those that wait first, and the way to propose one."""
    state = request.args.get("state", "")
    state = state if state in KINDS else ""
    with reading() as session:
        found = queries.sanctions(session, state)
        every = queries.sanctions(session)
        return render_template(
            "experts/sanctions.html", sanctions=found[:SHOWN], count=len(found), asked=state, kinds=KINDS,
            counts={name: sum(one.state == name for one in every) for name in KINDS}, measure_word=measure_word,
            cause_word=cause_word, errors=[],
        )  # fmt: skip


@blueprint.get("/ops/sanctions/find")
@requires(*KEEPERS)
def find_for_sanction() -> Response:
    """From an expert's code to the form about that expert."""
    code = request.args.get("code", "").strip()[:40]
    with reading() as session:
        found = queries.expert(session, code)
        return redirect(url_for("experts.draft_sanction", code=found.code), 303)


@blueprint.get("/ops/experts/<code>/sanction")
@requires(*KEEPERS)
def draft_sanction(code: str) -> str:
    """The form for a proposal; cause, section and words may come with the link."""
    values = {name: request.args.get(name, "")[:200] for name in ("measure", "cause", "section", "reason", "months")}
    return _draft(code, [], values)


@blueprint.post("/ops/experts/<code>/sanction")
@requires(*KEEPERS)
def propose_sanction(code: str) -> Response | tuple[str, int]:
    """Propose what is to be done."""
    try:
        values = forms.read_sanction(request.form)
        documents = forms.read_documents(request.files.getlist("documents"))
        with acting() as act:
            made = services.propose_sanction(
                act, queries.expert(act.session, code), documents=documents, **values
            ).id  # fmt: skip
    except Missing:
        raise
    except Refusal as refusal:
        return _draft(code, [refusal], request.form), 422
    return done(_("已提出。专家已被告知，可以陈述申辩；由另一人决定。"), "experts.sanction", number=made)


@blueprint.get("/ops/sanctions/<int:number>")
@requires(*KEEPERS)
def sanction(number: int) -> str:
    """One sanction: cause, evidence, what the expert says, the decision, and what can be done now."""
    return _sanction(number, [])


@blueprint.get("/ops/sanctions/<int:number>/documents/<sha256>")
@requires(*KEEPERS)
def sanction_document(number: int, sha256: str) -> FlaskResponse:
    """A piece of evidence."""
    with reading() as session:
        return document(session, queries.sanction(session, number), sha256)


@blueprint.post("/ops/sanctions/<int:number>/decide")
@requires(*KEEPERS)
def decide_sanction(number: int) -> Response | tuple[str, int]:
    """Take the measure, or take none; by a person other than the proposer."""
    lost = 0

    def verb(act: Act, held: Sanction) -> None:
        nonlocal lost
        decision = forms.one_of(request.form, "decision", ("confirm", "dismiss"))
        opinion = forms.read_reason(request.form, "opinion")
        if decision == "confirm":
            lost = services.confirm_sanction(act, held, opinion)
        else:
            services.dismiss_sanction(act, held, opinion)

    said = _("已决定，专家已被告知。")
    answer = _decided(number, verb, lambda: said + (_("其 %(n)s 个席位由后备专家接替。", n=lost) if lost else ""))
    return answer


@blueprint.post("/ops/sanctions/<int:number>/withdraw")
@requires(*KEEPERS)
def withdraw_sanction(number: int) -> Response | tuple[str, int]:
    """The proposer takes it back."""
    return _decided(number, services.withdraw_sanction, lambda: _("已撤回。"))


@blueprint.post("/ops/sanctions/<int:number>/ask-lift")
@requires(*KEEPERS)
def ask_lift(number: int) -> Response | tuple[str, int]:
    """Ask to end it early."""

    def verb(act: Act, held: Sanction) -> None:
        services.ask_lift(act, held, forms.read_reason(request.form, "lift_reason"))

    return _decided(number, verb, lambda: _("已提出，由监督部门的另一人决定。"))


@blueprint.post("/ops/sanctions/<int:number>/lift")
@requires(Role.SUPERVISOR)
def decide_lift(number: int) -> Response | tuple[str, int]:
    """End it, or keep it."""

    def verb(act: Act, held: Sanction) -> None:
        decision = forms.one_of(request.form, "lift_decision", ("lift", "keep"))
        opinion = forms.read_reason(request.form, "lift_opinion")
        services.decide_lift(act, held, is_lifted=decision == "lift", opinion=opinion)

    return _decided(number, verb, lambda: _("已决定，专家已被告知。"))


@blueprint.get("/expert/sanctions/<int:number>")
@requires(Role.EXPERT)
def own_sanction(number: int) -> str:
    """What is proposed or decided about oneself, with the evidence, and the form to answer."""
    return _own(number, [])


@blueprint.get("/expert/sanctions/<int:number>/documents/<sha256>")
@requires(Role.EXPERT)
def own_sanction_document(number: int, sha256: str) -> FlaskResponse:
    """A piece of evidence about oneself."""
    with reading() as session:
        return document(session, queries.own_sanction(session, number, current_actor()), sha256)


@blueprint.post("/expert/sanctions/<int:number>/statement")
@requires(Role.EXPERT)
@limited("20/hour")
def state_case(number: int) -> Response | tuple[str, int]:
    """Answer what is proposed about oneself."""

    def verb(act: Act, held: Sanction) -> None:
        services.state_case(act, held, forms.read_reason(request.form, "statement", most=4000))

    return _answered(number, verb, _("陈述申辩已提交。"))


@blueprint.post("/expert/sanctions/<int:number>/lift")
@requires(Role.EXPERT)
@limited("20/hour")
def ask_own_lift(number: int) -> Response | tuple[str, int]:
    """Ask that it end early."""

    def verb(act: Act, held: Sanction) -> None:
        services.ask_lift(act, held, forms.read_reason(request.form, "lift_reason"))

    return _answered(number, verb, _("申请已提交，由监督部门决定。"))


def _decided(number: int, verb: Verb, said: Callable[[], str]) -> Response | tuple[str, int]:
    try:
        with acting() as act:
            verb(act, queries.sanction(act.session, number))
    except Missing:
        raise
    except Refusal as refusal:
        return _sanction(number, [refusal]), 422
    return done(said(), "experts.sanction", number=number)


def _answered(number: int, verb: Verb, said: str) -> Response | tuple[str, int]:
    try:
        with acting() as act:
            verb(act, queries.own_sanction(act.session, number, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return _own(number, [refusal]), 422
    return done(said, "experts.own_sanction", number=number)


def _draft(code: str, errors: list[Refusal], values: Any) -> str:
    law = expert_law(day_of(instant_now()))
    with reading() as session:
        found = queries.expert(session, code)
        return render_template(
            "experts/draft_sanction.html", expert=found, errors=errors, values=values, measures=MEASURES,
            causes=causes(), measure_word=measure_word, cause_word=cause_word, law=law,
            held=queries.sanctions_of(session, found), kinds=KINDS,
        )  # fmt: skip


def _sanction(number: int, errors: list[Refusal]) -> str:
    with reading() as session:
        held = queries.sanction(session, number)
        return render_template("experts/sanction.html", errors=errors, values=request.form, **_shown(session, held))


def _own(number: int, errors: list[Refusal]) -> str:
    with reading() as session:
        held = queries.own_sanction(session, number, current_actor())
        return render_template("experts/own_sanction.html", errors=errors, values=request.form, **_shown(session, held))


def _shown(session: Any, held: Sanction) -> dict[str, Any]:
    return {
        "sanction": held, "expert": held.expert, "kinds": KINDS, "measure_word": measure_word,
        "cause_word": cause_word, "cause": causes()[held.cause], "now": instant_now(),
    }  # fmt: skip
