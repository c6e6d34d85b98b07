"""The grounds of rejecting a bid, each with its law, and what must be asked before (R-400, R-402, R-410)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import Invalid

CONTENT, CORRECTION, LOW_PRICE = "content", "correction", "low_price"
KINDS = (CONTENT, CORRECTION, LOW_PRICE)
"""What the committee may write to a bidder about: its content, an arithmetic correction, a low price (R-420)."""

USUAL = {"control_price": ("T5b", "G4"), CORRECTION: ("T9", "G9"), LOW_PRICE: ("T5a", "G8")}
"""The ground that goes without saying where a bid fails one of the platform's own clauses, by regime T and G."""


@dataclass(frozen=True)
class RejectionGround:
    """One ground of rejection; `needs` is the kind of question that must have been put to the bidder before (R-402)."""

    code: str
    regime: str
    text: str
    source: str
    needs: str | None


@cache
def grounds_for(regime: str) -> dict[str, RejectionGround]:
    """The grounds of a regime by code, in the order of the law; there is no other (R-400, R-410)."""
    listed = json.loads(Path(__file__).with_name("grounds.json").read_text(encoding="utf-8"))
    return {one["code"]: RejectionGround(**one) for one in listed if one["regime"] == regime}


def ground_of(code: str, clause: Mapping[str, str], regime: str) -> RejectionGround:
    """The ground picked; where `code` is empty that of the clause: its own, its source's, else the general one.

    Invalid("review.ground") for what is no ground of this regime: form, binding or layout are none (R-402).
    """
    known = grounds_for(regime)
    if code:
        if code not in known:
            raise Invalid("review.ground", field=f"{clause['code']}-ground", found=code)
        return known[code]
    if clause["code"] in USUAL:
        return known[USUAL[clause["code"]][regime != "T"]]
    cited = clause.get("source", "")
    named = [one for one in known.values() if one.needs is None and _place(one.source) and _place(one.source) in cited]
    return named[0] if named else known["T6" if regime == "T" else "G6"]


def agreed_ground(codes: Sequence[str]) -> str:
    """The ground most of the members who found a failure gave; of equal ones the earlier seat's."""
    counts = Counter(codes)
    return max(codes, key=lambda code: (counts[code], -codes.index(code)))


def _place(source: str) -> str:
    """Article and item of a citation, without the name of the law: 第五十一条第（三）项."""
    start = source.rfind("第", 0, source.rfind("条"))
    return source[start:] if "项" in source else ""
