"""The host's desk (tenderee, agent, officer) with the day's moves, and the supervisor's view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, make_response, render_template, request

from accounts.access import door, instant_now, reading, requires
from accounts.rules import Role
from core.act import Act
from core.errors import Invalid, Missing
from opening import forms, queries, rules, services
from opening.models import Opening, OpeningObjection
from opening.routes import tables
from opening.routes.checklist import NEXT, checklists
from opening.routes.frame import (
    HOSTS,
    answer,
    blueprint,
    find,
    given,
    move,
    open_what_is_ready,
    placed,
    scene,
    section_of,
)


def show_desk(code: str, errors: list[Invalid], status: int = 200) -> Response:
    with reading() as session:
        section, found = section_of(session, code, own=True)
        values = scene(session, section, found, "desk")
        if found is not None:
            day = queries.standing(session, found, instant_now())
            values |= {"checklists": checklists(day), "next_verb": NEXT.get(found.state)}
            values["evidence"] = queries.evidence(session, found)
            values["call_options"] = [
                {"value": row["digest"], "label": f"{row['number']} {row['name']}"} for row in values["rows"]
            ]
        return make_response(
            render_template(
                "opening/desk.html",
                errors=errors,
                given=request.form,
                causes=rules.CAUSES,
                **values,
            ),
            status,
        )


@blueprint.get("/opening/<code>/desk")
@requires(*HOSTS)
def desk(code: str) -> Response:
    """The host's desk: the next move with what it still needs."""
    return show_desk(code, [])


def show_watch(code: str, errors: list[Invalid], status: int = 200, verdict: dict[str, Any] | None = None) -> Response:
    """The supervisor's view, with what a form sent back wrong or what was found of a head."""
    with reading() as session:
        section, found = section_of(session, code, own=True)
        faults = queries.record_faults(session, found) if found is not None else []
        return make_response(
            render_template(
                "opening/watch.html",
                errors=errors,
                given=request.form,
                verdict=verdict,
                fault_rows=tables.faults(faults),
                signatures=found.record_signatures if found is not None else [],
                signers=tables.signers(found.record_signatures if found is not None else []),
                entries=queries.entries_of_hall(session, section, found),
                **scene(session, section, found, "watch"),
            ),
            status,
        )


@blueprint.get("/opening/<code>/watch")
@requires(Role.SUPERVISOR, Role.OFFICER)
def watch(code: str) -> Response:
    """What a supervisor sees: hall, ledger entries, key holders, faults; may note, co-sign, compare, never stop."""
    return show_watch(code, [])


def moved(code: str, verb: Callable[..., Any], read: Callable[[Any], dict[str, Any]]) -> Response:
    """One move with a form: the desk again, with the form's errors where there are any."""
    try:
        move(code, verb, **read(given()))
    except Invalid as refusal:
        return show_desk(code, [placed(refusal)], 422)
    return answer("opening.desk", code)


def judged(code: str, verb: Callable[..., Any]) -> Response:
    """A host's decision on the bid that the form names, with a cause and its evidence."""

    def decide(act: Act, opening: Opening, submission: str, cause: str, evidence: str) -> None:
        verb(act, opening, queries.bid(act.session, opening, submission), cause, evidence)

    def read(fields: Any) -> dict[str, Any]:
        cause, evidence = forms.cause(fields)
        return {"submission": str(fields.get("submission", "")), "cause": cause, "evidence": evidence}

    return moved(code, decide, read)


def replied(code: str, field: str, held: Callable[[Act, Opening], Any], verb: Callable[..., Any]) -> Response:
    """A host's words in `field` on one thing of this opening, which `held` finds or says is Missing."""

    def reply(act: Act, opening: Opening, text: str) -> None:
        verb(act, opening, held(act, opening), text)

    return moved(code, reply, lambda fields: {"text": forms.words(fields, field)})


@blueprint.post("/opening/<code>/publish-names")
@requires(*HOSTS)
def publish_names(code: str) -> Response:
    """Publish the bidders' names."""
    move(code, services.publish_names)
    return answer("opening.desk", code)


