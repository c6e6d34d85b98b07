"""The platform's log: entries whose facts stay secret until told, heads, proofs, and the audit of it all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import LargeBinary, String, func, insert, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import canonical
from core.clock import iso
from core.db import Base, Row, is_among
from core.errors import Conflict, Missing
from core.ledger import merkle
from core.ledger.notes import Head, Signer, Verifier, open_head
from core.locker import LockedAtWill

if TYPE_CHECKING:
    from core.act import Act

COMMITMENT = "commitment"
FACTS_DOMAIN = b"sunbid-facts/v1\n"
LOG_LOCK = 0x73756E626964

T = TypeVar("T")


class LedgerEntry(Base, Row):
    """One leaf: what happened to what and when, with a salted digest of the facts, which may be told later."""

    __tablename__ = "ledger_entry"

    leaf_index: Mapped[int] = mapped_column(unique=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(80), index=True)
    subject: Mapped[str | None] = mapped_column(String(120), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str | None] = mapped_column(String(64))
    facts: Mapped[Any | None] = mapped_column(LockedAtWill("ledger_entry.facts"))

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
        return merkle.leaf_hash(canonical.dumps(self.leaf()))

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
    return hashlib.sha256(FACTS_DOMAIN + salt.encode() + b"\n" + canonical.dumps(facts)).hexdigest()


def size(session: Session) -> int:
    """How many leaves the log has, the last one's number being the measure; the audit finds the gaps."""
    last = session.scalar(select(func.max(LedgerEntry.leaf_index)))
    return 0 if last is None else last + 1


def append(act: Act, kind: str, subject: str | None, facts: Any) -> LedgerEntry:
    """Append an entry for `kind` on `subject`; the log shows only a salted digest of `facts` until they are told.

    Facts that are `Private` (core.locker) lie encrypted in the database.
    """
    salt = act.chance(32).hex()
    return _append(
        act, LedgerEntry(kind=kind, subject=subject, digest=facts_digest(salt, facts), salt=salt, facts=facts)
    )


@dataclass(frozen=True)
class Committed:
    """A commitment as it stands in the log: its leaf, the signed head that ends with it, its proof under that head."""

    leaf: dict[str, Any]
    checkpoint: str
    proof: list[str]

    @property
    def index(self) -> int:
        """Its place in the log."""
        index: int = self.leaf["index"]
        return index


def append_commitments(acts: Sequence[Act], digests: Sequence[str]) -> list[Committed]:
    """Append commitments or dummies, digests the platform cannot explain, each with a signed head that ends with it.

    The acts share one transaction; each brings one digest and its own instant. Every leaf has a head of its own, or
    the heads would tell which commitments came at once, and those are real: a dummy always comes alone. Raises
    Conflict("ledger.fork") if the platform had signed one of these sizes before.
    """
    session, signer = acts[0].session, acts[0].signer
    first, last, nodes = _end(session)
    fresh: dict[tuple[int, int], bytes] = {}
    entries, heads, done = [], [], []
    for index, (act, digest) in enumerate(zip(acts, digests, strict=True), first):
        at = last = max(act.now, last) if last else act.now
        entry = LedgerEntry(
            leaf_index=index, at=at, kind=COMMITMENT, subject=None, digest=digest, salt=None, facts=None
        )
        grown = _grown(nodes, index, entry.leaf_hash())
        nodes |= grown
        fresh |= grown
        node = _held(nodes)
        root = merkle.root(node, index + 1)
        note = signer.note(Head(signer.verifier.name, index + 1, root).text())
        proof = [step.hex() for step in merkle.inclusion_proof(node, index, index + 1)]
        entries.append({"leaf_index": index, "at": at, "kind": COMMITMENT, "digest": digest})
        heads.append({"size": index + 1, "root": root.hex(), "note": note, "signed_at": act.now})
        act.written += [{"leaf": entry.leaf()}, {"head": note}]
        done.append(Committed(entry.leaf(), note, proof))
    if session.scalar(select(LedgerHead.size).where(LedgerHead.size > first).limit(1)) is not None:
        raise Conflict("ledger.fork", size=first + 1)
    session.execute(insert(LedgerEntry.__table__), entries)  # type: ignore[arg-type]
    _keep_nodes(session, fresh)
    session.execute(insert(LedgerHead.__table__), heads)  # type: ignore[arg-type]
    return done


