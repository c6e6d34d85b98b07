"""A winner is lost: set aside with reason and evidence; then the next candidate, or the section is held again."""

from __future__ import annotations

from awards import queries
from awards.models import Publicity, SetAside
from awards.queries.contracts import contract
from awards.rules import SET_ASIDE
from awards.services.contracts import void_contract
from awards.services.selection import dissolve_selection
from bidding import queries as bidding_queries
from bidding import services as bidding
from bidding.services import lock_row
from core.act import Act
from core.board import publish_notice
from core.clock import iso
from core.errors import Conflict, Invalid, Missing
from core.ledger.log import append
from core.machine import advance
from core.outbox import post
from credit import services as credit
from opening.models import Bid

KIND = "set_aside"
MOST = 2000
REFUSALS = frozenset({"refused_to_sign", "gave_up"})
"""Reasons that are the winner's own refusal, after which the law of some procedures bars it from the re-run (R-561)."""
AT_FAULT = frozenset({"refused_to_sign", "no_performance_bond"})
"""Reasons by which the tenderee decides with evidence that the award was abandoned without due cause (条例 a74)."""
FACT = "award_abandoned"


def set_aside_winner(
    act: Act, publicity: Publicity, *, reason: str, evidence: str, by_winner: bool = False
) -> SetAside:
    """The winner no longer is one; the next candidate may be chosen or the section held again (R-503, R-561).

    Under regime T the candidates stand and `award` goes on with the next; under regime G the result is revoked and
    `announce_result` announces the next with a new time to challenge (政府采购法实施条例 a49). The bond's fate is
    decided by people, never by this (R-156). Invalid: set_aside.reason, form.required; Conflict("set_aside.no_winner").
    """
    signed = contract(act.session, publicity.section)
    if signed is not None and signed.state != "signing":
        raise Conflict("contract.concluded", section=publicity.section.code)
    winner = publicity.winner
    is_won = publicity.state == "awarded" or (publicity.follows_award and publicity.state != "revoked")
    if winner is None or not is_won or publicity.section.state != "awarded":
        raise Conflict("set_aside.no_winner", section=publicity.section.code)
    if reason not in SET_ASIDE:
        raise Invalid("set_aside.reason", field="reason", found=reason, options=list(SET_ASIDE))
    evidence = evidence.strip()
    if len(evidence) < 10 or len(evidence) > MOST:
        raise Invalid("form.length", field="evidence", least=10, most=MOST, found=len(evidence))
    lost = lose(act, publicity, winner, reason, evidence, by_winner)
    dissolve_selection(act, publicity, reason)
    void_contract(act, publicity.section, reason)
    bidding.set_aside_award(act, publicity.section, number=winner.number, reason=reason)
    if publicity.follows_award:
        advance(act, publicity, "revoke", number=winner.number, reason=reason)
    else:
        advance(act, publicity, "lapse", number=winner.number, reason=reason)
        publicity.winner_id = publicity.winner = None
    return lost


def lose(act: Act, publicity: Publicity, winner: Bid, reason: str, evidence: str, by_winner: bool) -> SetAside:
    """Keep that the winner is set aside: the row, the ledger, the public notice, a letter to both sides."""
    section = publicity.section
    lost = SetAside(
        publicity_id=publicity.id,
        number=1 + len(queries.set_aside(act.session, publicity)),
        round=publicity.round,
        bid_id=winner.id,
        bid=winner,
        reason=reason,
        evidence=evidence,
        by_winner=by_winner,
        at=act.now,
    )
    act.session.add(lost)
    act.session.flush()
    if reason in REFUSALS:
        bidding.bar_from_rerun(act, section, identifier=winner.identifier, name=winner.name, reason=reason)
    facts = {"number": winner.number, "reason": reason, "round": publicity.round, "by_winner": by_winner}
    facts |= {"evidence": evidence, "set_aside": lost.number, "fact": FACT if reason in AT_FAULT else None}
    append(act, "award.set_aside", publicity.subject, facts)
    if reason in AT_FAULT:
        _record_abandonment(act, publicity, lost, evidence)
    left = [one for one in publicity.candidates if one not in queries.set_aside_numbers(act.session, section)]
    notice = publish_notice(
        act,
        kind=KIND,
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）中标结果撤销公告",
        content={
            "section": section.code,
            "project": section.project.name,
            "tenderee": section.project.tenderee.name,
            "set_aside": {
                "number": winner.number,
                "name": winner.name,
                "consortium": winner.members,
                "reason": reason,
            },
            "at": iso(act.now),
            "candidates_left": len(left),
        },
    )
    for recipient in {winner.organisation_id, section.project.tenderee_id} - {None}:
        post(
            act,
            key=f"award.set_aside:{section.code}:{lost.number}:{recipient}",
            recipient=f"organisation:{recipient}",
            template="awards.set_aside",
            section=section.code,
            number=winner.number,
            notice=notice.number,
        )
    return lost


