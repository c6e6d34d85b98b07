"""Tables of projects and sections, of what is published, of trustees, uploads and sealed submissions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation
from bidding.lifecycle import OBJECTION, PUBLICATION, SECTION, SUBMISSION
from core.db import Base, Json, Row, Staged
from core.errors import Missing
from core.machine import Lifecycle


class Project(Base, Row):
    """A tender project: whose it is, under which regime; `law` is the rule snapshot frozen at first publication.

    `ground`: the legal ground of a procedure that needs one; `invitation`: how bidders come (public, list, draw);
    `attempt`: 1, or one more than the failed project `predecessor` (its code) that is held again (R-561).
    `barred`: who refused to sign and may not bid when it is held again (R-561): {identifier, name, section, reason}.
    `second_person` says who may publish what another prepared: people of the tenderee, or of the agent too ("party").
    """

    __tablename__ = "project"

    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    tenderee_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    regime: Mapped[str] = mapped_column(String(2))
    category: Mapped[str] = mapped_column(String(20))
    procedure: Mapped[str] = mapped_column(String(40))
    is_mandatory: Mapped[bool]
    region: Mapped[str] = mapped_column(String(12))
    funding: Mapped[str] = mapped_column(String(200))
    description: Mapped[str]
    law: Mapped[Any | None] = mapped_column(Json)
    ground: Mapped[str] = mapped_column(String(40), default="")
    invitation: Mapped[str] = mapped_column(String(10), default="public")
    attempt: Mapped[int] = mapped_column(default=1)
    predecessor: Mapped[str | None] = mapped_column(String(60))
    barred: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")
    second_person: Mapped[str] = mapped_column(String(10), default="tenderee", server_default="tenderee")
    created_at: Mapped[datetime]
    tenderee: Mapped[Organisation] = relationship(foreign_keys=[tenderee_id], lazy="joined")
    agent: Mapped[Organisation | None] = relationship(foreign_keys=[agent_id], lazy="joined")


class Section(Base, Staged):
    """A section (标段): the unit that is bid for, opened, evaluated, awarded and archived.

    `particulars` holds the further texts of the notice (R-104), `slots` the named files each envelope must contain,
    `envelopes` in which sitting each is opened (docs/spec/submission.md §1). A final-offer round (R-602) is a section
    of its own: `round` 2, `first_round` the code of the section whose responses it follows. `orders` are those of
    the regulator to stand still, ended ones too (`bidding.rules.orders`).
    """

    __tablename__ = "section"
    __table_args__ = (
        CheckConstraint("state = 'draft' OR (published_at IS NOT NULL AND deadline_at IS NOT NULL)", name="published"),
        CheckConstraint(
            "state IN ('draft','submission_open','suspended','failed') OR closed_at IS NOT NULL", name="closed"
        ),
    )
    lifecycle: ClassVar[Lifecycle] = SECTION

    code: Mapped[str] = mapped_column(String(60), unique=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    estimate_fen: Mapped[int]
    control_price_fen: Mapped[int]
    bond_fen: Mapped[int]
    duration_days: Mapped[int]
    validity_days: Mapped[int]
    decrypt_minutes: Mapped[int]
    qualification: Mapped[str]
    accepts_consortium: Mapped[bool]
    is_consortium_stated: Mapped[bool] = mapped_column(default=True)
    credit_rule: Mapped[str]
    method: Mapped[Any] = mapped_column(Json)
    particulars: Mapped[Any] = mapped_column(Json, default=dict)
    slots: Mapped[Any] = mapped_column(Json, default=list)
    envelopes: Mapped[Any] = mapped_column(Json, default=list)
    round: Mapped[int] = mapped_column(default=1)
    first_round: Mapped[str | None] = mapped_column(String(60))
    documents_from_at: Mapped[datetime | None]
    documents_until_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None] = mapped_column(index=True)
    second_opening_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    orders: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")
    project: Mapped[Project] = relationship(lazy="joined")
    extensions: Mapped[list[Extension]] = relationship(order_by="Extension.number", viewonly=True)

    @property
    def subject(self) -> str:
        """The section's name in the ledger."""
        return f"section:{self.code}"

    @property
    def closing_at(self) -> datetime:
        """The deadline, which every published section has; Missing in a draft without one."""
        if self.deadline_at is None:
            raise Missing("section.no_deadline", section=self.code)
        return self.deadline_at


