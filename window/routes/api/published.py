"""What is published, for programs, from tenders to changes; nothing before its time.

Every fact comes from the queries the pages and open data use: secrecy is decided there, once.
"""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from accounts.access import door
from accounts.routes.api.frame import operation
from bidding import queries as bidding
from core import board
from core.api.cursors import cursor, place
from core.api.fields import Page
from core.clock import iso
from core.errors import Missing
from core.ledger import log
from window import queries
from window.queries.sums import ALL, View
from window.queries.trades import Cursor
from window.routes.api import shapes
from window.routes.blueprint import blueprint


def _after(text: str | None, name: str) -> int | None:
    held = place(text, name, int)
    return None if held is None else int(held[0])


def _next(found: list[Any], limit: int, name: str) -> str | None:
    return cursor(name, found[limit - 1].id) if len(found) > limit else None


@operation(blueprint, "GET", "/tenders", tag="published", answer=Page[shapes.TenderBrief], asked=shapes.TendersAsked)
def api_tenders(session: Session, asked: shapes.TendersAsked) -> Page[shapes.TenderBrief]:
    """Projects with something published, the newest first."""
    found = queries.listed_projects(
        session,
        after=_after(asked.cursor, "tenders"),
        limit=asked.limit + 1,
        regime=asked.regime or "",
        region=asked.region or "",
    )
    items = [
        shapes.TenderBrief(
            code=one.code,
            name=one.name,
            regime=one.regime,
            category=one.category,
            procedure=one.procedure,
            region=one.region,
            tenderee=shapes.Unit(identifier=one.tenderee.identifier, name=one.tenderee.name),
            agent=shapes.Unit(identifier=one.agent.identifier, name=one.agent.name) if one.agent else None,
            sections=codes,
        )
        for one, codes in found[: asked.limit]
    ]
    return Page(items=items, next=_next([one for one, _ in found], asked.limit, "tenders"))


@operation(blueprint, "GET", "/tenders/<code>", tag="published", answer=shapes.TenderTold)
def api_tender(session: Session, code: str) -> shapes.TenderTold:
    """One project with its published sections."""
    return shapes.TenderTold.model_validate(queries.process(session, code))


@operation(blueprint, "GET", "/sections", tag="published", answer=Page[shapes.SectionBrief], asked=shapes.SectionsAsked)
def api_sections(session: Session, asked: shapes.SectionsAsked) -> Page[shapes.SectionBrief]:
    """Published sections, the newest first; no number of bids before the opening (R-208)."""
    found = queries.listed_sections(
        session,
        after=_after(asked.cursor, "sections"),
        limit=asked.limit + 1,
        states=(asked.state,) if asked.state else (),
        project=asked.tender or "",
        words=asked.q or "",
    )
    items = [
        shapes.SectionBrief(
            code=one.code,
            project=one.project.code,
            project_name=one.project.name,
            name=one.name,
            state=one.state,
            estimate_fen=one.estimate_fen,
            control_price_fen=one.control_price_fen,
            duration_days=one.duration_days,
            **{
                name: iso(at) if (at := getattr(one, name)) else None
                for name in ("published_at", "documents_until_at", "deadline_at", "closed_at")
            },
        )
        for one in found[: asked.limit]
    ]
    return Page(items=items, next=_next(found, asked.limit, "sections"))


@operation(blueprint, "GET", "/sections/<code>", tag="published", answer=shapes.SectionTold)
def api_section(session: Session, code: str) -> shapes.SectionTold:
    """One published section with its notices, clarifications, bids once named, and its result."""
    found = bidding.section(session, code)
    if found.published_at is None:
        raise Missing("section.unknown", section=code)
    return shapes.SectionTold.model_validate(queries.section_facts(session, found))


@operation(blueprint, "GET", "/notices", tag="published", answer=Page[shapes.NoticeShort], asked=shapes.NoticesAsked)
def api_notices(session: Session, asked: shapes.NoticesAsked) -> Page[shapes.NoticeShort]:
    """Public notices, newest first."""
    found = queries.listed_notices(
        session,
        after=_after(asked.cursor, "notices"),
        limit=asked.limit + 1,
        kinds=(asked.kind,) if asked.kind else (),
        section=asked.section or "",
        words=asked.q or "",
    )
    items = [
        shapes.NoticeShort(
            number=one.number,
            kind=one.kind,
            section=queries.section_of(one.subject) or None,
            title=one.title,
            published_at=iso(one.published_at),
            leaf=one.leaf_index,
        )
        for one in found[: asked.limit]
    ]
    return Page(items=items, next=_next(found, asked.limit, "notices"))


