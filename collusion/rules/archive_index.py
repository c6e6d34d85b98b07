"""The archive as an index on disk: what earlier bids say and carry, added tender by tender, asked without reading it.

A segment holds ascending keys of phrases and marks with, for each, how many tenders and bidders have it and the first
POSTINGS bids that do. Segments of like size are merged, so that there are never more than the logarithm of the tenders;
a question costs a binary search in each, however large the archive grows. Nothing of the bids' text can be read back.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collusion.rules.background import ArchivedBid, Background, carried_values, phrases
from collusion.rules.frequencies import Numbers
from collusion.rules.letters import Keys, ragged
from collusion.rules.people import contacts

FORMAT = "sunbid-archive-index/v1"
MANIFEST = "archive.json"
KINDS = ("grams", "bigrams", "marks")
POSTINGS = 24
"""Bids kept per key: beyond so many a phrase is common, whoever of the parties is left out of the count."""
EMPTY: dict[str, Any] = {"format": FORMAT, "tenders": [], "bids": [], "segments": []}
COLUMNS = ("keys", "tenders", "bidders", "starts", "bids")
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Segment:
    """Some tenders' bids: `first` is the number of the first bid, `count` how many there are."""

    name: str
    first: int
    count: int


class ArchiveIndex:
    """An index in a folder. One writer at a time; readers see the last complete state."""

    def __init__(self, folder: Path) -> None:
        """Open it; a folder without an index is an empty one."""
        self.folder = folder
        path = folder / MANIFEST
        state = json.loads(path.read_text("utf-8")) if path.exists() else EMPTY
        if state["format"] != FORMAT:
            raise ValueError(state["format"])
        self.bids: list[tuple[str, str]] = [(tender, bidder) for tender, bidder in state["bids"]]
        self.segments = [Segment(name, first, count) for name, first, count in state["segments"]]
        self.held: list[str] = list(state["tenders"])

    @property
    def tenders(self) -> frozenset[str]:
        """The tenders it has taken in, those without a readable bid too."""
        return frozenset(self.held)

    def add(self, tender: str, bids: Sequence[ArchivedBid]) -> bool:
        """Add one tender's bids, all at once and durably; False when it is held already."""
        with self._writing():
            fresh = ArchiveIndex(self.folder)
            self.bids, self.segments, self.held = fresh.bids, fresh.segments, fresh.held
            if tender in self.tenders:
                return False
            self.held.append(tender)
            if not bids:
                self._publish()
                return True
            first = len(self.bids)
            self.bids += [(tender, named(bid.bidder)) for bid in bids]
            made = {kind: self._counted(kind, list(bids), first) for kind in KINDS}
            self._keep(made, first, len(bids))
            while len(self.segments) > 1 and self.segments[-2].count < 2 * self.segments[-1].count:
                one, other = self.segments[-2:]
                merged = {kind: self._merged(self._read(one, kind), self._read(other, kind)) for kind in KINDS}
                self.segments = self.segments[:-2]
                self._keep(merged, one.first, one.count + other.count)
            self._publish()
        return True

    def background(self, *, except_bidders: Iterable[str] = ()) -> Background:
        """Give the archive as a measure of what is ordinary, the bids of these bidders left out of rare counts."""
        left_out = {named(bidder) for bidder in except_bidders}
        kept = [(tender, bidder) for tender, bidder in self.bids if bidder not in left_out]
        grams, bigrams, marks = (Asked(self, kind, left_out) for kind in KINDS)
        return Background(
            tenders=len({tender for tender, _ in kept}),
            bidders=len({bidder for _, bidder in kept}),
            grams=grams,
            bigrams=bigrams,
            marks=marks,
        )

    def columns(self, kind: str) -> list[Columns]:
        """Map every segment's columns of a kind into memory; nothing is read yet."""
        try:
            return [self._read(segment, kind) for segment in self.segments]
        except FileNotFoundError:
            # A writer merged them meanwhile: what it published holds the same and more.
            fresh = ArchiveIndex(self.folder)
            if fresh.segments == self.segments:
                raise
            self.bids, self.segments = fresh.bids, fresh.segments
            return self.columns(kind)

    def _read(self, segment: Segment, kind: str) -> Columns:
        base = self.folder / segment.name
        return {column: np.load(base / f"{kind}-{column}.npy", mmap_mode="r") for column in COLUMNS}

    def _counted(self, kind: str, bids: list[ArchivedBid], first: int) -> Columns:
        keys, owners = [], []
        for number, bid in enumerate(bids):
            found = _keys(kind, bid)
            keys.append(found)
            owners.append(np.full(found.size, first + number, dtype=np.uint32))
        return self._columns(np.concatenate(keys), np.concatenate(owners))

    def _columns(self, keys: Keys, owners: NDArray[np.uint32]) -> Columns:
        order = np.lexsort((owners, keys))
        keys, owners = keys[order], owners[order]
        heads = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if keys.size else np.zeros(0, np.int64)
        sizes = np.diff(np.append(heads, keys.size))
        rank = np.arange(keys.size) - np.repeat(heads, sizes)
        which = np.repeat(np.arange(heads.size), sizes)
        kept = rank < POSTINGS
        tenders, bidders = self._numbers()
        starts = np.concatenate([[0], np.cumsum(np.minimum(sizes, POSTINGS))])
        return {
            "keys": keys[heads],
            "tenders": _distinct_per(which, tenders[owners], heads.size),
            "bidders": _distinct_per(which, bidders[owners], heads.size),
            "starts": starts.astype(np.uint64),
            "bids": owners[kept],
        }

    def _merged(self, one: Columns, other: Columns) -> Columns:
        """Join two segments: counts of keys with few bids are exact, common ones add up."""
        keys = np.concatenate(
            [np.repeat(part["keys"], np.diff(part["starts"]).astype(np.int64)) for part in (one, other)]
        )
        joined = self._columns(keys, np.concatenate([one["bids"], other["bids"]]))
        at = [np.searchsorted(joined["keys"], part["keys"]) for part in (one, other)]
        for column in ("tenders", "bidders"):
            total = np.zeros(joined["keys"].size, dtype=np.int64)
            for place, part in zip(at, (one, other), strict=True):
                total[place] += part[column]
            full = np.zeros(joined["keys"].size, dtype=bool)
            for place, part in zip(at, (one, other), strict=True):
                full[place] |= np.diff(part["starts"]) >= POSTINGS
            joined[column] = np.where(full, total, joined[column]).astype(np.uint32)
        return joined

    def _numbers(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        found = []
        for which in (0, 1):
            order: dict[str, int] = {}
            found.append(np.array([order.setdefault(bid[which], len(order)) for bid in self.bids], dtype=np.int64))
        return found[0], found[1]

    def _keep(self, made: dict[str, Columns], first: int, count: int) -> None:
        name = f"segment-{first:08d}-{count}"
        final, temporary = self.folder / name, self.folder / f".{name}"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        for kind, columns in made.items():
            for column, values in columns.items():
                with (temporary / f"{kind}-{column}.npy").open("wb") as target:
                    np.save(target, np.ascontiguousarray(values))
                    target.flush()
                    os.fsync(target.fileno())
        shutil.rmtree(final, ignore_errors=True)
        temporary.rename(final)
        self.segments.append(Segment(name, first, count))

    def _publish(self) -> None:
        state = {
            "format": FORMAT,
            "tenders": self.held,
            "bids": self.bids,
            "segments": [[segment.name, segment.first, segment.count] for segment in self.segments],
        }
        temporary = self.folder / f".{MANIFEST}"
        with temporary.open("w", encoding="utf-8") as target:
            json.dump(state, target, ensure_ascii=False)
            target.flush()
            os.fsync(target.fileno())
        temporary.rename(self.folder / MANIFEST)
        descriptor = os.open(self.folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        current = {segment.name for segment in self.segments}
        for path in self.folder.glob("segment-*"):
            if path.name not in current:
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class Asked:
    """The counts of one kind of key, the bids of some bidders left out."""

    def __init__(self, index: ArchiveIndex, kind: str, left_out: set[str]) -> None:
        """Map the columns; nothing is read until something is asked."""
        self._columns = index.columns(kind)
        self._tenders, self._bidders = index._numbers()
        self._left_out = np.array([bidder in left_out for _, bidder in index.bids], dtype=bool)
        self._bids = len(index.bids)

    def of(self, keys: Keys) -> Numbers:
        """Give per key the smaller of its distinct tenders and bidders: exact up to POSTINGS bids, else at most."""
        tenders, bidders = self._asked(keys)
        return np.minimum(tenders, bidders)

    def bidders(self, keys: Keys) -> Numbers:
        """Give per key its distinct bidders, counted likewise."""
        return self._asked(keys)[1]

    def seen(self, kind: str, value: str) -> int:
        """Count the bidders of other tenders who carry this value."""
        return int(self.bidders(np.array([mark_key(kind, value)], dtype=np.uint64))[0])

    def __bool__(self) -> bool:
        return self._bids > 0

    def _asked(self, keys: Keys) -> tuple[Numbers, Numbers]:
        sums = np.zeros((2, keys.size), dtype=np.int64)
        full = np.zeros(keys.size, dtype=bool)
        owners, bids = [], []
        for columns in self._columns:
            held = columns["keys"]
            if not held.size:
                continue
            at = np.minimum(np.searchsorted(held, keys), held.size - 1)
            hit = np.flatnonzero(held[at] == keys)
            place = at[hit]
            sums[0, hit] += columns["tenders"][place]
            sums[1, hit] += columns["bidders"][place]
            starts = columns["starts"][place].astype(np.int64)
            lengths = columns["starts"][place + 1].astype(np.int64) - starts
            full[hit] |= lengths >= POSTINGS
            where, owner = ragged(starts, lengths)
            owners.append(hit[owner])
            bids.append(columns["bids"][where].astype(np.int64))
        if not owners:
            return sums[0], sums[1]
        owner, bid = np.concatenate(owners), np.concatenate(bids)
        kept = ~self._left_out[bid]
        exact = [
            _distinct_per(owner[kept], numbers[bid[kept]], keys.size) for numbers in (self._tenders, self._bidders)
        ]
        return (
            np.where(full, np.maximum(exact[0], sums[0]), exact[0]),
            np.where(full, np.maximum(exact[1], sums[1]), exact[1]),
        )


def named(bidder: str) -> str:
    """Give the name under which a bidder stands in the index: not the bidder's own."""
    return hashlib.sha256(f"sunbid archive index {bidder}".encode()).hexdigest()[:16]


def mark_key(kind: str, value: str) -> int:
    """Give the key of a mark."""
    return int.from_bytes(hashlib.blake2b(f"{kind}\0{value}".encode(), digest_size=8).digest(), "big")


def _keys(kind: str, bid: ArchivedBid) -> Keys:
    if kind == "marks":
        found = {pair for document in bid.documents for pair in carried_values(document)} | set(contacts(bid.documents))
        return np.array(sorted(mark_key(*pair) for pair in found), dtype=np.uint64)
    return phrases(bid.documents)[KINDS.index(kind)]


def _distinct_per(group: NDArray[np.int64], value: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Count the distinct values of each group."""
    if not group.size:
        return np.zeros(count, dtype=np.int64)
    width = np.int64(value.max() + 1)
    return np.bincount(np.unique(group.astype(np.int64) * width + value) // width, minlength=count).astype(np.int64)
