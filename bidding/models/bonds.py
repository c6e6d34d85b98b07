"""Tables of bonds: institutions, each bidder's bond, the bank's lines, refunds, orders, and the books in double entry.

No row here exists of a section before its bidders' names are public: until then the platform is told nothing (R-154).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bidding.lifecycle import BOND, REFUND
from bidding.models.sections import Section
from core.db import Base, Json, Row, Staged
from core.machine import Lifecycle


class BondInstitution(Base, Row):
    """A bank, guarantor or insurer whose signed documents count: its pinned certificate, and where it takes orders."""

    __tablename__ = "bond_institution"

    name: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    certificate: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    address: Mapped[str] = mapped_column(String(200), default="")
    added_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class BondBook(Base, Row):
    """One section's bonds as a whole: what banks committed to before the names, and when the names were released."""

    __tablename__ = "bond_book"

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), unique=True)
    commitments: Mapped[Any] = mapped_column(Json, default=dict)
    released_at: Mapped[datetime | None]
    section: Mapped[Section] = relationship(lazy="joined")


class Bond(Base, Staged):
    """One bidder's bond on a section, or the winner's performance bond: what was declared, received, decided.

    `number` is the bid's; None where money came in for a bidder who in the end did not bid. `due_on` is the last day
    (Beijing, ISO) it may go back; `relief` what the law of credit takes off, with its evidence (R-707).
    """

    __tablename__ = "bond"
    __table_args__ = (
        UniqueConstraint("section_id", "kind", "holder", "number"),
        CheckConstraint("kind IN ('bid','performance')", name="kind"),
        CheckConstraint("state NOT IN ('due','returned') OR due_on IS NOT NULL", name="due"),
        CheckConstraint("state <> 'forfeited' OR decision IS NOT NULL", name="decision"),
        CheckConstraint("state <> 'disputed' OR stood_in IS NOT NULL", name="stood_in"),
        CheckConstraint("state <> 'waived' OR relief IS NOT NULL", name="relief"),
    )
    lifecycle: ClassVar[Lifecycle] = BOND

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    number: Mapped[int | None]
    holder: Mapped[str] = mapped_column(String(40), index=True)
    name: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    form: Mapped[str] = mapped_column(String(20))
    asked_fen: Mapped[int]
    declared: Mapped[Any | None] = mapped_column(Json)
    relief: Mapped[Any | None] = mapped_column(Json)
    guarantee: Mapped[Any | None] = mapped_column(Json)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("bond_institution.id"))
    faults: Mapped[Any] = mapped_column(Json, default=list)
    basis: Mapped[str | None] = mapped_column(String(20))
    due_on: Mapped[str | None] = mapped_column(String(10), index=True)
    due_rule: Mapped[Any | None] = mapped_column(Json)
    stood_in: Mapped[str | None] = mapped_column(String(40))
    dispute: Mapped[Any | None] = mapped_column(Json)
    decision: Mapped[Any | None] = mapped_column(Json)
    section: Mapped[Section] = relationship(lazy="joined")
    institution: Mapped[BondInstitution | None] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The bond's name in the ledger."""
        return f"bond:{self.section.code}:{self.id}"


class BondStatement(Base, Row):
    """A bank's statement as taken in: its digest, from where, whether it is what the bank had committed to."""

    __tablename__ = "bond_statement"

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    bank: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    source: Mapped[str] = mapped_column(String(10))
    is_committed: Mapped[bool]
    rows: Mapped[int]
    bad_rows: Mapped[Any] = mapped_column(Json, default=list)
    taken_at: Mapped[datetime]
    taken_by: Mapped[str] = mapped_column(String(120))


