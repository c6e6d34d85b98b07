"""Checks of the scoring method: its shape, a hundred points, what may not be scored (R-125, R-127, R-404)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from bidding.rules.findings import Finding, Level, NoticeFacts, cited, verdict
from bidding.rules.method import KINDS, LOW_PRICE, POLICY, check_method, points, points_of
from bidding.rules.selection import check_plan
from core.errors import Invalid
from core.law import Snapshot

DEDUCTED = {
    ("small", "deduct"): ("sme_deduction_min", "sme_deduction_max"),
    ("share", "deduct"): ("share_deduction_min", "share_deduction_max"),
    ("domestic", "deduct"): ("domestic_deduction_min", "domestic_deduction_max"),
    ("small", "add"): ("sme_addition_min", "sme_addition_max"),
    ("share", "add"): ("share_addition_min", "share_addition_max"),
}
"""The rules that say how much may be deducted or added for a policy, at least and at most (F-3, F-6)."""

SHARED = 8
"""Characters a criterion must share with the qualification requirements before a person is asked to look (R-127)."""

_SCALE = re.compile("注册资[本金]|资产总额|营业收入|从业人员|利润总?额?|纳税额")
_AUTHORISATION = re.compile("(制造商|生产厂家|厂家|厂商|原厂)[^。；\n]{0,6}授权")
_MARKS = re.compile(r"[\s，。；、：:,.;（）()“”\"'《》【】\d]+")


def check_scoring(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    """Every finding on the evaluation method as written; a malformed one is told once and blocks."""
    try:
        method = check_method(facts.method)
    except Invalid as refusal:
        rule = refusal.facts.get("rule", "R-404")
        yield Finding(rule, Level.BLOCK, refusal.code, refusal.field or "method", dict(refusal.facts))
        return
    yield Finding("R-109", Level.MET, "notice.no_minimum_price", "method")
    total = points_of(method)
    yield Finding("R-404", verdict(total == Decimal(100)), "notice.points", "criteria", {"found": str(total)})
    if "selection" in method:
        told = cited(law, "selection_separate") if "selection_separate" in law.rules else {"rule": "R-510"}
        try:
            check_plan(method["selection"], law, is_mandatory=facts.is_mandatory)
            yield Finding("R-510", Level.MET, "selection.lawful", "method", told)
        except Invalid as refusal:
            yield Finding("R-510", Level.BLOCK, refusal.code, "method", dict(refusal.facts))
    if "substantive_marked" in law.rules:
        marked = [clause for clause in method.get("review", []) if clause.get("substantive")]
        told = cited(law, "substantive_marked", found=len(marked))
        yield Finding(told["rule"], verdict(bool(marked), Level.WARN), "notice.substantive", "review", told)
    yield from _low_prices(method, law)
    yield from _policies(method, law)
    if "qualification_not_scored" in law.rules:
        yield from _not_scored(facts, method, law)


def _low_prices(method: dict[str, Any], law: Snapshot) -> Iterator[Finding]:
    """Lines that start a review of low prices: a notice may raise the law's, within its cap, and set none of its own.

    Where the law has no line (R-440) the committee judges, and a number in the notice would be a lowest price by
    another name.
    """
    for which, text in (method.get("low_price") or {}).items():
        key = LOW_PRICE.get(which, "")
        if key not in law.rules:
            yield Finding("R-440", Level.BLOCK, "notice.low_price_unlawful", f"low_{which}")
            continue
        told = cited(law, key, found=str(text), cap=law.rule("low_price_share_cap").value)
        try:
            raised = points(text, f"low_{which}")
        except Invalid:
            raised = Decimal(0)
        fits = Decimal(law.rule(key).value) <= raised <= Decimal(told["cap"])
        yield Finding(told["rule"], verdict(fits), "notice.low_price", f"low_{which}", told)


def _policies(method: dict[str, Any], law: Snapshot) -> Iterator[Finding]:
    """What is deducted for a policy lies within what the law gives; where it gives nothing, nothing is (F-3, F-6)."""
    for one in method["criteria"]:
        if one["group"] != POLICY:
            continue
        kind = next(kind for kind in KINDS if kind in one)
        low, high = DEDUCTED.get((one["policy"], kind), ("", ""))
        field = f"deduct_{one['policy']}"
        if low not in law.rules:
            yield Finding("R-451", Level.BLOCK, "notice.policy_unlawful", field, {"name": one["name"]})
            continue
        told = cited(law, low, found=one[kind], most=law.rule(high).value, name=one["name"])
        fits = law.number(low) <= Decimal(one[kind]) <= law.number(high)
        yield Finding(told["rule"], verdict(fits), "notice.policy", field, told)


def _not_scored(facts: NoticeFacts, method: dict[str, Any], law: Snapshot) -> Iterator[Finding]:
    """Qualification conditions and the size of a firm among the scored criteria (R-127, 财政部令第87号 a17, a55)."""
    rule = cited(law, "qualification_not_scored")
    hits = 0
    for criterion in method["criteria"]:
        if criterion["group"] == POLICY:
            continue
        named = _SCALE.search(criterion["name"])
        if named:
            hits += 1
            told = {**rule, "name": criterion["name"], "passage": named.group(0)}
            yield Finding(rule["rule"], Level.BLOCK, "notice.scale_scored", "criteria", told)
            continue
        text = f"{criterion['name']}。{criterion.get('text', '')}"
        for pattern, code in ((_SCALE, "notice.scale_mentioned"), (_AUTHORISATION, "notice.authorisation_scored")):
            found = pattern.search(text)
            if found:
                hits += 1
                told = {**rule, "name": criterion["name"], "passage": found.group(0)}
                yield Finding(rule["rule"], Level.WARN, code, "criteria", told)
        passage = shared_passage(facts.qualification, text)
        if passage:
            hits += 1
            told = {**rule, "name": criterion["name"], "passage": passage}
            yield Finding(rule["rule"], Level.WARN, "notice.qualification_scored", "criteria", told)
    if not hits:
        yield Finding(rule["rule"], Level.MET, "notice.nothing_scored_twice", "criteria", rule)


def shared_passage(left: str, right: str) -> str:
    """The longest run of at least SHARED characters that stands in both texts, signs and digits aside; else empty."""
    left, right = _MARKS.sub("", left), _MARKS.sub("", right)
    places: dict[str, list[int]] = {}
    for start in range(len(left) - SHARED + 1):
        places.setdefault(left[start : start + SHARED], []).append(start)
    longest = ""
    for start in range(len(right) - SHARED + 1):
        for there in places.get(right[start : start + SHARED], ())[:20]:
            length = SHARED
            while there + length < len(left) and left[there + length] == right[start + length : start + length + 1]:
                length += 1
            longest = max(longest, right[start : start + length], key=len)
    return longest
