"""The blind round (暗标): members score labels, the round is locked, then the labels' bids are told and carried over.

No named finding or score is taken before: the committee is in no state for it, and every page by name refuses.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from core.act import Act
from core.errors import Conflict, Invalid
from core.machine import advance
from experts import queries
from experts.models import Committee, MaskedSheet, Member, Review, ScoreItem, Sheet
from experts.rules import FINDINGS
from experts.rules.blind import MARKS
from experts.rules.grounds import ground_of
from experts.rules.review import FAIL, PASS
from experts.services.entries import complete_entries, save_entries
from experts.services.masks import check_leader, check_own, from_seat

MOST_REASON = 1000


def open_masked_sheets(act: Act, committee: Committee) -> None:
    """Give every member who has no masked sheets one for each label of the running round; those there stay."""
    queries.masks(act.session, committee, act.signer.sign)  # refused here rather than on a member's page
    number = queries.round_of(committee)
    for member in queries.live_members(act.session, committee):
        if queries.masked_sheets(act.session, member):
            continue
        for mask in queries.mask_labels(act.session, committee.section):
            act.session.add(MaskedSheet(member_id=member.id, round=number, mask=mask, state="draft", state_at=act.now))
    act.session.flush()


def save_masked(
    act: Act,
    sheet: MaskedSheet,
    scores: Mapping[str, Decimal],
    notes: Mapping[str, str],
    *,
    finding: str = "",
    reason: str = "",
    seen: datetime | None = None,
    is_versioned: bool = False,
) -> None:
    """Save some or all of one's own masked sheet: scores, notes, and whether marks were found; what is not named stays.

    Missing for another's sheet; Conflict("masked_sheet.state") once locked; what `save_entries` raises, the versions
    as in `save_scores`; Invalid: review.finding, review.reason (fail or doubt without one).
    """
    _check_own(act, sheet, "save_masked")
    if sheet.state != "draft":
        raise Conflict("masked_sheet.state", verb="save", state=sheet.state, allowed=["draft"], subject=sheet.subject)
    criteria = queries.own_criteria(sheet.member.committee.section)
    held = queries.masked_scores(act.session, sheet.member).get(sheet.id, {})
    save_entries(act, sheet, held, criteria, scores, notes, seen=seen, is_versioned=is_versioned)
    if finding and sheet.reopened_for is None:
        _find(sheet, finding, reason.strip())
    act.session.flush()


def lock_masked(act: Act, sheet: MaskedSheet) -> None:
    """Make one's own masked sheet final: complete, with a note at every subjective nought or full mark.

    Invalid: blind.missing, blind.note, blind.finding where it is not yet said whether there are marks.
    """
    _check_own(act, sheet, "lock_masked")
    criteria = queries.own_criteria(sheet.member.committee.section)
    items = queries.masked_scores(act.session, sheet.member).get(sheet.id, {})
    if sheet.finding is None:
        raise Invalid("blind.finding", field=MARKS["code"], label=sheet.mask)
    facts = complete_entries(items, criteria, "blind", label=sheet.mask)
    advance(
        from_seat(act, sheet.member),
        sheet,
        "lock",
        round=sheet.round,
        label=sheet.mask,
        items=facts,
        finding=sheet.finding,
        reason=sheet.reason,
    )


def reopen_masked(act: Act, sheet: MaskedSheet) -> None:
    """Take one's own locked masked sheet back for the objective criteria on which members differ, only for them.

    Conflict("masked_sheet.no_mismatch") unless everyone has locked and this label's objective scores differ (R-344).
    """
    _check_own(act, sheet, "reopen_masked")
    committee = sheet.member.committee
    differing = queries.masked_mismatches(act.session, committee, act.signer.sign).get(sheet.mask, [])
    if not differing or sheet.round != queries.round_of(committee):
        raise Conflict("masked_sheet.no_mismatch", label=sheet.mask)
    sheet.reopened_for = differing
    advance(from_seat(act, sheet.member), sheet, "reopen", criteria=differing)


def lock_blind(act: Act, committee: Committee) -> dict[str, Any]:
    """Lock the round and tell its labels: signature, seed, and each label's submission; named review begins.

    Called by the leader. Every member's finding on marks becomes their finding on that clause of the bid. Conflict:
    blind.unfinished (how many masked sheets are open), blind.objective (where members differ), committee.no_leader,
    committee.leader_only, committee.state. Returns what the ledger holds of the labels.
    """
    leader = check_leader(act, committee)
    _check_blind(committee, "lock_blind")
    open_sheets = queries.unlocked_masked(act.session, committee)
    if open_sheets:
        raise Conflict("blind.unfinished", sheets=open_sheets)
    differing = queries.masked_mismatches(act.session, committee, act.signer.sign)
    if differing:
        cells = "；".join(f"{label}: {', '.join(codes)}" for label, codes in differing.items())
        raise Conflict("blind.objective", cells=cells)
    known = queries.masks(act.session, committee, act.signer.sign)
    numbers = {bid.submission.digest: bid.number for bid in queries.bids_in_evaluation(act.session, committee.section)}
    told = {
        "round": known.number,
        "signature": base64.b64encode(known.signature).decode(),
        "seed": known.seed.hex(),
        "labels": [
            {"label": known.label(digest), "submission_digest": digest, "number": numbers[digest]}
            for digest in known.order
        ],
    }
    advance(from_seat(act, leader), committee, "lock_blind", masks=told)
    committee.blind_rounds = [*(committee.blind_rounds or []), told]
    act.session.flush()
    for member in queries.live_members(act.session, committee):
        _carry_findings(act, committee, member)
    act.session.flush()
    return told


def carry_scores(act: Act, committee: Committee, sheets: list[Sheet]) -> None:
    """Write each member's blind scores into the named sheets of the bids their labels turned out to be."""
    if not queries.is_blind(committee.section):
        return
    digests = queries.mask_of_sheet(act.session, committee, act.signer.sign)
    for member in queries.live_members(act.session, committee):
        items = queries.masked_scores(act.session, member)
        blind = {digests[held.id]: items.get(held.id, {}) for held in queries.masked_sheets(act.session, member)}
        for sheet in (one for one in sheets if one.member_id == member.id):
            for code, item in blind[sheet.bid.submission.digest].items():
                act.session.add(
                    ScoreItem(
                        sheet_id=sheet.id, criterion=code, value=item.value, note=item.note, saved_at=item.saved_at
                    )
                )
    act.session.flush()


