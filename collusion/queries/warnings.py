"""Reads of the watchman: scans, warnings, what is due to be scanned, the regulator's inbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from awards.models import Archive, Publicity
from bidding.models import Section
from collusion.models import DeviceLink, LeadBudget, Learning, Material, RegistryEntry, Scan, ScoreReading, Warning
from collusion.rules import odds
from collusion.rules.fusion import BUDGET, Selection
from collusion.rules.local import SHIPPED, Decided, Line
from core.act import Actor
from core.clock import BEIJING, from_iso, iso
from core.errors import Missing
from core.ledger.log import LedgerEntry, entries_of
from experts import queries as experts
from opening.lifecycle import OPENED
from opening.models import Bid, Opening

SCANNED_FROM = ("opened", "evaluating")
READ = (*OPENED, "rejected", "returned")
"""States of the bids a scan reads."""
ORDER = {"priority": 0, "review": 1, "lead": 2}


@dataclass(frozen=True)
class Inbox:
    """The regulator's list: the warnings that match; how many by state, by tier, overdue and one's own."""

    warnings: list[Warning]
    states: dict[str, int]
    tiers: dict[str, int]
    overdue: set[int]
    mine: int


@dataclass(frozen=True)
class LeadFigures:
    """What became of the leads. `rows`: (tier, raised, confirmed, referred, dismissed, undecided).

    `days`: days from raising to deciding, ascending; `precision`: confirmed and referred among the decided, with its
    95 % interval; None before anything was decided.
    """

    rows: list[tuple[str, int, int, int, int, int]]
    days: list[float]
    overdue: int
    precision: tuple[float, float, float] | None
    months: list[tuple[str, int, int]]


@dataclass(frozen=True)
class Joint:
    """A section in which at least two of these bidders bid: their (number, name), and who won it."""

    section: Section
    bidders: list[tuple[int, str]]
    winner: str | None


def scan(session: Session, section: Section) -> Scan | None:
    """The section's scan, if it was made."""
    return session.scalar(select(Scan).where(Scan.section_id == section.id))


@dataclass(frozen=True)
class Made:
    """One scan of a section: its number, when it was made, and what `collusion.models.Scan` holds of it."""

    number: int
    scanned_at: datetime
    settings: Any
    result_sha256: str
    result: dict[str, Any]
    material: dict[str, Any] | None

    def kept(self) -> dict[str, Any]:
        """The scan as it is kept once it was made again."""
        return {
            "scanned_at": iso(self.scanned_at), "settings": self.settings, "result_sha256": self.result_sha256,
            "result": self.result, "material": self.material,
        }  # fmt: skip


def scans(session: Session, section: Section) -> list[Made]:
    """Every scan of the section, oldest first; the last is the one in force."""
    held = scan(session, section)
    if held is None:
        return []
    before = [
        Made(number, from_iso(one["scanned_at"]), one["settings"], one["result_sha256"], one["result"], one["material"])
        for number, one in enumerate(held.earlier, 1)
    ]
    last = Made(
        len(before) + 1, held.scanned_at, held.settings, held.result_sha256, held.result, held.material
    )  # fmt: skip
    return [*before, last]


def scan_behind(session: Session, found: Warning) -> Made | None:
    """The scan whose reading the lead's card shows; a card that names none was raised by the first."""
    made = scans(session, found.section)
    named = found.card.get("result_sha256")
    return next((one for one in reversed(made) if named == one.result_sha256), made[0] if made else None)


def due_to_scan(session: Session) -> list[Section]:
    """Opened sections not scanned since bids were last opened: read from the opening on, never before (R-654).

    Where prices come in a second sitting, the scan waits for its end: it looks at texts and prices together. After a
    supplementary one (补充开标) it is made again. Where an envelope is anonymous (暗标) it waits for the lock of the
    blind round: a warning quotes it beside a name.
    """
    done = exists().where(Scan.section_id == Section.id)
    later = exists().where(
        Scan.section_id == Section.id,
        Opening.section_id == Section.id,
        Bid.opening_id == Opening.id,
        Bid.state.in_(READ),
        Bid.opened_at > Scan.scanned_at,
    )
    waiting = exists().where(
        Opening.section_id == Section.id,
        Opening.sittings == 2,
        or_(Opening.sitting == 1, Opening.state != "handed_over"),
    )
    found = session.scalars(
        select(Section).where(Section.state.in_(SCANNED_FROM), or_(~done, later), ~waiting).order_by(Section.id)
    )
    return [section for section in found if not experts.awaits_blind_lock(session, section)]