def _append(act: Act, entry: LedgerEntry) -> LedgerEntry:
    session = act.session
    index, last, nodes = _end(session)
    entry.leaf_index = index
    entry.at = max(act.now, last) if last else act.now
    session.add(entry)
    session.flush()
    _keep_nodes(session, _grown(nodes, index, entry.leaf_hash()))
    act.written.append({"leaf": entry.leaf()})
    return entry


def hold(session: Session) -> None:
    """Nobody else appends until the transaction ends; what is counted from here on counts what all before have done."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOG_LOCK})


def _end(session: Session) -> tuple[int, datetime | None, dict[tuple[int, int], bytes]]:
    """How many leaves there are, the last one's instant, and the hashes of the complete subtrees at the right edge.

    From here on nobody else appends until the transaction ends.
    """
    hold(session)
    last = session.execute(
        select(LedgerEntry.leaf_index, LedgerEntry.at).order_by(LedgerEntry.leaf_index.desc()).limit(1)
    ).first()
    if last is None:
        return 0, None, {}
    size = last.leaf_index + 1
    edge = [(level, (size >> level) - 1) for level in range(size.bit_length()) if size >> level & 1]
    return size, last.at, _nodes(session, edge)


def _grown(nodes: dict[tuple[int, int], bytes], index: int, value: bytes) -> dict[tuple[int, int], bytes]:
    """The subtrees that leaf `index` completes, by level and position, from those at the right edge before it."""
    level, position, node = 0, index, _held(nodes)
    grown = {(0, index): value}
    while position & 1:
        value = merkle.node_hash(node(level, position - 1), value)
        level, position = level + 1, position >> 1
        grown[level, position] = value
    return grown


def _keep_nodes(session: Session, nodes: dict[tuple[int, int], bytes]) -> None:
    rows = [{"level": level, "position": position, "hash": value} for (level, position), value in nodes.items()]
    session.execute(insert(LedgerNode.__table__), rows)  # type: ignore[arg-type]


def _nodes(session: Session, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """Tree nodes by level and position, in one statement."""
    wanted = is_among(LedgerNode.level, LedgerNode.position, places)
    rows = session.execute(select(LedgerNode.level, LedgerNode.position, LedgerNode.hash).where(wanted))
    return {(row.level, row.position): row.hash for row in rows}


def _held(nodes: dict[tuple[int, int], bytes]) -> merkle.NodeAt:
    def node(level: int, position: int) -> bytes:
        if (level, position) not in nodes:
            raise Missing("ledger.node", level=level, position=position)
        return nodes[level, position]

    return node


def _read(session: Session, ask: Callable[[merkle.NodeAt], T]) -> T:
    """What `ask` makes of the tree; it is asked twice, the first time to learn which nodes it needs."""
    places: list[tuple[int, int]] = []

    def learn(level: int, position: int) -> bytes:
        places.append((level, position))
        return b""

    ask(learn)
    return ask(_held(_nodes(session, places)))


def root_at(session: Session, leaves: int) -> bytes:
    """The root of the first `leaves` entries."""
    return _read(session, lambda node: merkle.root(node, leaves))


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
    return [step.hex() for step in _read(session, lambda node: merkle.inclusion_proof(node, index, leaves))]


def consistency(session: Session, old: int, new: int) -> list[str]:
    """The consistency proof between two sizes, hex."""
    if not 0 < old <= new <= size(session):
        raise Missing("ledger.head", size=new)
    return [step.hex() for step in _read(session, lambda node: merkle.consistency_proof(node, old, new))]


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
        raise Conflict(
            "ledger.rolled_back",
            source=witnessed.origin,
            held=held,
            witnessed=witnessed.size,
            first_missing=held,
            missing=f"{held}–{witnessed.size - 1}",
            receipts=None,  # a head tells nothing of them
            receipt_count=None,
        )
    if witnessed.size and root_at(session, witnessed.size) != witnessed.root:
        raise Conflict("ledger.fork", size=witnessed.size)


def platform_signer(name: str, seed: bytes) -> Signer:
    """The platform's signer from its 32-byte seed."""
    return Signer(name, seed)
