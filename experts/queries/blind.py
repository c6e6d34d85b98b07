"""Reads of the blind round (暗标): labels, own masked sheets, cleaned copies; none joins a label with a bidder.

The labels of a running round are made anew each time from the platform's key; nothing that leads from one to a bid is
kept before the round is locked.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bidding.models import Section
from bidding.rules import links
from bidding.rules.masks import ROUNDS, Masks, Sign, mask_label, masks_message, masks_of
from core.draw import record
from core.errors import Conflict, Missing
from experts.lifecycle import MASKED
from experts.models import CleanedFile, Committee, MaskedScore, MaskedSheet, Member
from experts.queries.committee import bids_in_evaluation, live_members
from experts.rules import objective_mismatches
from experts.rules.blind import anonymous_envelopes, blind_criteria
from opening import queries as opening_queries
from opening.models import Bid, Opening


def is_blind(section: Section) -> bool:
    """Whether the section has an anonymous envelope, and so a blind round before everything else."""
    return bool(anonymous_envelopes(section.envelopes))


def is_masked(held: Committee) -> bool:
    """Whether the committee may look at nothing by name yet."""
    return is_blind(held.section) and held.state in MASKED


def awaits_blind_lock(session: Session, section: Section) -> bool:
    """Whether nothing may yet show what an anonymous envelope holds beside a name."""
    if not is_blind(section):
        return False
    state = session.scalar(select(Committee.state).where(Committee.section_id == section.id))
    return state is None or state in MASKED


def own_criteria(section: Section) -> dict[str, dict[str, Any]]:
    """The section's blind criteria by code."""
    return blind_criteria(section.method, section.envelopes)


def round_of(held: Committee) -> int:
    """The number of the round that is running, or would be next."""
    return len(held.blind_rounds or []) + 1


def masks(session: Session, held: Committee, sign: Sign) -> Masks:
    """The running round's labels; Conflict("blind.undrawn") before the experts' draw is concluded.

    Conflict("blind.rounds") where more rounds are wanted than have their secrets committed.
    """
    section, number = held.section, round_of(held)
    if number > ROUNDS:
        raise Conflict("blind.rounds", section=section.code, most=ROUNDS)
    try:
        seed = record.draw(session, f"experts:{section.code}").seed
    except Missing:
        seed = None
    if seed is None:
        raise Conflict("blind.undrawn", section=section.code)
    digests = [bid.submission.digest for bid in bids_in_evaluation(session, section)]
    return masks_of(sign(masks_message(section.code, number)), section.code, number, bytes.fromhex(seed), digests)


def mask_labels(session: Session, section: Section) -> list[str]:
    """The labels of a round, in order: as many as there are bids to review."""
    return [mask_label(place) for place in range(1, len(bids_in_evaluation(session, section)) + 1)]


def masked_bid(session: Session, held: Committee, sign: Sign, mask: str) -> Bid:
    """The bid behind a label of the running round; only for fetching its cleaned copies, never for showing."""
    known = masks(session, held, sign)
    for bid in bids_in_evaluation(session, held.section):
        if known.label(bid.submission.digest) == mask:
            return bid
    raise Missing("masked_sheet.unknown")


def masked_sheets(session: Session, member: Member) -> list[MaskedSheet]:
    """The member's masked sheets that count, by label."""
    query = select(MaskedSheet).where(MaskedSheet.member_id == member.id, MaskedSheet.state != "void")
    return list(session.scalars(query.order_by(MaskedSheet.round, MaskedSheet.mask)))


def own_masked_sheet(session: Session, member: Member, mask: str) -> MaskedSheet:
    """The member's own sheet of the running round for that label, or Missing."""
    for sheet in masked_sheets(session, member):
        if (sheet.mask, sheet.round) == (mask, round_of(member.committee)):
            return sheet
    raise Missing("masked_sheet.unknown")


def masked_scores(session: Session, member: Member) -> dict[int, dict[str, MaskedScore]]:
    """The member's own blind scores: by sheet id, then by criterion."""
    query = select(MaskedScore).join(MaskedSheet, MaskedSheet.id == MaskedScore.sheet_id)
    found: dict[int, dict[str, MaskedScore]] = {}
    for item in session.scalars(query.where(MaskedSheet.member_id == member.id)):
        found.setdefault(item.sheet_id, {})[item.criterion] = item
    return found


def masked_progress(session: Session, member: Member) -> list[tuple[str, int, int, str]]:
    """For each own masked sheet of the running round: label, entries made, entries wanted (with the finding), state."""
    items = masked_scores(session, member)
    wanted = len(own_criteria(member.committee.section)) + 1
    now = round_of(member.committee)
    return [
        (sheet.mask, len(items.get(sheet.id, {})) + (sheet.finding is not None), wanted, sheet.state)
        for sheet in masked_sheets(session, member)
        if sheet.round == now
    ]


