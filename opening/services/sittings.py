"""From one sitting to the next (双信封): who passed, whose envelope is returned unopened, who was restored later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bidding import queries as bidding
from bidding.services import lock_row
from core.act import Act
from core.board import publish_notice
from core.clock import iso
from core.errors import Conflict, Invalid, Untimely
from core.ledger.log import append, signed_head
from core.machine import advance
from opening import queries
from opening.lifecycle import OPENED
from opening.models import Bid, Opening
from opening.rules import check_state
from opening.services.preconditions import check_conditions
from opening.services.telling import tell_bidders

_KEPT = ("record", "record_sha256", "record_signatures", "pauses", "extensions", "suspensions", "coefficients")
WRONG_FAILURE = "wrong_failure_after_prices"
"""The law's rule on a bid found to have failed the first stage wrongly once prices are known."""
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


def withdraw_admission(act: Act, opening: Opening) -> None:
    """What was published of the first stage no longer stands: the committee judges it again before any price is known.

    Called by the committee's floor, once its going back is approved. Afterwards nobody is admitted, and the hall cannot
    be convened for the second sitting until `admit` says anew who passed. Conflict("opening.not_admitted") where
    nothing was published or the hall was convened again.
    """
    lock_row(act, opening)  # or the hall, convened meanwhile, would open prices of bids nobody admits any more
    if opening.admitted is None or opening.sitting > 1:
        raise Conflict("opening.not_admitted", subject=opening.subject)
    check_state(opening, "admit", {"handed_over"})
    section = opening.section
    before = {name: value for name, value in opening.admitted.items() if name != "held"}
    opening.admitted = None
    append(act, "opening.withdraw_admission", opening.subject, {**before, "actor": act.actor.name})
    publish_notice(
        act,
        kind="first_stage_withdrawn",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）撤回第一信封评审结果",
        content={"section": section.code},
    )
    tell_bidders(act, opening, "opening.first_stage_withdrawn")


def hold_second(act: Act, opening: Opening, asked: str) -> None:
    """The second sitting waits: the committee asks to judge the first stage again, and nobody has answered yet (R-502).

    Called by the committee's floor; `asked` is the request's subject in the ledger. A hall convened meanwhile would
    have opened prices while it was known that the list of who passed may be wrong.
    """
    lock_row(act, opening)
    if opening.admitted is None or opening.sitting > 1:
        raise Conflict("opening.not_admitted", subject=opening.subject)
    opening.admitted = {**opening.admitted, "held": asked}
    append(act, "opening.hold_second", opening.subject, {"asked": asked})


def release_second(act: Act, opening: Opening, asked: str) -> None:
    """The request was dismissed: the second sitting may be convened when its instant has come."""
    lock_row(act, opening)
    if (opening.admitted or {}).get("held") == asked:
        opening.admitted = {name: value for name, value in (opening.admitted or {}).items() if name != "held"}
        append(act, "opening.release_second", opening.subject, {"asked": asked})


def restore(act: Act, opening: Opening, numbers: Sequence[int], failed: Sequence[dict[str, Any]]) -> None:
    """Put on record that those bids had failed wrongly, although prices have been read: their turn comes (R-502).

    Called by the committee's floor when, judging again, it has passed them and scored them; `failed` are the reasons
    of the first time, {number, reasons}. Their second envelopes are as sealed as on the first day, so the error can be
    mended (实施条例 a82): they are opened in a sitting of their own, which a person announces and convenes. Only where
    the project's law provides for it: Conflict("opening.not_restored").
    """
    section, law = opening.section, bidding.law_of(opening.section)
    check_state(opening, "restore", {"handed_over"})
    held = {bid.number: bid for bid in queries.bids(act.session, opening)}
    if law.words(WRONG_FAILURE) != ("open",) or opening.awaited or opening.sitting < 2:
        raise Conflict("opening.not_restored", section=section.code)
    for number in numbers:
        check_state(held[number], "restore", {"returned"})
    told = {"sitting": opening.sitting + 1, "numbers": sorted(numbers)}
    opening.admitted = {**(opening.admitted or {}), "restored": [*opening.restored, {**told, "at": None}]}
    cited = law.cite(WRONG_FAILURE)
    append(act, "opening.restore", opening.subject, {**told, "law": cited, "actor": act.actor.name})
    publish_notice(
        act,
        kind="first_stage_corrected",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）第一信封评审结果更正",
        content={
            "section": section.code,
            "restored": [{**one, "name": held[one["number"]].name} for one in failed if one["number"] in set(numbers)],
            "law": cited,
        },
    )
    tell_bidders(act, opening, "opening.restored", numbers="、".join(map(str, sorted(numbers))))


