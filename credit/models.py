"""Tables of credit: sources, lists as imported, their records, checks with their evidence, facts, corrections."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Json, Row, Staged
from core.machine import Lifecycle
from credit.lifecycle import CORRECTION


class CreditSource(Base, Row):
    """Where a list comes from: how its files or answers are signed, and the address that answers queries, if any.

    `key_kind`: "" where nothing is signed, ed25519 (`key`: 32 bytes in hex) or pkcs7 (`key`: the certificate's
    SHA-256).
    `failures` and `rests_until` are the circuit breaker's memory; `per_minute` is the rate the source allows.
    """

    __tablename__ = "credit_source"

    source: Mapped[str] = mapped_column(String(60), unique=True)
    url: Mapped[str] = mapped_column(String(400), default="")
    key_kind: Mapped[str] = mapped_column(String(10), default="")
    key: Mapped[str] = mapped_column(String(64), default="")
    region: Mapped[str] = mapped_column(String(12), default="")
    per_minute: Mapped[int] = mapped_column(default=60)
    is_asked: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)
    rests_until: Mapped[datetime | None]
    set_by: Mapped[str] = mapped_column(String(120))
    set_at: Mapped[datetime]


class CreditImport(Base, Row):
    """One snapshot of one list: where from, its digest, what changed against the one before.

    It counts from `finished_at` on; until then nobody sees its records. `failed` says why it never will. `version` is
    given at the end; `rows_done` of a running import is how far it has come.
    """

    __tablename__ = "credit_import"
    __table_args__ = (
        CheckConstraint("finished_at IS NULL OR failed IS NULL", name="outcome"),
        CheckConstraint("finished_at IS NULL OR version > 0", name="version"),
    )

    source: Mapped[str] = mapped_column(String(60), index=True)
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    as_of: Mapped[datetime]
    imported_at: Mapped[datetime]
    imported_by: Mapped[str] = mapped_column(String(120))
    finished_at: Mapped[datetime | None]
    failed: Mapped[str | None] = mapped_column(String(60))
    confirmed: Mapped[bool] = mapped_column(default=False)
    signed_by: Mapped[str] = mapped_column(String(120), default="")
    size: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    bytes_done: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int]
    added: Mapped[int]
    changed: Mapped[int] = mapped_column(default=0)
    removed: Mapped[int]
    repaired: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    bad_lines: Mapped[list[CreditBadRow]] = relationship(order_by="CreditBadRow.id", viewonly=True)

    @property
    def bad_rows(self) -> list[dict[str, Any]]:
        """The lines that could not be read, each with its reason."""
        return [{"line": one.line, "reason": one.reason, "text": one.text} for one in self.bad_lines]


class CreditBadRow(Base, Row):
    """A line of a list that is no record, and why: whoever it may mean is looked at by a person."""

    __tablename__ = "credit_bad_row"

    import_id: Mapped[int] = mapped_column(ForeignKey("credit_import.id"), index=True)
    line: Mapped[int]
    reason: Mapped[str] = mapped_column(String(60))
    text: Mapped[str]


class CreditRecord(Base, Row):
    """One party on one list, from the import that first had it to the one that no longer did (R-706).

    `gone_how`: removed, repaired or changed. `key` is a digest of code, name and number, `content` of the whole row.
    """

    __tablename__ = "credit_record"
    __table_args__ = (
        Index("credit_record_party", "source", "identifier"),
        CheckConstraint("(gone_import_id IS NULL) = (gone_how IS NULL)", name="gone"),
    )

    source: Mapped[str] = mapped_column(String(60))
    identifier: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200), index=True)
    document_number: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str]
    listed_on: Mapped[str | None] = mapped_column(String(10))
    ban_until: Mapped[str | None] = mapped_column(String(10))
    measures: Mapped[str] = mapped_column(String(400), default="", server_default="")
    fine_fen: Mapped[int | None]
    sector: Mapped[str] = mapped_column(String(60), default="", server_default="")
    grade: Mapped[str] = mapped_column(String(10), default="", server_default="")
    key: Mapped[int]
    content: Mapped[int]
    first_import_id: Mapped[int] = mapped_column(ForeignKey("credit_import.id"), index=True)
    gone_import_id: Mapped[int | None] = mapped_column(ForeignKey("credit_import.id"))
    gone_how: Mapped[str | None] = mapped_column(String(10))


class CreditCheck(Base, Row):
    """One query of one party: source, raw answer's digest, decision with the rule and value it used (R-702, R-703).

    Never changed: what comes later (an answer, a person's look) is a check of its own that `follows_id` this one.
    `feedback_at` is when the source answered; None while it has not. `next_ask_at` says when it is asked again.
    """

    __tablename__ = "credit_check"
    __table_args__ = (Index("credit_check_asked", "checked_at"),)

    section: Mapped[str] = mapped_column(String(60), index=True)
    stage: Mapped[str] = mapped_column(String(30))
    identifier: Mapped[str] = mapped_column(String(40), index=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20), default="bidder", server_default="bidder")
    member_of: Mapped[str] = mapped_column(String(40), default="", server_default="")
    source: Mapped[str] = mapped_column(String(60))
    adapter: Mapped[str] = mapped_column(String(10), default="snapshot", server_default="snapshot")
    region: Mapped[str] = mapped_column(String(12), default="", server_default="")
    source_as_of: Mapped[datetime | None]
    raw_sha256: Mapped[str | None] = mapped_column(String(64))
    checked_at: Mapped[datetime]
    checked_by: Mapped[str] = mapped_column(String(120))
    feedback_at: Mapped[datetime | None]
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("credit_check.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(20))
    decision: Mapped[str] = mapped_column(String(20))
    rule: Mapped[Any] = mapped_column(Json)
    evidence: Mapped[Any] = mapped_column(Json)
    evidence_sha256: Mapped[str] = mapped_column(String(64), index=True)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_ask_at: Mapped[datetime | None] = mapped_column(index=True)


FIRST = text("withdraws_id IS NULL")


class CreditFact(Base, Row):
    """A credit fact produced by a later stage, for example a confirmed collusion; never changed, never deleted.

    `source` names in the ledger what decided it, once for each party; `decision` is the decision's number or short
    words, `rule` what law it rests on. One that is withdrawn has a later fact that `withdraws_id` it. `member_of`: the
    consortium's lead, where the party answers for it as a member.
    """

    __tablename__ = "credit_fact"
    __table_args__ = (
        Index(
            "credit_fact_once", "kind", "identifier", "source", unique=True,
            sqlite_where=FIRST, postgresql_where=FIRST,
        ),
    )  # fmt: skip

    identifier: Mapped[str] = mapped_column(String(40), index=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    section: Mapped[str] = mapped_column(String(60), index=True)
    source: Mapped[str] = mapped_column(String(120), server_default="")
    decision: Mapped[str] = mapped_column(String(200), server_default="")
    decided_on: Mapped[str] = mapped_column(String(10), server_default="")
    rule: Mapped[Any] = mapped_column(Json, server_default="{}")
    member_of: Mapped[str] = mapped_column(String(40), default="", server_default="")
    withdraws_id: Mapped[int | None] = mapped_column(ForeignKey("credit_fact.id"), unique=True)
    facts: Mapped[Any] = mapped_column(Json)
    recorded_at: Mapped[datetime]


class CreditChoice(Base, Row):
    """Whether a project lets good ratings earn anything; the tenderee decides before the first publication (R-707)."""

    __tablename__ = "credit_choice"

    project: Mapped[str] = mapped_column(String(60), unique=True)
    uses_incentives: Mapped[bool]
    set_by: Mapped[str] = mapped_column(String(120))
    set_at: Mapped[datetime]


class CreditCorrection(Base, Staged):
    """A party's request to correct or repair what a check found: filed, forwarded to the source, answered."""

    __tablename__ = "credit_correction"
    __table_args__ = (
        CheckConstraint("state IN ('filed','withdrawn','returned') OR forwarded_to IS NOT NULL", name="forwarded"),
        CheckConstraint("state NOT IN ('upheld','dismissed') OR answer IS NOT NULL", name="answered"),
    )
    lifecycle: ClassVar[Lifecycle] = CORRECTION

    check_id: Mapped[int] = mapped_column(ForeignKey("credit_check.id"), index=True)
    identifier: Mapped[str] = mapped_column(String(40), index=True)
    wish: Mapped[str] = mapped_column(String(20))
    grounds: Mapped[str]
    evidence_name: Mapped[str] = mapped_column(String(200), default="")
    evidence_sha256: Mapped[str | None] = mapped_column(String(64))
    filed_at: Mapped[datetime]
    filed_by: Mapped[str] = mapped_column(String(120))
    forwarded_to: Mapped[str | None] = mapped_column(String(200))
    forwarded_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    check: Mapped[CreditCheck] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The request's name in the ledger."""
        return f"credit.correction:{self.id}"
