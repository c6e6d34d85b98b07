"""What follows when an objection is upheld or a winner is lost: which remedies are lawful, and which goes first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.errors import Invalid

RE_EVALUATE, NEXT, RETENDER = "re_evaluate", "next_candidate", "re_tender"
WEIGHT = {RETENDER: 3, RE_EVALUATE: 2, NEXT: 1}
STAGES = ("review", "scoring")
GROUNDS = ("sum_error", "range_error", "objective_mismatch", "extreme")
"""The only cases in which regime G allows a re-evaluation: 87号令 a64 (R-507)."""

SET_ASIDE = ("refused_to_sign", "gave_up", "force_majeure", "no_performance_bond", "illegality", "challenge_upheld")
"""Why a winner no longer is one (招标投标法实施条例 a55, a74; 政府采购法实施条例 a49; 94号令 a16)."""

NOT_EXTENDED = "not_extended"
"""Whoever does not agree to a longer validity has a bid that no longer stands (七部委30号令 a29, R-158)."""


def remedies_of(regime: str) -> tuple[str, ...]:
    """What may follow an upheld objection: 条例 a54, a56 (T) or 94号令 a16 with 87号令 a64 (G)."""
    return (RE_EVALUATE, RETENDER) if regime == "T" else (NEXT, RE_EVALUATE, RETENDER)


def checked_remedy(regime: str, remedy: Mapping[str, Any]) -> dict[str, Any]:
    """The remedy as it is kept: its kind, for a re-evaluation the stage, under regime G also its lawful ground.

    Invalid: remedy.kind, remedy.stage, remedy.ground (R-507).
    """
    kind = remedy.get("kind")
    if kind not in remedies_of(regime):
        raise Invalid("remedy.kind", field="remedy", found=kind)
    if kind != RE_EVALUATE:
        return {"kind": kind}
    if remedy.get("stage") not in STAGES:
        raise Invalid("remedy.stage", field="stage", found=remedy.get("stage"))
    if regime == "G" and remedy.get("ground") not in GROUNDS:
        raise Invalid("remedy.ground", field="ground", found=remedy.get("ground"))
    return {"kind": kind, "stage": remedy["stage"], "ground": remedy.get("ground") if regime == "G" else None}


def heaviest(remedies: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Of several remedies the one that goes furthest; of two re-evaluations the one from the earlier stage on."""
    ordered = sorted(remedies, key=lambda one: (WEIGHT[one["kind"]], one.get("stage") == "review"))
    return dict(ordered[-1]) if ordered else None
