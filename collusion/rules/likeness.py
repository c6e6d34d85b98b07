"""The common shape of indicators that compare values left in files: who carries what, what remains unexplained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from collusion.rules import odds
from collusion.rules.base_rates import COMMON_NAMES, Rate, rate
from collusion.rules.case import Bid, Case
from collusion.rules.documents import Document, Place
from collusion.rules.evidence import Evidence, Explanation, Family, Finding, Remark, Sighting, remark
from collusion.rules.folding import flat
from collusion.rules.source_text import _l

Carried = Mapping[str, tuple[str, Place]]
"""Folded value → the value as written and where it first stands."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One kind of mark: how to read it from a document, its name in the archive, and its base rates."""

    kind: str
    read: Callable[[Document], Iterable[str]]
    rate: str
    common: str
    fold: Callable[[str], str] = flat


def carried(documents: Iterable[Document], mark: Mark) -> dict[str, tuple[str, Place]]:
    """Give what these documents carry of a mark."""
    found: dict[str, tuple[str, Place]] = {}
    for document in documents:
        for value in mark.read(document):
            folded = mark.fold(value)
            if folded and folded not in found:
                found[folded] = (value, Place(document.file, None, None))
    return found


def archive_remark(case: Case, seen: int) -> Remark:
    """Say how many bidders of other tenders carry the value, or that there is no archive to ask."""
    if case.background.cold:
        return remark(_l("没有历史档案可比对（冷启动），采用保守的基准概率"))
    return remark(
        _l("历史档案 %(bidders)d 家投标人中有 %(seen)d 家出现同一内容"), bidders=case.background.bidders, seen=seen
    )


def equal_marks(case: Case, indicator: str, family: Family, mark: Mark) -> list[Evidence]:
    """Weigh equal values of one mark: names machines give themselves weigh by their own, high base rate."""
    tender = carried(case.tender, mark)
    by_bid = {bid.bidder: carried(bid.documents, mark) for bid in case.bids}
    found = []
    for a, b in case.pairs:
        evidence = _equal(case, (indicator, family, mark), (a, b), (by_bid[a.bidder], by_bid[b.bidder]), tender)
        if evidence is not None:
            found.append(evidence)
    return found


def _equal(
    case: Case, what: tuple[str, Family, Mark], bids: tuple[Bid, Bid], values: tuple[Carried, Carried], tender: Carried
) -> Evidence | None:
    indicator, family, mark = what
    findings: list[Finding] = []
    best: tuple[float, float, Rate, int] | None = None
    for folded in sorted(values[0].keys() & values[1].keys()):
        (shown_a, place_a), (shown_b, place_b) = values[0][folded], values[1][folded]
        sides = Sighting(place_a, shown_a), Sighting(place_b, shown_b)
        if folded in tender:
            findings.append(Finding(*sides, explained_by=Explanation.TENDER))
            continue
        common = folded in COMMON_NAMES
        base = rate(mark.common if common else mark.rate)
        seen = max(case.background.seen(mark.kind, shown) for shown in (shown_a, shown_b))
        share = odds.share(seen, case.background.bidders, base.value)
        if common:
            share = max(share, base.value)
        llr = odds.from_equality(share, rate("ring.share").value)
        findings.append(Finding(*sides, remark=archive_remark(case, seen)))
        if best is None or llr > best[0]:
            best = (llr, share, base, seen)
    if not findings:
        return None
    tested = [remark(_l("已与招标文件的同类标记比对"))]
    if best is None:
        empty = rate(mark.rate)
        return Evidence(
            indicator, family, bids[0].bidder, bids[1].bidder, 0.0, 1.0, empty, tuple(findings), tuple(tested),
            Explanation.TENDER,
        )  # fmt: skip
    tested.append(archive_remark(case, best[3]))
    tested.append(remark(_l("系统默认名称按其自身的高基准概率计算")))
    return Evidence(
        indicator, family, bids[0].bidder, bids[1].bidder, best[0], best[1], best[2], tuple(findings), tuple(tested)
    )
