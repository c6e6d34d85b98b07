"""Indicator images.identical: the same picture, as stored or as seen, in two bids and not in the tender."""

from __future__ import annotations

from collusion.rules import odds
from collusion.rules.base_rates import rate
from collusion.rules.case import Bid, Case
from collusion.rules.documents import Picture, Place
from collusion.rules.evidence import (
    ARTICLE_40_1,
    ARTICLE_40_4,
    SIGNALS,
    Evidence,
    Explanation,
    Family,
    Finding,
    Indicator,
    Remark,
    Sighting,
    remark,
)
from collusion.rules.likeness import archive_remark
from collusion.rules.source_text import _l

IDENTIFIER = "images.identical"
NEAR_BITS = 24
"""Of 256: halved, greyed, recompressed copies of 40 real and drawn pictures stayed within 22 but for one at 34; unlike
ones began at 42, where one program had drawn both."""
SAME_SHAPE = 0.03
"""Copies keep their proportions, within the rounding of a scaled edge."""
LEAST_EDGE = 100
"""Smaller pictures are icons, bullets and rules."""

Found = tuple[Picture, Place]


def evaluate(case: Case) -> list[Evidence]:
    """Weigh equal pictures by rarity, the n-th at 1/n: pictures come in sets."""
    tender = [picture for document in case.tender for picture in document.pictures]
    by_bid = {bid.bidder: _pictures(bid) for bid in case.bids}
    found = []
    for a, b in case.pairs:
        findings: list[Finding] = []
        weights: list[tuple[float, str]] = []
        used: set[str] = set()
        seen_before = 0
        for one, place_a in by_bid[a.bidder]:
            match = _match(one, by_bid[b.bidder], used)
            if match is None:
                continue
            other, place_b = match
            used.add(other.sha256)
            exact = one.sha256 == other.sha256
            seen = max(case.background.seen("picture", picture.sha256) for picture in (one, other))
            seen_before = max(seen_before, seen)
            explained = Explanation.TENDER if any(_alike(one, t) for t in tender) else None
            if explained is None and seen > 0:
                explained = Explanation.BACKGROUND
            text = _l("图片数据完全相同") if exact else _l("图片相似（256 位感知散列相差不超过 24 位）")
            findings.append(Finding(_sighting(one, place_a), _sighting(other, place_b), explained, remark(text)))
            if explained is None:
                name = "picture" if exact else "picture.near"
                share = odds.share(0, case.background.bidders, rate(name).value)
                weights.append((odds.from_equality(share, rate("ring.share").value), name))
        if not findings:
            continue
        tested = (remark(_l("已排除招标文件中的图片和小图标")), archive_remark(case, seen_before))
        weights.sort(reverse=True)
        llr = sum(weight / rank for rank, (weight, _) in enumerate(weights, 1))
        base = rate(weights[0][1] if weights else "picture")
        explained_by = None if weights else findings[0].explained_by
        chance = base.value if weights else 1.0
        found.append(
            Evidence(
                IDENTIFIER, Family.CONTENT, a.bidder, b.bidder, llr, chance, base, tuple(findings), tested, explained_by
            )
        )
    return found


def _pictures(bid: Bid) -> list[Found]:
    found: dict[str, Found] = {}
    for document in bid.documents:
        for picture in document.pictures:
            if min(picture.width, picture.height) >= LEAST_EDGE:
                found.setdefault(picture.sha256, (picture, Place(document.file, picture.page, None)))
    return [found[digest] for digest in sorted(found)]


def _alike(one: Picture, other: Picture) -> bool:
    if one.sha256 == other.sha256:
        return True
    if one.perceptual is None or other.perceptual is None or not one.height or not other.width:
        return False
    if abs(one.width * other.height / (one.height * other.width) - 1) > SAME_SHAPE:
        return False
    return (one.perceptual ^ other.perceptual).bit_count() <= NEAR_BITS


def _match(one: Picture, others: list[Found], used: set[str]) -> Found | None:
    free = [entry for entry in others if entry[0].sha256 not in used and _alike(one, entry[0])]
    return min(free, key=lambda entry: (entry[0].sha256 != one.sha256, entry[0].sha256)) if free else None


def _sighting(picture: Picture, place: Place) -> Sighting:
    return Sighting(place, f"{picture.sha256[:16]} {picture.width}×{picture.height}")


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids hold pictures."""
    marked = sum(bool(_pictures(bid)) for bid in case.bids)
    return None if marked >= 2 else remark(_l("含有图片的投标文件不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.CONTENT,
    name=_l("图片相同"),
    clauses=(ARTICLE_40_1, ARTICLE_40_4, SIGNALS),
    needs=_l("文件内嵌图片"),
    method=_l("比较图片数据散列与 256 位感知散列，按图片在档案中的稀有程度计重，第 n 张按 1/n 折减"),
    null_model=_l("两家无关投标人使用同一张招标文件之外图片的概率 0.01（近似图片 0.02）"),
    false_alarms=_l("0.01 至 0.02（冷启动，保守取值）"),
    exclusions=(
        _l("招标文件中的图片"),
        _l("历史档案中的图片（厂家样本、证书）"),
        _l("边长不足 100 像素的图标"),
        _l("近乎纯色的图片"),
    ),
    clears=_l("出示图片的公开来源或厂家资料"),
    rates=("picture", "picture.near", "ring.share"),
    evaluate=evaluate,
    lacking=lacking,
)