def learning(session: Session, section: Section) -> Learning | None:
    """The note that the section's bids are in the archive index, once they are."""
    return session.scalar(select(Learning).where(Learning.section_id == section.id))


def due_to_learn(session: Session, held: Collection[str]) -> list[str]:
    """Codes of closed sections whose bids are not in the archive index, or not noted to be; `held`: what it holds."""
    noted = exists().where(Learning.section_id == Section.id)
    closed = session.execute(
        select(Section.code, noted).join(Archive, Archive.section_id == Section.id).order_by(Section.id)
    )
    return [code for code, is_noted in closed if not is_noted or code not in held]


def ringed(session: Session, section: Section) -> set[int]:
    """The numbers of the bids that stand in a warning which people confirmed or referred."""
    found = (item for item in warnings_of(session, section) if item.state in ("confirmed", "referred"))
    return {member["number"] for item in found for member in item.ring}


def warning(session: Session, code: str) -> Warning:
    """The warning of that code, or Missing."""
    found = session.scalar(select(Warning).where(Warning.code == code))
    if found is None:
        raise Missing("warning.unknown", warning=code)
    return found


def materials(session: Session, found: Warning) -> list[Material]:
    """What was asked of the bidders of a ring, by number."""
    query = select(Material).where(Material.warning_id == found.id).order_by(Material.number)
    return list(session.scalars(query))


def device_links(session: Session, found: Warning) -> list[DeviceLink]:
    """Every look across projects that was made for a warning, oldest first."""
    return list(session.scalars(select(DeviceLink).where(DeviceLink.warning_id == found.id).order_by(DeviceLink.id)))


def own_materials(session: Session, actor: Actor) -> list[Material]:
    """What the actor's organisation was asked for, newest first."""
    if actor.organisation_id is None:
        return []
    query = select(Material).where(Material.organisation_id == actor.organisation_id).order_by(Material.id.desc())
    return list(session.scalars(query))


def own_material(session: Session, actor: Actor, identifier: int) -> Material:
    """One of them, or Missing."""
    for material in own_materials(session, actor):
        if material.id == identifier:
            return material
    raise Missing("material.unknown")


def due_to_press(session: Session, now: datetime) -> list[Warning]:
    """Undecided warnings past their day that nobody was called about yet."""
    query = select(Warning).where(
        Warning.decided_at.is_(None), Warning.due_at < now, Warning.pressed_at.is_(None)
    ).order_by(Warning.due_at)  # fmt: skip
    return list(session.scalars(query))


def budgets(session: Session) -> list[LeadBudget]:
    """Every decision on the budget of false leads, newest first."""
    return list(session.scalars(select(LeadBudget).order_by(LeadBudget.id.desc())))


def budget_in_force(session: Session) -> tuple[float, Selection]:
    """The budget of false leads and how leads are chosen; the usual one until somebody decided."""
    newest = session.scalar(select(LeadBudget).order_by(LeadBudget.id.desc()).limit(1))
    return (float(newest.budget), Selection(newest.selection)) if newest else (BUDGET, Selection.EACH)


def decided_scores(session: Session) -> list[Decided]:
    """The highest score of every decided lead and whether it was upheld, in order of decision."""
    query = select(Warning).where(Warning.decided_at.is_not(None)).order_by(Warning.decided_at, Warning.id)
    found = [item for item in session.scalars(query) if item.card["pairs"]]
    return [(max(pair["score"] for pair in item.card["pairs"]), item.state != "dismissed") for item in found]


