"""Reads of uploads and sealed submissions; before the closing nothing here names or counts anybody."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, select
from sqlalchemy.orm import Session

from bidding import rules
from bidding.models import SealedMark, Section, Submission, Upload
from bidding.queries.sections import AFTER_CLOSING, RECEIVING
from core.db import is_among
from core.errors import Conflict, Missing, Untimely
from core.ledger.log import entry, root_at
from core.ledger.vouching import evidence_of

COUNTED = ("sealed", "decoy")


def upload(session: Session, token_digest: str) -> Upload:
    """The upload behind a capability token's hash, or Missing."""
    found = session.scalar(select(Upload).where(Upload.token_digest == token_digest))
    if found is None:
        raise Missing("upload.unknown")
    return found


def submissions(session: Session, section: Section) -> list[Submission]:
    """Every submission committed to a section, in the order of the log; what it shows before closing names nobody."""
    return list(
        session.scalars(select(Submission).where(Submission.section_id == section.id).order_by(Submission.leaf_index))
    )


def submission(session: Session, digest: str) -> Submission:
    """The submission of that digest, or Missing."""
    found = session.scalar(select(Submission).where(Submission.digest == digest))
    if found is None:
        raise Missing("bid.unknown")
    return found


def held(session: Session, section: Section, handle: str) -> list[Submission]:
    """What is held under a handle, oldest first; Missing when nothing is ("What do you hold for me?")."""
    found = chain(session, section.id, handle)
    if not found:
        raise Missing("bid.unknown")
    return found


def chain(session: Session, section_id: int, handle: str) -> list[Submission]:
    """Every submission under a handle in one section, by sequence."""
    return list(
        session.scalars(
            select(Submission)
            .where(Submission.section_id == section_id, Submission.handle == handle)
            .order_by(Submission.sequence)
        )
    )


def by_idempotency_keys(session: Session, keys: Collection[tuple[int, str]]) -> dict[tuple[int, str], Submission]:
    """The submissions committed under those (section, key), as far as there are any."""
    if not keys:
        return {}
    wanted = is_among(Submission.section_id, Submission.idempotency_key, keys)
    found = session.scalars(select(Submission).where(wanted))
    return {(row.section_id, row.idempotency_key): row for row in found}


def last_under(session: Session, handles: Collection[tuple[int, str]]) -> dict[tuple[int, str], dict[str, Any]]:
    """The content of the last submission under each (section, handle), as far as there is one."""
    if not handles:
        return {}
    rows = session.execute(
        select(Submission.section_id, Submission.handle, Submission.content)
        .where(is_among(Submission.section_id, Submission.handle, handles))
        .order_by(Submission.sequence)
    )
    return {(row.section_id, row.handle): row.content for row in rows}


@dataclass(frozen=True)
class Reception:
    """What says of a section whether it takes submissions; a deadline once read holds at every instant."""

    state: str
    state_at: datetime
    deadline_at: datetime

    def receives(self, at: datetime) -> bool:
        """Whether submissions are taken at the instant."""
        deadline = rules.standing_deadline(self.state, self.state_at, self.deadline_at, at)
        return self.state in RECEIVING and not rules.is_late(at, deadline)


def reception(session: Session | Connection, code: str) -> Reception | None:
    """The reception of the section of that code; None where there is no such section or it has no deadline yet."""
    row = session.execute(_RECEPTION, {"code": code}).first()
    return None if row is None or row.deadline_at is None else Reception(row.state, row.state_at, row.deadline_at)


_SECTION = Section.__table__.c
_RECEPTION = select(_SECTION.state, _SECTION.state_at, _SECTION.deadline_at).where(_SECTION.code == bindparam("code"))


def deadlines_between(session: Session, earliest: datetime, latest: datetime) -> list[tuple[str, datetime]]:
    """Code and deadline of every section that takes submissions until an instant in that span, its ends included."""
    span = Section.deadline_at.between(earliest, latest)
    rows = session.execute(select(Section.code, Section.deadline_at).where(Section.state.in_(RECEIVING), span))
    return [(code, deadline) for code, deadline in rows if deadline is not None]


def is_receiving(session: Session, code: str, at: datetime) -> bool:
    """Whether the section of that code takes submissions at the instant; False where there is none."""
    found = reception(session, code)
    return found is not None and found.receives(at)


def check_admission(session: Session, code: str, key: object, at: datetime) -> None:
    """Refuse (bid.late) before the turnstile what would be late inside it, unless its key is known (a retry).

    A crowd of late comers must not keep the closing from entering alone; the stamp inside could only be later. Of the
    section no more is read than its times, for a crowd would read its documents' facts a thousand times. Missing where
    there is no such section, or only a draft.
    """
    found = reception(session, code)
    if found is None or found.state == "draft":
        raise Missing("section.unknown", section=code)
    deadline = rules.standing_deadline(found.state, found.state_at, found.deadline_at, at)
    is_late = found.state in AFTER_CLOSING or rules.is_late(at, deadline)
    if is_late and not (isinstance(key, str) and _is_known(session, code, key)):
        raise Untimely("bid.late", deadline=found.deadline_at, at=at)


def _is_known(session: Session, code: str, key: str) -> bool:
    """Whether something was committed under that key in the section."""
    made = exists().where(Submission.section_id == Section.id, Submission.idempotency_key == key, Section.code == code)
    return bool(session.scalar(select(made)))


def counted(session: Session, section: Section) -> list[Submission]:
    """The sealed submissions of the closed set without unmasked decoys; Missing before the closing (R-208)."""
    if section.state not in AFTER_CLOSING:
        raise Missing("bid.hidden", section=section.code)
    return [row for row in submissions(session, section) if row.state == "sealed"]


def owners_of(session: Session, marks: Collection[str]) -> dict[str, str]:
    """Those of the marks (object hashes, recipients) that were used before, each with the handle that used it."""
    found = session.execute(select(SealedMark.mark, SealedMark.handle).where(SealedMark.mark.in_(marks)))
    return {row.mark: row.handle for row in found}


def sealed_object(session: Session, sha256: str) -> bool:
    """Whether a committed submission refers to the object, so that sweeping must leave it."""
    return (session.scalar(select(func.count()).select_from(SealedMark).where(SealedMark.mark == sha256)) or 0) > 0


def check_logged(session: Session, receipt: Mapping[str, Any], verified: rules.receipt.Verified) -> None:
    """Refuse (receipt.forked) where the log no longer says what the receipt proves it said: it was rewritten (T6)."""
    try:
        same = entry(session, verified.leaf_index).leaf() == receipt["leaf"]
        same = same and root_at(session, verified.head.size) == verified.head.root
    except Missing:
        same = False
    if not same:
        raise Conflict("receipt.forked", index=verified.leaf_index)


def receipt_of(session: Session, row: Submission) -> dict[str, Any]:
    """The submission's receipt with what outsiders say of its entry by now; nothing of this is stored with the bid."""
    return rules.with_vouching(row.receipt, evidence_of(session, row.leaf_index))


def objects_of(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every stored object a submission's content names: "envelope.bulk" or "envelope.keys.<set>" → {sha256, size}."""
    found: dict[str, dict[str, Any]] = {}
    for name, parts in content.get("envelopes", {}).items():
        found[f"{name}.bulk"] = parts["bulk"]
        for names, blob in parts["keys"].items():
            found[f"{name}.keys.{names}"] = blob
    return found
