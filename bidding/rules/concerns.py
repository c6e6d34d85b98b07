"""What a person must answer for before something is published: warnings of the law, private data, restrictive words."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bidding.rules.clauses import Clause, Suspicion
from bidding.rules.findings import Finding, Level
from bidding.rules.passages import Passage
from bidding.rules.privacy import Exposure
from core.errors import Invalid

BARRIER = "notice.barrier"
"""The finding beside the form; in what is submitted the clause itself is declared."""

LEAST_REASON = 4
MOST_REASON = 1000


@dataclass(frozen=True)
class Concern:
    """One finding that stays only with a reason: `key` names it, `group` all of its kind in the same document.

    `sort`: "law" with its `finding`, "privacy" with its `exposure`, or "clause" with its `suspicion`.
    """

    key: str
    group: str
    sort: str
    finding: Finding | None = None
    exposure: Exposure | None = None
    suspicion: Suspicion | None = None

    @property
    def passage(self) -> Passage | None:
        """Where it stands, if it stands in a text."""
        held = self.exposure or self.suspicion
        return held.passage if held else None

    def told(self, reason: str) -> dict[str, Any]:
        """What is recorded of it with the reason for leaving it; of private data only that it is there."""
        facts: dict[str, Any] = {"key": self.key, "sort": self.sort, "reason": reason}
        if self.finding is not None:
            return facts | {"rule": self.finding.rule, "code": self.finding.code, "field": self.finding.field}
        if self.passage is not None:
            place = self.passage
            facts |= {"source": place.source, "name": place.name, "page": place.page, "paragraph": place.paragraph}
        if self.exposure is not None:
            return facts | {"kind": self.exposure.kind}
        if self.suspicion is not None:
            clause = self.suspicion.clause
            facts |= {"rule": clause.rule, "clause": clause.id, "cited": clause.cited, "words": self.suspicion.words}
        return facts


def concerns_of(
    findings: Iterable[Finding], exposures: Iterable[Exposure], suspicions: Iterable[Suspicion]
) -> list[Concern]:
    """Everything to be answered for, in that order; a finding of the law only where it warns."""
    found = [
        Concern(_named(finding), "law", "law", finding=finding) for finding in findings if finding.level is Level.WARN
    ]
    found += [Concern(one.key, f"{one.kind}-{one.passage.source[:12]}", "privacy", exposure=one) for one in exposures]
    found += [
        Concern(one.key, f"{one.clause.id}-{one.passage.source[:12]}", "clause", suspicion=one) for one in suspicions
    ]
    return found


def barriers(found: Collection[Suspicion], clauses: Collection[Clause]) -> Iterator[Finding]:
    """Restrictive words in typed texts as findings beside the form; that nothing was found is one too (R-110)."""
    for one in found:
        facts = {"words": one.words, "cited": one.clause.cited}
        yield Finding(one.clause.rule, Level.WARN, BARRIER, one.passage.source, facts)
    if not found:
        yield Finding("R-110", Level.MET, "notice.fairness", None, {"patterns": len(clauses)})


def declared(concerns: Iterable[Concern], reasons: Mapping[str, str]) -> list[dict[str, Any]]:
    """What is recorded of every concern; `reasons` by key, or by group for all of one kind in one document.

    Raises Invalid("publication.undeclared") naming the first without a reason of at least four letters.
    """
    recorded = []
    for concern in concerns:
        reason = (reasons.get(concern.key) or reasons.get(concern.group) or "").strip()
        if not LEAST_REASON <= len(reason) <= MOST_REASON:
            raise Invalid("publication.undeclared", field=f"reason-{concern.key}", least=LEAST_REASON, most=MOST_REASON)
        recorded.append(concern.told(reason))
    return recorded


def uncovered(concerns: Iterable[Concern], declarations: Iterable[Mapping[str, Any]]) -> list[Concern]:
    """The concerns no declaration answers for: what came up after somebody had declared."""
    known = {one["key"] for one in declarations}
    return [concern for concern in concerns if concern.key not in known]


def _named(finding: Finding) -> str:
    """A finding of the law is the same one whatever today's count of days says."""
    return hashlib.sha256(f"{finding.rule}\n{finding.code}\n{finding.field}".encode()).hexdigest()[:20]