def raised_scores(session: Session, since: datetime) -> tuple[list[float], list[float]]:
    """The highest score of every lead raised before an instant, and of every one since."""
    found: tuple[list[float], list[float]] = ([], [])
    for item in session.scalars(select(Warning).order_by(Warning.id)):
        if item.card["pairs"]:
            found[item.raised_at >= since].append(max(pair["score"] for pair in item.card["pairs"]))
    return found


def readings(session: Session) -> list[ScoreReading]:
    """Every way scores were read as probabilities here, newest first."""
    return list(session.scalars(select(ScoreReading).order_by(ScoreReading.id.desc())))


def line_in_force(session: Session) -> Line:
    """How scores are read as probabilities now; as shipped until somebody decided."""
    newest = session.scalar(select(ScoreReading).order_by(ScoreReading.id.desc()).limit(1))
    return Line(newest.content["offset"], newest.content["slope"]) if newest else SHIPPED


def warnings_of(session: Session, section: Section) -> list[Warning]:
    """A section's warnings, oldest first."""
    return list(session.scalars(select(Warning).where(Warning.section_id == section.id).order_by(Warning.id)))


def inbox(
    session: Session,
    *,
    now: datetime,
    state: str = "",
    tier: str = "",
    overdue: bool = False,
    assignee_id: int | None = None,
    words: str = "",
    reader_id: int | None = None,
) -> Inbox:
    """Warnings by urgency, then by due instant; `words` are looked for in code, section and the names of the ring."""
    everything = list(session.scalars(select(Warning).order_by(Warning.due_at)))
    late = {item.id for item in everything if item.due_at < now and item.decided_at is None}
    shown = [
        item
        for item in everything
        if (not state or item.state == state)
        and (not tier or item.tier == tier)
        and (not overdue or item.id in late)
        and (assignee_id is None or item.assignee_id == assignee_id)
        and (not words or words in _told(item))
    ]
    shown.sort(key=lambda item: (item.decided_at is not None, ORDER.get(item.tier, 9), item.due_at))
    states, tiers = Counter(item.state for item in everything), Counter(item.tier for item in everything)
    return Inbox(shown, states, tiers, late, sum(item.assignee_id == reader_id for item in everything))


def _told(item: Warning) -> str:
    parties = [part for member in item.ring for part in (member["name"], member["identifier"])]
    return " ".join([item.code, item.section.code, item.section.name, *parties])


def joint_history(session: Session, section: Section, identifiers: Collection[str]) -> list[Joint]:
    """The other sections, names public, in which at least two of these bidders bid, newest first."""
    rows = session.execute(
        select(Bid, Opening.section_id)
        .join(Opening, Bid.opening_id == Opening.id)
        .where(Bid.identifier.in_(list(identifiers)), Opening.section_id != section.id)
        .order_by(Opening.section_id.desc(), Bid.number)
    ).all()
    grouped: dict[int, list[Bid]] = {}
    for bid, section_id in rows:
        grouped.setdefault(section_id, []).append(bid)
    together = {key: bids for key, bids in grouped.items() if len({bid.identifier for bid in bids}) >= 2}
    sections = {s.id: s for s in session.scalars(select(Section).where(Section.id.in_(list(together))))}
    won = {p.section_id: p.winner for p in session.scalars(select(Publicity).where(Publicity.section_id.in_(together)))}
    names = {key: winner.name for key, winner in won.items() if winner is not None}
    return [
        Joint(sections[key], [(bid.number, bid.name) for bid in bids], names.get(key)) for key, bids in together.items()
    ]


def lead_figures(session: Session, now: datetime) -> LeadFigures:
    """Count what became of the leads; referred ones count as rightly raised, dismissed ones as not."""
    everything = list(session.scalars(select(Warning).order_by(Warning.raised_at)))
    rows = []
    for tier in ORDER:
        states = Counter(item.state for item in everything if item.tier == tier)
        total = sum(states.values())
        confirmed, referred, dismissed = (states[state] for state in ("confirmed", "referred", "dismissed"))
        rows.append((tier, total, confirmed, referred, dismissed, total - confirmed - referred - dismissed))
    decided = [item for item in everything if item.decided_at is not None]
    right = sum(item.state != "dismissed" for item in decided)
    precision = (right / len(decided), *odds.wilson(right, len(decided))) if decided else None
    days = sorted((item.decided_at - item.raised_at).total_seconds() / 86_400 for item in decided if item.decided_at)
    by_month: dict[str, list[bool]] = {}
    for item in decided:
        if item.decided_at is not None:
            month = f"{item.decided_at.astimezone(BEIJING):%Y-%m}"
            by_month.setdefault(month, []).append(item.state != "dismissed")
    months = [(month, sum(found), len(found)) for month, found in sorted(by_month.items())]
    overdue = sum(item.due_at < now and item.decided_at is None for item in everything)
    return LeadFigures(rows, days, overdue, precision, months)