@blueprint.post("/opening/<code>/open-decryption")
@requires(*HOSTS)
def open_decryption(code: str) -> Response:
    """Open the decrypt window."""
    move(code, services.open_decryption)
    return answer("opening.desk", code)


@blueprint.post("/opening/<code>/pause")
@requires(*HOSTS)
def pause(code: str) -> Response:
    """Pause the window, with a reason."""
    return moved(code, services.pause, lambda fields: {"reason": forms.words(fields, "reason")})


@blueprint.post("/opening/<code>/resume")
@requires(*HOSTS)
def resume(code: str) -> Response:
    """Let the window run again."""
    move(code, services.resume)
    return answer("opening.desk", code)


@blueprint.post("/opening/<code>/fall-back")
@requires(*HOSTS)
def fall_back(code: str) -> Response:
    """End the bidders' part of the window once its time is over."""
    open_what_is_ready(code)
    move(code, services.fall_back)
    return answer("opening.desk", code)


@blueprint.post("/opening/<code>/decide-cause")
@requires(*HOSTS)
def decide_cause(code: str) -> Response:
    """Decide why a bid was not decrypted, with evidence."""
    return judged(code, services.decide_cause)


@blueprint.post("/opening/<code>/close-decryption")
@requires(*HOSTS)
def close_decryption(code: str) -> Response:
    """End decryption, when no bid is left sealed."""
    open_what_is_ready(code)
    move(code, services.close_decryption)
    return answer("opening.desk", code)


@blueprint.post("/opening/<code>/draw-coefficients")
@requires(*HOSTS)
def draw_coefficients(code: str) -> Response:
    """Draw K."""
    move(code, services.draw_coefficients)
    return answer("opening.desk", code)


@blueprint.post("/opening/<code>/read-prices")
@requires(*HOSTS)
def read_prices(code: str) -> Response:
    """Read the prices out: from now on everybody sees them."""
    move(code, services.read_prices)
    return answer("opening.desk", code)


@blueprint.post("/opening/<code>/ask-confirmation")
@requires(*HOSTS)
def ask_confirmation(code: str) -> Response:
    """Ask the bidders to confirm."""
    move(code, services.ask_confirmation)
    return answer("opening.desk", code)


@blueprint.post("/opening/<code>/objections/<int:number>/reply")
@requires(*HOSTS)
def reply_objection(code: str, number: int) -> Response:
    """Answer an objection on the spot."""

    def held(act: Act, opening: Opening) -> OpeningObjection:
        found = next((item for item in queries.objections(act.session, opening) if item.id == number), None)
        if found is None:
            raise Missing("objection.unknown")
        return found

    return replied(code, "reply", held, services.reply_objection)


@blueprint.post("/opening/<code>/sign-record")
@requires(*HOSTS)
def sign_record(code: str) -> Response:
    """Sign the record; its pages are printed before the act, so that printing holds nothing up."""
    with reading() as session:
        opening = find(session, code, own=True)
        refusal = rules.first_unmet("sign_record", queries.standing(session, opening, instant_now()))
        if refusal is not None:
            raise refusal
        facts = queries.record_facts(session, opening.section)
    seal, at = door().platform.seal, instant_now()
    pdf = services.render_record(facts, at=at, extra=[seal.attachment(at)] if seal else [])
    if seal is not None:
        pdf = seal.sign(pdf, reason="开标记录", at=at)
    move(code, services.sign_record, pdf, facts)
    return answer("opening.desk", code)


@blueprint.post("/opening/<code>/hand-over")
@requires(*HOSTS)
def hand_over(code: str) -> Response:
    """Hand over to evaluation."""
    move(code, services.hand_over)
    return answer("opening.desk", code)


@blueprint.post("/opening/<code>/convene-second")
@requires(*HOSTS)
def convene_second(code: str) -> Response:
    """Open the hall again for the second envelopes of those who passed the first stage."""
    move(code, services.convene_second)
    return answer("opening.desk", code)