def announce_supplement(act: Act, opening: Opening, at: datetime, reason: str) -> None:
    """Publish when the restored bids are opened (补充开标), to every bidder; a later announcement replaces an earlier.

    Conflict("opening.none_restored") where nobody waits for it; Untimely("opening.supplement_past").
    """
    check_conditions(act, opening, "announce_supplement")
    waits = opening.awaited
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    if at <= act.now:
        raise Untimely("opening.supplement_past", supplement_at=at, at=act.now)
    told = {**(waits or {}), "at": iso(at), "reason": reason.strip()}
    opening.admitted = {**(opening.admitted or {}), "restored": [*opening.restored[:-1], told]}
    section = opening.section
    notice = publish_notice(
        act,
        kind="opening_supplement",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）补充开标公告",
        content={"section": section.code, "numbers": told["numbers"], "at": iso(at), "reason": reason.strip()},
    )
    facts = {"sitting": told["sitting"], "numbers": told["numbers"], "supplement_at": iso(at), "reason": reason.strip()}
    append(
        act,
        "opening.announce_supplement",
        opening.subject,
        {**facts, "notice": notice.number, "actor": act.actor.name},
    )
    act.session.flush()
    tell_bidders(act, opening, "opening.supplement", at=iso(at))


def convene_second(act: Act, opening: Opening) -> list[Bid]:
    """Open the hall again for the second sitting, or one after it; the bids that stand in it, by number.

    A person decides, once the first stage has been concluded and the announced instant has come. The admitted bids are
    sealed again as far as their second envelopes go; what the first sitting left is kept. The other opened bids are
    returned: their second envelopes stay sealed, and no key holder is ever asked for a layer of them. A signed head
    over the entry "opening.convene_second" is kept: key holders check it before they take off anything. After the
    second sitting only restored bids are sealed again, nobody else is touched, and a drawn coefficient stands. Raises
    Conflict("opening.one_sitting"), Conflict("opening.not_admitted"), Untimely("opening.second_early"); of a later
    sitting Conflict("opening.supplement_unannounced"), Untimely("opening.supplement_early").
    """
    lock_row(act, opening)
    check_conditions(act, opening, "convene_second")
    kept = {
        **{name: getattr(opening, name) for name in _KEPT},
        "decrypt_until_at": iso(opening.decrypt_until_at) if opening.decrypt_until_at else None,
    }
    verb, before = ("admit_second", OPENED) if opening.sitting == 1 else ("restore", {"returned"})
    opening.sitting += 1
    wanted = opening.numbers or set()
    held = [bid for bid in queries.bids(act.session, opening) if bid.state in before]
    stands = [bid for bid in held if bid.number in wanted]
    returned = [bid for bid in held if bid.number not in wanted] if opening.sitting == 2 else []
    facts = [
        {"number": bid.number, "submission_digest": bid.submission.digest, "envelopes": opening.due(bid.submission)}
        for bid in stands
    ]
    told = {"section": opening.section.code, "sitting": opening.sitting, "admitted": facts}
    advance(act, opening, "convene_second", **told, returned=[bid.number for bid in returned])
    # Only now: a signed state must have its record (a check of the table).
    opening.record = opening.record_sha256 = opening.decrypt_until_at = None
    opening.record_signatures, opening.pauses, opening.extensions, opening.suspensions = [], [], [], []
    head = signed_head(act)
    kept |= {"size": head.size, "checkpoint": head.note}
    if opening.sitting == 2:
        opening.first_sitting, opening.coefficients = kept, None
    else:
        opening.later_sittings = [*opening.later_sittings, {"sitting": opening.sitting - 1, **kept}]
    for bid in stands:
        bid.first_sitting = {
            **{name: getattr(bid, name) for name in _OF_BID},
            **{f"{name}_at": _instant(bid, f"{name}_at") for name in ("signed_in", "opened", "confirmed")},
        }
        bid.signed_in_at = bid.confirmed_at = bid.cause = bid.cause_evidence = bid.remedy = None
        bid.judgement = bid.confirmation = None
        advance(act, bid, verb, number=bid.number)
    for bid in returned:
        advance(act, bid, "return_second", number=bid.number, envelopes=opening.due(bid.submission))
    return stands


def _instant(bid: Bid, name: str) -> str | None:
    value = getattr(bid, name)
    return iso(value) if value else None
