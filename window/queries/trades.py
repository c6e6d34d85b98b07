"""Trades themselves: lists behind every mark, one trade with its stages, what is awarded and not yet recorded."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from awards.models import Publicity
from bidding.models import Section
from core.errors import Missing
from opening.models import Bid
from window.models import Trade, TradeImport, TradeStage, TradeSum
from window.queries.sums import ALL, View

DONE = frozenset({"awarded", "archived"})


@dataclass(frozen=True)
class Cursor:
    """Where a page of trades ended: the day and the row of its last one."""

    traded_on: str
    id: int

    def __str__(self) -> str:
        return f"{self.traded_on}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """Read a cursor; None where it is none."""
        day, _, number = text.partition(".")
        if len(day) == 10 and number.isascii() and number.isdigit() and len(number) < 19:
            return cls(day, int(number))
        return None


def trades(
    session: Session, view: View, *, after: Cursor | None = None, late: str = "", words: str = "", limit: int = 50
) -> list[Trade]:
    """Trades of a view, newest first, after the cursor; with `late` those that were late in that stage."""
    query = select(Trade).order_by(Trade.traded_on.desc(), Trade.id.desc()).limit(limit)
    if view.period != ALL:
        query = query.where(Trade.traded_on >= view.period, Trade.traded_on <= f"{view.period}-99")
    if view.market != ALL:
        query = query.where(Trade.market == view.market)
    if view.region != ALL:
        query = query.where(Trade.region == view.region)
    if words:
        query = query.where(or_(Trade.name.contains(words, autoescape=True), Trade.code == words))
    if late:
        query = query.where(
            exists().where(TradeStage.trade_id == Trade.id, TradeStage.stage == late, TradeStage.is_late)
        )
    if after is not None:
        query = query.where(tuple_(Trade.traded_on, Trade.id) < (after.traded_on, after.id))
    return list(session.scalars(query))


def trade(session: Session, code: str) -> Trade:
    """The trade of that code, or Missing."""
    found = session.scalar(select(Trade).where(Trade.code == code))
    if found is None:
        raise Missing("trade.unknown", trade=code[:80])
    return found


def stages_of(session: Session, held: Trade) -> list[TradeStage]:
    """The trade's stages in the order they began."""
    query = select(TradeStage).where(TradeStage.trade_id == held.id).order_by(TradeStage.began_at, TradeStage.id)
    return list(session.scalars(query))


def imports(session: Session) -> list[TradeImport]:
    """Tables of earlier trades that were taken over, newest first."""
    return list(session.scalars(select(TradeImport).order_by(TradeImport.id.desc())))


def import_of(session: Session, held: Trade) -> TradeImport | None:
    """The table the trade came with; None for one of this platform."""
    return session.get(TradeImport, held.import_id) if held.import_id else None


def standing(session: Session) -> dict[str, int]:
    """Published sections by their state: what is under way now."""
    rows = session.execute(
        select(Section.state, func.count()).where(Section.published_at.is_not(None)).group_by(Section.state)
    )
    return {row[0]: row[1] for row in rows}


def regions(session: Session, year: str) -> list[str]:
    """The regions with a trade in the year."""
    found = session.scalars(
        select(TradeSum.region).where(TradeSum.period == year, TradeSum.market == ALL, TradeSum.region != ALL)
    )
    return sorted(found)


def untraded(session: Session) -> list[str]:
    """Codes of sections that are awarded and not recorded as trades, or archived since they were recorded."""
    priced = exists().where(
        Publicity.section_id == Section.id, Publicity.winner_id == Bid.id, Bid.price_fen.is_not(None)
    )
    recorded = exists().where(Trade.section_id == Section.id)
    filed = exists().where(
        Trade.section_id == Section.id, TradeStage.trade_id == Trade.id, TradeStage.stage == "archive"
    )
    return list(
        session.scalars(
            select(Section.code)
            .where(or_(Section.state.in_(DONE) & priced & ~recorded, (Section.state == "archived") & recorded & ~filed))
            .order_by(Section.id)
        )
    )
