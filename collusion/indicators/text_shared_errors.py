"""Indicator text.shared_errors: the same slip of the pen, or the same other project's name, in two bids."""

from __future__ import annotations

import math
from collections import Counter

from collusion.rules import odds, slips
from collusion.rules.base_rates import Rate, rate
from collusion.rules.case import Bid, Case
from collusion.rules.evidence import (
    ARTICLE_40_4,
    ARTICLE_40_5,
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
from collusion.rules.folding import flat
from collusion.rules.letters import GRAM, keys_of
from collusion.rules.slips import Slip
from collusion.rules.source_text import _l

IDENTIFIER = "text.shared_errors"


def evaluate(case: Case) -> list[Evidence]:
    """Weigh shared slips one by one, the n-th strongest at 1/n: slips of one careless author are not independent."""
    ordinary = "\n".join(p.text for document in case.tender for p in document.paragraphs)
    words = {bid.bidder: slips.wrong_words(bid.documents, ordinary) for bid in case.bids}
    projects = {bid.bidder: slips.foreign_projects(bid.documents, ordinary) for bid in case.bids}
    forms = {bid.bidder: slips.forms(bid.documents) for bid in case.bids}
    tender = slips.forms(case.tender)
    everyone: Counter[str] = sum(forms.values(), Counter(tender))
    found = []
    for a, b in case.pairs:
        pairs: list[tuple[str, Rate, Slip, Slip]] = []
        for wrong in sorted(words[a.bidder].keys() & words[b.bidder].keys()):
            pairs.append((wrong, rate("error.known"), words[a.bidder][wrong], words[b.bidder][wrong]))
        rare = slips.rare_forms(forms[a.bidder], forms[b.bidder], tender, everyone)
        for form, right in sorted(rare.items()):
            if any(form in wrong or wrong in form for wrong, *_ in pairs):
                continue
            one, two = (slips.first_sighting(form, right, bid.documents) for bid in (a, b))
            if one is not None and two is not None:
                pairs.append((form, rate("error.rare"), one, two))
        for name in sorted(projects[a.bidder].keys() & projects[b.bidder].keys()):
            pairs.append((name, rate("leftover"), projects[a.bidder][name], projects[b.bidder][name]))
        alone = len(words[a.bidder].keys() ^ words[b.bidder].keys())
        evidence = _weigh(case, a, b, pairs, alone)
        if evidence is not None:
            found.append(evidence)
    return found


def _weigh(case: Case, a: Bid, b: Bid, pairs: list[tuple[str, Rate, Slip, Slip]], alone: int) -> Evidence | None:
    if not pairs:
        return None
    findings: list[Finding] = []
    weights: list[tuple[float, float, Rate]] = []
    for _, base, one, two in pairs:
        explained = _archived(case, one) and _archived(case, two)
        text = _l("误写“%(form)s”，应为“%(right)s”") if one.right else _l("残留其他工程名称“%(form)s”")
        facts = {"form": one.form, "right": one.right} if one.right else {"form": one.form}
        findings.append(
            Finding(
                _sighting(one), _sighting(two), Explanation.BACKGROUND if explained else None, remark(text, **facts)
            )
        )
        if not explained:
            weights.append((odds.from_equality(base.value, rate("ring.error").value), base.value, base))
    tested = (
        remark(_l("只出现在其中一家的错别字 %(alone)d 处，作为反证减重"), alone=alone),
        remark(_l("招标文件中出现过的同一写法已排除")),
        remark(_l("业绩、合同、验收等段落和表格中的工程名称不视为残留")),
    )
    if not weights:
        return Evidence(
            IDENTIFIER, Family.CONTENT, a.bidder, b.bidder, 0.0, 1.0, pairs[0][1], tuple(findings), tested,
            Explanation.BACKGROUND,
        )  # fmt: skip
    weights.sort(key=lambda weight: (-weight[0], weight[2].name))
    # A slip only one of the two made speaks against a common pen as far as a shared one speaks for it.
    llr = sum(weight / rank for rank, (weight, _, _) in enumerate(weights, 1))
    llr += alone * math.log(1 - rate("ring.error").value)
    chance = weights[0][1]
    return Evidence(IDENTIFIER, Family.CONTENT, a.bidder, b.bidder, llr, chance, weights[0][2], tuple(findings), tested)


def _archived(case: Case, slip: Slip) -> bool:
    if case.background.cold:
        return False
    around = flat(slip.around)
    at = around.find(flat(slip.form))
    near = around[max(0, at - 1) : at + len(flat(slip.form)) + 1]
    grams = [near[i : i + GRAM] for i in range(len(near) - GRAM + 1)]
    return bool(grams) and bool((case.background.grams.of(keys_of(grams)) > 0).all())


def _sighting(slip: Slip) -> Sighting:
    return Sighting(slip.place, slip.around, ((slip.at, slip.at + len(slip.form)),))


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids have running text."""
    texts = sum(any(d.kind != "xlsx" and d.paragraphs for d in bid.documents) for bid in case.bids)
    return None if texts >= 2 else remark(_l("可读的文字文件不足两份"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.CONTENT,
    name=_l("相同错误与残留名称"),
    clauses=(ARTICLE_40_4, ARTICLE_40_5, SIGNALS),
    needs=_l("投标文件正文、招标文件；历史档案（可缺）"),
    method=_l("查找双方共有的错别字、罕见误写和其他工程名称，按每一错误自身的稀有程度计重，第 n 个按 1/n 折减"),
    null_model=_l("无关投标人在用到该词时犯同一错误的概率，逐项给出"),
    false_alarms=_l("按表中保守概率；常见异体写法（如帐户、座标）不计"),
    exclusions=(_l("招标文件自身的错误"), _l("历史档案中的同一写法"), _l("业绩与合同段落中的工程名称"), _l("表格内容")),
    clears=_l("说明同一错误的共同来源，例如同一公开范本或厂家说明书"),
    rates=("error.known", "error.rare", "leftover", "ring.error"),
    evaluate=evaluate,
    lacking=lacking,
)