class BondPayment(Base, Row):
    """A line of a bank's statement, in or out; known by bank and reference, so taken in once.

    A payment out that the bank has confirmed and no statement shows yet has no `statement_id`: it is on its way.
    """

    __tablename__ = "bond_payment"
    __table_args__ = (
        UniqueConstraint("bank", "reference"),
        CheckConstraint("direction IN ('in','out')", name="direction"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    bond_id: Mapped[int | None] = mapped_column(ForeignKey("bond.id"), index=True)
    statement_id: Mapped[int | None] = mapped_column(ForeignKey("bond_statement.id"))
    bank: Mapped[str] = mapped_column(String(120))
    reference: Mapped[str] = mapped_column(String(120))
    direction: Mapped[str] = mapped_column(String(3))
    account: Mapped[str] = mapped_column(String(120))
    holder: Mapped[str] = mapped_column(String(120))
    payer: Mapped[str] = mapped_column(String(120))
    payer_account: Mapped[str] = mapped_column(String(120))
    basic: Mapped[bool | None]
    amount_fen: Mapped[int]
    paid_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(String(200), default="")


UNDER_WAY = text("state IN ('prepared','approved','paid')")


class BondRefund(Base, Staged):
    """One payment going back to the account it came from, prepared by one person, approved by another (R-155).

    The database itself refuses one person in both parts, and a second one that is not sent back or stopped.
    """

    __tablename__ = "bond_refund"
    __table_args__ = (
        CheckConstraint("state IN ('prepared','returned','stopped') OR approved_by_id IS NOT NULL", name="approved"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> prepared_by_id", name="two_persons"),
        CheckConstraint("state <> 'paid' OR (reference IS NOT NULL AND paid_at IS NOT NULL)", name="paid"),
        CheckConstraint("principal_fen > 0 AND interest_fen >= 0 AND fee_fen >= 0", name="amounts"),
        Index("one_refund_each", "payment_id", unique=True, sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY),
    )
    lifecycle: ClassVar[Lifecycle] = REFUND

    bond_id: Mapped[int] = mapped_column(ForeignKey("bond.id"), index=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("bond_payment.id"), index=True)
    principal_fen: Mapped[int]
    interest_fen: Mapped[int]
    fee_fen: Mapped[int]
    to_name: Mapped[str] = mapped_column(String(120))
    to_account: Mapped[str] = mapped_column(String(120))
    pay_on: Mapped[str] = mapped_column(String(10))
    prepared_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    prepared_by: Mapped[str] = mapped_column(String(100))
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_by: Mapped[str | None] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(default="")
    reference: Mapped[str | None] = mapped_column(String(120))
    paid_at: Mapped[datetime | None]
    bond: Mapped[Bond] = relationship(lazy="joined")

    @property
    def total_fen(self) -> int:
        """What leaves the bank."""
        return self.principal_fen + self.interest_fen + self.fee_fen

    @property
    def subject(self) -> str:
        """In the ledger a refund is part of its bond's story."""
        return self.bond.subject


class BondOrder(Base, Row):
    """An order to an institution, signed by the platform: handed over until it answers, the same one every time."""

    __tablename__ = "bond_order"
    __table_args__ = (UniqueConstraint("code"), CheckConstraint("kind IN ('release','claim','pay')", name="kind"))

    code: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(10))
    bond_id: Mapped[int] = mapped_column(ForeignKey("bond.id"), index=True)
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("bond_refund.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("bond_institution.id"))
    content: Mapped[Any] = mapped_column(Json)
    ordered_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    answer: Mapped[Any | None] = mapped_column(Json)
    last_error: Mapped[str | None] = mapped_column(String(80))
    bond: Mapped[Bond] = relationship(lazy="joined")
    institution: Mapped[BondInstitution] = relationship(lazy="joined")


class BondEntry(Base, Row):
    """One posting of the books: debits positive, credits negative; those of one `move` add up to nothing."""

    __tablename__ = "bond_entry"

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    bond_id: Mapped[int | None] = mapped_column(ForeignKey("bond.id"), index=True)
    move: Mapped[str] = mapped_column(String(140), index=True)
    account: Mapped[str] = mapped_column(String(20))
    amount_fen: Mapped[int]
    at: Mapped[datetime]


class BondDay(Base, Row):
    """A day's closing of the books: the balance of every account, and the digest of every posting up to its end."""

    __tablename__ = "bond_day"

    on: Mapped[str] = mapped_column(String(10), unique=True)
    totals: Mapped[Any] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    written_at: Mapped[datetime]
