"""Avoidance: which ties between an expert and the parties of a section bar the expert (R-330)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from experts.rules.law import expert_law


@dataclass(frozen=True)
class Party:
    """A party of the section: a bidder, the tenderee, the agent, or an authority that supervises it."""

    role: str
    name: str
    identifier: str
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Profile:
    """What avoidance needs to know of an expert (R-330, "data needed")."""

    name: str
    status: str
    employers: Sequence[Mapping[str, Any]] = ()
    shareholdings: Sequence[Mapping[str, Any]] = ()
    relatives: Sequence[Mapping[str, Any]] = ()
    organisation: tuple[str, str] | None = None


@dataclass(frozen=True)
class Ground:
    """One reason to avoid: the RULES id, a code, and the party and tie found (evidence, not for publication)."""

    rule: str
    code: str
    evidence: Mapping[str, str] = field(default_factory=dict)

    @property
    def public(self) -> str:
        """What may be published of it: `R-330(9) employer`; no party and no person."""
        return f"{self.rule} {self.code}"


@lru_cache(maxsize=65_536)
def plain_name(text: str) -> str:
    """A unit's or person's name for comparison: NFKC, no spaces, brackets of one kind."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(char for char in folded if not char.isspace()).replace("〔", "(").replace("〕", ")").casefold()


def same_name(left: str, right: str) -> bool:
    """Say whether two names are the same for avoidance."""
    return bool(plain_name(left)) and plain_name(left) == plain_name(right)


def avoidance_grounds(profile: Profile, parties: Iterable[Party], on: date, regime: str = "*") -> list[Ground]:
    """Every ground on which the expert must avoid this section on the day, in the order of R-330; empty when none.

    Employers count while the employment lasts (9) and for the law's years after it ended (5); an open or unreadable end
    counts as lasting. Names are compared after folding, identifiers exactly.
    """
    grounds: list[Ground] = []
    years = expert_law(on, regime).days("employment_before")
    for party in parties:
        grounds += _relatives(profile, party)
        grounds += _employers(profile, party, on, years)
        grounds += _interests(profile, party)
    if profile.status == "punished":
        grounds.append(Ground("R-330(4)", "punished"))
    elif profile.status not in ("active", "training"):
        grounds.append(Ground("R-330(8)", "status", {"status": profile.status}))
    return sorted(set_of(grounds), key=lambda ground: (ground.rule, ground.code))


def set_of(grounds: Iterable[Ground]) -> list[Ground]:
    """The grounds without repetition."""
    return list({(ground.rule, ground.code, *sorted(ground.evidence.items())): ground for ground in grounds}.values())


def _is(party: Party, entry: Mapping[str, Any], name: str = "name") -> bool:
    identifier = str(entry.get("identifier") or "")
    if identifier and party.identifier and identifier == party.identifier:
        return True
    return same_name(str(entry.get(name) or ""), party.name)


def _relatives(profile: Profile, party: Party) -> Iterable[Ground]:
    if party.role != "bidder":
        return
    for relative in profile.relatives:
        person = str(relative.get("name") or "")
        if _is(party, relative, "organisation") or any(same_name(person, named) for named in party.people):
            yield Ground("R-330(1)", "relative", {"party": party.name, "relation": str(relative.get("relation") or "")})


def _employers(profile: Profile, party: Party, on: date, years: int) -> Iterable[Ground]:
    entries = list(profile.employers)
    if profile.organisation:
        entries.append({"name": profile.organisation[0], "identifier": profile.organisation[1]})
    for entry in entries:
        if not _is(party, entry):
            continue
        ended = _ended(entry)
        if ended is None or ended >= on:
            if party.role == "authority":
                yield Ground("R-330(2)", "authority", {"party": party.name})
            else:
                yield Ground("R-330(9)", "employer", {"party": party.name, "role": party.role})
        elif party.role in ("bidder", "tenderee", "agent") and _years_after(ended, years) >= on:
            yield Ground("R-330(5)", "former_employer", {"party": party.name, "until": ended.isoformat()})


def _interests(profile: Profile, party: Party) -> Iterable[Ground]:
    if party.role != "bidder":
        return
    for entry in profile.shareholdings:
        if _is(party, entry):
            yield Ground("R-330(3)", "interest", {"party": party.name, "kind": str(entry.get("kind") or "shareholder")})


def _ended(entry: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(str(entry.get("until") or ""))
    except ValueError:
        return None


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)