@operation(blueprint, "GET", "/notices/<number>", tag="published", answer=shapes.NoticeTold)
def api_notice(session: Session, number: str) -> shapes.NoticeTold:
    """One notice with its content as data."""
    one = board.notice(session, number)
    return shapes.NoticeTold(
        number=one.number,
        kind=one.kind,
        section=queries.section_of(one.subject) or None,
        title=one.title,
        published_at=iso(one.published_at),
        replaces=queries.replaced_number(session, one),
        attachments=[
            shapes.Attachment(name=held["name"], sha256=held["sha256"], size=held["size"]) for held in one.attachments
        ],
        leaf=one.leaf_index,
        content=one.content,
    )


@operation(blueprint, "GET", "/results", tag="published", answer=Page[shapes.ResultTold], asked=shapes.DrawsAsked)
def api_results(session: Session, asked: shapes.DrawsAsked) -> Page[shapes.ResultTold]:
    """Awards, and awards set aside, newest first, with the award as it stands."""
    found = queries.listed_notices(
        session,
        after=_after(asked.cursor, "results"),
        limit=asked.limit + 1,
        kinds=("award", "set_aside"),
        section=asked.section or "",
    )
    items = []
    for one in found[: asked.limit]:
        code = queries.section_of(one.subject)
        award = queries.result_facts(session, bidding.section(session, code))["award"] if code else None
        items.append(
            shapes.ResultTold(
                number=one.number,
                kind=one.kind,
                section=code,
                title=one.title,
                published_at=iso(one.published_at),
                award=shapes.Award(**award) if award else None,
            )
        )
    return Page(items=items, next=_next(found, asked.limit, "results"))


@operation(blueprint, "GET", "/draws", tag="published", answer=Page[shapes.DrawTold], asked=shapes.DrawsAsked)
def api_draws(session: Session, asked: shapes.DrawsAsked) -> Page[shapes.DrawTold]:
    """Verifiable draws, newest first."""
    found = queries.listed_draws(
        session, after=_after(asked.cursor, "draws"), limit=asked.limit + 1, section=asked.section or ""
    )
    items = [
        shapes.DrawTold(
            label=one.label, section=one.section, state=one.state, parties=len(one.parties), at=iso(one.state_at)
        )
        for one in found[: asked.limit]
    ]
    return Page(items=items, next=_next(found, asked.limit, "draws"))


@operation(blueprint, "GET", "/trades", tag="published", answer=Page[shapes.TradeTold], asked=shapes.TradesAsked)
def api_trades(session: Session, asked: shapes.TradesAsked) -> Page[shapes.TradeTold]:
    """Concluded trades, newest first."""
    held = place(asked.cursor, "trades", str, int)
    after = Cursor(str(held[0]), int(held[1])) if held else None
    view = View(asked.year or ALL, asked.market or ALL, asked.region or ALL)
    found = queries.trades(session, view, after=after, words=asked.q or "", limit=asked.limit + 1)
    items = [
        shapes.TradeTold(
            code=one.code,
            name=one.name,
            market=one.market,
            region=one.region,
            traded_on=one.traded_on,
            sessions=one.sessions,
            base_kind=one.base_kind,
            base_fen=one.base_fen,
            amount_fen=one.amount_fen,
            participants=one.participants,
            tenderee=one.tenderee,
            winner=one.winner,
            leaf=one.leaf_index,
        )
        for one in found[: asked.limit]
    ]
    last = found[asked.limit - 1] if len(found) > asked.limit else None
    return Page(items=items, next=cursor("trades", last.traded_on, last.id) if last else None)


@operation(blueprint, "GET", "/changes", tag="published", answer=shapes.Changes, asked=shapes.ChangesAsked)
def api_changes(session: Session, asked: shapes.ChangesAsked) -> shapes.Changes:
    """What has changed since the cursor, in the order of the ledger: nothing comes in behind it later."""
    after = _after(asked.cursor, "changes")
    if after is None:
        after = log.size(session) - 1 if asked.latest else -1
    found = queries.changes(session, after, asked.limit)
    return shapes.Changes(
        items=[
            shapes.ChangeTold(
                leaf=one.leaf_index,
                at=iso(one.at),
                kind=one.kind,
                subject=one.subject,
                ledger=door().origin + url_for("portal.ledger_entry", index=one.leaf_index),
            )
            for one in found.entries
        ],
        next=cursor("changes", found.next),
    )
