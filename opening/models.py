"""Tables of the opening: the closed set, named bids, peeled layers, sign-ins, objections, the record."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bidding.models import Section, Submission
from core.db import Base, Json, Row, Staged
from core.machine import Lifecycle
from opening.lifecycle import BID, OPENING
from opening.rules import due_envelopes, joint_name, published_members, reads_prices, standing


class Opening(Base, Staged):
    """One section's opening; exactly one per section, born at the closing barrier.

    `stood_in` is where it left the day's course, `suspensions` when, why and until when it was suspended. Where the
    envelopes are opened in two sittings (双信封), the same opening sits twice: `admitted` says who passed the first
    stage, and `first_sitting` keeps what the first sitting left before the second began. Whoever had failed wrongly is
    `restored` there and opened in a sitting of their own (补充开标); `later_sittings` keeps what each one before left.
    """

    __tablename__ = "opening"
    __table_args__ = (
        CheckConstraint("state NOT IN ('record_signed','handed_over') OR record_sha256 IS NOT NULL", name="record"),
        CheckConstraint("state NOT IN ('suspended','cancelled') OR stood_in IS NOT NULL", name="stood_in"),
    )
    lifecycle: ClassVar[Lifecycle] = OPENING

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), unique=True)
    stood_in: Mapped[str | None] = mapped_column(String(40))
    closed_set: Mapped[Any] = mapped_column(Json)
    closing_size: Mapped[int]
    closing_note: Mapped[str]
    vouchers: Mapped[Any | None] = mapped_column(Json)
    cover: Mapped[Any | None] = mapped_column(Json)
    decrypt_until_at: Mapped[datetime | None]
    pauses: Mapped[Any] = mapped_column(Json)
    extensions: Mapped[Any] = mapped_column(Json, default=list)
    suspensions: Mapped[Any] = mapped_column(Json, default=list)
    coefficients: Mapped[Any | None] = mapped_column(Json)
    decoys: Mapped[Any | None] = mapped_column(Json)
    failure: Mapped[Any | None] = mapped_column(Json)
    record: Mapped[Any | None] = mapped_column(Json)
    record_sha256: Mapped[str | None] = mapped_column(String(64))
    record_signatures: Mapped[Any] = mapped_column(Json)
    sitting: Mapped[int] = mapped_column(default=1, server_default="1")
    sittings: Mapped[int] = mapped_column(default=1, server_default="1")
    admitted: Mapped[Any | None] = mapped_column(Json)
    first_sitting: Mapped[Any | None] = mapped_column(Json)
    later_sittings: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")
    section: Mapped[Section] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The sitting's name in the ledger."""
        return self.subjects[-1]

    @property
    def subjects(self) -> list[str]:
        """The names in the ledger of every sitting so far, the first first."""
        first = f"opening:{self.section.code}"
        return [first, *(f"{first}:{number}" for number in range(2, self.sitting + 1))]

    @property
    def restored(self) -> list[dict[str, Any]]:
        """Who had failed the first stage wrongly, {sitting, numbers, at, …} for each sitting after the second."""
        return list((self.admitted or {}).get("restored", []))

    @property
    def awaited(self) -> dict[str, Any] | None:
        """The restored bids whose sitting has not been convened yet; None where there are none."""
        return next((one for one in self.restored if one["sitting"] > self.sitting), None)

    @property
    def numbers(self) -> set[int] | None:
        """Which bids take part in this sitting, by number; None in the first, in which everybody does."""
        if self.sitting == 1:
            return None
        if self.sitting == 2:
            return set((self.admitted or {})["passed"])
        return set(next(one for one in self.restored if one["sitting"] == self.sitting)["numbers"])

    @property
    def reads_prices(self) -> bool:
        """Whether this sitting opens the schedules: only then there are prices to read and a coefficient to draw."""
        return reads_prices(self.section.envelopes, min(self.sitting, 2))

    def due(self, submission: Submission) -> list[str]:
        """The submission's envelopes that this sitting opens; of any other no layer is asked for or taken."""
        return due_envelopes(self.section.envelopes, min(self.sitting, 2), submission.content["envelopes"])

    @property
    def standing(self) -> str:
        """How far the day has come, also while the opening is suspended and after it has failed or been cancelled."""
        return standing(self.state, self.stood_in)


class Bid(Base, Staged):
    """A submission with its name on: who bid, how it was opened, what was read out.

    `first_sitting` keeps how it fared in the first of two sittings, once it was admitted to the second.
    """

    __tablename__ = "bid"
    __table_args__ = (
        CheckConstraint(
            "state NOT IN ('opened_by_bidder','opened_by_trustees','opened_from_backup','rejected')"
            " OR (opened_at IS NOT NULL AND envelopes IS NOT NULL)",
            name="opened",
        ),
        CheckConstraint("state NOT IN ('deemed_revoked','deemed_withdrawn') OR cause IS NOT NULL", name="cause"),
    )
    lifecycle: ClassVar[Lifecycle] = BID

    opening_id: Mapped[int] = mapped_column(ForeignKey("opening.id"), index=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), unique=True)
    number: Mapped[int]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(String(200))
    identifier: Mapped[str] = mapped_column(String(40), index=True)
    identity: Mapped[Any] = mapped_column(Json)
    identity_faults: Mapped[Any] = mapped_column(Json)
    signed_in_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    envelopes: Mapped[Any | None] = mapped_column(Json)
    schedule: Mapped[Any | None] = mapped_column(Json)
    price_fen: Mapped[int | None]
    cause: Mapped[str | None] = mapped_column(String(40))
    cause_evidence: Mapped[str | None]
    remedy: Mapped[str | None] = mapped_column(String(20))
    judgement: Mapped[Any | None] = mapped_column(Json)
    credit: Mapped[Any | None] = mapped_column(Json)
    confirmed_at: Mapped[datetime | None]
    confirmation: Mapped[Any | None] = mapped_column(Json)
    first_sitting: Mapped[Any | None] = mapped_column(Json)
    submission: Mapped[Submission] = relationship(lazy="joined")

    @property
    def members(self) -> list[dict[str, Any]]:
        """The consortium as published with the names, its lead first; empty for who bids alone."""
        return published_members(self.identity, self.identity_faults)

    @property
    def full_name(self) -> str:
        """The bidder's name in a Chinese document; of a consortium every member's with its role."""
        return joint_name(self.name, self.members)

    @property
    def subject(self) -> str:
        """The bid's name in the ledger."""
        return f"bid:{self.submission.digest[:16]}"


