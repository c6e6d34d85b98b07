"""What a scan asked of the archive, kept as a file: the same answers later, however the archive has grown since.

A scan is reproduced from the files it read and from this extract, which holds keys and counts and no text.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from collusion.rules.archive_index import mark_key
from collusion.rules.background import Background, Carriers
from collusion.rules.frequencies import Counted, Frequencies, Numbers
from collusion.rules.letters import Keys
from core.errors import Invalid

FORMAT = 1
COLUMNS = ("gram_keys", "gram_counts", "bigram_keys", "bigram_counts", "mark_keys", "mark_counts")
MOST = 512 * 1024 * 1024


class Recorder:
    """Stands before an archive, answers as it does, and remembers what was asked."""

    def __init__(self, background: Background) -> None:
        """Nothing is asked yet."""
        self._grams, self._bigrams = _Noting(background.grams), _Noting(background.bigrams)
        self._marks = _Seen(background)
        self._tenders, self._bidders = background.tenders, background.bidders
        self.background = replace(background, grams=self._grams, bigrams=self._bigrams, values={}, marks=self._marks)

    def extract(self) -> bytes:
        """The file: equal questions and answers give equal bytes."""
        columns = [*self._grams.columns(), *self._bigrams.columns(), *self._marks.columns()]
        head = np.array([FORMAT, self._tenders, self._bidders], dtype=np.int64)
        out = io.BytesIO()
        named: dict[str, Any] = dict(zip(COLUMNS, columns, strict=True))
        np.savez_compressed(out, head=head, **named)
        return out.getvalue()


class _Noting:
    def __init__(self, source: Frequencies) -> None:
        self._source = source
        self._asked: list[Keys] = []
        self._told: list[Numbers] = []

    def of(self, keys: Keys) -> Numbers:
        told = self._source.of(keys)
        self._asked.append(keys)
        self._told.append(told)
        return told

    def __bool__(self) -> bool:
        return bool(self._source)

    def columns(self) -> tuple[Keys, Numbers]:
        """Only what the archive knew: everything else counts 0 anyway."""
        if not self._asked:
            return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
        keys, at = np.unique(np.concatenate(self._asked), return_index=True)
        counts = np.concatenate(self._told)[at]
        return keys[counts > 0], counts[counts > 0]


class _Seen:
    def __init__(self, source: Background) -> None:
        self._source = source
        self._told: dict[int, int] = {}

    def seen(self, kind: str, value: str) -> int:
        told = self._source.seen(kind, value)
        self._told[mark_key(kind, value)] = told
        return told

    def columns(self) -> tuple[Keys, Numbers]:
        held = sorted((key, count) for key, count in self._told.items() if count)
        return np.array([key for key, _ in held], dtype=np.uint64), np.array([n for _, n in held], dtype=np.int64)


class _Marks:
    def __init__(self, counts: Counted) -> None:
        self._counts = counts

    def seen(self, kind: str, value: str) -> int:
        return int(self._counts.of(np.array([mark_key(kind, value)], dtype=np.uint64))[0])


class _Grams(Counted):
    """Counts that stand for an archive which is there, whether it knew any of what was asked or not."""

    def __bool__(self) -> bool:
        return True


def read_extract(path: Path) -> Background:
    """The archive as it answered; Invalid("archive.unreadable") for a file that is no extract."""
    try:
        if path.stat().st_size > MOST:
            raise ValueError(path)
        with np.load(path, allow_pickle=False) as held:
            version, tenders, bidders = (int(number) for number in held["head"])
            grams, bigrams, marks = (
                kind(held[COLUMNS[n]].astype(np.uint64), held[COLUMNS[n + 1]].astype(np.int64))
                for kind, n in ((_Grams, 0), (Counted, 2), (Counted, 4))
            )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise Invalid("archive.unreadable", field="archive", reason=type(error).__name__) from None
    if version != FORMAT:
        raise Invalid("archive.unreadable", field="archive", reason=str(version))
    carriers: Carriers = _Marks(marks)
    return Background(tenders=tenders, bidders=bidders, grams=grams, bigrams=bigrams, marks=carriers)
