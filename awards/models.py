"""Tables of candidates and their publicity, objections, the award, and the archive."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation
from awards.lifecycle import COMPLAINT, CONTRACT, OBJECTION, PUBLICITY, RECORDING, SELECTION, SUPPLEMENT
from bidding.models import Section
from core.db import Base, Json, Row, Staged
from core.machine import Lifecycle
from opening.models import Bid


class Publicity(Base, Staged):
    """The publicity of a section's candidates: when it began, when it may end, who was chosen in the end.

    A publicity that was revoked (an objection upheld, a winner lost under regime G) may be renewed: `round` grows, and
    what it was before stands in `earlier`.
    """

    __tablename__ = "publicity"
    __table_args__ = (CheckConstraint("state <> 'awarded' OR winner_id IS NOT NULL", name="winner"),)
    lifecycle: ClassVar[Lifecycle] = PUBLICITY

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), unique=True)
    candidates: Mapped[Any] = mapped_column(Json)
    began_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    rule: Mapped[Any] = mapped_column(Json)
    round: Mapped[int] = mapped_column(default=1, server_default="1")
    earlier: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")
    winner_id: Mapped[int | None] = mapped_column(ForeignKey("bid.id"))
    section: Mapped[Section] = relationship(lazy="joined")
    winner: Mapped[Bid | None] = relationship(lazy="joined")

    @property
    def follows_award(self) -> bool:
        """Whether this is the notice of a result already decided (regime G), not of candidates for one (regime T)."""
        return "challenge" in self.rule

    @property
    def subject(self) -> str:
        """The publicity's name in the ledger."""
        return f"publicity:{self.section.code}"


class Objection(Base, Staged):
    """An objection to the evaluation result; the award waits for its answer (R-552).

    `outcome` says whether it was upheld, `remedy` what then has to be done; a number is the section's, not the round's.
    """

    __tablename__ = "objection"
    __table_args__ = (
        CheckConstraint("outcome IS NULL OR outcome IN ('dismissed','upheld')", name="outcome"),
        CheckConstraint("outcome <> 'upheld' OR remedy IS NOT NULL", name="remedy"),
    )
    lifecycle: ClassVar[Lifecycle] = OBJECTION

    publicity_id: Mapped[int] = mapped_column(ForeignKey("publicity.id"), index=True)
    number: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    text: Mapped[str]
    filed_at: Mapped[datetime]
    answer_due_at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    round: Mapped[int] = mapped_column(default=1, server_default="1")
    outcome: Mapped[str | None] = mapped_column(String(20))
    remedy: Mapped[Any | None] = mapped_column(Json)
    publicity: Mapped[Publicity] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The objection's name in the ledger."""
        return f"objection:{self.publicity.section.code}:{self.number}"


class SetAside(Base, Row):
    """A winner who does not sign or may not: who said so, why, and with which evidence (R-503, R-561).

    `fault`: whether it was without due cause, by whose word, when and why; None while nobody has decided that.
    """

    __tablename__ = "award_set_aside"
    __table_args__ = (UniqueConstraint("publicity_id", "number"),)

    publicity_id: Mapped[int] = mapped_column(ForeignKey("publicity.id"), index=True)
    number: Mapped[int]
    round: Mapped[int]
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    reason: Mapped[str] = mapped_column(String(40))
    evidence: Mapped[str]
    by_winner: Mapped[bool]
    fault: Mapped[Any | None] = mapped_column(Json)
    at: Mapped[datetime]
    bid: Mapped[Bid] = relationship(lazy="joined")


class ValidityExtension(Base, Row):
    """The tenderee asks every bidder to let the bid stand longer (R-158): until which day, why, answers by when.

    `before` and `until` are last days of validity (Beijing, ISO). Whoever has not answered by `answer_by` has not
    agreed: `concluded_at` is when that was put on record.
    """

    __tablename__ = "validity_extension"
    __table_args__ = (UniqueConstraint("section_id", "number"), CheckConstraint("until > before", name="longer"))

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    number: Mapped[int]
    before: Mapped[str] = mapped_column(String(10))
    until: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str]
    answer_by: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(String(120))
    asked_at: Mapped[datetime]
    concluded_at: Mapped[datetime | None]
    section: Mapped[Section] = relationship(lazy="joined")