class BidContents(Base, Row):
    """What was found in an opened bid's bill and links (`sunbid-contents/v1`): facts for the committee, no verdict."""

    __tablename__ = "bid_contents"

    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), unique=True)
    content: Mapped[Any] = mapped_column(Json)
    checked_at: Mapped[datetime]


class RegulatorKey(Base, Row):
    """The public part of the key that identifiers of machines are sealed to; its identity never comes to rest here."""

    __tablename__ = "regulator_key"

    recipient: Mapped[str] = mapped_column(String(80))
    named_at: Mapped[datetime]
    named_by: Mapped[str] = mapped_column(String(120))
    withdrawn_at: Mapped[datetime | None]


class DeviceRecord(Base, Row):
    """What a bid's sealed identity told of its machine, sealed to the regulator's key of that day (age, base64)."""

    __tablename__ = "device_record"

    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), unique=True)
    recipient: Mapped[str] = mapped_column(String(80), index=True)
    sealed: Mapped[str]
    bid: Mapped[Bid] = relationship(lazy="joined")


class Peel(Base, Row):
    """One layer a key holder has taken off a key or identity package, and what was left of it (base64).

    `fault` holds the refusal of a plaintext that two holders agree on and that is wrong all the same.
    """

    __tablename__ = "peel"
    __table_args__ = (UniqueConstraint("submission_id", "package", "set_name", "stage"),)

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    package: Mapped[str] = mapped_column(String(40))
    set_name: Mapped[str] = mapped_column(String(80))
    stage: Mapped[int]
    by: Mapped[str] = mapped_column(String(40))
    content: Mapped[str]
    fault: Mapped[str | None] = mapped_column(String(60))
    peeled_at: Mapped[datetime]


class PeelFault(Base, Row):
    """A layer that was handed in wrong, or that its holder says cannot be taken off: who, which, and why.

    `sha256` is the hash of what was handed in (None for a report): two holders who hand in the same wrong plaintext
    show that the bidder sealed it so.
    """

    __tablename__ = "peel_fault"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    package: Mapped[str] = mapped_column(String(40))
    set_name: Mapped[str] = mapped_column(String(80))
    stage: Mapped[int]
    by: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str | None] = mapped_column(String(64))
    found_at: Mapped[datetime]


class OpeningObjection(Base, Row):
    """An objection raised on the spot, and its reply on the spot (R-259)."""

    __tablename__ = "opening_objection"

    opening_id: Mapped[int] = mapped_column(ForeignKey("opening.id"), index=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    about: Mapped[str | None] = mapped_column(String(20))
    text: Mapped[str]
    raised_at: Mapped[datetime]
    reply: Mapped[str | None]
    replied_at: Mapped[datetime | None]
    replied_by: Mapped[str | None] = mapped_column(String(120))


class Incident(Base, Row):
    """Something that went wrong in the hall: cause, impact, what is done about it; open until its outcome is said."""

    __tablename__ = "incident"
    __table_args__ = (UniqueConstraint("opening_id", "number"),)

    opening_id: Mapped[int] = mapped_column(ForeignKey("opening.id"), index=True)
    number: Mapped[int]
    cause: Mapped[str]
    impact: Mapped[str]
    measures: Mapped[str]
    raised_at: Mapped[datetime]
    raised_by: Mapped[str] = mapped_column(String(120))
    outcome: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(120))


class Evidence(Base, Row):
    """What somebody brings on why a bid was not decrypted: words, and a file by its hash; `code` names the trouble."""

    __tablename__ = "evidence"

    opening_id: Mapped[int] = mapped_column(ForeignKey("opening.id"), index=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), index=True)
    by: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(20))
    code: Mapped[str | None] = mapped_column(String(40))
    text: Mapped[str]
    name: Mapped[str | None] = mapped_column(String(200))
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int | None]
    given_at: Mapped[datetime]


class Saying(Base, Row):
    """Something said in the hall under the speaker's name: a message, an announcement, a call, an irregularity."""

    __tablename__ = "saying"
    __table_args__ = (
        UniqueConstraint("opening_id", "number"),
        CheckConstraint("kind IN ('say','announce','call','irregularity')", name="kind"),
    )

    opening_id: Mapped[int] = mapped_column(ForeignKey("opening.id"), index=True)
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    by: Mapped[str] = mapped_column(String(120), index=True)
    speaker: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    to_bid_id: Mapped[int | None] = mapped_column(ForeignKey("bid.id"))
    text: Mapped[str]
    said_at: Mapped[datetime]


class Presence(Base, Row):
    """When somebody's page last showed a sign of life; kept only once the names are public (R-208)."""

    __tablename__ = "presence"
    __table_args__ = (UniqueConstraint("opening_id", "person_id"),)

    opening_id: Mapped[int] = mapped_column(ForeignKey("opening.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int | None]
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    seen_at: Mapped[datetime]
