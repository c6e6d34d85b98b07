"""Objections to the evaluation result: filed in time they stop everything until they are answered (R-552)."""

from __future__ import annotations

from awards import queries
from awards.models import Objection, Publicity
from awards.rules import answer_due, check_objection_time, resumed_end
from bidding import queries as bidding
from core.act import Act
from core.calendar import national
from core.clock import iso
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.machine import advance
from core.outbox import post

MOST_TEXT = 5000


def file_objection(act: Act, publicity: Publicity, text: str) -> Objection:
    """File an objection of a bidder of this section; the publicity is suspended until it is answered.

    Missing for who did not bid in this section; Untimely("objection.late") from the end of the publicity on;
    Invalid("form.required" or "form.length") for the text.
    """
    bid = queries.own_bid(act.session, publicity.section, act.actor)
    # A challenge under regime G stops the contract, not the others' time to challenge (R-554).
    state = "running" if publicity.follows_award and publicity.state == "suspended" else publicity.state
    check_objection_time(state, act.now, publicity.ends_at)
    text = _checked(text, "text")
    law = bidding.law_of(publicity.section)
    rule = law.rule("objection_answer")
    due = answer_due(national(), act.now, law.days("objection_answer"), rule.unit)
    objection = Objection(
        publicity_id=publicity.id,
        publicity=publicity,
        number=1 + len(queries.objections(act.session, publicity)),
        organisation_id=bid.organisation_id,
        text=text,
        filed_at=act.now,
        answer_due_at=due.ends_at,
        state="open",
        state_at=act.now,
    )
    act.session.add(objection)
    act.session.flush()
    append(
        act, "objection.file", objection.subject,
        {"text": text, "bid": bid.number, "due_at": iso(due.ends_at), "law": law.cite("objection_answer")},
    )  # fmt: skip
    if publicity.state == "running":
        advance(act, publicity, "suspend", objection=objection.number)
    post(
        act,
        key=f"objection.filed:{objection.subject}",
        recipient=f"organisation:{publicity.section.project.tenderee_id}",
        template="awards.objection_filed",
        section=publicity.section.code,
        number=objection.number,
        due_at=iso(due.ends_at),
    )
    return objection


def answer_objection(act: Act, objection: Objection, text: str) -> None:
    """Answer an objection; with the last answer the publicity goes on, longer by the days it stood still (R-562).

    Under regime G the result has been announced: the contract may go on, and nobody's time to challenge grows.

    Conflict("objection.state") when it has been answered.
    """
    publicity = objection.publicity
    if objection.state != "open":
        raise Conflict(
            "objection.state", verb="answer", state=objection.state, allowed=["open"], subject=objection.subject
        )
    objection.answer = _checked(text, "answer")
    objection.answered_at = act.now
    late = act.now >= objection.answer_due_at
    advance(act, objection, "answer", answer=objection.answer, late=late)
    post(
        act,
        key=f"objection.answered:{objection.subject}",
        recipient=f"organisation:{objection.organisation_id}",
        template="awards.objection_answered",
        section=publicity.section.code,
        number=objection.number,
    )
    if publicity.state == "suspended" and not queries.open_objections(act.session, publicity):
        if publicity.follows_award:
            advance(act, publicity, "resume", ends_at=iso(publicity.ends_at), assumed_years=[])
            return
        period = resumed_end(national(), publicity.ends_at, publicity.state_at, act.now)
        publicity.ends_at = period.ends_at
        advance(act, publicity, "resume", ends_at=iso(period.ends_at), assumed_years=list(period.assumed))


def _checked(text: str, field: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid("form.required", field=field)
    if len(text) > MOST_TEXT:
        raise Invalid("form.length", field=field, most=MOST_TEXT, least=1, found=len(text))
    return text