def unlocked_masked(session: Session, held: Committee) -> int:
    """How many masked sheets the committee still has to lock."""
    return sum(
        sheet.state != "locked" for member in live_members(session, held) for sheet in masked_sheets(session, member)
    )


def mask_of_sheet(session: Session, held: Committee, sign: Sign) -> dict[int, str]:
    """Every counting masked sheet's submission digest by the sheet's id: told rounds as told, the running one as made.

    Only for computing: no route shows it while the round runs.
    """
    orders = {one["round"]: {row["label"]: row["submission_digest"] for row in one["labels"]} for one in told(held)}
    now = round_of(held)
    found: dict[int, str] = {}
    for member in live_members(session, held):
        for sheet in masked_sheets(session, member):
            if sheet.round == now and now not in orders:
                known = masks(session, held, sign)
                orders[now] = {mask_label(place): digest for place, digest in enumerate(known.order, 1)}
            found[sheet.id] = orders[sheet.round][sheet.mask]
    return found


def told(held: Committee) -> list[dict[str, Any]]:
    """What the locked rounds have told of their labels, the first first."""
    return list(held.blind_rounds or [])


def told_labels(held: Committee) -> dict[str, str]:
    """The label of each submission by digest, as the first round told it; empty while the committee is masked."""
    return {row["submission_digest"]: row["label"] for row in told(held)[0]["labels"]} if told(held) else {}


def masked_mismatches(session: Session, held: Committee, sign: Sign) -> dict[str, list[str]]:
    """The objective blind criteria on which members differ, by label of the running round; empty until all locked."""
    if unlocked_masked(session, held):
        return {}
    criteria = own_criteria(held.section)
    digests = mask_of_sheet(session, held, sign)
    by_digest: dict[str, list[dict[str, Decimal]]] = {}
    for member in live_members(session, held):
        items = masked_scores(session, member)
        for sheet in masked_sheets(session, member):
            values = {code: item.value for code, item in items.get(sheet.id, {}).items()}
            by_digest.setdefault(digests[sheet.id], []).append(values)
    known = masks(session, held, sign)
    found = {known.label(one): objective_mismatches(criteria, sheets) for one, sheets in by_digest.items()}
    return {label: codes for label, codes in sorted(found.items()) if codes}


def cleaned_files(session: Session, bid: Bid) -> list[CleanedFile]:
    """The cleaned copies of a bid's anonymous files, in their order."""
    return list(session.scalars(select(CleanedFile).where(CleanedFile.bid_id == bid.id).order_by(CleanedFile.place)))


def anonymous_files(section: Section, bid: Bid) -> Iterator[tuple[int, dict[str, Any]]]:
    """The documents of a bid's anonymous envelopes with their places, counted from one; its clause links are none."""
    place = 0
    for name in anonymous_envelopes(section.envelopes):
        for file in (bid.envelopes or {}).get(name, {}).get("files", []):
            if file["slot"] != links.SLOT:
                place += 1
                yield place, file


def masked_links(session: Session, section: Section, bid: Bid) -> dict[str, list[dict[str, Any]]]:
    """Where the blind criteria are answered, by criterion: a file's place and pages; no word of the bidder."""
    places = {file["sha256"]: place for place, file in anonymous_files(section, bid)}
    contents = opening_queries.contents_of(session, [bid]).get(bid.id)
    found: dict[str, list[dict[str, Any]]] = {}
    for link in contents["links"] if contents else []:
        if link["clause"] in own_criteria(section) and link["sha256"] in places:
            one = {"place": places[link["sha256"]], "from": link["from"], "to": link["to"]}
            found.setdefault(link["clause"], []).append(one)
    return found


def due_to_clean(session: Session, most: int) -> list[tuple[str, str]]:
    """Bids, as (section, submission digest), whose anonymous files have no cleaned copies yet, at most so many."""
    found = []
    for opening in session.scalars(select(Opening).where(Opening.state == "handed_over")):
        section = opening.section
        if not is_blind(section) or section.state not in ("opened", "evaluating"):
            continue
        for bid in bids_in_evaluation(session, section):
            count = session.scalar(select(func.count()).select_from(CleanedFile).where(CleanedFile.bid_id == bid.id))
            if (count or 0) < len(list(anonymous_files(section, bid))):
                found.append((section.code, bid.submission.digest))
            if len(found) == most:
                return found
    return found