class Invitee(Base, Row):
    """One that may be invited to a section; `is_invited` says that the list or the draw invites it (R-053).

    Shown to the tenderee and its agent only: who is invited may bid (R-043). `salt` hides the name in a public draw.
    """

    __tablename__ = "invitee"
    __table_args__ = (UniqueConstraint("section_id", "identifier"),)

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    identifier: Mapped[str] = mapped_column(String(40))
    salt: Mapped[str] = mapped_column(String(64))
    is_invited: Mapped[bool]
    added_at: Mapped[datetime]


class TenderDocument(Base, Row):
    """One published version of a tender document; older versions stay. A draft has version 1 and replaces it."""

    __tablename__ = "tender_document"
    __table_args__ = (UniqueConstraint("section_id", "slot", "version"),)

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    slot: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    added_at: Mapped[datetime]


class DocumentReading(Base, Row):
    """The text read out of a tender document, by its hash: [text, number, page, is a row] of every paragraph.

    `refused` is the code of the refusal where nothing could be read: a person has to look at that document.
    """

    __tablename__ = "document_reading"

    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    refused: Mapped[str | None] = mapped_column(String(40))
    paragraphs: Mapped[Any] = mapped_column(Json)
    read_at: Mapped[datetime]


class Publication(Base, Staged):
    """What one person prepared for publication and another reviews: a section's notice or a clarification.

    `content` is exactly what will be published and `digest` its SHA-256; `declarations` holds the reason given for
    every finding that stays. The database itself refuses one person in both parts.
    """

    __tablename__ = "publication"
    __table_args__ = (
        UniqueConstraint("section_id", "number"),
        CheckConstraint("kind IN ('notice','clarification')", name="kind"),
        CheckConstraint("state <> 'published' OR reviewed_by_id IS NOT NULL", name="reviewed"),
        CheckConstraint("reviewed_by_id IS NULL OR reviewed_by_id <> prepared_by_id", name="two_persons"),
    )
    lifecycle: ClassVar[Lifecycle] = PUBLICATION

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    content: Mapped[Any] = mapped_column(Json)
    declarations: Mapped[Any] = mapped_column(Json, default=list)
    digest: Mapped[str] = mapped_column(String(64))
    prepared_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    prepared_by: Mapped[str] = mapped_column(String(100))
    prepared_at: Mapped[datetime]
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reviewed_by: Mapped[str | None] = mapped_column(String(100))
    reviewed_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")
    section: Mapped[Section] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """In the ledger a publication is part of its section's story."""
        return self.section.subject


class Question(Base, Row):
    """A question on the documents. The asker is not stored: who asks may be who bids (R-132, R-208)."""

    __tablename__ = "question"

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    number: Mapped[int]
    text: Mapped[str]
    asked_at: Mapped[datetime]


class DocumentObjection(Base, Staged):
    """An objection to the tender documents (R-135). Who objects is not stored: it may be who bids (R-132, R-208).

    `is_admissible`: raised in time; only such a one suspends the section. The text is public with its answer.
    """

    __tablename__ = "document_objection"
    __table_args__ = (
        UniqueConstraint("section_id", "number"),
        CheckConstraint("state <> 'answered' OR answered_at IS NOT NULL", name="answered"),
    )
    lifecycle: ClassVar[Lifecycle] = OBJECTION

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    number: Mapped[int]
    text: Mapped[str]
    is_admissible: Mapped[bool]
    raised_at: Mapped[datetime]
    answer_due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    section: Mapped[Section] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """In the ledger an objection is part of its section's story."""
        return self.section.subject


class Clarification(Base, Row):
    """A published answer or amendment, sent to all alike; it may move the deadline (R-130)."""

    __tablename__ = "clarification"

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    number: Mapped[int]
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id"))
    objection_id: Mapped[int | None] = mapped_column(ForeignKey("document_objection.id"))
    text: Mapped[str]
    affects_preparation: Mapped[bool]
    reason: Mapped[str]
    published_at: Mapped[datetime]
    old_deadline_at: Mapped[datetime]
    new_deadline_at: Mapped[datetime]


