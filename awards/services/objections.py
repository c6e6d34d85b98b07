"""Objections to the evaluation result: filed in time they stop everything until they are answered (R-552)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awards import queries
from awards.models import Objection, Publicity
from awards.queries.complaints import orders
from awards.rules import (
    NEXT,
    RE_EVALUATE,
    RETENDER,
    answer_due,
    check_objection_time,
    checked_remedy,
    heaviest,
    resumed_end,
)
from awards.services.contracts import void_contract
from awards.services.selection import dissolve_selection
from awards.services.set_aside import end_section, lose
from bidding import queries as bidding
from bidding import services as bidding_services
from bidding.models import Section
from core.act import Act
from core.board import publish_notice
from core.calendar import national
from core.clock import iso
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.machine import advance
from core.outbox import post
from experts import queries as experts_queries
from experts import services as experts

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
        round=publicity.round,
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


def answer_objection(act: Act, objection: Objection, text: str, *, remedy: Mapping[str, Any] | None = None) -> None:
    """Answer an objection; with the last answer the publicity goes on, longer by the days it stood still (R-562).

    With a `remedy` (see `rules.checked_remedy`) the objection is upheld, and with the last answer the heaviest remedy
    of all upheld ones is carried out in the same act. Without one it is dismissed. Under regime G the result has been
    announced: the contract may go on, and nobody's time to challenge grows.

    Conflict("objection.state") when it has been answered.
    """
    publicity = objection.publicity
    if objection.state != "open":
        raise Conflict(
            "objection.state", verb="answer", state=objection.state, allowed=["open"], subject=objection.subject
        )
    objection.answer = _checked(text, "answer")
    objection.answered_at = act.now
    objection.outcome = "dismissed" if remedy is None else "upheld"
    objection.remedy = None if remedy is None else checked_remedy(publicity.section.project.regime, remedy)
    late = act.now >= objection.answer_due_at
    advance(
        act, objection, "answer", answer=objection.answer, late=late, outcome=objection.outcome, remedy=objection.remedy
    )
    post(
        act,
        key=f"objection.answered:{objection.subject}",
        recipient=f"organisation:{objection.organisation_id}",
        template="awards.objection_answered",
        section=publicity.section.code,
        number=objection.number,
    )
    if queries.open_objections(act.session, publicity):
        return
    upheld = queries.upheld(act.session, publicity)
    if upheld:
        wanted = heaviest(one.remedy or {} for one in upheld) or {}
        numbers = [one.number for one in upheld]
        carry_out(act, publicity, wanted, rule="R-552", reason=f"异议第 {'、'.join(map(str, numbers))} 号成立",
                  grounds={"objections": numbers})  # fmt: skip
    elif publicity.state == "suspended" and not orders(act.session, publicity.section, act.now):
        resume(act, publicity)


def resume(act: Act, publicity: Publicity) -> None:
    """The suspended publicity goes on, under regime T longer by the days it stood still (R-562)."""
    if publicity.follows_award:
        advance(act, publicity, "resume", ends_at=iso(publicity.ends_at), assumed_years=[])
        return
    period = resumed_end(national(), publicity.ends_at, publicity.state_at, act.now)
    publicity.ends_at = period.ends_at
    advance(act, publicity, "resume", ends_at=iso(period.ends_at), assumed_years=list(period.assumed))


def carry_out(
    act: Act, publicity: Publicity, remedy: Mapping[str, Any], *, rule: str, reason: str, grounds: dict[str, Any]
) -> None:
    """Do what an upheld objection or the regulator's decision asks for: judge again, the next candidate, hold again.

    Afterwards the publicity is revoked, and the section is being evaluated, back before its award, or has failed.
    """
    section, winner = publicity.section, publicity.winner
    dissolve_selection(act, publicity, reason)
    void_contract(act, section, reason)
    if remedy["kind"] == NEXT and not publicity.follows_award and winner is not None:
        lose(act, publicity, winner, "challenge_upheld", reason, by_winner=False)
        bidding_services.set_aside_award(act, section, number=winner.number, reason="challenge_upheld")
        advance(act, publicity, "lapse", number=winner.number, reason=reason, grounds=grounds)
        publicity.winner_id = publicity.winner = None
        _tell_remedy(act, section, remedy, reason)
        return
    advance(act, publicity, "revoke", remedy=dict(remedy), reason=reason, grounds=grounds)
    if remedy["kind"] == RE_EVALUATE:
        stage = str(remedy["stage"])
        experts.send_back(act, experts_queries.committee(act.session, section), stage=stage, reason=reason,
                          grounds={**grounds, "ground": remedy.get("ground")})  # fmt: skip
    elif remedy["kind"] == RETENDER:
        end_section(act, publicity, rule, reason)
    elif winner is not None:
        lose(act, publicity, winner, "challenge_upheld", reason, by_winner=False)
        bidding_services.set_aside_award(act, section, number=winner.number, reason="challenge_upheld")
    _tell_remedy(act, section, remedy, reason)


def _tell_remedy(act: Act, section: Section, remedy: Mapping[str, Any], reason: str) -> None:
    publish_notice(
        act,
        kind="remedy",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）评标结果更正公告",
        content={
            "section": section.code,
            "project": section.project.name,
            "tenderee": section.project.tenderee.name,
            "remedy": remedy["kind"],
            "reason": reason,
            "at": iso(act.now),
        },
    )


def _checked(text: str, field: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid("form.required", field=field)
    if len(text) > MOST_TEXT:
        raise Invalid("form.length", field=field, most=MOST_TEXT, least=1, found=len(text))
    return text
