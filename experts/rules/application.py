"""What an application for a pool declares, and whether it meets the conditions of R-310."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import rfc8785

from core.errors import Invalid
from experts.rules.law import expert_law
from experts.rules.specialities import classification

ENTRY, CHANGE = "entry", "change"
TITLES = ("senior", "equal_level")
"""A senior title, or the same professional level (S1 a37(3))."""
BROUGHT = ("name", "kind", "sha256", "size")
TRAINING = "training"
"""The status of an expert who was accepted and has attended no training yet: in the pool, not drawn."""


@dataclass(frozen=True)
class Declared:
    """What a person declares: level, specialities, region, and what avoidance needs (R-310, R-330)."""

    title: str
    years: int
    specialities: Sequence[str]
    region: str
    employers: Sequence[Mapping[str, Any]]
    shareholdings: Sequence[Mapping[str, Any]] = ()
    relatives: Sequence[Mapping[str, Any]] = ()

    def as_json(self) -> dict[str, Any]:
        """What is declared as a JSON value."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def check_declared(declared: Declared, on: date) -> None:
    """Refuse what cannot be reviewed: Invalid application.years, .title, .specialities, .employers, .employment.

    The years are those of the law on the day. A code of class A begins with one of its known first levels
    (application.unknown_speciality); a pool's own words are taken as they are. Employers are those of the last years
    that avoidance asks about and so at least one, none that begins after it ends or in the future.
    """
    least = expert_law(on).rule("expert_years_min")
    if declared.years < least.number:
        raise Invalid("application.years", field="years", least=least.value, found=declared.years)
    if declared.title not in TITLES:
        raise Invalid("application.title", field="title")
    if not declared.specialities:
        raise Invalid("application.specialities", field="specialities")
    known = {code for code in classification() if len(code) > 1}
    for code in declared.specialities:
        if code[:1] == "A" and code.isascii() and code[1:].isdigit() and code[:3] not in known:
            raise Invalid("application.unknown_speciality", field="own_specialities", found=code)
    if not declared.employers:
        raise Invalid("application.employers", field="employers")
    for entry in declared.employers:
        begins, ends = str(entry.get("from") or ""), str(entry.get("until") or "")
        if begins > on.isoformat() or (ends and begins and ends < begins):
            raise Invalid("application.employment", field="employers", unit=str(entry.get("name")))


def check_term(until: date, on: date) -> None:
    """Refuse a term that is over or longer than the law of the day allows (R-311): Invalid("application.term")."""
    most = longest_term(on)
    if not on < until <= date(on.year + most, 12, 31):
        raise Invalid("application.term", field="term_until", most=most)


def longest_term(on: date) -> int:
    """How many years a term that begins on the day may last, to the end of the last one (R-311)."""
    return expert_law(on).days("expert_term_max")


def declared_digest(content: Mapping[str, Any], documents: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of the canonical JSON of {content, documents}: what the ledger holds instead of the declarations.

    A document counts as {name, kind, sha256, size} of what was brought; how it lies in the store does not.
    """
    brought = [{key: one[key] for key in BROUGHT if key in one} for one in documents]
    return hashlib.sha256(rfc8785.dumps({"content": dict(content), "documents": brought})).hexdigest()


def widened(held: Sequence[Mapping[str, Any]], declared: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Entries held and entries declared anew, without repetition.

    Until a change is reviewed both count for avoidance: a declaration adds at once and takes away only when accepted.
    """
    found: list[dict[str, Any]] = []
    for entry in [*held, *declared]:
        if dict(entry) not in found:
            found.append(dict(entry))
    return found
