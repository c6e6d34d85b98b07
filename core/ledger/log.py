"""The platform's log: entries whose facts stay secret until told, heads, proofs, and the audit of it all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import rfc8785
from sqlalchemy import LargeBinary, String, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.clock import iso
from core.db import Base, Json, Row
from core.errors import Conflict, Missing
from core.ledger import merkle
from core.ledger.notes import Head, Signer, Verifier, open_head

if TYPE_CHECKING:
    from core.act import Act

COMMITMENT = "commitment"
FACTS_DOMAIN = b"sunbid-facts/v1\n"
LOG_LOCK = 0x73756E626964


class LedgerEntry(Base, Row):
    """One leaf: what happened to what and when, with a salted digest of the facts, which may be told later."""

    __tablename__ = "ledger_entry"

    leaf_index: Mapped[int] = mapped_column(unique=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(80), index=True)
    subject: Mapped[str | None] = mapped_column(String(120), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str | None] = mapped_column(String(64))
    facts: Mapped[Any | None] = mapped_column(Json)

    def leaf(self) -> dict[str, Any]:
        """The public part, whose canonical JSON is the Merkle leaf."""
        return {
            "at": iso(self.at),
            "digest": self.digest,
            "index": self.leaf_index,
            "kind": self.kind,
            "subject": self.subject,
        }

    def leaf_hash(self) -> bytes:
        """RFC 6962 leaf hash of the canonical public part."""
        return merkle.leaf_hash(rfc8785.dumps(self.leaf()))

    def told(self) -> dict[str, Any]:
        """The leaf with its facts and salt, for those entitled to them."""
        return {**self.leaf(), "facts": self.facts, "salt": self.salt}


class LedgerNode(Base):
    """A complete subtree's hash, kept so that appending and proving cost O(log n)."""

    __tablename__ = "ledger_node"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class LedgerHead(Base, Row):
    """A tree head as the platform signed it; the same size is never signed with another root."""

    __tablename__ = "ledger_head"

    size: Mapped[int] = mapped_column(unique=True)
    root: Mapped[str] = mapped_column(String(64))
    note: Mapped[str]
    signed_at: Mapped[datetime]


@dataclass(frozen=True)
class Fault:
    """Something the audit found wrong: which entry (None for the log as a whole), and what."""

    index: int | None
    reason: str


def facts_digest(salt: str, facts: Any) -> str:
    """SHA-256("sunbid-facts/v1\\n" ‖ salt as its 64 hex characters ‖ LF ‖ canonical facts), hex."""
    return hashlib.sha256(FACTS_DOMAIN + salt.encode() + b"\n" + rfc8785.dumps(facts)).hexdigest()


def size(session: Session) -> int:
    """How many leaves the log has."""
    return session.scalar(select(func.count()).select_from(LedgerEntry)) or 0


def append(act: Act, kind: str, subject: str | None, facts: Any) -> LedgerEntry:
    """Append an entry for `kind` on `subject`; the log shows only a salted digest of `facts` until they are told."""
    salt = act.chance(32).hex()
    return _append(
        act, LedgerEntry(kind=kind, subject=subject, digest=facts_digest(salt, facts), salt=salt, facts=facts)
    )


def append_commitment(act: Act, digest: str) -> LedgerEntry:
    """Append somebody's commitment, or a dummy: nothing but a digest the platform cannot explain."""
    return _append(act, LedgerEntry(kind=COMMITMENT, subject=None, digest=digest, salt=None, facts=None))


def _append(act: Act, entry: LedgerEntry) -> LedgerEntry:
    session = act.session
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOG_LOCK})
    last = session.execute(
        select(LedgerEntry.leaf_index, LedgerEntry.at).order_by(LedgerEntry.leaf_index.desc()).limit(1)
    ).first()
    index = last.leaf_index + 1 if last else 0
    entry.leaf_index = index
    entry.at = max(act.now, last.at) if last else act.now
    session.add(entry)
    value, level, position = entry.leaf_hash(), 0, index
    session.add(LedgerNode(level=0, position=index, hash=value))
    session.flush()
    while position & 1:
        value = merkle.node_hash(_node(session)(level, position - 1), value)
        level, position = level + 1, position >> 1
        session.add(LedgerNode(level=level, position=position, hash=value))
    session.flush()
    act.written.append({"leaf": entry.leaf()})
    return entry


def _node(session: Session) -> merkle.NodeAt:
    def node(level: int, position: int) -> bytes:
        held = session.get(LedgerNode, (level, position))
        if held is None:
            raise Missing("ledger.node", level=level, position=position)
        return held.hash

    return node


def root_at(session: Session, leaves: int) -> bytes:
    """The root of the first `leaves` entries."""
    return merkle.root(_node(session), leaves)


def signed_head(act: Act) -> LedgerHead:
    """Return the signed head of the log as it stands in this act; signing the same size twice gives the same root.

    Raises Conflict("ledger.fork") if the platform had signed this size with another root.
    """
    leaves = size(act.session)
    root = root_at(act.session, leaves)
    held = act.session.scalar(select(LedgerHead).where(LedgerHead.size == leaves))
    if held is not None:
        if held.root != root.hex():
            raise Conflict("ledger.fork", size=leaves)
        return held
    note = act.signer.note(Head(act.signer.verifier.name, leaves, root).text())
    head = LedgerHead(size=leaves, root=root.hex(), note=note, signed_at=act.now)
    act.session.add(head)
    act.session.flush()
    act.written.append({"head": note})
    return head