def void_masked(act: Act, member: Member) -> None:
    """A member has left: the masked sheets become void with the named ones (R-332)."""
    for sheet in queries.masked_sheets(act.session, member):
        advance(from_seat(act, member), sheet, "void", reason="R-332")


def _carry_findings(act: Act, committee: Committee, member: Member) -> None:
    digests = queries.mask_of_sheet(act.session, committee, act.signer.sign)
    bids = {bid.submission.digest: bid for bid in queries.bids_in_evaluation(act.session, committee.section)}
    held = set(
        act.session.scalars(select(Review.bid_id).where(Review.member_id == member.id, Review.clause == MARKS["code"]))
    )
    ground = ground_of("", MARKS, committee.section.project.regime).code
    for sheet in queries.masked_sheets(act.session, member):
        bid = bids[digests[sheet.id]]
        if bid.id not in held:
            act.session.add(
                Review(
                    member_id=member.id, bid_id=bid.id, clause=MARKS["code"], finding=str(sheet.finding),
                    reason=sheet.reason, found_at=act.now, ground=ground if sheet.finding == FAIL else None,
                )
            )  # fmt: skip


def _find(sheet: MaskedSheet, finding: str, reason: str) -> None:
    if finding not in FINDINGS:
        raise Invalid("review.finding", field=MARKS["code"], found=finding)
    if finding != PASS and not reason:
        raise Invalid("review.reason", field=MARKS["code"], clause=MARKS["code"])
    if len(reason) > MOST_REASON:
        raise Invalid("form.length", field=f"{MARKS['code']}-reason", most=MOST_REASON, least=0, found=len(reason))
    sheet.finding, sheet.reason = finding, reason if finding == FAIL or reason else ""


def _check_own(act: Act, sheet: MaskedSheet, verb: str) -> None:
    check_own(act, sheet.member)
    _check_blind(sheet.member.committee, verb)


def _check_blind(committee: Committee, verb: str) -> None:
    if committee.state != "blind":
        raise Conflict(
            "committee.state", verb=verb, state=committee.state, allowed=["blind"], subject=committee.subject
        )
