"""Tables of trades with their origin, stages and sums; of ratings, subscriptions, exchange with other platforms."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Json, Row, Staged
from core.locker import LockedText
from core.machine import Lifecycle
from window.lifecycle import RATING, WEBHOOK
from window.rules import BAD


class TradeImport(Base, Row):
    """One table of earlier trades as it was taken over: its bytes lie in the store, its sums in the ledger."""

    __tablename__ = "trade_import"

    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(300))
    rows: Mapped[int]
    sums: Mapped[Any] = mapped_column(Json)
    imported_at: Mapped[datetime]
    imported_by: Mapped[str] = mapped_column(String(120))
    leaf_index: Mapped[int]


class Trade(Base, Row):
    """One concluded deal. `base_fen` is what it is compared with: a ceiling (limit, budget) or a floor (start price).

    `sessions`: how many trading sessions (场次) it counts for, 0 where another trade of the same session counts it.
    `participants`: how many parties took part, 0 where it is not known. `year` and `month` repeat `traded_on`.
    """

    __tablename__ = "trade"
    __table_args__ = (
        CheckConstraint("(section_id IS NULL) <> (import_id IS NULL)", name="origin"),
        CheckConstraint("(base_kind = 'none') = (base_fen IS NULL)", name="base"),
        Index("trade_by_day", "traded_on", "id"),
        Index("trade_by_market", "market", "traded_on", "id"),
        Index("trade_by_region", "region", "traded_on", "id"),
        Index("trade_by_both", "market", "region", "traded_on", "id"),
    )

    code: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    market: Mapped[str] = mapped_column(String(20))
    region: Mapped[str] = mapped_column(String(12))
    traded_on: Mapped[str] = mapped_column(String(10))
    year: Mapped[str] = mapped_column(String(4))
    month: Mapped[str] = mapped_column(String(7), index=True)
    sessions: Mapped[int]
    base_kind: Mapped[str] = mapped_column(String(10))
    base_fen: Mapped[int | None]
    amount_fen: Mapped[int]
    participants: Mapped[int]
    tenderee: Mapped[str] = mapped_column(String(200))
    winner: Mapped[str] = mapped_column(String(200))
    section_id: Mapped[int | None] = mapped_column(ForeignKey("section.id"), unique=True)
    import_id: Mapped[int | None] = mapped_column(ForeignKey("trade_import.id"), index=True)
    line: Mapped[int | None]
    leaf_index: Mapped[int]


class Participation(Base, Row):
    """One party of one trade; its place repeats the trade's, so that who is counted once is found without a join."""

    __tablename__ = "participation"
    __table_args__ = (
        Index("participation_of_party", "identifier", "year"),
        Index("participation_by_month", "month", "market", "region", "identifier"),
    )

    trade_id: Mapped[int] = mapped_column(ForeignKey("trade.id"), index=True)
    identifier: Mapped[str] = mapped_column(String(40))
    market: Mapped[str] = mapped_column(String(20))
    region: Mapped[str] = mapped_column(String(12))
    year: Mapped[str] = mapped_column(String(4))
    month: Mapped[str] = mapped_column(String(7))


class TradeStage(Base, Row):
    """One stage of a trade on this platform: when it began and ended by the ledger, by when it should have ended.

    `promise` cites the rule of law or the published promise of service; None where nothing is promised.
    """

    __tablename__ = "trade_stage"
    __table_args__ = (
        CheckConstraint("ended_at >= began_at", name="order"),
        Index("trade_stage_late", "stage", "is_late", "trade_id"),
        Index("trade_stage_one", "trade_id", "stage", unique=True),
    )

    trade_id: Mapped[int] = mapped_column(ForeignKey("trade.id"))
    stage: Mapped[str] = mapped_column(String(20))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    promise: Mapped[Any | None] = mapped_column(Json)
    is_late: Mapped[bool]
    market: Mapped[str] = mapped_column(String(20))
    region: Mapped[str] = mapped_column(String(12))
    year: Mapped[str] = mapped_column(String(4))
    month: Mapped[str] = mapped_column(String(7))