def newest_head(session: Session) -> LedgerHead | None:
    """The largest head signed so far."""
    return session.scalar(select(LedgerHead).order_by(LedgerHead.size.desc()).limit(1))


def head_of_size(session: Session, leaves: int) -> LedgerHead:
    """The head signed at `leaves`; Missing if none was."""
    head = session.scalar(select(LedgerHead).where(LedgerHead.size == leaves))
    if head is None:
        raise Missing("ledger.head", size=leaves)
    return head


def entry(session: Session, index: int) -> LedgerEntry:
    """The entry at `index`; Missing beyond the end."""
    found = session.scalar(select(LedgerEntry).where(LedgerEntry.leaf_index == index))
    if found is None:
        raise Missing("ledger.entry", index=index)
    return found


def entries_of(session: Session, subject: str) -> list[LedgerEntry]:
    """Every entry on `subject`, oldest first."""
    return list(
        session.scalars(select(LedgerEntry).where(LedgerEntry.subject == subject).order_by(LedgerEntry.leaf_index))
    )


def inclusion(session: Session, index: int, leaves: int) -> list[str]:
    """The inclusion proof of entry `index` in the first `leaves`, hex from leaf to root."""
    if not 0 <= index < leaves <= size(session):
        raise Missing("ledger.entry", index=index)
    return [step.hex() for step in merkle.inclusion_proof(_node(session), index, leaves)]


def consistency(session: Session, old: int, new: int) -> list[str]:
    """The consistency proof between two sizes, hex."""
    if not 0 < old <= new <= size(session):
        raise Missing("ledger.head", size=new)
    return [step.hex() for step in merkle.consistency_proof(_node(session), old, new)]


def audit(session: Session, verifier: Verifier) -> Iterator[Fault]:
    """Re-compute the whole log from its entries and yield every fault, naming the entry.

    Checks: indices without gap, digest of facts, instants that never run back, stored leaf and node hashes, and every
    signed head against the re-computed root and the platform's key.
    """
    heads = {head.size: head for head in session.scalars(select(LedgerHead))}
    nodes = {(node.level, node.position): node.hash for node in session.scalars(select(LedgerNode))}
    leaves: list[bytes] = []
    before: datetime | None = None
    expected_nodes = 0
    for held in session.scalars(select(LedgerEntry).order_by(LedgerEntry.leaf_index)):
        if held.leaf_index != len(leaves):
            yield Fault(len(leaves), "entry is missing")
            return
        if before is not None and held.at < before:
            yield Fault(held.leaf_index, "instant is earlier than the entry before")
        before = held.at
        if held.salt is not None and facts_digest(held.salt, held.facts) != held.digest:
            yield Fault(held.leaf_index, "facts differ from their digest")
        if held.salt is None and (held.facts is not None or held.kind != COMMITMENT):
            yield Fault(held.leaf_index, "facts have lost their salt")
        value = held.leaf_hash()
        leaves.append(value)
        level, position = 0, held.leaf_index
        if nodes.get((0, position)) != value:
            yield Fault(held.leaf_index, "entry differs from its leaf hash")
        expected_nodes += 1
        while position & 1:
            left = nodes.get((level, position - 1), b"")
            level, position = level + 1, position >> 1
            value = merkle.node_hash(left, value)
            expected_nodes += 1
            if nodes.get((level, position)) != value:
                yield Fault(held.leaf_index, f"tree node {level}/{position} differs")
    if expected_nodes != len(nodes):
        yield Fault(None, f"{len(nodes)} tree nodes where {expected_nodes} belong")
    for leaves_then, head in sorted(heads.items()):
        if leaves_then > len(leaves):
            yield Fault(len(leaves), f"entries up to {leaves_then} were signed for and are missing")
            continue
        root = merkle.root(lambda level, position: nodes.get((level, position), b""), leaves_then)
        try:
            signed = open_head(head.note, verifier)
        except Exception as refusal:
            yield Fault(None, f"head of size {leaves_then}: {refusal}")
            continue
        if (signed.size, signed.root.hex()) != (leaves_then, head.root) or signed.root != root:
            yield Fault(None, f"head of size {leaves_then} differs from the entries")


def check_not_rolled_back(session: Session, witnessed: Head) -> None:
    """Refuse to run on a database that lacks entries a witnessed head covers (R16), naming which.

    Raises Conflict("ledger.rolled_back") with the missing range, or Conflict("ledger.fork") when the entries differ.
    """
    held = size(session)
    if held < witnessed.size:
        raise Conflict("ledger.rolled_back", held=held, witnessed=witnessed.size, first_missing=held)
    if witnessed.size and root_at(session, witnessed.size) != witnessed.root:
        raise Conflict("ledger.fork", size=witnessed.size)


def platform_signer(name: str, seed: bytes) -> Signer:
    """The platform's signer from its 32-byte seed."""
    return Signer(name, seed)