def rings_across(session: Session) -> list[tuple[str, str, int, int]]:
    """Every two bidders named together: (name, name, warnings, of these confirmed or referred), the most first.

    Dismissed warnings count for nothing: nobody stays in a graph after being cleared.
    """
    found: dict[tuple[str, str], list[bool]] = {}
    names: dict[str, str] = {}
    for item in session.scalars(select(Warning).where(Warning.state != "dismissed").order_by(Warning.id)):
        names.update({member["identifier"]: member["name"] for member in item.ring})
        for pair in combinations(sorted({member["identifier"] for member in item.ring}), 2):
            found.setdefault(pair, []).append(item.state in ("confirmed", "referred"))
    counted = [(names[a], names[b], len(all_of), sum(all_of)) for (a, b), all_of in found.items()]
    return sorted(counted, key=lambda row: (-row[2], -row[3], row[0], row[1]))


def opened_bids(session: Session, section: Section) -> list[Bid]:
    """The section's bids that were opened, by number."""
    query = (
        select(Bid)
        .join(Opening, Bid.opening_id == Opening.id)
        .where(Opening.section_id == section.id, Bid.state.in_(READ))
        .order_by(Bid.number)
    )
    return list(session.scalars(query))


def opened_later(session: Session, section: Section) -> list[Bid]:
    """The bids whose last envelope was opened after the section's last scan: in a sitting of their own (补充开标).

    Such a scan has not seen them; it is due again.
    """
    made = scan(session, section)
    if made is None:
        return []
    return [bid for bid in opened_bids(session, section) if bid.opened_at and bid.opened_at > made.scanned_at]


def trail(session: Session, found: Warning) -> list[LedgerEntry]:
    """Everything that was done with a warning, who looked at it included."""
    return entries_of(session, found.subject)


def registry_entry(session: Session, identifier: str) -> RegistryEntry | None:
    """What the registry of enterprises says of a bidder, as last imported."""
    return session.scalar(select(RegistryEntry).where(RegistryEntry.identifier == identifier))


def registry_size(session: Session) -> tuple[int, datetime | None]:
    """How many bidders the registry data knows, and when it was last brought in."""
    count, newest = session.execute(select(func.count(RegistryEntry.id), func.max(RegistryEntry.imported_at))).one()
    return count, newest


def archive_facts(session: Session, section: Section) -> dict[str, Any]:
    """What goes down into the section's archive: every scan, the last apart, and every warning with its decision."""
    told = [
        {
            "result": made.result,
            "result_sha256": made.result_sha256,
            "settings": made.settings,
            "material": made.material,
        }
        for made in scans(session, section)
    ]
    return {
        "scan": told[-1] if told else None,
        "earlier_scans": told[:-1],
        "warnings": [
            {
                "code": item.code,
                "ring": item.ring,
                "tier": item.tier,
                "state": item.state,
                "decision": item.decision,
                "rescans": item.card.get("rescans", []),
                "machine_links": [
                    {
                        "asked_at": iso(link.asked_at),
                        "asked_by": link.asked_by,
                        "reason": link.reason,
                        "answer": link.answer,
                        "answer_sha256": link.answer_sha256,
                    }
                    for link in device_links(session, item)
                ],
            }
            for item in warnings_of(session, section)
        ],
    }


def archive_of(session: Session, section: Section) -> Archive | None:
    """The section's archive, once it is built."""
    return session.scalar(select(Archive).where(Archive.section_id == section.id))