class Trustee(Base, Row):
    """A key share holder of a section: the recipient pinned in the policy, and whether the canary was opened."""

    __tablename__ = "trustee"
    __table_args__ = (UniqueConstraint("section_id", "role"),)

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recipient: Mapped[str] = mapped_column(String(80))
    registered_at: Mapped[datetime]
    canary: Mapped[str | None]
    canary_digest: Mapped[str | None] = mapped_column(String(64))
    rehearsed_at: Mapped[datetime | None]


class Policy(Base, Row):
    """A published sealing policy; a change is a new version with its own notice (SEALING §2)."""

    __tablename__ = "policy"
    __table_args__ = (UniqueConstraint("section_id", "version"),)

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    version: Mapped[int]
    content: Mapped[Any] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    published_at: Mapped[datetime]


class Upload(Base, Row):
    """A resumable upload of ciphertext (tus 1.0); bound to nobody, known only by its token's hash.

    No instant is finer than a day: `expires_at` falls on midnight, so that rows cannot be matched with sign-ins.
    `received` counts durable bytes until all are there; then the store holds the object, and no row is told.
    `is_complete` says that the store held it already when the upload was opened.
    """

    __tablename__ = "upload"

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    length: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    expected_sha256: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    is_complete: Mapped[bool] = mapped_column(default=False)


class Submission(Base, Staged):
    """A sealed submission as committed: hashes only, a handle nobody but the bidder can link (SEALING §3, §4).

    `state` says nothing before the closing: replacing and withdrawing are further rows, resolved at the barrier.
    """

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("section_id", "idempotency_key"),
        UniqueConstraint("section_id", "handle", "sequence"),
        CheckConstraint("kind IN ('submit','replace','withdraw')", name="kind"),
    )
    lifecycle: ClassVar[Lifecycle] = SUBMISSION

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    handle: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    sequence: Mapped[int]
    previous: Mapped[str | None] = mapped_column(String(64))
    content: Mapped[Any] = mapped_column(Json)
    identity: Mapped[Any] = mapped_column(Json)
    leaf_commitment: Mapped[str] = mapped_column(String(64))
    leaf_index: Mapped[int] = mapped_column(unique=True)
    received_at: Mapped[datetime]
    idempotency_key: Mapped[str] = mapped_column(String(80))
    receipt: Mapped[Any] = mapped_column(Json)

    @property
    def subject(self) -> str:
        """The submission's name in the ledger, used from the closing on."""
        return f"submission:{self.digest[:16]}"


class SealedMark(Base, Row):
    """What one handle has used and no other may use again: an object's hash or an envelope's recipient (T8).

    A ciphertext seen under a second handle is somebody else's, copied.
    """

    __tablename__ = "sealed_mark"

    mark: Mapped[str] = mapped_column(String(64), unique=True)
    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"))
    handle: Mapped[str] = mapped_column(String(64))


class Prober(Base, Row):
    """Somebody's program that watches the site from outside: its public key, and from when on its log counts."""

    __tablename__ = "prober"

    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    registered_at: Mapped[datetime]
    registered_by: Mapped[str] = mapped_column(String(120))


class Extension(Base, Row):
    """A deadline moved for an outage: the evidence, the profile it was reckoned by, and who decided."""

    __tablename__ = "extension"
    __table_args__ = (
        UniqueConstraint("section_id", "number"),
        CheckConstraint("new_deadline_at > old_deadline_at", name="later"),
    )

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    number: Mapped[int]
    cause: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str]
    minutes: Mapped[int]
    outages: Mapped[Any] = mapped_column(Json)
    profile: Mapped[Any] = mapped_column(Json)
    logs: Mapped[Any] = mapped_column(Json)
    counted_until_at: Mapped[datetime]
    decided_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(String(120))
    old_deadline_at: Mapped[datetime]
    new_deadline_at: Mapped[datetime]
