"""What outsiders have put under signed heads: timestamp tokens and cosignatures, kept and found again."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, UniqueConstraint, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base, Row
from core.errors import Forbidden
from core.ledger.cosignatures import Cosigner, signature_lines
from core.ledger.log import LedgerHead, head_of_size, inclusion, size
from core.ledger.notes import parse_head
from core.timestamps import check_token

if TYPE_CHECKING:
    from core.act import Act


class HeadStamp(Base, Row):
    """An authority's token over a signed head's body (DER TimeStampResp in base64), checked when it was kept."""

    __tablename__ = "head_stamp"
    __table_args__ = (UniqueConstraint("size", "authority"),)

    size: Mapped[int] = mapped_column(index=True)
    authority: Mapped[str] = mapped_column(String(120))
    token: Mapped[str]
    stamped_at: Mapped[datetime]
    kept_at: Mapped[datetime] = mapped_column(index=True)


class HeadCosignature(Base, Row):
    """A witness's signature line under a signed head, checked when it was kept."""

    __tablename__ = "head_cosignature"
    __table_args__ = (UniqueConstraint("size", "witness"),)

    size: Mapped[int] = mapped_column(index=True)
    witness: Mapped[str] = mapped_column(String(120))
    line: Mapped[str] = mapped_column(String(400))
    cosigned_at: Mapped[datetime]
    kept_at: Mapped[datetime]


@dataclass(frozen=True)
class Vouched:
    """A signed head with everything outsiders have put under it."""

    head: LedgerHead
    stamps: list[HeadStamp]
    cosignatures: list[HeadCosignature]

    @property
    def note(self) -> str:
        """The checkpoint with the cosignatures as further signature lines."""
        return self.head.note + "".join(held.line for held in self.cosignatures)

    @property
    def witnesses(self) -> list[str]:
        """Who cosigned, by name."""
        return [held.witness for held in self.cosignatures]

    def told(self) -> dict[str, Any]:
        """As receipts and archives tell it: `checkpoint`, and `timestamps` [{authority, token}]."""
        return {
            "checkpoint": self.note,
            "timestamps": [{"authority": held.authority, "token": held.token} for held in self.stamps],
        }


def body_of(note: str) -> str:
    """The checkpoint body that platform, witnesses and authorities all sign: three lines, each with its line feed."""
    return note.partition("\n\n")[0] + "\n"


def stamp_due(session: Session, now: datetime, every: timedelta) -> bool:
    """Whether the next stamp is due: by the beat alone, whatever the log holds, so that the asking tells nothing."""
    last = session.scalar(select(HeadStamp.kept_at).order_by(HeadStamp.kept_at.desc()).limit(1))
    return last is None or now - last >= every


def keep_stamp(act: Act, leaves: int, token: bytes) -> HeadStamp:
    """Keep an authority's token over the head of that size; kept once per authority, the first one stays.

    Missing("ledger.head") when no such head was signed, Invalid("timestamp.wrong") when the token says nothing of it.
    """
    head = head_of_size(act.session, leaves)
    roots = act.trust.authority.roots if act.trust.authority else ()
    said = check_token(token, body_of(head.note).encode(), roots)
    held = act.session.scalar(select(HeadStamp).where(HeadStamp.size == leaves, HeadStamp.authority == said.authority))
    if held is not None:
        return held
    stamp = HeadStamp(
        size=leaves,
        authority=said.authority,
        token=base64.b64encode(token).decode(),
        stamped_at=said.at,
        kept_at=act.now,
    )
    act.session.add(stamp)
    act.session.flush()
    return stamp


