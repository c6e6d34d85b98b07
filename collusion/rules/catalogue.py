"""Finds the indicators: every module of `collusion.indicators` that exports `INDICATOR`, in order of identifier."""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
from functools import lru_cache
from typing import Any

from collusion.rules import background, fusion, passages, prices, rarest, reading, rewording, seeding
from collusion.rules.base_rates import RATES
from collusion.rules.evidence import Indicator

MODEL = "sunbid-collusion/1"


@lru_cache(maxsize=1)
def indicators() -> tuple[Indicator, ...]:
    """Give all indicators. A new file in the folder is found by standing there: there is no list to keep."""
    package = importlib.import_module("collusion.indicators")
    found = []
    for module in pkgutil.iter_modules(package.__path__):
        candidate = importlib.import_module(f"{package.__name__}.{module.name}").INDICATOR
        if not isinstance(candidate, Indicator):
            raise TypeError(f"{module.name}.INDICATOR")
        found.append(candidate)
    return tuple(sorted(found, key=lambda indicator: indicator.identifier))


def settings() -> dict[str, Any]:
    """Give the constants a version is told by: weights, thresholds, what counts.

    Not among them is how matches are sought: repeats, neighbours, words (meetings, reading, rarest, rewording).
    """
    return {
        "fusion": fusion.settings(),
        "text": {
            "fuzzy_containment": reading.FUZZY_CONTAINMENT,
            "least_island": reading.LEAST_ISLAND,
            "sentence_dice": rewording.SENTENCE_DICE,
            "neighbour_dice": rewording.NEIGHBOUR_DICE,
            "chain_gap": passages.CHAIN_GAP,
            "least_passage": passages.LEAST_PASSAGE,
            "rarest": rarest.RAREST,
            "stretch": seeding.STRETCH,
            "least_common": rewording.LEAST_COMMON,
            "near": passages.NEAR,
            "scattered": passages.SCATTERED,
            "sentence_counts": passages.SENTENCE_COUNTS,
        },
        "history": {"enough_tenders": background.ENOUGH_TENDERS},
        "prices": {"least_items": prices.LEAST_ITEMS, "relative": prices.RELATIVE, "copied_share": prices.COPIED_SHARE},
        "indicators": [indicator.identifier for indicator in indicators()],
    }


def version() -> str:
    """Give the model's version: a digest of its settings and base rates. A calibration belongs to exactly one."""
    table = {name: rate.value for name, rate in sorted(RATES.items())}
    text = json.dumps([MODEL, settings(), table], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