class ValidityAnswer(Base, Row):
    """One bidder's answer: agreed, or not; nobody's (`answered_by` empty) where none came in time."""

    __tablename__ = "validity_answer"
    __table_args__ = (UniqueConstraint("extension_id", "bid_id"),)

    extension_id: Mapped[int] = mapped_column(ForeignKey("validity_extension.id"), index=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    accepts: Mapped[bool]
    answered_by: Mapped[str] = mapped_column(String(120))
    answered_at: Mapped[datetime]
    extension: Mapped[ValidityExtension] = relationship(lazy="joined")
    bid: Mapped[Bid] = relationship(lazy="joined")


class Complaint(Base, Staged):
    """A complaint to the administrative regulator about a section (R-553, R-554).

    `content`: about, respondent, facts, claims, basis, signatory, known_at, joint, within_challenge; `defects` what the
    checklist warned of when it was filed all the same. `ordered_at`: since when the regulator's order suspends the
    section, `ordered_until` its last instant where the law sets one (94号令 a28). `decision`: outcome, findings, law,
    remedy.
    """

    __tablename__ = "complaint"
    __table_args__ = (
        UniqueConstraint("section_id", "number"),
        CheckConstraint("state NOT IN ('accepted','decided') OR accepted_at IS NOT NULL", name="accepted"),
        CheckConstraint("state <> 'decided' OR decision IS NOT NULL", name="decided"),
        CheckConstraint("ordered_at IS NULL OR state = 'accepted'", name="ordered"),
    )
    lifecycle: ClassVar[Lifecycle] = COMPLAINT

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    number: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    content: Mapped[Any] = mapped_column(Json)
    files: Mapped[Any] = mapped_column(Json, default=list)
    defects: Mapped[Any] = mapped_column(Json, default=list)
    filed_at: Mapped[datetime]
    accept_due_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    decide_due_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    ordered_at: Mapped[datetime | None]
    ordered_until: Mapped[datetime | None]
    decision: Mapped[Any | None] = mapped_column(Json)
    section: Mapped[Section] = relationship(lazy="joined")
    organisation: Mapped[Organisation] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The complaint's name in the ledger."""
        return f"complaint:{self.section.code}:{self.number}"


class ComplaintStep(Base, Row):
    """One recorded step of an investigation, an order to suspend, or its end."""

    __tablename__ = "complaint_step"
    __table_args__ = (UniqueConstraint("complaint_id", "number"),)

    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id"), index=True)
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str]
    files: Mapped[Any] = mapped_column(Json, default=list)
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class SelectionRoll(Base, Row):
    """The people a drawn award committee comes from; the tender told their hash alone (R-513)."""

    __tablename__ = "selection_roll"

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), unique=True)
    logins: Mapped[Any] = mapped_column(Json)
    salt: Mapped[str] = mapped_column(String(64))


class Selection(Base, Staged):
    """One sitting of the award committee that chooses among unranked candidates (评定分离, R-510)."""

    __tablename__ = "selection"
    __table_args__ = (
        UniqueConstraint("publicity_id", "number"),
        CheckConstraint("state <> 'concluded' OR result IS NOT NULL", name="result"),
    )
    lifecycle: ClassVar[Lifecycle] = SELECTION

    publicity_id: Mapped[int] = mapped_column(ForeignKey("publicity.id"), index=True)
    number: Mapped[int]
    candidates: Mapped[Any] = mapped_column(Json)
    plan: Mapped[Any] = mapped_column(Json)
    draw: Mapped[Any | None] = mapped_column(Json)
    members: Mapped[Any] = mapped_column(Json)
    among: Mapped[Any] = mapped_column(Json)
    round: Mapped[int] = mapped_column(default=0)
    rounds: Mapped[Any] = mapped_column(Json, default=list)
    price: Mapped[Any | None] = mapped_column(Json)
    result: Mapped[Any | None] = mapped_column(Json)
    report_sha256: Mapped[str | None] = mapped_column(String(64))
    signatures: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")
    convened_at: Mapped[datetime]
    publicity: Mapped[Publicity] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The sitting's name in the ledger."""
        return f"selection:{self.publicity.section.code}:{self.number}"


class Ballot(Base, Row):
    """A member's ballot or opinion of one round; nobody reads it before the round is complete."""

    __tablename__ = "selection_ballot"
    __table_args__ = (UniqueConstraint("selection_id", "round", "seat"),)

    selection_id: Mapped[int] = mapped_column(ForeignKey("selection.id"), index=True)
    round: Mapped[int]
    seat: Mapped[str] = mapped_column(String(10))
    choice: Mapped[int]
    reason: Mapped[str]
    salt: Mapped[str] = mapped_column(String(64))
    cast_at: Mapped[datetime]


class Inspection(Base, Row):
    """An inspection of a candidate's performance and capability, with its files (考察)."""

    __tablename__ = "candidate_inspection"

    publicity_id: Mapped[int] = mapped_column(ForeignKey("publicity.id"), index=True)
    bid_number: Mapped[int]
    place: Mapped[str] = mapped_column(String(200))
    people: Mapped[str] = mapped_column(String(200))
    findings: Mapped[str]
    files: Mapped[Any] = mapped_column(Json, default=list)
    at: Mapped[datetime]


