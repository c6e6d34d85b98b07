"""评定分离: whether a tender may let its own award committee choose, and by which method; written in the tender itself.

Off unless the method holds a `selection`; what it may be depends on the law of the place (R-510 to R-514).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

import rfc8785

from bidding.rules.law import law_on
from core.errors import Invalid
from core.law import Snapshot

TYPE = "sunbid-selection/v1"
METHODS = ("vote", "discussion", "price")
"""票决, 集体议事, 价格竞争. There is no drawing of lots among bidders (R-512)."""
WINS = ("majority", "most")
PRICE_RULES = ("lowest", "closest_below_mean")
FORMINGS = ("appointed", "drawn")
NOT_CONSIDERED = (
    "region", "ownership", "scale", "outside_document", "instruction", "relation", "promise",
)  # fmt: skip
"""What no member may consider: 招标投标领域公平竞争审查规则 a5, a8; 实施条例 a32, a49 (only the document)."""


def check_plan(plan: Any, law: Snapshot, *, is_mandatory: bool) -> dict[str, Any]:
    """The plan itself where the law lets this project have it; R-510: off by default, on only with its legal basis.

    A mandatory project needs a rule of its place in the law (`selection_separate`), any project a cited basis. Invalid:
    selection.regime, selection.not_allowed, selection.basis, selection.method (a lottery among them: R-512),
    selection.win, selection.price_rule, selection.size, selection.forming, selection.roll, selection.factors.
    """
    if not isinstance(plan, dict) or plan.get("type") != TYPE:
        raise Invalid("selection.plan", field="selection")
    if law.regime != "T":
        raise Invalid("selection.regime", field="method")
    if is_mandatory and "selection_separate" not in law.rules:
        raise Invalid("selection.not_allowed", field="basis", rule="R-510")
    basis = plan.get("basis")
    if not isinstance(basis, dict) or any(len(str(basis.get(name) or "").strip()) < 2 for name in ("title", "article")):
        raise Invalid("selection.basis", field="basis_title")
    allowed = law.words("selection_separate") or METHODS
    if plan.get("method") not in METHODS or plan["method"] not in allowed:
        raise Invalid("selection.method", field="method", found=str(plan.get("method")), rule="R-512")
    if plan.get("win") not in WINS:
        raise Invalid("selection.win", field="win")
    if plan["method"] == "price" and plan.get("price_rule") not in PRICE_RULES:
        raise Invalid("selection.price_rule", field="price_rule")
    least = least_committee(law)
    size = plan.get("size")
    if not isinstance(size, int) or size < least or size % 2 == 0:
        raise Invalid("selection.size", field="size", least=least, found=str(size))
    if plan.get("forming") not in FORMINGS:
        raise Invalid("selection.forming", field="forming")
    roll = plan.get("roll")
    if plan["forming"] == "drawn" and not (isinstance(roll, dict) and len(str(roll.get("sha256", ""))) == 64):
        raise Invalid("selection.roll", field="roll", least=size)
    if len(str(plan.get("factors") or "").strip()) < 10:
        raise Invalid("selection.factors", field="factors")
    return plan


def roll_digest(names: Sequence[str], salt: str) -> str:
    """What the tender tells of the list its committee will be drawn from: SHA-256 of the canonical list and salt."""
    return hashlib.sha256(rfc8785.dumps({"roll": sorted(names), "salt": salt})).hexdigest()


def least_committee(law: Snapshot) -> int:
    """The fewest members of an award committee (R-514); a law frozen before it was a rule of every regime has today's.

    Read from the book as it is now, for the day the law was frozen on.
    """
    key = "selection_committee_min"
    return (law if key in law.rules else law_on(law.regime, date.fromisoformat(law.on))).days(key)
