"""What must be in the file before it is sealed: the dated list of the law against what is there (R-560)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import rfc8785

from awards.rules.recordings import held_in

THERE, LACKS, LATER, NOT_NEEDED, EXCUSED = "there", "lacks", "later", "not_needed", "excused"
"""`later`: it may come after sealing, as a supplement; `not_needed`: what would call for it has not happened;
`excused`: it is lost or was never made, and a supervisor has put that on record with the reason."""


class Required(StrEnum):
    """What a list may ask for."""

    CALL = "call"
    DOCUMENTS = "documents"
    POLICIES = "policies"
    SUBMISSIONS = "submissions"
    OPENING = "opening"
    EXPERTS = "experts"
    SHEETS = "sheets"
    EVALUATION = "evaluation"
    CREDIT = "credit"
    CANDIDATES = "candidates"
    DECISION = "decision"
    AWARD = "award"
    OBJECTIONS = "objections"
    COMPLAINTS = "complaints"
    SELECTION = "selection"
    RECORDED_OPENING = "recorded_opening"
    RECORDED_EVALUATION = "recorded_evaluation"
    RECORDED_SITES = "recorded_sites"
    RECORDED_SELECTION = "recorded_selection"
    FILES = "files"
    CONTRACT = "contract"
    ACCEPTANCE = "acceptance"


@lru_cache(1)
def editions() -> list[dict[str, Any]]:
    """Every edition of the list, oldest first."""
    held = json.loads((Path(__file__).parents[1] / "archive.json").read_bytes())
    return sorted(held["required"], key=lambda one: str(one["from"]))


def edition_at(built_at: str) -> dict[str, Any]:
    """The edition in force at an instant (ISO, UTC); before the first one, the first."""
    return [one for one in editions() if one["from"] <= built_at[:10] or one is editions()[0]][-1]


def digest_of(edition: Mapping[str, Any]) -> str:
    """SHA-256 of the edition's canonical JSON, hex."""
    return hashlib.sha256(rfc8785.dumps(dict(edition))).hexdigest()


def judge(
    edition: Mapping[str, Any],
    *,
    regime: str,
    procedure: str,
    told: Collection[str],
    member: Callable[[str], Any],
    objects: int,
    missing: int = 0,
) -> list[dict[str, Any]]:
    """One row `{code, found, state}` for each item of the list that regime and procedure know, in its order.

    `told`: the kind of every told entry; `member`: a JSON member by path; `objects`: the files that are there;
    `missing`: the files that are named and not there.
    """
    kinds = list(told)
    rows = []
    for item in edition["items"]:
        if regime not in item["regimes"] or procedure not in item.get("procedures", [procedure]):
            continue
        found = _found(item, kinds, member, objects)
        if item.get("objects") and missing:
            state = LACKS
        elif found:
            state = THERE
        elif "if" in item and not any(kind in item["if"] for kind in kinds):
            state = NOT_NEEDED
        elif "recorded" in item and held_in(member("recordings.json"), item["recorded"])[1]:
            state = EXCUSED
        else:
            state = LACKS if item["level"] == "must" else LATER
        rows.append({"code": item["code"], "found": found, "state": state})
    return rows


def _found(item: Mapping[str, Any], told: list[str], member: Callable[[str], Any], objects: int) -> int:
    if "told" in item:
        return sum(kind in item["told"] for kind in told)
    if "recorded" in item:
        return held_in(member("recordings.json"), item["recorded"])[0]
    if "rows" in item:
        return sum(len(member(path)) for path in item["rows"])
    if "report" in item:
        return sum(row["kind"] == item["report"] and bool(row["sha256"]) for row in member("reports.json"))
    return objects
