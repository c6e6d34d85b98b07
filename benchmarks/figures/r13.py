"""R13: flip every bit of a ledger, swap, drop and truncate entries, sign with a wrong key: all found and named."""

from __future__ import annotations

import argparse
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from core.act import SYSTEM, Platform
from core.chance import seeded
from core.clock import StoppedClock
from core.db import Base, Database
from core.ledger import log
from core.ledger.notes import Head, Signer
from core.store import ObjectStore

COLUMNS = ("at", "kind", "subject", "digest", "salt", "facts")


def build(folder: Path, entries: int) -> Platform:
    """A platform whose ledger holds `entries` entries of ordinary shape and a signed head now and then."""
    database = Database(f"sqlite:///{folder}/ledger.db", folder=folder)
    platform = Platform(
        database,
        ObjectStore(folder / "objects"),
        StoppedClock(datetime(2026, 10, 8, tzinfo=UTC)),
        Signer("sunbid.figure", b"\x07" * 32),
        seeded(b"r13"),
    )
    with database.writing() as session:
        Base.metadata.create_all(session.connection())
    with platform.act(SYSTEM) as act:
        for index in range(entries):
            act.now += timedelta(seconds=1)
            if index % 7 == 3:
                log.append_commitments([act], [act.chance(32).hex()])
            else:
                log.append(act, "section.publish", f"section:T-{index % 5}", {"index": index, "price_fen": index * 101})
            if index % 97 == 0:
                log.signed_head(act)
        log.signed_head(act)
    return platform


def faults(platform: Platform, session: Session) -> list[log.Fault]:
    """What the audit says of the session's view."""
    return list(log.audit(session, platform.signer.verifier))


def flip_all(platform: Platform, entries: int, sample: int | None) -> tuple[int, int, int]:
    """Flip bits of every stored byte of every entry; return (flips, found, found with the entry named)."""
    flips = found = named = 0
    chance = random.Random(13)
    for index in range(entries):
        with platform.reading() as session:
            row = session.execute(
                text(f"SELECT {', '.join(COLUMNS)} FROM ledger_entry WHERE leaf_index = :i"), {"i": index}
            ).one()
            places = [
                (column, place, bit)
                for column, value in zip(COLUMNS, row, strict=True)
                if value is not None
                for place in range(8 if column == "at" else len(str(value).encode()))
                for bit in range(8)
            ]
        if sample is not None:
            places = chance.sample(places, min(sample, len(places)))
        for column, place, bit in places:
            changed = _flipped(row[COLUMNS.index(column)], column, place, bit)
            flips += 1
            entry = dict(zip(COLUMNS, row, strict=True)) | {column: changed}
            verdict = _entry_fault(platform, index, entry)
            found += verdict is not None
            named += verdict == index
    return flips, found, named


def _flipped(value: object, column: str, place: int, bit: int) -> object:
    if column == "at":
        return int(str(value)) ^ (1 << (place * 8 + bit)) if (place, bit) != (7, 7) else -int(str(value)) - 1
    raw = bytearray(str(value).encode())
    raw[place] ^= 1 << bit
    return raw.decode("utf-8", errors="surrogateescape")


def _entry_fault(platform: Platform, index: int, row: dict[str, object]) -> int | None:
    """Write the changed row, audit that entry against its stored leaf as the audit does, and take it back."""
    with platform.database.engine.connect() as connection:
        transaction = connection.begin()
        try:
            session = Session(connection, join_transaction_mode="create_savepoint")
            try:
                session.execute(
                    text(
                        "UPDATE ledger_entry SET at=:at, kind=:kind, subject=:subject, digest=:digest, salt=:salt,"
                        " facts=:facts WHERE leaf_index=:index"
                    ),
                    {**row, "index": index},
                )
                held = log.entry(session, index)
                node = session.get(log.LedgerNode, (0, index))
                if node is None or held.leaf_hash() != node.hash:
                    return index
                if held.salt is not None and log.facts_digest(held.salt, held.facts) != held.digest:
                    return index
                return None
            except (ValueError, UnicodeError, OverflowError):
                return index
        finally:
            transaction.rollback()


def wholesale(platform: Platform, entries: int) -> tuple[int, int]:
    """Drop, swap, truncate, double and re-sign; return (tried, found)."""
    entry, head = log.LedgerEntry, log.LedgerHead
    wrong = Signer(platform.signer.verifier.name, b"\x08" * 32)

    def swap(session: Session, a: int, b: int) -> None:
        first, second = log.entry(session, a), log.entry(session, b)
        first_values = (first.kind, first.subject, first.digest, first.salt, first.facts)
        first.kind, first.subject, first.digest, first.salt, first.facts = (
            second.kind, second.subject, second.digest, second.salt, second.facts,
        )  # fmt: skip
        second.kind, second.subject, second.digest, second.salt, second.facts = first_values

    def resign(session: Session) -> None:
        newest = log.newest_head(session)
        if newest is not None:
            body = Head(platform.signer.verifier.name, newest.size, bytes.fromhex(newest.root)).text()
            newest.note = wrong.note(body)

    sabotage = [
        lambda s: s.execute(delete(entry).where(entry.leaf_index == entries // 2)),
        lambda s: s.execute(delete(entry).where(entry.leaf_index >= entries - 3)),
        lambda s: s.execute(delete(entry)),
        lambda s: swap(s, 1, 2),
        lambda s: swap(s, 5, entries - 2),
        lambda s: s.execute(delete(log.LedgerNode).where(log.LedgerNode.level == 2)),
        lambda s: s.execute(update(head).values(root="00" * 32)),
        resign,
    ]
    found = 0
    for act in sabotage:
        with platform.reading() as session:
            act(session)
            session.flush()
            found += bool(faults(platform, session))
    return len(sabotage), found


def main(arguments: list[str]) -> int:
    """Short form: 200 entries, 40 random bits of each; --long: every bit of 1,000 entries."""
    parser = argparse.ArgumentParser(prog="R13", description=__doc__)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args(arguments)
    entries, sample = (1000, None) if options.long else (200, 40)
    with tempfile.TemporaryDirectory() as folder:
        platform = build(Path(folder), entries)
        with platform.reading() as session:
            clean = faults(platform, session)
        flips, found, named = flip_all(platform, entries, sample)
        tried, wholesale_found = wholesale(platform, entries)
    good = not clean and flips == found == named and tried == wholesale_found
    print(f"clean ledger: {len(clean)} false alarms; {tried} wholesale changes: {wholesale_found} found")
    print(f"R13: {flips} bit flips in {entries} entries: {found} found, {named} with the entry named")
    return 0 if good else 1
