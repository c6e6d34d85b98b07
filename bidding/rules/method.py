"""The evaluation method a section is published with: its shape, its points, what each regime forbids in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from core.errors import Invalid

TYPE = "comprehensive/v1"
LOWEST_FIRST = "lowest-first/v1"
AROUND = (
    "mean-deviation/v1", "ceiling-mean/v1", "reasonable-low/v1", "banded-mean/v1", "second-mean/v1", "interval-mean/v1",
    "next-lowest-mean/v1",
)  # fmt: skip
"""Formulas that score by the distance from a base with a drawn coefficient (F-10…F-14)."""
FORMULAS = (*AROUND, LOWEST_FIRST)
UNTRIMMED = ("banded-mean/v1",)
"""Formulas that leave out no highest and lowest."""
BASES = ("ranks", "ceiling", "drawn")
"""How `reasonable-low/v1` makes its base of the prices that are not too low (F-11)."""
SECONDS = ("below", "lowest")
"""With what `second-mean/v1` takes its second mean (F-14)."""
MOST_DRAWN = 40
"""Values one further draw may choose from."""
CRITERION = frozenset({"code", "name", "group", "points", "objective", "text"})
GROUPS = ("technical", "qualification")
POLICY = "policy"
"""The group of what is no score but a fact members agree on, for which a share of the price is deducted (R-451)."""
POLICIES = {
    "small": "小型、微型企业价格扣除",
    "share": "联合体或者分包给小型、微型企业达到规定份额的价格扣除",
    "domestic": "本国产品价格扣除",
}
"""F-3, F-3 of a consortium or subcontract, and F-6; the members look at the bidder's own declaration (F-4)."""
KINDS = ("deduct", "add")
"""What a policy does: it takes a share off the price, or, where the base is a mean, adds to the price score (F-3)."""
VALUE = re.compile(r"-?\d{1,3}(\.\d{1,4})?", re.ASCII)
COMPUTABLE = ("duration_days",)
"""What of the schedule (开标一览表) a criterion may be computed from: the fewer, the better."""
LOW_PRICE = {"of_mean": "low_price_of_mean", "of_second": "low_price_of_second", "of_maximum": "low_price_of_maximum"}
"""Lines of a method that start a review of low prices, with the rule each may raise (R-441)."""
MINIMUM_PRICE_WORDS = ("minimum_price", "min_price", "floor_price", "lowest_price_limit")


def check_method(method: Any) -> dict[str, Any]:
    """The method itself if it has the shape of docs/spec/submission.md; else Invalid("method.<place>").

    A field that would set a lowest price is refused by R-109 wherever it stands (实施条例 a27).
    """
    if not isinstance(method, dict) or method.get("type") != TYPE:
        raise Invalid("method.type", field="method")
    for name in names_of(method):
        if name in MINIMUM_PRICE_WORDS:
            raise Invalid("method.minimum_price", field="method", rule="R-109", name=name)
    criteria = method.get("criteria")
    if not isinstance(criteria, list) or not (scored_of(criteria) or _is_price_alone(method.get("price"))):
        raise Invalid("method.criteria", field="criteria", place="0")
    codes = set()
    for number, criterion in enumerate(criteria, 1):
        whole = isinstance(criterion, dict) and set(criterion) >= CRITERION
        if (
            not whole
            or criterion["group"] not in (*GROUPS, POLICY)
            or not criterion["name"]
            or criterion["code"] in codes
        ):
            raise Invalid("method.criteria", field="criteria", place=str(number))
        codes.add(criterion["code"])
        points(criterion["points"], "criteria")
        _check_levels(criterion)
        _check_computed(criterion)
        _check_policy(criterion, method.get("price"))
    _check_price(method.get("price"))
    review = method.get("review", [])
    if not isinstance(review, list) or any(not isinstance(item, dict) or not item.get("text") for item in review):
        raise Invalid("method.review", field="review")
    return method


def kind_of(method: Any) -> str | None:
    """`lowest` where the price alone decides (最低评标价法), else `comprehensive`; None for what is no method."""
    try:
        check_method(method)
    except Invalid:
        return None
    return "comprehensive" if scored_of(method["criteria"]) else "lowest"


