"""What stops the day: incidents, suspension and resumption at a published instant (复会), cancellation (R-114)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from bidding import services as bidding_services
from core.act import Act
from core.board import publish_notice
from core.clock import iso
from core.errors import Conflict, Invalid, Untimely
from core.ledger.log import append
from core.machine import advance
from opening import queries
from opening.lifecycle import COURSE
from opening.models import Incident, Opening, Peel
from opening.rules import IDENTITY, NAMES_SHOWN, paused_at, resumed, with_pause
from opening.services.preconditions import check_conditions
from opening.services.telling import tell_bidders

_OVER = frozenset({"handed_over", "failed", "cancelled"})
_ORDERED = "开标暂停，各项期限停止计算"
_MEASURES = "等待行政监督部门恢复；恢复后公告复会时间"


def raise_incident(act: Act, opening: Opening, *, cause: str, impact: str, measures: str) -> Incident:
    """Put on record what went wrong, what it affects and what is being done; the record waits for its outcome.

    Taken in every state in which the hall is not over. Raises Invalid("form.required") naming the empty field.
    """
    for field, text in (("cause", cause), ("impact", impact), ("measures", measures)):
        if not text.strip():
            raise Invalid("form.required", field=field)
    if opening.state in _OVER:
        raise Conflict("incident.over", state=opening.state)
    incident = Incident(
        opening_id=opening.id,
        number=len(queries.incidents(act.session, opening)) + 1,
        cause=cause.strip(),
        impact=impact.strip(),
        measures=measures.strip(),
        raised_at=act.now,
        raised_by=act.actor.name,
    )
    act.session.add(incident)
    act.session.flush()
    append(
        act,
        "opening.incident",
        opening.subject,
        {
            "incident": incident.number,
            "reason": incident.cause,
            "impact": incident.impact,
            "measures": incident.measures,
            "actor": act.actor.name,
        },
    )
    return incident


def close_incident(act: Act, opening: Opening, incident: Incident, outcome: str) -> None:
    """Say how an incident ended; Conflict("incident.closed") the second time."""
    if not outcome.strip():
        raise Invalid("form.required", field="outcome")
    if incident.opening_id != opening.id or incident.closed_at is not None:
        raise Conflict("incident.closed", number=incident.number)
    incident.outcome, incident.closed_at, incident.closed_by = outcome.strip(), act.now, act.actor.name
    append(
        act,
        "opening.close_incident",
        opening.subject,
        {"incident": incident.number, "outcome": incident.outcome, "actor": act.actor.name},
    )
    act.session.flush()


def suspend(act: Act, opening: Opening, *, cause: str, impact: str, measures: str) -> Incident:
    """Suspend the opening for an incident: every clock stands, nothing moves, and a notice says so to all.

    What was public stays public, what was not stays hidden. An open decrypt window keeps exactly the time it had left.
    """
    check_conditions(act, opening, "suspend")
    return _suspend(act, opening, cause=cause, impact=impact, measures=measures)


def obey_order(act: Act, opening: Opening, reason: str) -> None:
    """The regulator orders the section to stand still: a running opening is suspended for it (R-562).

    One that is suspended, or whose record is signed, stands still by its preconditions until the order ends.
    """
    if opening.state in COURSE:
        _suspend(act, opening, cause=reason, impact=_ORDERED, measures=_MEASURES)


def end_order(act: Act, opening: Opening, reason: str, outcome: str) -> None:
    """The order ended: its incident is closed; the host publishes when the opening is resumed (复会)."""
    for incident in queries.incidents(act.session, opening):
        if incident.cause == reason and incident.closed_at is None:
            close_incident(act, opening, incident, outcome)


def _suspend(act: Act, opening: Opening, *, cause: str, impact: str, measures: str) -> Incident:
    stood, over = opening.state, opening.decrypt_until_at
    incident = raise_incident(act, opening, cause=cause, impact=impact, measures=measures)
    if stood == "decrypt_open" and over is not None and act.now < over:
        opening.pauses = with_pause(opening.pauses, act.now, incident.cause, act.actor.name)
    opening.stood_in = stood
    opening.suspensions = [
        *opening.suspensions,
        {
            "from": iso(act.now),
            "stood_in": stood,
            "incident": incident.number,
            "reason": incident.cause,
            "by": act.actor.name,
            "reconvene_at": None,
            "until": None,
        },
    ]
    advance(act, opening, "suspend", stood_in=stood, incident=incident.number, reason=incident.cause)
    section = opening.section
    publish_notice(
        act,
        kind="opening_suspension",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）开标中止公告",
        content={
            "section": section.code,
            "reason": incident.cause,
            "impact": incident.impact,
            "measures": incident.measures,
            "suspended_at": iso(act.now),
        },
    )
    tell_bidders(act, opening, "opening.suspended", reason=incident.cause)
    return incident


def announce_reconvening(act: Act, opening: Opening, at: datetime, reason: str) -> None:
    """Publish the instant at which the opening is resumed (复会); a later announcement replaces an earlier one.

    Raises Untimely("opening.reconvene_past") for an instant that is not ahead.
    """
    check_conditions(act, opening, "announce_reconvening")
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    if at <= act.now:
        raise Untimely("opening.reconvene_past", reconvene_at=at, at=act.now)
    last = {**opening.suspensions[-1], "reconvene_at": iso(at), "reconvene_reason": reason.strip()}
    opening.suspensions = [*opening.suspensions[:-1], last]
    section = opening.section
    notice = publish_notice(
        act,
        kind="opening_reconvening",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）复会公告",
        content={"section": section.code, "reconvene_at": iso(at), "reason": reason.strip()},
    )
    append(
        act,
        "opening.announce_reconvening",
        opening.subject,
        {"reconvene_at": iso(at), "reason": reason.strip(), "notice": notice.number, "actor": act.actor.name},
    )
    act.session.flush()
    tell_bidders(act, opening, "opening.reconvening", at=iso(at), reason=reason.strip())


def reconvene(act: Act, opening: Opening) -> None:
    """Resume the opening where it stood, not before the published instant; the window gets its time back.

    Raises Conflict("opening.unannounced") while no instant is published, Untimely("opening.reconvene_early").
    """
    check_conditions(act, opening, "reconvene")
    stood = opening.stood_in
    facts = {}
    if stood == "decrypt_open" and paused_at(opening.pauses) is not None and opening.decrypt_until_at is not None:
        opening.pauses, opening.decrypt_until_at, length = resumed(opening.pauses, opening.decrypt_until_at, act.now)
        facts = {"until": iso(opening.decrypt_until_at), "paused_seconds": int(length.total_seconds())}
    opening.suspensions = [*opening.suspensions[:-1], {**opening.suspensions[-1], "until": iso(act.now)}]
    advance(act, opening, "reconvene", **facts)
    opening.stood_in = None
    act.session.flush()


def cancel(act: Act, opening: Opening, *, reason: str, basis: str) -> None:
    """Cancel the tender (终止招标, R-114): a notice says so at once, bids still sealed stay sealed for ever.

    `basis`: the article or decision it rests on. Bonds and document fees are refunded with interest by the tenderee.
    Before the names were published nobody's name is kept.
    """
    check_conditions(act, opening, "cancel")
    for field, text in (("reason", reason), ("basis", basis)):
        if not text.strip():
            raise Invalid("form.required", field=field)
    stood = opening.standing
    opening.stood_in = stood
    opening.failure = {"rule": "R-114", "reason": reason.strip(), "basis": basis.strip(), "by": act.actor.name}
    advance(act, opening, "cancel", stood_in=stood, **opening.failure)
    if stood not in NAMES_SHOWN:
        forget_names(act, opening)
    section = opening.section
    bidding_services.fail_section(act, section, "R-114")
    publish_notice(
        act,
        kind="opening_cancellation",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）终止招标公告",
        content={"section": section.code, "reason": reason.strip(), "basis": basis.strip()},
    )
    tell_bidders(act, opening, "opening.cancelled", reason=reason.strip())


def forget_names(act: Act, opening: Opening) -> None:
    """Wipe what was read of the identities: a new tender follows, and names known now would spoil it (R-208)."""
    submissions = [item.id for item in queries.closed_submissions(act.session, opening)]
    for layer in act.session.scalars(select(Peel).where(Peel.package == IDENTITY, Peel.submission_id.in_(submissions))):
        layer.content = ""
