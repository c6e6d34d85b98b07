"""Cases of bidbench: a tender, bids by personas with honest likenesses, planted copies, an archive; and the receipts.

Source documents are split three ways by a digest of their names: for the archive, for developing, for testing. What a
case's bidders write as their own is never in its archive. A purchased template, a data sheet or the parent company's
boilerplate is there, as such texts are in life: in earlier bids of others, lightly edited.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.bidbench.operators import EVERY, Words, numbers, synonyms
from benchmarks.bidbench.sources import Text
from collusion.rules.background import ArchivedBid, Background, learn
from collusion.rules.documents import Document, Paragraph

BIDDERS = 4
TENDER, QUOTED, LIBRARY, USED, CITED, OWN = 130, 45, 160, 25, 8, 110
ARCHIVED = 30
COVERED = 0.75
"""Share of the trade's library some earlier bid in the archive has used."""
HARD = {"template": 40, "datasheet": 16, "parent": 25, "law": 20}
"""Honest reasons for two bids to be alike, and how many sentences they share."""


@dataclass(slots=True)
class Written:
    """A bid in the making: paragraphs of sentences, and where each planted sentence went."""

    bidder: str
    paragraphs: list[str] = field(default_factory=list)
    spans: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def document(self) -> Document:
        """Give it as a read document."""
        body = tuple(Paragraph(text, number) for number, text in enumerate(self.paragraphs, 1))
        digest = hashlib.sha256("\n".join(self.paragraphs).encode()).hexdigest()
        return Document(f"{self.bidder}.docx", "docx", digest, body)


@dataclass(frozen=True, slots=True)
class Planted:
    """A case and what was planted in it; `receipt` is what the generator publishes about it."""

    tender: tuple[Document, ...]
    bids: dict[str, Written]
    background: Background
    ring: tuple[str, str] | None
    operator: str
    share: float
    hard: str | None
    hard_pair: tuple[str, str] | None
    receipt: dict[str, Any]


