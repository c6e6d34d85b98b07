"""The archive as a measure of what is ordinary: how many other bids, of other tenders, carry a phrase or a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np

from collusion.rules.documents import Document, Marks
from collusion.rules.frequencies import Counted, Frequencies, counted, smaller
from collusion.rules.letters import GRAM, Keys, bigram_ids, distinct, fold_all, gram_keys, within
from collusion.rules.people import contacts


@dataclass(frozen=True, slots=True)
class ArchivedBid:
    """One bid of another tender."""

    tender: str
    bidder: str
    documents: tuple[Document, ...]


class Carriers(Protocol):
    """Whoever can say how many bidders carry a mark."""

    def seen(self, kind: str, value: str) -> int:
        """Count the bidders of other tenders who carry this value."""


ENOUGH_TENDERS = 12
"""History from which the warm error rate holds: it was measured with an archive of so many tenders."""


class History(StrEnum):
    """How much there is to measure against; below `ENOUGH` a card states the wider error of a cold start."""

    NONE = "none"
    THIN = "thin"
    ENOUGH = "enough"


@dataclass(frozen=True, slots=True)
class Background:
    """Frequencies over other tenders' bids. Empty means a cold start, which the card must say.

    `grams` counts five-letter phrases and `bigrams` two-letter ones; a phrase counts by the smaller of its distinct
    tenders and its distinct bidders. `values` counts distinct bidders per kind of mark and value, or `marks` is asked.
    """

    tenders: int = 0
    bidders: int = 0
    grams: Frequencies = field(default_factory=Counted)
    bigrams: Frequencies = field(default_factory=Counted)
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    marks: Carriers | None = None

    @property
    def cold(self) -> bool:
        """Say whether there is no history to measure against."""
        return self.bidders == 0

    @property
    def history(self) -> History:
        """Say whether the history suffices for the error rate measured with one."""
        if self.cold:
            return History.NONE
        return History.ENOUGH if self.tenders >= ENOUGH_TENDERS else History.THIN

    def seen(self, kind: str, value: str) -> int:
        """Count the bidders of other tenders who carry this value."""
        if self.marks is not None:
            return self.marks.seen(kind, value)
        return self.values.get(kind, {}).get(value, 0)


def learn(bids: Iterable[ArchivedBid], *, except_bidders: frozenset[str] = frozenset()) -> Background:
    """Count what other tenders' bids carry.

    Bids by `except_bidders` (the parties of the present tender) are left out: a ring that copies in every tender must
    not explain itself by its own history.
    """
    by_bidder: dict[str, list[ArchivedBid]] = {}
    by_tender: dict[str, list[ArchivedBid]] = {}
    for bid in bids:
        if bid.bidder not in except_bidders:
            by_bidder.setdefault(bid.bidder, []).append(bid)
            by_tender.setdefault(bid.tender, []).append(bid)
    texts = {id(bid): phrases(bid.documents) for group in by_bidder.values() for bid in group}

    def together(groups: Iterable[list[ArchivedBid]], which: int) -> Counted:
        return counted([np.unique(np.concatenate([texts[id(bid)][which] for bid in group])) for group in groups])

    values: dict[str, Counter[str]] = {}
    for group in by_bidder.values():
        carried = {pair for bid in group for document in bid.documents for pair in carried_values(document)}
        carried |= {contact for bid in group for contact in contacts(bid.documents)}
        for kind, value in carried:
            values.setdefault(kind, Counter())[value] += 1
    return Background(
        tenders=len(by_tender),
        bidders=len(by_bidder),
        grams=smaller(together(by_tender.values(), 0), together(by_bidder.values(), 0)),
        bigrams=smaller(together(by_tender.values(), 1), together(by_bidder.values(), 1)),
        values={kind: dict(counter) for kind, counter in values.items()},
    )


def phrases(documents: Sequence[Document]) -> tuple[Keys, Keys]:
    """Give the five-letter and the two-letter phrases of a bid's running text, each once, ascending."""
    letters = fold_all(p.text for document in documents if document.kind != "xlsx" for p in document.paragraphs)
    keys, pairs = gram_keys(letters.codes), bigram_ids(letters.codes)
    grams = distinct(keys[within(letters.paragraph, GRAM)]) if keys.size else keys
    return grams, distinct(pairs[within(letters.paragraph, 2)]) if pairs.size else pairs


def carried_values(document: Document) -> Iterator[tuple[str, str]]:
    """Give each (kind, value) of a document that an indicator may find equal elsewhere."""
    marks: Marks = document.marks
    plain = {
        "creator": marks.creator,
        "last_modified_by": marks.last_modified_by,
        "company": marks.company,
        "template": marks.template,
        "application": marks.application,
        "kso_icv": marks.custom("ICV"),
        "layout": marks.layout,
        "created": marks.created_at.isoformat() if marks.created_at else "",
    }
    yield from ((kind, value) for kind, value in plain.items() if value)
    yield from (("rsid", value) for value in marks.rsids)
    yield from (("pdf_identifier", value) for value in marks.pdf_identifiers)
    yield from (("picture", picture.sha256) for picture in document.pictures)
    data = document.data or {}
    locks, account = data.get("locks"), data.get("payer_account")
    yield from (("lock", lock) for lock in (locks if isinstance(locks, list) else []) if isinstance(lock, str))
    if isinstance(account, str):
        yield "bond_account", account