def judge_abandonment(act: Act, publicity: Publicity, number: int, *, at_fault: bool, reason: str) -> SetAside:
    """Decide whether a winner who gave up did so without due cause: only then it is a fact of its credit (条例 a74).

    A refusal or a missing performance bond is decided where the winner is set aside. Missing("set_aside.unknown"),
    Conflict("set_aside.judged") for one that is decided or not a giving up, Invalid form.length of the reason.
    """
    lost = next((one for one in queries.set_aside(act.session, publicity) if one.number == number), None)
    if lost is None:
        raise Missing("set_aside.unknown")
    lock_row(act, lost)  # or two who decide at once would both be told
    if lost.reason != "gave_up" or lost.fault is not None:
        raise Conflict("set_aside.judged", number=lost.bid.number)
    reason = reason.strip()
    if len(reason) < 10 or len(reason) > MOST:
        raise Invalid("form.length", field="fault_reason", least=10, most=MOST, found=len(reason))
    lost.fault = {"at_fault": at_fault, "reason": reason, "by": act.actor.name, "at": iso(act.now)}
    act.session.flush()
    facts = {"set_aside": lost.number, "number": lost.bid.number, "at_fault": at_fault, "reason": reason}
    facts["fact"] = FACT if at_fault else None
    append(act, "award.judge_abandonment", publicity.subject, facts | {"actor": act.actor.name})
    if at_fault:
        _record_abandonment(act, publicity, lost, reason)
    return lost


def _record_abandonment(act: Act, publicity: Publicity, lost: SetAside, reason: str) -> None:
    """The fact of everybody who bid together (招标投标法 a31); its source is this setting aside, none later."""
    winner, section = lost.bid, publicity.section
    credit.record_joint_fact(
        act,
        kind=FACT,
        identifier=winner.identifier,
        name=winner.name,
        members=[(one["uscc"], one["name"]) for one in winner.members],
        section_code=section.code,
        source=f"{publicity.subject}:set_aside:{lost.number}",
        decision=f"中标结果撤销（第 {lost.number} 次，{winner.number} 号投标）",
        facts={"reason": reason[:500], "cause": lost.reason, "number": winner.number},
        law=bidding_queries.law_of(section),
    )


def hold_again(act: Act, publicity: Publicity, explanation: str) -> None:
    """End the section without a winner so that its project is tendered again, with a link to this one (R-561).

    Only after a winner was set aside: Conflict("retender.no_ground"). Where an objection or the regulator asks for it,
    `carry_out` comes here by itself.
    """
    if publicity.section.state not in ("candidates_published", "evaluated") or not queries.set_aside(
        act.session, publicity
    ):
        raise Conflict("retender.no_ground", section=publicity.section.code)
    explanation = explanation.strip()
    if len(explanation) < 10 or len(explanation) > MOST:
        raise Invalid("form.length", field="explanation", least=10, most=MOST, found=len(explanation))
    end_section(act, publicity, "R-561", explanation)


def end_section(act: Act, publicity: Publicity, rule: str, explanation: str) -> None:
    """The publicity is revoked and the section fails for `rule`; who had won is told."""
    if publicity.state != "revoked":
        advance(act, publicity, "revoke", reason=explanation)
    append(act, "award.retender", publicity.subject, {"rule": rule, "explanation": explanation})
    bidding.fail_section(act, publicity.section, rule)
