"""The shapes of projects and drafts, as their owners' programs read and write them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from bidding.routes.api import contents
from bidding.rules.law import CATEGORIES, PROCEDURES, REGIMES
from bidding.rules.procedures import INVITATIONS
from core.api.fields import Fen, Filled, Given, Instant, Plain, Told, among
from credit.rules import CUTOFFS

Regime = Annotated[str, among(REGIMES), Field(json_schema_extra={"enum": list(REGIMES)})]
Category = Annotated[str, among(CATEGORIES), Field(json_schema_extra={"enum": list(CATEGORIES)})]
Procedure = Annotated[str, among(PROCEDURES), Field(json_schema_extra={"enum": list(PROCEDURES)})]
Invitation = Annotated[str, among(INVITATIONS), Field(json_schema_extra={"enum": list(INVITATIONS)})]
Cutoff = Annotated[str, among(CUTOFFS), Field(json_schema_extra={"enum": list(CUTOFFS)})]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
Name = Annotated[Filled, Field(max_length=200)]
Short = Annotated[Plain, Field(max_length=200)]
Text = Annotated[Plain, Field(max_length=1000)]
Long = Annotated[Plain, Field(max_length=4000)]
Region = Annotated[str, StringConstraints(pattern="^([0-9]{6}([0-9]{6})?)?$")]
Identifier = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z]{18}$")]


class Unit(Told):
    """A unit by its unified social credit code."""

    identifier: str
    name: str


class SectionState(Told):
    """A section of a project, by its state."""

    code: str
    name: str
    state: str


class ProjectTold(Told):
    """One's own project; `is_frozen` once its first publication has frozen the rules."""

    code: str
    name: str
    regime: str
    category: str
    procedure: str
    is_mandatory: bool
    region: str
    funding: str
    description: str
    ground: str
    invitation: str
    attempt: int
    is_frozen: bool
    tenderee: Unit
    agent: Unit | None
    sections: list[SectionState]


class ProjectGiven(Given):
    """What begins a project; an agent names its tenderee, a tenderee its agent if it has one."""

    name: Name
    code: Code | None = None
    regime: Regime
    category: Category
    procedure: Procedure = "open"
    is_mandatory: bool = True
    region: Region = ""
    funding: Short = ""
    description: Long = ""
    tenderee: Identifier | None = None
    agent: Identifier | None = None
    predecessor: Code | None = None


class ProjectChange(Given):
    """What changes a project before its first publication; what is left out stays."""

    name: Name | None = None
    regime: Regime | None = None
    category: Category | None = None
    procedure: Procedure | None = None
    is_mandatory: bool | None = None
    region: Region | None = None
    funding: Short | None = None
    description: Long | None = None
    ground: Annotated[Plain, Field(max_length=40)] | None = None
    invitation: Invitation | None = None


class Particulars(Given):
    """Further texts of the notice (R-104)."""

    scope: Text | None = None
    scale: Text | None = None
    obtaining: Text | None = None
    submission: Text | None = None
    address: Text | None = None
    contact: Text | None = None
    objection_contact: Text | None = None
    media: Text | None = None
    credit_cutoff: Cutoff | None = None
    bond_refusal_days: Annotated[str, Field(pattern=r"^([1-9]|[12][0-9]|30)?$", max_length=2)] | None = None


class DraftGiven(Given):
    """A draft's facts; what is left out stays. Envelopes without slots keep the slots that fit them."""

    name: Name | None = None
    estimate_fen: Fen | None = None
    control_price_fen: Fen | None = None
    bond_fen: Fen | None = None
    duration_days: Annotated[int, Field(ge=0, le=36_500)] | None = None
    validity_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    decrypt_minutes: Annotated[int, Field(ge=0, le=10_080)] | None = None
    qualification: Long | None = None
    credit_rule: Long | None = None
    accepts_consortium: bool | None = None
    documents_until_at: Instant | None = None
    deadline_at: Instant | None = None
    second_opening_at: Instant | None = None
    particulars: Particulars | None = None
    method: contents.MethodGiven | None = None
    envelopes: Annotated[list[contents.EnvelopeGiven], Field(min_length=1, max_length=4)] | None = None
    slots: Annotated[list[contents.SlotGiven], Field(min_length=1, max_length=60)] | None = None


class NewDraft(DraftGiven):
    """What begins a draft: its name, and whatever is known already."""

    name: Name  # type: ignore[assignment]


class DraftTold(Told):
    """A section as its owner drafts it."""

    code: str
    project: str
    state: str
    name: str
    estimate_fen: int
    control_price_fen: int
    bond_fen: int
    duration_days: int
    validity_days: int
    decrypt_minutes: int
    qualification: str
    credit_rule: str
    accepts_consortium: bool | None
    documents_until_at: Instant | None
    deadline_at: Instant | None
    second_opening_at: Instant | None
    particulars: dict[str, str]
    method: dict[str, Any]
    envelopes: list[contents.EnvelopeTold]
    slots: list[contents.SlotTold]
    documents: list[contents.DocumentTold]


class FindingTold(Told):
    """What a check of the draft says; `block`: it cannot be published so."""

    rule: str
    level: str
    field: str | None
    code: str
    detail: str


class Findings(Told):
    """Every check of the draft as it stands."""

    items: list[FindingTold]
    blocks: int