def keep_cosignature(act: Act, note: str) -> list[HeadCosignature]:
    """Keep every cosignature of a known witness under `note`, which must be a head this platform signed.

    A witness's first cosignature of a size stays. Raises Invalid("note.head"), Missing("ledger.head"),
    Invalid("cosignature.wrong"), Forbidden("cosignature.fork") when the note's root is not the one signed here, and
    Forbidden("cosignature.unknown") when no line is by a witness this installation knows.
    """
    body = body_of(note)
    told = parse_head(body)
    head = head_of_size(act.session, told.size)
    if body != body_of(head.note):
        raise Forbidden("cosignature.fork", size=told.size)
    kept = []
    for line in signature_lines(note):
        witness = next((known for known in act.trust.known if line.split(" ")[1:2] == [known.name]), None)
        if witness is not None:
            kept.append(_keep_line(act, head, witness, line))
    if not kept:
        raise Forbidden("cosignature.unknown")
    return kept


def _keep_line(act: Act, head: LedgerHead, witness: Cosigner, line: str) -> HeadCosignature:
    at = witness.signed_at(body_of(head.note), line)
    held = act.session.scalar(
        select(HeadCosignature).where(HeadCosignature.size == head.size, HeadCosignature.witness == witness.name)
    )
    if held is not None:
        return held
    cosignature = HeadCosignature(
        size=head.size, witness=witness.name, line=f"{line}\n", cosigned_at=at, kept_at=act.now
    )
    act.session.add(cosignature)
    act.session.flush()
    return cosignature


def vouched(session: Session, head: LedgerHead) -> Vouched:
    """The head with its tokens and cosignatures."""
    stamps = session.scalars(select(HeadStamp).where(HeadStamp.size == head.size).order_by(HeadStamp.authority))
    lines = session.scalars(
        select(HeadCosignature).where(HeadCosignature.size == head.size).order_by(HeadCosignature.witness)
    )
    return Vouched(head, list(stamps), list(lines))


def first_stamped(session: Session, leaves: int) -> LedgerHead | None:
    """The smallest stamped head of at least `leaves` entries; None while there is none."""
    stamped = exists().where(HeadStamp.size == LedgerHead.size)
    query = select(LedgerHead).where(LedgerHead.size >= leaves, stamped).order_by(LedgerHead.size).limit(1)
    return session.scalar(query)


def first_cosigned(session: Session, leaves: int, witness: str) -> HeadCosignature | None:
    """The witness's cosignature of the smallest head of at least `leaves` entries; None while there is none."""
    return session.scalar(
        select(HeadCosignature)
        .where(HeadCosignature.size >= leaves, HeadCosignature.witness == witness)
        .order_by(HeadCosignature.size)
        .limit(1)
    )


def newest_cosigned(session: Session) -> LedgerHead | None:
    """The largest head that any witness has cosigned."""
    seen = exists().where(HeadCosignature.size == LedgerHead.size)
    return session.scalar(select(LedgerHead).where(seen).order_by(LedgerHead.size.desc()).limit(1))


def newest_stamp(session: Session) -> HeadStamp | None:
    """The latest token kept."""
    return session.scalar(select(HeadStamp).order_by(HeadStamp.kept_at.desc(), HeadStamp.id.desc()).limit(1))


def evidence_of(session: Session, index: int) -> dict[str, Any] | None:
    """What outsiders say of entry `index`: the first stamped head that covers it, with the proof; None while pending.

    {"checkpoint", "timestamps": [{authority, token}], "inclusion_proof"}; the same for every kind of entry.
    """
    head = first_stamped(session, index + 1)
    if head is None:
        return None
    return {**vouched(session, head).told(), "inclusion_proof": inclusion(session, index, head.size)}


def heads_page(session: Session, *, before: int | None = None, limit: int = 50) -> Sequence[Vouched]:
    """Signed heads, the largest first, each with what outsiders have put under it."""
    query = select(LedgerHead).order_by(LedgerHead.size.desc()).limit(limit)
    if before is not None:
        query = query.where(LedgerHead.size < before)
    return [vouched(session, head) for head in session.scalars(query)]


def unvouched(session: Session) -> int:
    """How many entries no stamped head covers yet."""
    stamped = session.scalar(select(HeadStamp.size).order_by(HeadStamp.size.desc()).limit(1)) or 0
    return size(session) - stamped