class Corpus:
    """Cases of one half of the sources, deterministic in (seed, number)."""

    def __init__(self, texts: Sequence[Text], words: Words, *, split: str, seed: int = 2026) -> None:
        """Split the sources by name; `split` is `dev` or `test`."""
        self.seed, self.split, self.words = seed, split, words
        parts: dict[str, list[Text]] = {"archive": [], "dev": [], "test": []}
        for text in sorted(texts, key=lambda text: text.name):
            # Parts of one file stay together.
            digest = hashlib.sha256(text.name.partition("#")[0].encode()).digest()[0]
            if text.kind == "news":
                digest = hashlib.sha256(text.name.encode()).digest()[0]
            parts[("archive", "dev", "test")[digest % 3]].append(text)
        self.papers = [text for text in parts[split] if text.kind == "procurement"]
        self.own = {
            kind: [text for text in parts[split] if text.kind == kind]
            for kind in sorted({text.kind for text in parts[split]})
        }
        rng = random.Random(f"library {seed} {split}")
        other = "test" if split == "dev" else "dev"
        trade = [s for text in parts["archive"] if text.kind == "procurement" for s in text.sentences]
        elsewhere = [s for text in parts[other] if text.kind == "procurement" for s in text.sentences]
        # The library, templates and sheets are the trade's common property: they come from other files than tenders.
        pool = elsewhere or trade
        start = [rng.randrange(max(1, len(pool) - 60)) for _ in range(24)]
        self.library = rng.sample(pool, min(LIBRARY, len(pool)))
        self.laws = [s for s in [*trade, *elsewhere] if "《" in s][:80] or self.library[:80]
        self.common = {
            kind: [pool[at : at + count] for at in start[n::4]] for n, (kind, count) in enumerate(sorted(HARD.items()))
        }
        self.background = learn(self._archive(rng, parts["archive"]))

    def _archive(self, rng: random.Random, texts: Sequence[Text]) -> list[ArchivedBid]:
        known = rng.sample(self.library, int(COVERED * len(self.library)))
        flat = [text for text in texts if text.sentences]
        sheets = [sheet for kind in sorted(self.common) for sheet in self.common[kind]]
        bids = []
        for number in range(ARCHIVED):
            sentences: list[str] = []
            for text in rng.sample(flat, min(8, len(flat))):
                sentences += text.sentences[:60]
            sentences += rng.sample(known, min(len(known), 60)) + rng.sample(self.laws, min(len(self.laws), 40))
            for sheet in sheets[number % 10 :: 10]:
                sentences += [copy for _, copy in synonyms(0.05)(rng, sheet, self.words)]
            written = Written(f"past{number}", sentences)
            bids.append(ArchivedBid(f"tender{number // 3}", written.bidder, (written.document(),)))
        return bids

    def case(self, number: int, *, operator: str = "", share: float = 0.0, hard: str | None = None) -> Planted:
        """Give case `number`: clean, with an honest likeness of a kind, or with a copy of a share of the own text."""
        rng = random.Random(f"{self.seed} {self.split} {number} {operator} {share} {hard}")
        paper = rng.choice(self.papers)
        at = rng.randrange(max(1, len(paper.sentences) - TENDER))
        asked = list(paper.sentences[at : at + TENDER])
        names = [f"bidder{letter}" for letter in "ABCDEF"[:BIDDERS]]
        kind = rng.choice([kind for kind, held in self.own.items() if _enough(held) and kind != "procurement"])
        shelf = rng.sample(self.own[kind], len(self.own[kind]))
        bodies: dict[str, list[str]] = {name: [] for name in names}
        for name in names:
            while len(bodies[name]) < OWN and shelf:
                bodies[name] += shelf.pop().sentences
            bodies[name] = bodies[name][:OWN]
        marks: dict[str, dict[int, int]] = {name: {} for name in names}
        facts: list[dict[str, Any]] = []
        ring = None
        if share:
            ring = (names[0], names[1])
            facts = self._copy(rng, bodies, marks, names, operator, share)
        hard_pair = (names[2], names[3]) if hard else None
        shared = rng.choice(self.common[hard]) if hard else []
        bids = {}
        for name in names:
            extra = shared if hard_pair and name in hard_pair else []
            bids[name] = self._written(rng, name, asked, bodies[name], marks[name], extra)
        tender = Written("tender", [" ".join(asked[n : n + 3]) for n in range(0, len(asked), 3)])
        receipt = {
            "number": number, "seed": self.seed, "split": self.split, "operator": operator or None, "share": share,
            "ring": list(ring or ()), "hard": hard, "hard_pair": list(hard_pair or ()), "facts": facts,
        }  # fmt: skip
        return Planted((tender.document(),), bids, self.background, ring, operator, share, hard, hard_pair, receipt)

    def _copy(
        self,
        rng: random.Random,
        bodies: dict[str, list[str]],
        marks: dict[str, dict[int, int]],
        names: Sequence[str],
        operator: str,
        share: float,
    ) -> list[dict[str, Any]]:
        """Put a disguised copy of a share of the first bidder's own text in the place of the second's."""
        source, target = names[0], names[1]
        wanted = share * sum(map(len, bodies[source]))
        start = rng.randrange(len(bodies[source]) // 2)
        taken: list[int] = []
        while sum(len(bodies[source][n]) for n in taken) < wanted and start + len(taken) < len(bodies[source]):
            taken.append(start + len(taken))
        copies = EVERY[operator](rng, [bodies[source][n] for n in taken], self.words)
        if operator == "mix of two":
            # Every other sentence is taken from a third bidder instead: half of the copy ties each two.
            copies = [
                (one, copy) if n % 2 == 0 else (bodies[names[2]][n], bodies[names[2]][n])
                for n, (one, copy) in enumerate(copies)
            ]
        if operator == "typos":
            for n, (original, _) in zip(taken, copies, strict=True):
                bodies[source][n] = original
        at = rng.randrange(max(1, len(bodies[target]) - len(copies)))
        facts = []
        places = {sentence: n for n, sentence in enumerate(bodies[source])}
        for step, (original, copy) in enumerate(copies):
            if at + step >= len(bodies[target]):
                bodies[target].append(copy)
            else:
                bodies[target][at + step] = copy
            if operator == "mix of two" and step % 2:
                continue
            marks[target][at + step] = step
            marks[source][places[original]] = step
            facts.append({"from": source, "to": target, "original": original, "copy": copy})
        return facts

    def _written(
        self,
        rng: random.Random,
        name: str,
        asked: Sequence[str],
        own: Sequence[str],
        marks: Mapping[int, int],
        extra: Sequence[str],
    ) -> Written:
        at = rng.randrange(max(1, len(asked) - QUOTED))
        quoted = list(asked[at : at + QUOTED])
        for n in rng.sample(range(len(quoted)), len(quoted) // 3):
            change = rng.choice((numbers, synonyms(0.2)))
            quoted[n] = change(rng, [quoted[n]], self.words)[0][1]
        parts: list[tuple[str, bool]] = [(s, False) for s in quoted]
        parts += [(s, False) for s in rng.sample(self.library, min(USED, len(self.library)))]
        parts += [(s, False) for s in rng.sample(self.laws, min(CITED, len(self.laws)))]
        body = [(s, n in marks) for n, s in enumerate(own)]
        half = len(body) // 2
        ordered = [*parts[:QUOTED], *body[:half], *[(s, False) for s in extra], *parts[QUOTED:], *body[half:]]
        written = Written(name)
        size = rng.choice((2, 3, 4))
        for start in range(0, len(ordered), size):
            text, spans = "", []
            for sentence, planted in ordered[start : start + size]:
                if planted:
                    spans.append((len(text), len(text) + len(sentence)))
                text += sentence
            written.paragraphs.append(text)
            if spans:
                written.spans[len(written.paragraphs)] = spans
        return written


def _enough(held: Sequence[Text]) -> bool:
    """Whether every bidder of a case finds texts of its own among these."""
    return sum(len(text.sentences) for text in held) >= 2 * BIDDERS * OWN
