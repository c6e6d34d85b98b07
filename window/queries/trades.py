"""Trades themselves: lists behind every mark, one trade with its stages, what is awarded and not yet recorded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Integer,
    Row,
    Select,
    String,
    bindparam,
    exists,
    func,
    or_,
    select,
    tuple_,
)
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


_LIST = Trade.__table__.c
COLUMNS = (
    "id", "code", "name", "market", "region", "traded_on", "sessions", "base_kind", "base_fen", "amount_fen",
    "participants", "tenderee", "winner", "leaf_index",
)  # fmt: skip


def trades(
    session: Session, view: View, *, after: Cursor | None = None, late: str = "", words: str = "", limit: int = 50
) -> list[Row[Any]]:
    """Trades of a view as rows, newest first, after the cursor; with `late` those that were late in that stage."""
    statement = _listing(
        view.period != ALL, view.market != ALL, view.region != ALL, bool(late), bool(words), after is not None
    )
    escaped = re.sub(r"([/%_])", r"/\1", words)
    asked = {
        "first": view.period,
        "last": f"{view.period}-99",
        "market": view.market,
        "region": view.region,
        "late": late,
        "words": f"%{escaped}%",
        "code": words,
        "day": after.traded_on if after else "",
        "id": after.id if after else 0,
        "limit": limit,
    }
    return list(session.execute(statement, asked))


@cache
def _listing(period: bool, market: bool, region: bool, late: bool, words: bool, after: bool) -> Select[Any]:
    """The statement of a list, built once for each kind: putting it together took longer than asking it."""
    query: Select[Any] = select(*(_LIST[name] for name in COLUMNS))
    query = query.order_by(_LIST.traded_on.desc(), _LIST.id.desc()).limit(bindparam("limit", type_=Integer()))
    if period:
        query = query.where(_LIST.traded_on >= _text("first"), _LIST.traded_on <= _text("last"))
    if market:
        query = query.where(_LIST.market == _text("market"))
    if region:
        query = query.where(_LIST.region == _text("region"))
    if words:
        query = query.where(or_(_LIST.name.like(_text("words"), escape="/"), _LIST.code == _text("code")))
    if late:
        held = TradeStage.__table__.c
        query = query.where(exists().where(held.trade_id == _LIST.id, held.stage == _text("late"), held.is_late))
    if after:
        last = tuple_(_text("day"), bindparam("id", type_=BigInteger()))
        query = query.where(tuple_(_LIST.traded_on, _LIST.id) < last)
    return query


def _text(name: str) -> BindParameter[str]:
    return bindparam(name, type_=String())


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
    """Codes of sections whose trade is to be recorded, corrected because the award no longer stands, or completed."""
    priced = exists().where(
        Publicity.section_id == Section.id, Publicity.winner_id == Bid.id, Bid.price_fen.is_not(None)
    )
    recorded = exists().where(Trade.section_id == Section.id)
    filed = exists().where(
        Trade.section_id == Section.id, TradeStage.trade_id == Trade.id, TradeStage.stage == "archive"
    )
    # A consortium's trade names its lead first, then the others (`opening.rules.joint_name`).
    led = func.substr(Trade.winner, 1, func.length(Bid.name) + 1) == Bid.name + "（"
    changed = exists().where(
        Trade.section_id == Section.id,
        Publicity.section_id == Section.id,
        Publicity.winner_id == Bid.id,
        or_((Bid.name != Trade.winner) & ~led, Bid.price_fen != Trade.amount_fen),
    )
    done = Section.state.in_(DONE)
    wanted = or_(
        done & priced & ~recorded, ~done & recorded, changed, (Section.state == "archived") & recorded & ~filed
    )
    return list(session.scalars(select(Section.code).where(wanted).order_by(Section.id)))
