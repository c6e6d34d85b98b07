"""The whole scan: indicators, fusion, rings, in one deterministic JSON value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from collusion.rules import calibration, catalogue, fusion
from collusion.rules.background import History
from collusion.rules.base_rates import RATES, Rate
from collusion.rules.case import Case, Progress, read_case
from collusion.rules.documents import Place
from collusion.rules.evidence import Evidence, Explanation, Family, Finding, Note, Remark, Sighting
from collusion.rules.fusion import Judged, Ring, Selection
from collusion.rules.passages import Comparison, Side
from core.documents import recognition

FORMAT = "sunbid-collusion-scan/v1"
DIGITS = 4


@dataclass(frozen=True, slots=True)
class Result:
    """A scan as values: fused pairs by falling score, evidence per pair, rings, and who could not look and why."""

    pairs: tuple[Judged, ...]
    evidence: Mapping[tuple[str, str], tuple[Evidence, ...]]
    rings: tuple[Ring, ...]
    lacking: tuple[tuple[str, Remark], ...]
    notes: tuple[Note, ...] = ()


def evaluate(
    case: Case,
    *,
    budget: float = fusion.BUDGET,
    selection: Selection = Selection.EACH,
    progress: Progress = lambda _: None,
) -> Result:
    """Run every indicator and join what it found. Nothing is rejected by it; the same case gives the same result."""
    evidence: dict[tuple[str, str], list[Evidence]] = {(a.bidder, b.bidder): [] for a, b in case.pairs}
    lacking, notes = [], list[Note]()
    for indicator in catalogue.indicators():
        progress(indicator.identifier)
        why = indicator.lacking(case)
        if why is not None:
            lacking.append((indicator.identifier, why))
            continue
        for item in indicator.evaluate(case):
            evidence[item.a, item.b].append(item)
        notes += indicator.notes(case) if indicator.notes else []
    for pair, items in evidence.items():
        evidence[pair] = told_once(items)
    ordered = {
        pair: tuple(sorted(items, key=lambda item: (-item.llr, item.indicator))) for pair, items in evidence.items()
    }
    weighed = [fusion.weigh(a, b, items) for (a, b), items in ordered.items()]
    return chosen(Result(tuple(weighed), ordered, (), tuple(lacking), tuple(notes)), budget, selection)


def told_once(items: list[Evidence]) -> list[Evidence]:
    """Explain shared contacts and accounts by a common controller that the registry knows: one cause, told once."""
    if not any(item.indicator == "people.ownership" for item in items):
        return items
    return [
        replace(item, llr=0.0, explained_by=Explanation.REGISTRY)
        if item.family is Family.PEOPLE and item.weighed and item.explained_by is None
        else item
        for item in items
    ]


def chosen(result: Result, budget: float, selection: Selection) -> Result:
    """Choose leads and rings anew from the same evidence."""
    least = fusion.least_score([pair.score for pair in result.pairs], budget, selection)
    judged = [fusion.tiered(pair, least) for pair in result.pairs]
    judged.sort(key=lambda pair: (-pair.score, pair.a, pair.b))
    return replace(result, pairs=tuple(judged), rings=fusion.rings(judged))


def scan(
    case: Case,
    *,
    budget: float = fusion.BUDGET,
    selection: Selection = Selection.EACH,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Give the scan as JSON, the contract of `sunbid collusion scan`: equal inputs give equal bytes.

    `budget`: false leads a section the operator accepts, or with `E_BH` their share among the leads. The measured error
    rate belongs to the usual choice; with another it is given as not current.
    """
    result = evaluate(case, budget=budget, selection=selection, progress=progress)
    usual = budget == fusion.BUDGET and selection is Selection.EACH
    least = fusion.least_score([pair.score for pair in result.pairs], budget, selection)
    version = catalogue.version()
    background = case.background
    return {
        "format": FORMAT,
        "bidders": [bid.bidder for bid in case.bids],
        "pairs": [_pair(case, pair, result.evidence[pair.a, pair.b]) for pair in result.pairs],
        "rings": [
            {"bidders": list(ring.bidders), "weight": _round(ring.weight), "tier": ring.tier.value}
            for ring in result.rings
        ],
        "notes": [_note(note) for note in result.notes],
        "not_evaluated": [{"indicator": name, "reason": str(why)} for name, why in result.lacking],
        "unread": [{"file": file, "code": code} for file, code in case.unread],
        "scanned": _scanned(case),
        "settings": catalogue.settings(),
        "model": {
            "name": catalogue.MODEL,
            "version": version,
            "cold_start": background.cold,
            "history": background.history.value,
            "archive": {
                "tenders": background.tenders,
                "bidders": background.bidders,
                "left_out": list(case.skipped),
            },
            "base_rates": [_rate(RATES[name]) for name in sorted(RATES)],
        },
        "budget": {
            "expected_false_leads_per_section": budget,
            "selection": selection.value,
            "threshold": _round(least),
            **_measured(version, background.history, usual=usual),
        },
    }


