"""The archive as a measure of what is ordinary: how many other bids, of other tenders, carry a phrase or a value."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from collusion.rules.documents import Document, Marks
from collusion.rules.folding import fold
from collusion.rules.people import contacts

GRAM = 5


@dataclass(frozen=True, slots=True)
class ArchivedBid:
    """One bid of another tender."""

    tender: str
    bidder: str
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Background:
    """Frequencies over other tenders' bids. Empty means a cold start, which the card must say.

    `grams` counts five-letter phrases and `bigrams` two-letter ones; a phrase counts by the smaller of its distinct
    tenders and its distinct bidders. `values` counts distinct bidders per kind of mark and value.
    """

    tenders: int = 0
    bidders: int = 0
    grams: Mapping[int, int] = field(default_factory=dict)
    bigrams: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def cold(self) -> bool:
        """Say whether there is no history to measure against."""
        return self.bidders == 0

    def seen(self, kind: str, value: str) -> int:
        """Count the bidders of other tenders who carry this value."""
        return self.values.get(kind, {}).get(value, 0)


def gram_key(gram: str) -> int:
    """Give the same 64-bit key for a phrase on every machine and in every run."""
    return int.from_bytes(hashlib.blake2b(gram.encode(), digest_size=8).digest(), "big")


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
    grams_by_tender, bigrams_by_tender = _phrases(by_tender.values())
    grams_by_bidder, bigrams_by_bidder = _phrases(by_bidder.values())
    values: dict[str, Counter[str]] = {}
    for group in by_bidder.values():
        carried = {pair for bid in group for document in bid.documents for pair in carried_values(document)}
        carried |= {contact for bid in group for contact in contacts(bid.documents)}
        for kind, value in carried:
            values.setdefault(kind, Counter())[value] += 1
    return Background(
        tenders=len(by_tender),
        bidders=len(by_bidder),
        grams={key: min(count, grams_by_bidder[key]) for key, count in grams_by_tender.items()},
        bigrams={key: min(count, bigrams_by_bidder[key]) for key, count in bigrams_by_tender.items()},
        values={kind: dict(counter) for kind, counter in values.items()},
    )


def _phrases(groups: Iterable[list[ArchivedBid]]) -> tuple[Counter[int], Counter[str]]:
    grams: Counter[int] = Counter()
    bigrams: Counter[str] = Counter()
    for group in groups:
        texts = {fold(p.text).text for bid in group for d in bid.documents if d.kind != "xlsx" for p in d.paragraphs}
        grams.update({gram_key(g) for g in {t[i : i + GRAM] for t in texts for i in range(len(t) - GRAM + 1)}})
        bigrams.update({t[i : i + 2] for t in texts for i in range(len(t) - 1)})
    return grams, bigrams


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
        "created": marks.created_at.isoformat() if marks.created_at else "",
    }
    yield from ((kind, value) for kind, value in plain.items() if value)
    yield from (("rsid", value) for value in marks.rsids)
    yield from (("pdf_identifier", value) for value in marks.pdf_identifiers)
    yield from (("picture", picture.sha256) for picture in document.pictures)