def scored_of(criteria: list[Any]) -> list[Any]:
    """The criteria that give points; what is a policy's is none of them."""
    return [one for one in criteria if not (isinstance(one, dict) and one.get("group") == POLICY)]


def policy_criterion(policy: str, share: str, kind: str = "deduct") -> dict[str, Any]:
    """What members state of each bid for a policy: 1 where it is entitled, else 0; all alike.

    `share` per cent come off its price, or with `kind` "add" are added to its own price score.
    """
    effect = {
        "deduct": f"评审价格按投标报价扣除 {share}%；合同价仍为投标报价",
        "add": f"在其价格得分的基础上增加该得分的 {share}%",
    }[kind]
    name = POLICIES[policy].replace("价格扣除", "价格分加分") if kind == "add" else POLICIES[policy]
    return {
        "code": policy.upper()[:10], "name": name, "group": POLICY, "points": "1", "objective": True,
        "text": f"投标人按规定声明的，{effect}。只看声明函，不得要求其他证明。符合填 1，不符合填 0。",
        "levels": ["1", "0"], "policy": policy, kind: share,
    }  # fmt: skip


def points_of(method: dict[str, Any]) -> Decimal:
    """All points of a checked method together; a full score is 100."""
    return sum((Decimal(item["points"]) for item in scored_of(method["criteria"])), Decimal(method["price"]["points"]))


def points(text: Any, field: str) -> Decimal:
    """Points or a ratio written as text, above 0 and at most 100; Invalid("method.points") otherwise."""
    try:
        value = Decimal(text) if isinstance(text, str) else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if not (value.is_finite() and 0 < value <= 100):
        raise Invalid("method.points", field=field, found=str(text)[:20])
    return value


def names_of(value: Any) -> Iterator[str]:
    """Every key anywhere in a JSON value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from names_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from names_of(item)


def texts_of(value: Any) -> Iterator[str]:
    """Every text anywhere in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)


def _check_levels(criterion: dict[str, Any]) -> None:
    """Levels, where a criterion has them, are two or more scores of 0…points, the highest first, none twice (R-454)."""
    if "levels" not in criterion:
        return
    levels, most = criterion["levels"], Decimal(criterion["points"])
    try:
        values = [Decimal(level) if isinstance(level, str) else Decimal("NaN") for level in levels]
        held = len(values) >= 2 and values == sorted(set(values), reverse=True) and values[0] == most
        held = held and values[-1] >= 0 and all(value == value.quantize(Decimal("0.01")) for value in values)
    except (InvalidOperation, TypeError):
        held = False
    if not held:
        raise Invalid("method.levels", field="criteria", name=str(criterion["name"]), most=str(most))


def _check_computed(criterion: dict[str, Any]) -> None:
    """What is computed from the bid is objective, has no levels, and says from where to where (R-454)."""
    if "computed" not in criterion:
        return
    told = criterion["computed"]
    held = isinstance(told, dict) and set(told) == {"of", "full", "none"} and told["of"] in COMPUTABLE
    held = held and all(type(told[name]) is int for name in ("full", "none")) and 0 < told["full"] < told["none"]
    if not held or not criterion["objective"] or "levels" in criterion:
        raise Invalid("method.computed", field="criteria", name=str(criterion["name"]))


def _check_policy(criterion: dict[str, Any], price: Any) -> None:
    """A policy's criterion says yes or no of a known policy, with what is deducted, where the lowest price leads."""
    kinds = [kind for kind in KINDS if kind in criterion]
    if criterion["group"] != POLICY:
        if "policy" in criterion or kinds:
            raise Invalid("method.policy", field="criteria", name=str(criterion["name"]))
        return
    held = criterion.get("policy") in POLICIES and criterion["objective"] and criterion["points"] == "1"
    held = held and criterion.get("levels") == ["1", "0"] and isinstance(price, dict) and len(kinds) == 1
    if not held or (price.get("formula") == LOWEST_FIRST) != (kinds == ["deduct"]):
        raise Invalid("method.policy", field="criteria", name=str(criterion["name"]))
    points(criterion[kinds[0]], "criteria")