class TradeSum(Base):
    """The sums over one period (a year or a month), market and region, `*` for all; kept with every trade.

    `counted`: trades whose participants are known; `few`: of these, those with three or fewer; `parties`: different
    parties; `taking_part`: parties of each trade added up. Savings are ceiling minus amount, premiums amount minus
    floor.
    """

    __tablename__ = "trade_sum"

    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    market: Mapped[str] = mapped_column(String(20), primary_key=True)
    region: Mapped[str] = mapped_column(String(12), primary_key=True)
    trades: Mapped[int]
    sessions: Mapped[int]
    amount_fen: Mapped[int]
    ceiling_fen: Mapped[int]
    saving_fen: Mapped[int]
    floor_fen: Mapped[int]
    premium_fen: Mapped[int]
    counted: Mapped[int]
    few: Mapped[int]
    taking_part: Mapped[int]
    parties: Mapped[int]


class StageSum(Base):
    """How often a stage was gone through in one period, market and region, how often promised and late, how long."""

    __tablename__ = "stage_sum"

    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    market: Mapped[str] = mapped_column(String(20), primary_key=True)
    region: Mapped[str] = mapped_column(String(12), primary_key=True)
    stage: Mapped[str] = mapped_column(String(20), primary_key=True)
    times: Mapped[int]
    promised: Mapped[int]
    late: Mapped[int]
    seconds: Mapped[int]
    longest: Mapped[int]


class ServiceRating(Base, Staged):
    """A rating of the service, by anybody; who rated is not stored. A bad one is handled, put right and reviewed.

    `due_at`: the first instant at which the present step is late; None where nothing is due. `is_set_aside`: the
    answer says why the rating is not followed (a mistake, no ground in law).
    """

    __tablename__ = "service_rating"
    __table_args__ = (
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        CheckConstraint("state NOT IN ('rectified','closed') OR answer IS NOT NULL", name="answer"),
        CheckConstraint("state <> 'closed' OR review IS NOT NULL", name="review"),
    )
    lifecycle: ClassVar[Lifecycle] = RATING

    number: Mapped[str] = mapped_column(String(20), unique=True)
    stars: Mapped[int]
    topic: Mapped[str] = mapped_column(String(20))
    text: Mapped[str]
    contact: Mapped[str] = mapped_column(String(100))
    rated_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    promise: Mapped[Any | None] = mapped_column(Json)
    rounds: Mapped[int] = mapped_column(default=0)
    lateness: Mapped[Any] = mapped_column(Json, default=list)
    is_set_aside: Mapped[bool] = mapped_column(default=False)
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    review: Mapped[str | None]
    reviewed_at: Mapped[datetime | None]

    @property
    def is_bad(self) -> bool:
        """Whether it asks for the loop: dissatisfied or very dissatisfied."""
        return self.stars <= BAD

    @property
    def subject(self) -> str:
        """The rating's name in the ledger."""
        return f"rating:{self.number}"


class OutsideTrade(Base, Row):
    """A trade made outside the platform, recorded with its reason: was it below the threshold, excepted, or wrong?

    `finding` is what the catalogue of the day said (`rules.check_outside`); nothing is ever deleted or edited.
    """

    __tablename__ = "outside_trade"
    __table_args__ = (
        CheckConstraint("verdict IN ('below','excepted','outside')", name="verdict"),
        Index("outside_trade_of_unit", "identifier", "project", "matter"),
    )

    number: Mapped[str] = mapped_column(String(20), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    identifier: Mapped[str] = mapped_column(String(40))
    unit: Mapped[str] = mapped_column(String(200))
    project: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    matter: Mapped[str] = mapped_column(String(20))
    traded_on: Mapped[str] = mapped_column(String(10))
    amount_fen: Mapped[int]
    counterpart: Mapped[str] = mapped_column(String(200))
    ground: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str]
    verdict: Mapped[str] = mapped_column(String(10))
    finding: Mapped[Any] = mapped_column(Json)
    recorded_at: Mapped[datetime]
    leaf_index: Mapped[int]


