"""Recording trades: a section once it is awarded, or a table of earlier years; the kept sums move in the same act."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from awards.queries import notice_of, publicity
from bidding.models import Section
from bidding.queries import law_of
from core.act import Act
from core.calendar import day_of, national
from core.errors import Conflict, Invalid
from core.ledger.log import append, entries_of
from experts.queries import final_bids
from opening.rules import joint_name
from window.models import Participation, StageSum, Trade, TradeImport, TradeStage, TradeSum
from window.queries import DONE
from window.queries.sums import ALL, GROUPINGS, MEASURES, Sums, summed
from window.rules import TradeFact, market_of, promises, read_trades, stages

BATCH = 2000
FEW = 3


def import_trades(act: Act, raw: bytes, *, name: str, source: str) -> TradeImport:
    """Take over a table of earlier trades (docs/statistics.md), every line or none.

    Afterwards the file lies in the store, the ledger holds its hash and sums, and the kept sums of the months it
    touches have been counted anew. What `rules.read_trades` raises; Conflict("trades.imported") for the same bytes
    again, Invalid("trades.known") for codes that are recorded already.
    """
    sha256 = hashlib.sha256(raw).hexdigest()
    if act.session.scalar(select(TradeImport.id).where(TradeImport.sha256 == sha256)) is not None:
        raise Conflict("trades.imported", sha256=sha256)
    facts = read_trades(raw)
    known = _known(act.session, [fact.code for fact in facts])
    if known:
        raise Invalid("trades.known", field="file", codes=known[:20])
    act.store.put(raw)
    sums = {
        "trades": len(facts),
        "sessions": sum(fact.sessions for fact in facts),
        "amount_fen": sum(fact.amount_fen for fact in facts),
    }
    told = {"sha256": sha256, "name": name, "source": source, **sums, "actor": act.actor.name}
    entry = append(act, "trades.import", f"trades:{sha256[:16]}", told)
    held = TradeImport(
        sha256=sha256,
        name=name,
        source=source,
        rows=len(facts),
        sums=sums,
        imported_at=act.now,
        imported_by=act.actor.name,
        leaf_index=entry.leaf_index,
    )
    act.session.add(held)
    act.session.flush()
    insert_trades(act.session, facts, import_id=held.id, leaf_index=entry.leaf_index)
    sum_up(act.session, {fact.traded_on[:7] for fact in facts})
    return held


def _known(session: Session, codes: Sequence[str]) -> list[str]:
    known: list[str] = []
    for start in range(0, len(codes), BATCH):
        known += session.scalars(select(Trade.code).where(Trade.code.in_(codes[start : start + BATCH])))
    return sorted(known)


def insert_trades(session: Session, facts: Sequence[TradeFact], *, import_id: int, leaf_index: int) -> None:
    """Insert the rows of many trades and of who took part; no sum is touched."""
    for start in range(0, len(facts), BATCH):
        part = facts[start : start + BATCH]
        session.execute(
            insert(Trade),
            [{**_row(fact), "import_id": import_id, "line": fact.line, "leaf_index": leaf_index} for fact in part],
        )
        ids = {
            row[0]: row[1]
            for row in session.execute(select(Trade.code, Trade.id).where(Trade.code.in_([one.code for one in part])))
        }
        people = [
            {"trade_id": ids[fact.code], "identifier": party, **_place(fact)} for fact in part for party in fact.parties
        ]
        if people:
            session.execute(insert(Participation), people)


def sum_up(session: Session, months: set[str]) -> None:
    """Count the sums of these months and of their years anew, from the trades."""
    periods = months | {month[:4] for month in months}
    session.execute(delete(TradeSum).where(TradeSum.period.in_(sorted(periods))))
    columns = ["period", "market", "region", *MEASURES]
    for grouping in GROUPINGS:
        session.execute(insert(TradeSum).from_select(columns, summed(grouping, months)))
    session.flush()


def record_section(act: Act, section: Section) -> Trade | None:
    """Record an awarded section as a trade, and the stages it has gone through since; safe twice.

    Everything is taken from the award notice, the named bids and the section's ledger entries. A trade whose award was
    set aside since, or went to another, is taken out first. None where nothing was traded.
    """
    held = act.session.scalar(select(Trade).where(Trade.section_id == section.id))
    fact = _fact(act.session, section) if section.state in DONE else None
    if held is not None and (fact is None or (fact.winner, fact.amount_fen) != (held.winner, held.amount_fen)):
        _take_out(act, held)
        held = None
    if fact is None:
        return None
    if held is None:
        # The ledger first: from here on nobody else counts who takes part for the first time.
        entry = append(act, "trade.record", f"trade:{fact.code}", _told(fact))
        sums = _growth(act.session, fact)
        held = Trade(**_row(fact), section_id=section.id, leaf_index=entry.leaf_index)
        act.session.add(held)
        act.session.flush()
        for party in fact.parties:
            act.session.add(Participation(trade_id=held.id, identifier=party, **_place(fact)))
        act.session.flush()
        for place, more in sums.items():
            _add(act.session, place, more)
    _record_stages(act, section, held)
    return held


def _take_out(act: Act, held: Trade) -> None:
    """Take a trade out of the figures; the ledger keeps that it was counted, and from when on it no longer is."""
    append(act, "trade.withdraw", f"trade:{held.code}", {"code": held.code, "recorded": held.leaf_index})
    month = held.month
    for table in (TradeStage, Participation):
        act.session.execute(delete(table).where(table.trade_id == held.id))
    act.session.delete(held)
    act.session.flush()
    sum_up(act.session, {month})
    for period in (month, month[:4]):
        act.session.execute(delete(StageSum).where(StageSum.period == period))
    act.session.expire_all()
    for one in act.session.scalars(select(TradeStage).where(TradeStage.year == month[:4])):
        place = {"market": one.market, "region": one.region, "year": one.year, "month": one.month}
        seconds = int((one.ended_at - one.began_at).total_seconds())
        for where in _places(place):
            if where[0] in (month, month[:4]):
                _add_stage(act.session, (*where, one.stage), seconds, one.due_at is not None, one.is_late)


def _fact(session: Session, section: Section) -> TradeFact | None:
    notice, winner = notice_of(session, section, "award"), publicity(session, section).winner
    if notice is None or winner is None:
        return None
    told = notice.content.get("winner") or {}
    price = told.get("price_fen", winner.price_fen)
    if price is None:
        return None
    base = section.control_price_fen or section.estimate_fen
    parties = dict.fromkeys(bid.identifier for bid in final_bids(session, section) if bid.state != "refused")
    return TradeFact(
        code=section.code,
        name=f"{section.project.name}（{section.name}）"[:300],
        market=market_of(section.project.regime),
        region=section.project.region or "000000",
        traded_on=day_of(notice.published_at).isoformat(),
        sessions=1,
        base_kind="ceiling" if base else "none",
        base_fen=base or None,
        amount_fen=int(price),
        tenderee=section.project.tenderee.name,
        winner=joint_name(winner.name, winner.members, most=200),
        parties=tuple(parties),
    )


def _told(fact: TradeFact) -> dict[str, Any]:
    return {
        "code": fact.code,
        "market": fact.market,
        "region": fact.region,
        "traded_on": fact.traded_on,
        "sessions": fact.sessions,
        "base_kind": fact.base_kind,
        "base_fen": fact.base_fen,
        "amount_fen": fact.amount_fen,
        "participants": len(fact.parties),
    }


def _row(fact: TradeFact) -> dict[str, Any]:
    return {
        "code": fact.code,
        "name": fact.name,
        "traded_on": fact.traded_on,
        "sessions": fact.sessions,
        "base_kind": fact.base_kind,
        "base_fen": fact.base_fen,
        "amount_fen": fact.amount_fen,
        "participants": len(fact.parties),
        "tenderee": fact.tenderee,
        "winner": fact.winner,
        **_place(fact),
    }


def _place(fact: TradeFact) -> dict[str, str]:
    return {
        "market": fact.market,
        "region": fact.region,
        "year": fact.traded_on[:4],
        "month": fact.traded_on[:7],
    }


def _places(period_market_region: dict[str, str]) -> list[tuple[str, str, str]]:
    one = period_market_region
    return [
        (period, market, region)
        for period in (one["year"], one["month"])
        for market in (one["market"], ALL)
        for region in (one["region"], ALL)
    ]


def _growth(session: Session, fact: TradeFact) -> dict[tuple[str, str, str], Sums]:
    """What each of the eight sums gains by the trade; asked before its parties are inserted."""
    base, known = fact.base_fen or 0, len(fact.parties)
    ceiling, floor = fact.base_kind == "ceiling", fact.base_kind == "floor"
    seen: dict[str, set[tuple[str, str, str]]] = {}
    rows = session.execute(
        select(Participation.identifier, Participation.month, Participation.market, Participation.region)
        .where(Participation.identifier.in_(fact.parties), Participation.year == fact.traded_on[:4])
        .distinct()
    )
    for identifier, month, market, region in rows:
        place = {"year": month[:4], "month": month, "market": market, "region": region}
        seen.setdefault(identifier, set()).update(_places(place))
    return {
        place: Sums(
            trades=1,
            sessions=fact.sessions,
            amount_fen=fact.amount_fen,
            ceiling_fen=base if ceiling else 0,
            saving_fen=base - fact.amount_fen if ceiling else 0,
            floor_fen=base if floor else 0,
            premium_fen=fact.amount_fen - base if floor else 0,
            counted=int(known > 0),
            few=int(0 < known <= FEW),
            taking_part=known,
            parties=sum(place not in seen.get(party, ()) for party in fact.parties),
        )
        for place in _places(_place(fact))
    }


def _add(session: Session, place: tuple[str, str, str], more: Sums) -> None:
    held = session.get(TradeSum, place, with_for_update=True)
    if held is None:
        held = TradeSum(
            period=place[0], market=place[1], region=place[2], **{name: getattr(more, name) for name in MEASURES}
        )
        session.add(held)
    else:
        for name in MEASURES:
            setattr(held, name, getattr(held, name) + getattr(more, name))
    session.flush()


def _record_stages(act: Act, section: Section, held: Trade) -> None:
    entries: dict[str, datetime] = {}
    for entry in entries_of(act.session, section.subject):
        entries[entry.kind] = entry.at  # of a step taken again the last counts
    done = set(act.session.scalars(select(TradeStage.stage).where(TradeStage.trade_id == held.id)))
    place = {"market": held.market, "region": held.region, "year": held.year, "month": held.month}
    own = promises(day_of(act.now))
    for stage in stages(entries, law_of(section), own, national()):
        if stage.name in done:
            continue
        act.session.add(
            TradeStage(
                trade_id=held.id,
                stage=stage.name,
                began_at=stage.began_at,
                ended_at=stage.ended_at,
                due_at=stage.due_at,
                promise=stage.promise,
                is_late=stage.is_late,
                **place,
            )
        )
        seconds = int((stage.ended_at - stage.began_at).total_seconds())
        for where in _places(place):
            _add_stage(act.session, (*where, stage.name), seconds, stage.due_at is not None, stage.is_late)
        append(
            act,
            "trade.stage",
            f"trade:{held.code}",
            {"stage": stage.name, "seconds": seconds, "late": stage.is_late, "promise": stage.promise},
        )
    act.session.flush()


def _add_stage(session: Session, place: tuple[str, str, str, str], seconds: int, promised: bool, late: bool) -> None:
    held = session.get(StageSum, place, with_for_update=True)
    if held is None:
        held = StageSum(
            period=place[0], market=place[1], region=place[2], stage=place[3],
            times=0, promised=0, late=0, seconds=0, longest=0,
        )  # fmt: skip
        session.add(held)
    held.times += 1
    held.promised += promised
    held.late += late
    held.seconds += seconds
    held.longest = max(held.longest, seconds)
    session.flush()
