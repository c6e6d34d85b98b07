"""From the first sitting to the second (双信封): who passed, who stands again, whose envelope is returned unopened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.act import Act
from core.board import publish_notice
from core.clock import iso
from core.errors import Conflict
from core.ledger.log import append, signed_head
from core.machine import advance
from opening import queries
from opening.lifecycle import OPENED
from opening.models import Bid, Opening
from opening.rules import check_state
from opening.services.preconditions import check_conditions

_KEPT = ("record", "record_sha256", "record_signatures", "pauses", "extensions", "suspensions", "coefficients")
_OF_BID = ("state", "cause", "cause_evidence", "remedy", "judgement", "confirmation")


def admit(act: Act, opening: Opening, passed: Sequence[int], failed: Sequence[dict[str, Any]]) -> None:
    """Record who passed the first stage, by number, and who did not, {number, reasons}; once, and published.

    Called by the committee's floor when its technical scores are final. Only the bids of `passed` may be asked for
    anything in the second sitting. Conflict("opening.one_sitting") where there is none, Conflict("opening.admitted")
    a second time, Conflict("opening.state") before the first record is signed and handed over.
    """
    if opening.sitting == opening.sittings:
        raise Conflict("opening.one_sitting", subject=opening.subject)
    if opening.admitted is not None:
        raise Conflict("opening.admitted", section=opening.section.code)
    check_state(opening, "admit", {"handed_over"})
    section = opening.section
    at = section.second_opening_at
    opening.admitted = {"passed": sorted(passed), "failed": sorted(failed, key=lambda one: one["number"])}
    append(act, "opening.admit", opening.subject, {**opening.admitted, "actor": act.actor.name})
    names = {bid.number: bid.name for bid in queries.bids(act.session, opening)}
    publish_notice(
        act,
        kind="first_stage",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）第一信封评审结果",
        content={
            "section": section.code,
            "passed": [{"number": number, "name": names[number]} for number in sorted(passed)],
            "failed": [{**one, "name": names[one["number"]]} for one in opening.admitted["failed"]],
            "second_opening_at": iso(at) if at else None,
        },
    )


def convene_second(act: Act, opening: Opening) -> list[Bid]:
    """Open the hall again for the second sitting; the bids that stand in it, by number.

    A person decides, once the first stage has been concluded and the announced instant has come. The admitted bids are
    sealed again as far as their second envelopes go; what the first sitting left is kept. The other opened bids are
    returned: their second envelopes stay sealed, and no key holder is ever asked for a layer of them. A signed head
    over the entry "opening.convene_second" is kept: key holders check it before they take off anything. Raises
    Conflict("opening.one_sitting"), Conflict("opening.not_admitted"), Untimely("opening.second_early").
    """
    check_conditions(act, opening, "convene_second")
    passed = set((opening.admitted or {})["passed"])
    held = [bid for bid in queries.bids(act.session, opening) if bid.state in OPENED]
    stands = [bid for bid in held if bid.number in passed]
    returned = [bid for bid in held if bid.number not in passed]
    opening.first_sitting = {
        **{name: getattr(opening, name) for name in _KEPT},
        "decrypt_until_at": iso(opening.decrypt_until_at) if opening.decrypt_until_at else None,
    }
    opening.sitting = 2
    facts = [
        {"number": bid.number, "submission_digest": bid.submission.digest, "envelopes": opening.due(bid.submission)}
        for bid in stands
    ]
    told = {"section": opening.section.code, "sitting": 2, "admitted": facts}
    advance(act, opening, "convene_second", **told, returned=[bid.number for bid in returned])
    # Only now: a signed state must have its record (a check of the table).
    opening.record = opening.record_sha256 = opening.coefficients = opening.decrypt_until_at = None
    opening.record_signatures, opening.pauses, opening.extensions, opening.suspensions = [], [], [], []
    head = signed_head(act)
    opening.first_sitting = {**opening.first_sitting, "size": head.size, "checkpoint": head.note}
    for bid in stands:
        bid.first_sitting = {
            **{name: getattr(bid, name) for name in _OF_BID},
            **{f"{name}_at": _instant(bid, f"{name}_at") for name in ("signed_in", "opened", "confirmed")},
        }
        bid.signed_in_at = bid.confirmed_at = bid.cause = bid.cause_evidence = bid.remedy = None
        bid.judgement = bid.confirmation = None
        advance(act, bid, "admit_second", number=bid.number)
    for bid in returned:
        advance(act, bid, "return_second", number=bid.number, envelopes=opening.due(bid.submission))
    return stands


def _instant(bid: Bid, name: str) -> str | None:
    value = getattr(bid, name)
    return iso(value) if value else None