class Webhook(Base, Staged):
    """A program's subscription to what changes: where messages go, which kinds, from which leaf on.

    Its secret is random and lies encrypted (core.locker); the one before counts until `former_until`. A subscription
    without one is older than that: its secret is made from the ledger's key until its owner takes a new one.
    `failing`: tries in a row that nobody took.
    """

    __tablename__ = "webhook"
    lifecycle: ClassVar[Lifecycle] = WEBHOOK

    number: Mapped[str] = mapped_column(String(24), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    url: Mapped[str] = mapped_column(String(500))
    kinds: Mapped[Any] = mapped_column(Json)
    section: Mapped[str] = mapped_column(String(60), default="")
    cursor: Mapped[int]
    generation: Mapped[int] = mapped_column(default=1)
    secret: Mapped[str | None] = mapped_column(LockedText("webhook.secret"))
    former: Mapped[str | None] = mapped_column(LockedText("webhook.former"))
    former_until: Mapped[datetime | None]
    failing: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        """Its name in the ledger."""
        return f"webhook:{self.number}"


class WebhookMessage(Base, Row):
    """One message of a subscription: the very bytes that are sent each time; due, taken, or given up."""

    __tablename__ = "webhook_message"
    __table_args__ = (UniqueConstraint("webhook_id", "leaf"),)

    number: Mapped[str] = mapped_column(String(40), unique=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"), index=True)
    leaf: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(80))
    body: Mapped[str]
    tries: Mapped[int] = mapped_column(default=0)
    written_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    taken_at: Mapped[datetime | None]
    webhook: Mapped[Webhook] = relationship(lazy="joined")


class WebhookTry(Base, Row):
    """One try to hand a message over, and what the other side said."""

    __tablename__ = "webhook_try"

    message_id: Mapped[int] = mapped_column(ForeignKey("webhook_message.id"), index=True)
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(20))
    took_ms: Mapped[int]


class ExchangePlatform(Base, Row):
    """A platform above (上级平台) that is handed our records, or one below that hands us its own; known by its key.

    `cursor`: the leaf up to which its records have been gathered. An upper platform without address fetches them
    itself and tells its verdicts by the interface.
    """

    __tablename__ = "exchange_platform"
    __table_args__ = (CheckConstraint("side IN ('upper','lower')", name="side"),)

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    side: Mapped[str] = mapped_column(String(5))
    url: Mapped[str] = mapped_column(String(300), default="")
    key: Mapped[str] = mapped_column(String(200), default="")
    groups: Mapped[Any] = mapped_column(Json)
    cursor: Mapped[int]
    failures: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[str] = mapped_column(String(80), default="")
    due_at: Mapped[datetime | None]
    added_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        """Its name in the ledger."""
        return f"exchange:{self.code}"


class HandedRecord(Base, Row):
    """A record of the national dataset for an upper platform, and its verdict: waiting, accepted, rejected, faulty.

    Faulty: it broke our own checks and was not sent. `reason` is the upper platform's, word for word.
    """

    __tablename__ = "handed_record"
    __table_args__ = (
        UniqueConstraint("platform_id", "group_name", "record_key"),
        CheckConstraint("verdict IN ('waiting','accepted','rejected','faulty')", name="verdict"),
    )

    platform_id: Mapped[int] = mapped_column(ForeignKey("exchange_platform.id"))
    group_name: Mapped[str] = mapped_column(String(40))
    record_key: Mapped[str] = mapped_column(String(200))
    project: Mapped[str] = mapped_column(String(60), index=True)
    record: Mapped[Any] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(10), index=True)
    code: Mapped[str] = mapped_column(String(60), default="")
    reason: Mapped[str] = mapped_column(String(1000), default="")
    sent: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]
    judged_at: Mapped[datetime | None]
    platform: Mapped[ExchangePlatform] = relationship(lazy="joined")


class ReceivedRecord(Base, Row):
    """A record a lower platform has handed to us and we have accepted."""

    __tablename__ = "received_record"
    __table_args__ = (UniqueConstraint("platform_id", "group_name", "record_key"),)

    platform_id: Mapped[int] = mapped_column(ForeignKey("exchange_platform.id"))
    group_name: Mapped[str] = mapped_column(String(40))
    record_key: Mapped[str] = mapped_column(String(200))
    record: Mapped[Any] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]