def _is_price_alone(price: Any) -> bool:
    """Whether all points go to the lowest price: then nothing else is scored."""
    return isinstance(price, dict) and price.get("formula") == LOWEST_FIRST and price.get("points") == "100"


def _check_price(price: Any) -> None:
    if not isinstance(price, dict) or price.get("formula") not in FORMULAS:
        raise Invalid("method.formula", field="price")
    points(price.get("points"), "price")
    if price["formula"] == LOWEST_FIRST:
        return
    steps = price.get("k_range")
    if not isinstance(steps, list) or len(steps) != 2:
        raise Invalid("method.formula", field="k_range")
    low, high, step = (points(text, "k_range") for text in (*steps, price.get("step")))
    if low > high or (high - low) % step:
        raise Invalid("method.k_range", field="k_range", low=str(low), high=str(high), step=str(step))
    for name in ("above", "below"):
        points(price.get(name), name)
    trim = price.get("trim_from")
    if price["formula"] not in UNTRIMMED and (type(trim) is not int or trim < 3):
        raise Invalid("method.formula", field="trim_from")
    _check_parameters(price, high)


def _check_parameters(price: dict[str, Any], high: Decimal) -> None:
    """What each formula of its own asks for; `high` is the highest K."""
    formula, basis = price["formula"], price.get("basis")
    if formula == "ceiling-mean/v1" or basis == "ceiling":
        _check_weight(price, is_drawn_only=basis == "ceiling")
    if formula == "reasonable-low/v1":
        if basis not in BASES:
            raise Invalid("method.parameter", field="basis", found=str(basis)[:20])
        if high > 1:
            # A line above the mean could leave no price to make the base of.
            raise Invalid("method.parameter", field="k_range", found=str(high))
    if formula == "second-mean/v1" and price.get("second") not in SECONDS:
        raise Invalid("method.parameter", field="second", found=str(price.get("second"))[:20])
    if formula == "interval-mean/v1":
        bounds = price.get("interval")
        if not isinstance(bounds, list) or len(bounds) != 2:
            raise Invalid("method.parameter", field="interval", found=str(bounds)[:20])
        low, most = (points(text, "interval") for text in bounds)
        if not low < 1 < most:
            raise Invalid("method.parameter", field="interval", found=f"{low}–{most}")
    if formula == "banded-mean/v1":
        if type(price.get("band_from")) is not int or price["band_from"] < 1:
            raise Invalid("method.parameter", field="band_from", found=str(price.get("band_from"))[:20])
        downs = price.get("downs")
        if not isinstance(downs, list) or len(downs) != 3:
            raise Invalid("method.parameter", field="downs", found=str(downs)[:20])
        for values in downs:
            if not _are_values(values, Decimal(-50), Decimal(50)):
                raise Invalid("method.parameter", field="downs", found=str(values)[:20])


def _check_weight(price: dict[str, Any], *, is_drawn_only: bool) -> None:
    """The maximum's weight: one, or several of which one is drawn; above 0 and below 1."""
    several = price.get("weights")
    if "weights" in price or is_drawn_only:
        if "weight" in price or not _are_values(several, Decimal(0), Decimal(1), is_open=True):
            raise Invalid("method.weight", field="weight", found=str(several)[:20])
    elif points(price.get("weight"), "weight") >= 1:
        raise Invalid("method.weight", field="weight", found=str(price["weight"])[:20])


def _are_values(values: Any, least: Decimal, most: Decimal, *, is_open: bool = False) -> bool:
    """Whether it is a list of different decimals, as plain text, within the bounds."""
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_DRAWN:
        return False
    if not all(isinstance(text, str) and VALUE.fullmatch(text) for text in values):
        return False
    numbers = [Decimal(text) for text in values]
    inside = all(least < one < most if is_open else least <= one <= most for one in numbers)
    return inside and len(set(numbers)) == len(numbers)
