"""Sums over trades: what the dashboard shows, read from the kept sums, and the same counted anew from the trades."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    distinct,
    func,
    literal,
    or_,
    select,
    true,
)  # fmt: skip
from sqlalchemy.orm import Session

from window.models import Participation, StageSum, Trade, TradeStage, TradeSum
from window.rules import growth, share

ALL = "*"
FEW = 3
GROUPINGS = tuple(
    (period, market, region) for period in ("year", "month") for market in (True, False) for region in (True, False)
)
"""Every way trades are added up: by year or month, each market or all, each region or all."""


class Sums(NamedTuple):
    """The sums of one place in time, market and region; zeros where nothing was traded."""

    trades: int = 0
    sessions: int = 0
    amount_fen: int = 0
    ceiling_fen: int = 0
    saving_fen: int = 0
    floor_fen: int = 0
    premium_fen: int = 0
    counted: int = 0
    few: int = 0
    taking_part: int = 0
    parties: int = 0

    @property
    def saving_share(self) -> Fraction | None:
        """Savings over the ceilings they are measured against."""
        return share(self.saving_fen, self.ceiling_fen)

    @property
    def premium_share(self) -> Fraction | None:
        """Premiums over the start prices."""
        return share(self.premium_fen, self.floor_fen)

    @property
    def mean_parties(self) -> Fraction | None:
        """Parties of a trade, where they are known."""
        return share(self.taking_part, self.counted)

    @property
    def few_share(self) -> Fraction | None:
        """The share of trades with three parties or fewer, where they are known."""
        return share(self.few, self.counted)


MEASURES = Sums._fields
NOTHING = Sums()
ADDITIVE = tuple(name for name in MEASURES if name != "parties")


@dataclass(frozen=True)
class View:
    """What is looked at: a year or a month, one market or all, one region or all."""

    period: str
    market: str = ALL
    region: str = ALL

    @property
    def year(self) -> str:
        """The year looked at."""
        return self.period[:4]

    @property
    def before(self) -> str:
        """The same period a year earlier."""
        return f"{int(self.year) - 1:04}{self.period[4:]}"

    @property
    def months(self) -> list[str]:
        """The months of the year looked at and of the year before."""
        return [f"{year:04}-{month:02}" for year in (int(self.year), int(self.year) - 1) for month in range(1, 13)]


@dataclass(frozen=True)
class StageSums:
    """How one stage went: times, promised, late, mean and longest in seconds, and the rule it was measured by."""

    stage: str
    times: int
    promised: int
    late: int
    seconds: int
    longest: int


@dataclass(frozen=True)
class Dashboard:
    """Everything the page of figures shows; `comparable` are the two sums the growth is reckoned from.

    While a period still runs, only its finished months are compared, with the same months of the year before;
    `compared_months` says how many, None where the whole period is compared. Different parties cannot be added up
    over months: their growth is known for finished periods only. `whole`: all markets, whichever is chosen.
    """

    view: View
    now: Sums
    before: Sums
    comparable: tuple[Sums, Sums]
    compared_months: int | None
    whole: Sums = NOTHING
    whole_before: Sums = NOTHING
    by_market: dict[str, Sums] = field(default_factory=dict)
    before_by_market: dict[str, Sums] = field(default_factory=dict)
    by_region: dict[str, Sums] = field(default_factory=dict)
    by_month: dict[str, Sums] = field(default_factory=dict)
    stages: list[StageSums] = field(default_factory=list)

    def growth_of(self, measure: str) -> Fraction | None:
        """The growth of one measure on the year before; None where it cannot be told."""
        if measure == "parties" and self.compared_months is not None:
            return None
        now, before = self.comparable
        return growth(getattr(now, measure), getattr(before, measure))


def _asked(name: str) -> BindParameter[str]:
    return bindparam(name, type_=String())


_SUM, _STAGE = TradeSum.__table__.c, StageSum.__table__.c
_BOARD = select(_SUM.period, _SUM.market, _SUM.region, *(_SUM[name] for name in MEASURES)).where(
    or_(
        and_(or_(_SUM.period == _asked("period"), _SUM.period == _asked("before")), _SUM.region == _asked("region")),
        and_(_SUM.period == _asked("period"), _SUM.market == _asked("market")),
        and_(
            _SUM.period.between(_asked("first"), _asked("last")),
            _SUM.market == _asked("market"),
            _SUM.region == _asked("region"),
        ),
    )
)
"""Built once: putting the statement together took longer than asking it. A year's text sorts before its months'."""
_STAGES = select(*(_STAGE[one.name] for one in fields(StageSums))).where(
    _STAGE.period == _asked("period"), _STAGE.market == _asked("market"), _STAGE.region == _asked("region")
)


def dashboard(session: Session, view: View, today: date) -> Dashboard:
    """The figures of a view from the kept sums: two statements, whatever the number of trades."""
    asked = {
        "period": view.period,
        "before": view.before,
        "market": view.market,
        "region": view.region,
        "first": view.before[:4],
        "last": f"{view.year}-99",
    }
    held = {(row[0], row[1], row[2]): Sums._make(row[3:]) for row in session.execute(_BOARD, asked)}

    def at(period: str, market: str = view.market, region: str = view.region) -> Sums:
        return held.get((period, market, region), Sums())

    now, before = at(view.period), at(view.before)
    running = f"{today:%Y-%m}"
    comparable: tuple[Sums, Sums] = (now, before)
    compared: int | None = None
    if view.period == view.year == running[:4]:
        compared = today.month - 1
        months = view.months[:compared], view.months[12 : 12 + compared]
        comparable = (added(map(at, months[0])), added(map(at, months[1])))
    elif view.period == running:
        compared, comparable = 0, (Sums(), Sums())
    return Dashboard(
        view=view,
        now=now,
        before=before,
        comparable=comparable,
        compared_months=compared,
        whole=at(view.period, ALL),
        whole_before=at(view.before, ALL),
        by_market={m: sums for (p, m, r), sums in held.items() if (p, r) == (view.period, view.region) and m != ALL},
        before_by_market={
            m: sums for (p, m, r), sums in held.items() if (p, r) == (view.before, view.region) and m != ALL
        },
        by_region={r: sums for (p, m, r), sums in held.items() if (p, m) == (view.period, view.market) and r != ALL},
        by_month={month: at(month) for month in view.months},
        stages=_stages(session, view),
    )


def _stages(session: Session, view: View) -> list[StageSums]:
    asked = {"period": view.period, "market": view.market, "region": view.region}
    return [StageSums(*row) for row in session.execute(_STAGES, asked)]


def added(parts: Iterable[Sums]) -> Sums:
    """Sums added up; different parties cannot be added and are left at zero."""
    totals = dict.fromkeys(ADDITIVE, 0)
    for part in parts:
        for name in ADDITIVE:
            totals[name] += getattr(part, name)
    return Sums(**totals)


def years(session: Session) -> list[str]:
    """The years with a trade, newest first."""
    found = session.scalars(
        select(TradeSum.period).where(
            TradeSum.market == ALL, TradeSum.region == ALL, func.length(TradeSum.period) == 4, TradeSum.trades > 0
        )
    )
    return sorted(found, reverse=True)


def summed(grouping: tuple[str, bool, bool], months: Collection[str] | None = None) -> Select[Any]:
    """The statement that counts one grouping anew from the trades: columns of `trade_sum` in their order."""
    period_name, per_market, per_region = grouping

    def keys(table: Any) -> list[ColumnElement[Any]]:
        return [
            getattr(table, period_name),
            *([table.market] if per_market else []),
            *([table.region] if per_region else []),
        ]

    def within(table: Any) -> ColumnElement[bool]:
        if months is None:
            return true()
        named = sorted(months) if period_name == "month" else sorted({month[:4] for month in months})
        inside: ColumnElement[bool] = getattr(table, period_name).in_(named)
        return inside

    ceiling, floor = Trade.base_kind == "ceiling", Trade.base_kind == "floor"
    known = Trade.participants > 0
    facts = (
        select(
            *(column.label(f"key{place}") for place, column in enumerate(keys(Trade))),
            _count().label("trades"),
            _whole(func.sum(Trade.sessions)).label("sessions"),
            _whole(func.sum(Trade.amount_fen)).label("amount_fen"),
            _whole(func.sum(case((ceiling, Trade.base_fen), else_=0))).label("ceiling_fen"),
            _whole(func.sum(case((ceiling, Trade.base_fen - Trade.amount_fen), else_=0))).label("saving_fen"),
            _whole(func.sum(case((floor, Trade.base_fen), else_=0))).label("floor_fen"),
            _whole(func.sum(case((floor, Trade.amount_fen - Trade.base_fen), else_=0))).label("premium_fen"),
            _whole(func.sum(case((known, 1), else_=0))).label("counted"),
            _whole(func.sum(case((and_(known, Trade.participants <= FEW), 1), else_=0))).label("few"),
            _whole(func.sum(Trade.participants)).label("taking_part"),
        )
        .where(within(Trade))
        .group_by(*keys(Trade))
        .subquery()
    )
    people = (
        select(
            *(column.label(f"key{place}") for place, column in enumerate(keys(Participation))),
            func.count(distinct(Participation.identifier)).label("parties"),
        )
        .where(within(Participation))
        .group_by(*keys(Participation))
        .subquery()
    )
    same = and_(*(facts.c[f"key{place}"] == people.c[f"key{place}"] for place in range(1 + per_market + per_region)))
    market = facts.c.key1 if per_market else literal(ALL)
    region = facts.c[f"key{1 + per_market}"] if per_region else literal(ALL)
    return select(
        facts.c.key0,
        market.label("market"),
        region.label("region"),
        *(facts.c[name] for name in ADDITIVE),
        func.coalesce(people.c.parties, 0).label("parties"),
    ).select_from(facts.outerjoin(people, same))


def _count() -> Any:
    return func.count()


def _whole(value: Any) -> Any:
    """A sum as a whole number: PostgreSQL adds bigints up to a numeric."""
    return cast(value, BigInteger)


def recount(session: Session, months: Collection[str] | None = None) -> Iterator[tuple[str, str, str, str, int, int]]:
    """Count everything anew from the trades and yield each difference: period, market, region, measure, kept, counted.

    With `months` only these and their years.
    """
    for grouping in GROUPINGS:
        counted = {(row[0], row[1], row[2]): tuple(row[3:]) for row in session.execute(summed(grouping, months))}
        period, per_market, per_region = grouping
        columns = [getattr(TradeSum, name) for name in MEASURES]
        query = select(TradeSum.period, TradeSum.market, TradeSum.region, *columns).where(
            func.length(TradeSum.period) == (4 if period == "year" else 7),
            (TradeSum.market != ALL) if per_market else (TradeSum.market == ALL),
            (TradeSum.region != ALL) if per_region else (TradeSum.region == ALL),
        )
        if months is not None:
            query = query.where(
                TradeSum.period.in_(sorted(months) if period == "month" else {month[:4] for month in months})
            )
        kept = {(row[0], row[1], row[2]): tuple(row[3:]) for row in session.execute(query)}
        for place in sorted(counted.keys() | kept.keys()):
            for name, left, right in zip(
                MEASURES,
                kept.get(place, (0,) * len(MEASURES)),
                counted.get(place, (0,) * len(MEASURES)),
                strict=True,
            ):
                if left != right:
                    yield (*place, name, left, right)


def stage_recount(session: Session) -> list[tuple[Any, ...]]:
    """Count every stage anew; each difference: period, market, region, stage, what is kept, what was counted."""
    counted: dict[tuple[str, str, str, str], list[int]] = {}
    for one in session.scalars(select(TradeStage)):
        seconds = int((one.ended_at - one.began_at).total_seconds())
        for period in (one.year, one.month):
            for market in (one.market, ALL):
                for region in (one.region, ALL):
                    sums = counted.setdefault((period, market, region, one.stage), [0, 0, 0, 0, 0])
                    sums[0] += 1
                    sums[1] += one.due_at is not None
                    sums[2] += one.is_late
                    sums[3] += seconds
                    sums[4] = max(sums[4], seconds)
    kept = {
        (one.period, one.market, one.region, one.stage): [one.times, one.promised, one.late, one.seconds, one.longest]
        for one in session.scalars(select(StageSum))
    }
    places = sorted(counted.keys() | kept.keys())
    return [(*at, kept.get(at), counted.get(at)) for at in places if kept.get(at) != counted.get(at)]
