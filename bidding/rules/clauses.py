"""Restrictive clauses (R-110, R-127): dated data says which words suggest a barrier, why, and by which article."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from bidding.rules.passages import Passage, fold, key_of, sentences


@dataclass(frozen=True)
class Clause:
    """One kind of barrier: the patterns that suggest it, what makes them innocent, and the article that forbids it."""

    id: str
    topic: str
    rule: str
    regime: str
    patterns: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]
    explanation: str
    in_english: str
    article: str
    source: str
    innocent: str
    effective_from: date
    effective_to: date | None = None

    @property
    def cited(self) -> str:
        """The source and its article as a page cites it."""
        return f"{self.source}{self.article}"

    def found_in(self, sentence: str) -> tuple[int, int] | None:
        """Where in a folded sentence the first suspect words stand; None where there are none or they are innocent."""
        for pattern in self.patterns:
            match = pattern.search(sentence)
            if match is not None:
                return None if any(excuse.search(sentence) for excuse in self.unless) else match.span()
        return None


@dataclass(frozen=True)
class Suspicion:
    """One sentence that a person must judge: by which clause, where it stands, the exact words."""

    key: str
    clause: Clause
    passage: Passage
    sentence: str
    words: str


@dataclass(frozen=True)
class Topic:
    """One line of the fair-competition checklist: what was looked for, by which articles, how often it was found."""

    topic: str
    cited: tuple[str, ...]
    found: int


@cache
def clauses_on(regime: str, on: date) -> tuple[Clause, ...]:
    """The clauses of `bidding/clauses.json` for one regime that are in force on a Beijing day."""
    return tuple(
        clause
        for clause in _shipped()
        if clause.regime in (regime, "*")
        and clause.effective_from <= on
        and (clause.effective_to is None or on <= clause.effective_to)
    )


def find_clauses(passages: Iterable[Passage], clauses: Iterable[Clause]) -> list[Suspicion]:
    """Every sentence in which a clause's words stand, in the order of the passages; each clause once per sentence."""
    looked = tuple(clauses)
    found: list[Suspicion] = []
    for passage in passages:
        for ordinal, sentence in enumerate(sentences(passage.text)):
            folded = fold(sentence)
            for clause in looked:
                span = clause.found_in(folded.text)
                if span is not None:
                    key = key_of(clause.id, passage, ordinal)
                    found.append(Suspicion(key, clause, passage, sentence, folded.original(sentence, *span)))
    return found


def checklist(found: Iterable[Suspicion], clauses: Iterable[Clause]) -> list[Topic]:
    """The fair-competition checklist: every topic looked at, those without a finding too."""
    counts: dict[str, int] = {}
    cited: dict[str, dict[str, None]] = {}
    for clause in clauses:
        counts.setdefault(clause.topic, 0)
        cited.setdefault(clause.topic, {})[clause.cited] = None
    for suspicion in found:
        counts[suspicion.clause.topic] += 1
    return [Topic(topic, tuple(cited[topic]), count) for topic, count in counts.items()]


@cache
def _shipped() -> tuple[Clause, ...]:
    book = json.loads((Path(__file__).parents[1] / "clauses.json").read_text(encoding="utf-8"))
    return tuple(_clause(row, book["words"]) for row in book["clauses"])


def _clause(row: dict[str, Any], words: dict[str, str]) -> Clause:
    def compiled(patterns: list[str]) -> tuple[re.Pattern[str], ...]:
        for name, meant in words.items():
            patterns = [pattern.replace("{" + name + "}", meant) for pattern in patterns]
        return tuple(re.compile(pattern) for pattern in patterns)

    until = row.get("effective_to")
    return Clause(
        **{name: row[name] for name in ("id", "topic", "rule", "regime", "explanation", "in_english")},
        **{name: row[name] for name in ("article", "source", "innocent")},
        patterns=compiled(row["patterns"]),
        unless=compiled(row["unless"]),
        effective_from=date.fromisoformat(row["effective_from"]),
        effective_to=date.fromisoformat(until) if until else None,
    )