def _scanned(case: Case) -> dict[str, Any]:
    """Pages that are pictures: how many, how many of them were read, and by which program, if there is one."""
    documents = [document for bid in case.bids for document in bid.documents]
    held = recognition.program()
    return {
        "pages": sum(len(document.scanned) for document in documents),
        "read": sum(document.recognised for document in documents),
        "program": held[1] if held else None,
    }


def _measured(version: str, history: History, *, usual: bool) -> dict[str, Any]:
    measured = calibration.budget(version, history)
    return measured if usual or not measured["measured"] else {**measured, "current": False}


def _pair(case: Case, pair: Judged, evidence: tuple[Evidence, ...]) -> dict[str, Any]:
    record = calibration.recorded()
    regime = calibration.regime_of(record, case.background.history) if record else None
    comparison = case.comparisons[pair.a, pair.b]
    return {
        "a": pair.a,
        "b": pair.b,
        "score": _round(pair.score),
        "p": round(pair.posterior, 6),
        "tier": pair.tier.value if pair.tier else None,
        "families": {family.value: _round(weight) for family, weight in pair.families},
        "supporting": [family.value for family in pair.supporting],
        "clean_sections_reaching": regime.reaching(pair.score) if regime else None,
        "signals": [_signal(item) for item in evidence],
        "text": _text(comparison),
        "passages": [
            {"a": _side(p.a), "b": _side(p.b), "matched": p.matched, "rarity": p.rarity, "edited": p.edited}
            for p in comparison.passages
        ],
    }


def _text(comparison: Comparison) -> dict[str, int | float]:
    """Similarity on what remains, and the whole beside it: the reader sees both denominators."""
    return {
        "matched": comparison.matched,
        "concentrated": _round(comparison.concentrated),
        "own_a": comparison.own_a,
        "own_b": comparison.own_b,
        "letters_a": comparison.letters_a,
        "letters_b": comparison.letters_b,
    }


def _signal(item: Evidence) -> dict[str, Any]:
    indicator = next(i for i in catalogue.indicators() if i.identifier == item.indicator)
    return {
        "indicator": item.indicator,
        "family": item.family.value,
        "name": indicator.name,
        "clauses": [{"rule": clause.rule, "citation": clause.citation} for clause in indicator.clauses],
        "llr": _round(item.llr),
        "chance": float(f"{item.chance:.3g}"),
        "base_rate": _rate(item.rate),
        "explained_by": item.explained_by.value if item.explained_by else None,
        "weighed": item.weighed,
        "evidence": [_finding(finding) for finding in item.findings],
        "tested": [str(sentence) for sentence in item.tested],
        "clears": indicator.clears,
    }


def _note(note: Note) -> dict[str, Any]:
    indicator = next(i for i in catalogue.indicators() if i.identifier == note.indicator)
    return {
        "indicator": note.indicator,
        "bidder": note.bidder,
        "name": indicator.name,
        "clauses": [{"rule": clause.rule, "citation": clause.citation} for clause in indicator.clauses],
        "chance": float(f"{note.chance:.3g}"),
        "base_rate": _rate(note.rate),
        **_place(note.place),
        "told": [str(sentence) for sentence in note.told],
        "clears": indicator.clears,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "a": _sighting(finding.a),
        "b": _sighting(finding.b),
        "explained_by": finding.explained_by.value if finding.explained_by else None,
        "remark": str(finding.remark) if finding.remark else None,
    }


def _sighting(sighting: Sighting) -> dict[str, Any]:
    return {**_place(sighting.place), "value": sighting.value, "equal": [list(span) for span in sighting.equal]}


def _side(side: Side) -> dict[str, Any]:
    return {
        **_place(side.place),
        "offset": side.offset,
        "text": side.text,
        "equal": [list(span) for span in side.equal],
        "explained": [list(span) for span in side.explained],
    }


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "page": place.page, "paragraph": place.paragraph}


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "name": rate.name,
        "value": rate.value,
        "ground": rate.ground.value,
        "on": rate.on.isoformat(),
        "source": rate.source,
        "meaning": rate.meaning,
    }


def _round(value: float) -> float:
    return round(value, DIGITS) + 0.0


__all__ = ["FORMAT", "Result", "chosen", "evaluate", "read_case", "scan"]
