"""Tables of credit lists as imported, the records on them, checks with their evidence, and facts found here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Row


class CreditImport(Base, Row):
    """One snapshot of one list: where from, its digest, what changed against the one before."""

    __tablename__ = "credit_import"

    source: Mapped[str] = mapped_column(String(60), index=True)
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    as_of: Mapped[datetime]
    imported_at: Mapped[datetime]
    imported_by: Mapped[str] = mapped_column(String(120))
    rows: Mapped[int]
    added: Mapped[int]
    removed: Mapped[int]
    bad_rows: Mapped[Any] = mapped_column(Json)


class CreditRecord(Base, Row):
    """One party on one list; `until` after the import that no longer had it (removed or repaired, R-706)."""

    __tablename__ = "credit_record"
    __table_args__ = (Index("credit_record_party", "source", "identifier"),)

    source: Mapped[str] = mapped_column(String(60))
    identifier: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200), index=True)
    document_number: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str]
    listed_on: Mapped[str | None] = mapped_column(String(10))
    ban_until: Mapped[str | None] = mapped_column(String(10))
    first_import_id: Mapped[int] = mapped_column(ForeignKey("credit_import.id"))
    gone_import_id: Mapped[int | None] = mapped_column(ForeignKey("credit_import.id"))


class CreditCheck(Base, Row):
    """One query of one party: source, raw answer's digest, decision with the rule and value it used (R-702, R-703)."""

    __tablename__ = "credit_check"

    section: Mapped[str] = mapped_column(String(60), index=True)
    stage: Mapped[str] = mapped_column(String(30))
    identifier: Mapped[str] = mapped_column(String(40), index=True)
    name: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(60))
    source_as_of: Mapped[datetime | None]
    checked_at: Mapped[datetime]
    checked_by: Mapped[str] = mapped_column(String(120))
    outcome: Mapped[str] = mapped_column(String(20))
    decision: Mapped[str] = mapped_column(String(20))
    rule: Mapped[Any] = mapped_column(Json)
    evidence: Mapped[Any] = mapped_column(Json)
    evidence_sha256: Mapped[str] = mapped_column(String(64))


class CreditFact(Base, Row):
    """A credit fact produced by a later stage, for example a confirmed collusion."""

    __tablename__ = "credit_fact"

    identifier: Mapped[str] = mapped_column(String(40), index=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    section: Mapped[str] = mapped_column(String(60))
    facts: Mapped[Any] = mapped_column(Json)
    recorded_at: Mapped[datetime]
