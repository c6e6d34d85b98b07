"""What a legal check looks at and what it says: the facts of a section, one finding per rule."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.law import Snapshot


class Level(StrEnum):
    """What a finding does: refuse the publication, warn, tell what the platform computes, or say that all is well."""

    BLOCK = "block"
    WARN = "warn"
    COMPUTE = "compute"
    MET = "met"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One rule looked at: its RULES id, what follows, the sentence's code and facts, the form field it is about."""

    rule: str
    level: Level
    code: str
    field: str | None = None
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether a person has something to do about it."""
        return self.level in (Level.BLOCK, Level.WARN)


@dataclasses.dataclass(frozen=True)
class NoticeFacts:
    """Everything the checks look at, as plain values; money in fen, instants in UTC.

    `kindred_fen`: the estimates of other packages that may be one purchase split up (R-051). `invitees`, `invited`: how
    many may be invited, how many are. `is_frozen`: another section has frozen the project's law already.
    `accepts_consortium` is None while nothing is stated.
    """

    now: datetime
    regime: str
    category: str
    procedure: str
    is_mandatory: bool
    project_name: str
    description: str
    funding: str
    tenderee: str
    section_name: str
    estimate_fen: int
    control_price_fen: int
    bond_fen: int
    duration_days: int
    validity_days: int
    decrypt_minutes: int
    qualification: str
    accepts_consortium: bool | None
    credit_rule: str
    method: Any
    particulars: dict[str, Any]
    documents_from_at: datetime | None
    documents_until_at: datetime | None
    deadline_at: datetime | None
    document_slots: frozenset[str]
    trustees: frozenset[str]
    required_trustees: tuple[str, ...]
    ground: str = ""
    invitation: str = "public"
    invitees: int = 0
    invited: int = 0
    attempt: int = 1
    kindred_fen: int = 0
    is_frozen: bool = False
    envelopes: Any = ()
    slots: Any = ()
    second_opening_at: datetime | None = None

    @property
    def issued_at(self) -> datetime:
        """When documents begin to be issued: never before the notice itself."""
        return max(self.documents_from_at or self.now, self.now)

    @property
    def kind(self) -> str:
        """The category as thresholds know it: works, goods, or services with design among them."""
        return self.category if self.category in ("works", "goods") else "services"


def verdict(holds: bool, otherwise: Level = Level.BLOCK) -> Level:
    """MET where the rule holds, else `otherwise`."""
    return Level.MET if holds else otherwise


def cited(law: Snapshot, key: str, **told: Any) -> dict[str, Any]:
    """A rule's citation with how far it was verified, and what else the sentence tells."""
    return {**law.cite(key), "trust": law.rule(key).trust, **told}