class Contract(Base, Staged):
    """The contract with the winner, made from the sealed offer (R-555).

    `offer` is what bid and documents fix, `terms` what is signed; `signatures` holds one entry for each party. One
    that is put up again makes the version before void.
    """

    __tablename__ = "contract"
    __table_args__ = (
        UniqueConstraint("section_id", "number"),
        CheckConstraint("state IN ('signing','void') OR concluded_at IS NOT NULL", name="concluded"),
    )
    lifecycle: ClassVar[Lifecycle] = CONTRACT

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    number: Mapped[int]
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    offer: Mapped[Any] = mapped_column(Json)
    terms: Mapped[Any] = mapped_column(Json)
    pdf_sha256: Mapped[str] = mapped_column(String(64))
    signatures: Mapped[Any] = mapped_column(Json, default=list)
    due_at: Mapped[datetime]
    proposed_at: Mapped[datetime]
    concluded_at: Mapped[datetime | None]
    ending: Mapped[Any | None] = mapped_column(Json)
    section: Mapped[Section] = relationship(lazy="joined")
    bid: Mapped[Bid] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The contract's name in the ledger."""
        return f"contract:{self.section.code}:{self.number}"


class ContractEvent(Base, Row):
    """A change, a milestone, a payment, the copy filed: what happened under a contract."""

    __tablename__ = "contract_event"
    __table_args__ = (UniqueConstraint("contract_id", "number"),)

    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str]
    amount_fen: Mapped[int] = mapped_column(default=0)
    files: Mapped[Any] = mapped_column(Json, default=list)
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class Recording(Base, Staged):
    """One recording of a room by its hash and where it lies; the file itself never comes here (R-261).

    Without a hash it is a supervisor's note that the room has none, with the `reason`. `keep`: the rule and years of
    retention; `withdrawn`: why the entry no longer stands.
    """

    __tablename__ = "recording"
    __table_args__ = (
        UniqueConstraint("section_id", "number"),
        CheckConstraint("room IN ('opening','evaluation','selection')", name="room"),
        CheckConstraint("(sha256 IS NULL) = (reason <> '')", name="hash_or_reason"),
        CheckConstraint("state <> 'withdrawn' OR withdrawn IS NOT NULL", name="withdrawn"),
    )
    lifecycle: ClassVar[Lifecycle] = RECORDING

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), index=True)
    number: Mapped[int]
    room: Mapped[str] = mapped_column(String(20))
    site: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    media: Mapped[str | None] = mapped_column(String(10))
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int | None]
    location: Mapped[str] = mapped_column(String(500))
    custody: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str]
    keep: Mapped[Any] = mapped_column(Json)
    withdrawn: Mapped[str | None]
    registered_by: Mapped[str] = mapped_column(String(120))
    registered_at: Mapped[datetime]
    section: Mapped[Section] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The entry's name in the ledger."""
        return f"recording:{self.section.code}:{self.number}"


class Archive(Base, Row):
    """The section's one file (一标一档): its hash, size and what stands in it."""

    __tablename__ = "archive"

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    contents: Mapped[Any] = mapped_column(Json)
    built_at: Mapped[datetime]
    renew_at: Mapped[datetime | None]
    section: Mapped[Section] = relationship(lazy="joined")


class Renewal(Base, Row):
    """An authority's token over a closed file, its layers and the token before; `layers` is how many it covers."""

    __tablename__ = "renewal"
    __table_args__ = (UniqueConstraint("archive_id", "number"),)

    archive_id: Mapped[int] = mapped_column(ForeignKey("archive.id"))
    number: Mapped[int]
    layers: Mapped[int]
    authority: Mapped[str] = mapped_column(String(120))
    token: Mapped[str]
    stamped_at: Mapped[datetime]
    kept_at: Mapped[datetime]


class Supplement(Base, Staged):
    """What is to be added to a closed file: its layer once approved; the file itself never changes (R-560)."""

    __tablename__ = "supplement"
    __table_args__ = (
        UniqueConstraint("archive_id", "attempt"),
        CheckConstraint("state <> 'approved' OR decided_by <> asked_by", name="two_people"),
    )
    lifecycle: ClassVar[Lifecycle] = SUPPLEMENT

    archive_id: Mapped[int] = mapped_column(ForeignKey("archive.id"), index=True)
    attempt: Mapped[int]
    number: Mapped[int]
    item: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str]
    files: Mapped[Any] = mapped_column(Json)
    asked_by: Mapped[str] = mapped_column(String(120))
    asked_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(120))
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int | None]
    archive: Mapped[Archive] = relationship(lazy="joined")

    @property
    def subject(self) -> str:
        """The supplement's name in the ledger: the layer it would be."""
        return f"supplement:{self.archive.section.code}:{self.number}"
