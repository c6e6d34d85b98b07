"""The evaluation method a section is published with: its shape, its points, what each regime forbids in it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from core.errors import Invalid

TYPE = "comprehensive/v1"
FORMULAS = ("mean-deviation/v1", "ceiling-mean/v1", "lowest-first/v1")
AROUND = ("mean-deviation/v1", "ceiling-mean/v1")
"""Formulas that score by the distance from a base with a drawn coefficient: F-10, and F-13 with the maximum in it."""
CRITERION = frozenset({"code", "name", "group", "points", "objective", "text"})
GROUPS = ("technical", "qualification")
POLICY = "policy"
"""The group of what is no score but a fact members agree on, for which a share of the price is deducted (R-451)."""
POLICIES = {"small": "小型、微型企业价格扣除", "domestic": "本国产品价格扣除"}
"""F-3 and F-6; what the members look at is the bidder's own declaration (F-4)."""
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


def policy_criterion(policy: str, deduct: str) -> dict[str, Any]:
    """What members state of each bid for a policy: 1 where it is entitled to the deduction, else 0; all alike."""
    return {
        "code": policy.upper()[:10], "name": POLICIES[policy], "group": POLICY, "points": "1", "objective": True,
        "text": f"投标人按规定声明的，评审价格按投标报价扣除 {deduct}%；合同价仍为投标报价。符合填 1，不符合填 0。",
        "levels": ["1", "0"], "policy": policy, "deduct": deduct,
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
    if criterion["group"] != POLICY:
        if "policy" in criterion or "deduct" in criterion:
            raise Invalid("method.policy", field="criteria", name=str(criterion["name"]))
        return
    held = criterion.get("policy") in POLICIES and criterion["objective"] and criterion["points"] == "1"
    held = held and criterion.get("levels") == ["1", "0"] and isinstance(price, dict)
    if not held or price.get("formula") != "lowest-first/v1":
        raise Invalid("method.policy", field="criteria", name=str(criterion["name"]))
    points(criterion.get("deduct"), "criteria")


def _is_price_alone(price: Any) -> bool:
    """Whether all points go to the lowest price: then nothing else is scored."""
    return isinstance(price, dict) and price.get("formula") == "lowest-first/v1" and price.get("points") == "100"


def _check_price(price: Any) -> None:
    if not isinstance(price, dict) or price.get("formula") not in FORMULAS:
        raise Invalid("method.formula", field="price")
    points(price.get("points"), "price")
    if price["formula"] == "lowest-first/v1":
        return
    steps = price.get("k_range")
    if not isinstance(steps, list) or len(steps) != 2:
        raise Invalid("method.formula", field="k_range")
    low, high, step = (points(text, "k_range") for text in (*steps, price.get("step")))
    if low > high or (high - low) % step:
        raise Invalid("method.k_range", field="k_range", low=str(low), high=str(high), step=str(step))
    if price["formula"] == "ceiling-mean/v1" and points(price.get("weight"), "weight") >= 1:
        raise Invalid("method.weight", field="weight", found=str(price["weight"])[:20])
    for name in ("above", "below"):
        points(price.get(name), name)
    trim = price.get("trim_from")
    if type(trim) is not int or trim < 3:
        raise Invalid("method.formula", field="trim_from")
