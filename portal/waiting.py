"""What a section is waiting for (项目在等什么): one line on every page of a tender, derived from data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session, object_session

from accounts.access import instant_now
from awards import queries as awards
from awards.queries import complaints, contracts, selection
from awards.rules import answer_due
from bidding import queries as bidding
from bidding.models import Section
from core.calendar import day_of, end_of_day, national
from core.clock import from_iso
from core.errors import Missing, Refusal
from experts import queries as experts
from opening import queries as opening
from portal import words

Found = tuple[str, dict[str, Any]] | None


def waiting_line(section: Any) -> str:
    """The line in the reader's language; empty for what is no section, or waits for nothing any more."""
    session = object_session(section) if isinstance(section, Section) else None
    if session is None:
        return ""
    found = waiting(session, section)
    return "" if found is None else words.sentence(Refusal(f"waiting.{found[0]}", **found[1]))


def waiting(session: Session, section: Section) -> Found:
    """What the section waits for, as a code and its facts; public to everybody, so it names no bidder."""
    ordered = complaints.orders(session, section, instant_now())
    if ordered:
        due = max((one.decide_due_at for one in ordered if one.decide_due_at), default=None)
        return "ordered", {"numbers": [one.number for one in ordered], "due": due}
    return STEPS[section.state](session, section)


def _nothing(session: Session, section: Section) -> Found:
    return None


def _submissions(session: Session, section: Section) -> Found:
    return "submissions", {"until": section.closing_at}


def _documents(session: Session, section: Section) -> Found:
    held = bidding.standing_objections(session, section)
    numbers = [one.number for one in held]
    return "document_objection", {"numbers": numbers, "due": max((one.answer_due_at for one in held), default=None)}


def _hall(session: Session, section: Section) -> Found:
    try:
        held = opening.opening(session, section)
    except Missing:
        return "opening", {"state": words.state_word("opening.closed")}
    return "opening", {"state": words.state_word(f"opening.{held.state}")}


def _final_offers(session: Session, section: Section) -> Found:
    return "final_offers", {}


def _committee(session: Session, section: Section) -> Found:
    try:
        held = experts.committee(session, section)
    except Missing:
        return "committee", {}
    if experts.in_two_stages(section) and held.state == "first_concluded":
        return _second_sitting(session, section)
    return "evaluation", {"state": words.state_word(f"committee.{held.state}")}


def _second_sitting(session: Session, section: Section) -> Found:
    """The technical scores stand (双信封): first the hall opens the prices, then the committee looks at them."""
    held = opening.opening(session, section)
    if held.state != "handed_over":
        return "opening", {"state": words.state_word(f"opening.{held.state}")}
    if held.awaited is not None:
        at = held.awaited["at"]
        return ("supplement", {"due": from_iso(at)}) if at else ("supplement_time", {})
    if held.sitting >= held.sittings:
        return "prices", {}
    at = section.second_opening_at
    return ("second_opening", {"due": at}) if at else ("second_opening_any", {})


def _report(session: Session, section: Section) -> Found:
    law, committee = bidding.law_of(section), experts.committee(session, section)
    key = "candidate_publish_within" if "candidate_publish_within" in law.rules else "award_decision_within"
    if key not in law.rules:
        return None
    rule = law.rule(key)
    due = answer_due(national(), committee.state_at, law.days(key), rule.unit).ends_at
    lost = awards.set_aside_numbers(session, section)
    if lost:
        return "next_candidate", {"numbers": list(lost)}
    return "candidates" if key == "candidate_publish_within" else "decision", {"due": due}


def _publicity(session: Session, section: Section) -> Found:
    held = awards.publicity(session, section)
    waiting = [one for one in awards.objections(session, held) if one.state == "open"]
    if waiting:
        due = max(one.answer_due_at for one in waiting)
        return "objection", {"numbers": [one.number for one in waiting], "due": due}
    if held.state == "running":
        return "publicity", {"until": held.ends_at}
    sitting = selection.selection(session, held) if selection.plan_of(section) else None
    if selection.plan_of(section) and (sitting is None or sitting.state != "concluded"):
        return "selection", {}
    lost = awards.set_aside_numbers(session, section)
    return ("next_candidate", {"numbers": list(lost)}) if lost else ("award", {})


def _contract(session: Session, section: Section) -> Found:
    held, law = awards.publicity(session, section), bidding.law_of(section)
    waiting = [one for one in awards.objections(session, held) if one.state == "open"]
    if waiting:
        due = max(one.answer_due_at for one in waiting)
        return "challenge", {"numbers": [one.number for one in waiting], "due": due}
    signed = contracts.contract(session, section)
    if "contract_within" not in law.rules or (signed is not None and signed.state != "signing"):
        return None
    began = held.began_at if held.follows_award else held.state_at
    due = end_of_day(national().end_of_days(day_of(began), law.days("contract_within")).on)
    return "contract", {"due": due}


STEPS: dict[str, Callable[[Session, Section], Found]] = {
    "draft": _nothing,
    "submission_open": _submissions,
    "suspended": _documents,
    "closed": _hall,
    "opened": _committee,
    "final_called": _final_offers,
    "evaluating": _committee,
    "evaluated": _report,
    "candidates_published": _publicity,
    "awarded": _contract,
    "archived": _nothing,
    "failed": _nothing,
}
