"""A reference opinion on one clause of one bid: found, not found or unclear, with page and quotation.

It decides nothing. A fixed ranking picks the passage, a small logistic model (model.json, fitted by the bench
`pre-review`) says how likely it answers the clause, and between the two thresholds the opinion is unclear. Where pages
could not be read, or no family speaks of the clause, nothing is said to be missing.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from experts.rules.opinions.checks import Kind, kind_of, signs
from experts.rules.opinions.passages import Leaf, Passage, coverage, pairs, passages_of, weights

FEATURES = (
    "coverage", "known", "topic", "evidence", "fits", "misfits", "denied", "late", "blank", "elsewhere", "list",
    "asked", "concrete",
)  # fmt: skip
FOUND, NOT_FOUND, UNCLEAR = "found", "not_found", "unclear"
MODEL = Path(__file__).parent / "model.json"
PROGRAM = ("kinds.json", "passages.py", "checks.py", "opinion.py", "whole.py", "model.json")
SHORT_PAGE = 12
"""A page with fewer characters counts as unread: a scan has a page number at most."""


@dataclass(frozen=True)
class Opinion:
    """What was found of a clause; `probability` that the passage answers it, `reasons` as codes."""

    clause: str
    verdict: str
    probability: float
    file: str = ""
    page: int | None = None
    quotation: str = ""
    reasons: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The opinion as it is kept."""
        return {
            "clause": self.clause, "verdict": self.verdict, "probability": f"{self.probability:.3f}", "file": self.file,
            "page": self.page, "quotation": self.quotation, "reasons": list(self.reasons),
        }  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """The passage that answers a clause best, and what it shows."""

    passage: Passage | None
    values: tuple[float, ...]
    shown: Mapping[str, Any]


@cache
def model() -> dict[str, Any]:
    """The fitted weights and thresholds."""
    held: dict[str, Any] = json.loads(MODEL.read_text(encoding="utf-8"))
    return held


@cache
def program_sha256() -> str:
    """The digest of everything an opinion depends on: words, rules, weights."""
    hasher = hashlib.sha256()
    for name in PROGRAM:
        hasher.update((Path(__file__).parent / name).read_bytes())
    return hasher.hexdigest()


def unread_share(leaves: Sequence[Leaf]) -> float:
    """The share of pages without text that can be read."""
    if not leaves:
        return 1.0
    return sum(leaf.text is None or len(leaf.text.strip()) < SHORT_PAGE for leaf in leaves) / len(leaves)


def candidates(clauses: Mapping[str, str], leaves: Sequence[Leaf], deadline: date) -> dict[str, Candidate]:
    """For each clause the passage that answers it best, by a fixed ranking."""
    passages = passages_of(leaves)
    weigh = weights(passages)
    return {code: _best(text, kind_of(text), passages, weigh, deadline) for code, text in clauses.items()}


def _best(clause: str, kind: Kind | None, passages: Sequence[Passage], weigh: Any, deadline: date) -> Candidate:
    asked = pairs(clause)
    best: Candidate | None = None
    top = -math.inf
    for one in passages:
        if kind is not None and not any(kind.topic.search(part) for part in (one.text, one.before, one.where)):
            continue
        covered = coverage(asked, one, weigh)
        shown = signs(clause, kind, one, deadline)
        rank = (
            covered + 1.1 * shown["evidence"] + 0.8 * shown["topic"] + 0.7 * shown["fits"] + 0.5 * shown["misfits"]
            + 0.5 * shown["denied"] + 0.4 * shown["late"] + 0.3 * shown["concrete"]
            - 0.8 * shown["list"] - 0.7 * shown["asked"] - 0.5 * shown["elsewhere"] - 0.3 * shown["blank"]
        )  # fmt: skip
        if rank > top:
            known = float(kind is not None)
            values = tuple({"coverage": covered, "known": known, **shown}[name] for name in FEATURES)
            best, top = Candidate(one, values, shown), rank
    if best is None:
        return Candidate(None, tuple(float(name == "known" and kind is not None) for name in FEATURES), {})
    return best


def probability(values: Sequence[float], fitted: Mapping[str, Any]) -> float:
    """The model's chance that the passage answers the clause."""
    score = fitted["intercept"] + sum(w * v for w, v in zip(fitted["weights"], values, strict=True))
    return 1 / (1 + math.exp(-max(min(score, 30.0), -30.0)))


def judge(candidate: Candidate, code: str, *, unread: float, fitted: Mapping[str, Any]) -> Opinion:
    """The opinion on one clause from its best passage."""
    chance = probability(candidate.values, fitted) if candidate.passage is not None else 0.0
    verdict = UNCLEAR
    familiar = bool(candidate.values[FEATURES.index("known")])
    if chance >= fitted["found_from"]:
        verdict = FOUND
    elif chance <= fitted["not_found_to"]:
        verdict = NOT_FOUND
    reasons = _reasons(candidate.shown)
    contradicted = any(one.startswith(("denied", "expired", "misfit")) for one in reasons)
    if verdict == NOT_FOUND and not familiar:
        verdict, reasons = UNCLEAR, (*reasons, "unfamiliar")
    if verdict == NOT_FOUND and unread > 0 and not contradicted:
        verdict, reasons = UNCLEAR, (*reasons, "unread")
    if candidate.passage is None:
        return Opinion(code, verdict, chance, reasons=(*reasons, "nothing"))
    one = candidate.passage
    return Opinion(code, verdict, chance, one.file, one.page, one.text, reasons)


def opinions(clauses: Mapping[str, str], leaves: Sequence[Leaf], deadline: date) -> list[Opinion]:
    """An opinion on each clause (code → text) from a bid's pages; `deadline` is the day certificates must reach."""
    unread = unread_share(leaves)
    found = candidates(clauses, leaves, deadline)
    return [judge(one, code, unread=unread, fitted=model()) for code, one in found.items()]


def _reasons(shown: Mapping[str, Any]) -> tuple[str, ...]:
    told = []
    if shown.get("late"):
        told.append(f"expired:{shown['expired']}")
    if shown.get("misfits"):
        told.append(f"misfit_{shown['misfit']}")
    told += [name for name in ("denied", "blank", "elsewhere", "list", "asked") if shown.get(name)]
    return tuple(told)
