"""The shapes of what is published, as programs get it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from bidding.lifecycle import SECTION
from bidding.rules.law import REGIMES
from core.api.fields import PageAsked, Plain, Told, among
from window.rules import MARKETS

STATES = tuple(state for state in SECTION.states if state != SECTION.start)
Name = Annotated[Plain, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]*$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern="^[A-Za-z0-9._:-]+$")]
State = Annotated[str, among(STATES), Field(json_schema_extra={"enum": list(STATES)})]
Regime = Annotated[str, among(REGIMES), Field(json_schema_extra={"enum": list(REGIMES)})]
Market = Annotated[str, among(MARKETS), Field(json_schema_extra={"enum": list(MARKETS)})]
Digits = Annotated[str, StringConstraints(pattern="^[0-9]{2,6}$")]


class Unit(Told):
    """A unit by its unified social credit code."""

    identifier: str
    name: str


class Attachment(Told):
    """A file of a notice; GET /objects/{sha256} gives its bytes."""

    name: str
    sha256: str
    size: int


class NoticeBrief(Told):
    """A notice of a section."""

    number: str
    kind: str
    title: str
    published_at: str
    replaces: str | None
    attachments: list[Attachment]
    leaf: int


class ClarificationTold(Told):
    """An answer or amendment for all bidders alike."""

    number: int
    text: str
    published_at: str
    deadline_at: str


class MemberTold(Told):
    """A member of a consortium: its role, its share of the work in hundredths of a per cent, and what it does."""

    name: str
    uscc: str
    role: Literal["lead", "member"]
    share: int
    work: str


class BidTold(Told):
    """A bid: told from the publication of names on, of a consortium every member; its price from the reading on."""

    number: int
    name: str
    identifier: str
    consortium: list[MemberTold]
    received_at: str
    state: str
    opened: bool
    price_fen: int | None


class SetAside(Told):
    """A winner whose award no longer stands."""

    number: int
    name: str
    identifier: str
    consortium: list[MemberTold]
    at: str


class Award(Told):
    """The award where it stands."""

    number: int
    name: str
    identifier: str
    consortium: list[MemberTold]
    price_fen: int | None
    at: str
    notice: str


class ContractChange(Told):
    """A published change of the contract."""

    notice: str
    at: str
    text: str
    amount_fen: int


class ContractEnd(Told):
    """The early end of the contract."""

    notice: str
    reason: str


class ContractTold(Told):
    """The concluded contract as its notices tell it."""

    number: int
    concluded_at: str
    price_fen: int
    duration_days: int
    changes: list[ContractChange]
    ended: ContractEnd | None


class SectionBrief(Told):
    """A published section (标段)."""

    code: str
    project: str
    project_name: str
    name: str
    state: str
    estimate_fen: int
    control_price_fen: int
    duration_days: int
    published_at: str | None
    documents_until_at: str | None
    deadline_at: str | None
    closed_at: str | None


class SectionTold(Told):
    """A published section with everything public about it; `bids` is null before the names are public (R-208)."""

    code: str
    name: str
    state: str
    estimate_fen: int
    control_price_fen: int
    duration_days: int
    published_at: str | None
    documents_until_at: str | None
    deadline_at: str | None
    closed_at: str | None
    notices: list[NoticeBrief]
    clarifications: list[ClarificationTold]
    bids: list[BidTold] | None
    candidates: list[int]
    unranked: bool
    set_aside: list[SetAside]
    award: Award | None
    contract: ContractTold | None
    leaf: int
    at: str


class TenderBrief(Told):
    """A project with something published."""

    code: str
    name: str
    regime: str
    category: str
    procedure: str
    region: str
    tenderee: Unit
    agent: Unit | None
    sections: list[str]


class TenderTold(Told):
    """A project with its published sections."""

    code: str
    name: str
    regime: str
    category: str
    procedure: str
    region: str
    description: str
    funding: str
    is_mandatory: bool
    attempt: int
    predecessor: str | None = Field(description="The failed project that this one holds again")
    tenderee: Unit
    agent: Unit | None
    sections: list[SectionTold]
    leaf: int
    at: str


class NoticeTold(Told):
    """A public notice with its content as data."""

    number: str
    kind: str
    section: str | None
    title: str
    published_at: str
    replaces: str | None
    attachments: list[Attachment]
    leaf: int
    content: dict[str, Any]


class NoticeShort(Told):
    """A public notice in a list."""

    number: str
    kind: str
    section: str | None
    title: str
    published_at: str
    leaf: int


class ResultTold(Told):
    """A notice of an award, or of one set aside, with the award as it stands today."""

    number: str
    kind: str
    section: str
    title: str
    published_at: str
    award: Award | None


class DrawTold(Told):
    """A verifiable draw; what it drew stays on its own page, under that page's rules."""

    label: str
    section: str
    state: str
    parties: int
    at: str


class TradeTold(Told):
    """A concluded trade."""

    code: str
    name: str
    market: str
    region: str
    traded_on: str
    sessions: int
    base_kind: str
    base_fen: int | None
    amount_fen: int
    participants: int
    tenderee: str
    winner: str
    leaf: int


class ChangeTold(Told):
    """A change of what is published, in the order of the ledger."""

    leaf: int
    at: str
    kind: str
    subject: str | None
    ledger: str


class Changes(Told):
    """A page of the change feed; `next` is always there: go on from it for ever."""

    items: list[ChangeTold]
    next: str


class TendersAsked(PageAsked):
    """Which projects."""

    regime: Regime | None = None
    region: Digits | None = None


class SectionsAsked(PageAsked):
    """Which sections."""

    state: State | None = None
    tender: Code | None = None
    q: Name | None = None


class NoticesAsked(PageAsked):
    """Which notices."""

    kind: Code | None = None
    section: Code | None = None
    q: Name | None = None


class DrawsAsked(PageAsked):
    """Which draws."""

    section: Code | None = None


class TradesAsked(PageAsked):
    """Which trades."""

    year: Annotated[str, StringConstraints(pattern="^(19|20|21)[0-9]{2}$")] | None = None
    market: Market | None = None
    region: Annotated[str, StringConstraints(pattern="^[0-9]{6}([0-9]{6})?$")] | None = None
    q: Name | None = None


class ChangesAsked(PageAsked):
    """From where on; without a cursor from the beginning, with `latest` from now."""

    latest: Annotated[str, among(("true",)), Field(json_schema_extra={"enum": ["true"]})] | None = None
