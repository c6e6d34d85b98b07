"""Decisions on prices of a second sitting: what either verifier refuses where the locked result itself is wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from awards.rules.verdict.clarifications import _check_clauses, _priced, priced_out
from core.errors import Refusal
from verifier.canonical import Wrong
from verifier.claims_scores import _price_decided


def clause(code: str, fails: int) -> dict[str, Any]:
    return {"clause": code, "pass": 3 - fails, "fail": fails, "doubt": 0, "decision": "fail" if fails > 1 else "pass"}


RESULT: dict[str, Any] = {
    "method": {"review": []},
    "members": [{"label": "M1"}, {"label": "M2"}, {"label": "M3"}],
    "conformity": {
        "members": ["M1", "M2", "M3"],
        "bids": [{"number": n, "rejected": False, "clauses": [], "grounds": []} for n in (1, 2)],
    },
    "price_review": {
        "members": ["M1", "M2", "M3"],
        "bids": [
            {"number": 1, "rejected": False, "clauses": [], "grounds": []},
            {
                "number": 2, "rejected": True, "clauses": [clause("low_price", 2)],
                "grounds": [{"clause": "low_price", "ground": "T5a"}],
            },
        ],
    },
}  # fmt: skip
ROWS = [{"state": "answered", "question": {"kind": "low_price", "submission": "b", "clause": None, "basis": None}}]


def ours(result: dict[str, Any]) -> set[int]:
    """The platform's verifier: who is out, or a refusal."""
    bids = [{"number": n, "state": "opened_by_bidder", "price_fen": 10} for n in (1, 2)]
    project = {"regime": "T", "section": {}}
    told: Any = SimpleNamespace(bids=bids, project=project, later=["price"], anonymous=[])
    _priced(told, result)
    _check_clauses(told, result, ROWS, {"b": {"number": 2}})
    return priced_out(result)


def theirs(result: dict[str, Any]) -> set[int]:
    """The independent one."""
    return _price_decided(result, [1, 2], {2: {"low_price"}}, {1, 2})


def left_out(review: Any) -> None:
    review["bids"].pop(0)


def undecided(review: Any) -> None:
    review["bids"][1]["clauses"] = []


def spared(review: Any) -> None:
    review["bids"][1]["rejected"] = False


def further(review: Any) -> None:
    review["bids"][0]["clauses"] = [clause("low_price", 0)]


def other_members(review: Any) -> None:
    review["members"] = ["M1", "M2", "M4"]


@pytest.mark.parametrize("change", [left_out, undecided, spared, further, other_members])
def test_a_wrong_decision_on_a_price_is_seen_though_the_committee_locked_it(change: Callable[[Any], None]) -> None:
    """Every bid whose price was read is decided on, by these members, on exactly what its answers brought.

    Seen red: `_priced` giving the rows unchecked, `_check_clauses` taking any clauses, `_decided` left out.
    """
    assert ours(RESULT) == theirs(RESULT) == {2}
    wrong = copy.deepcopy(RESULT)
    change(wrong["price_review"])
    with pytest.raises(Refusal):
        ours(wrong)
    with pytest.raises(Wrong):
        theirs(wrong)
