"""One function says how complete a draft is; these vectors bind it to the page's (tests/browser/test_preparing.py)."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidding.rules.completeness import STATES, below, completeness, is_complete, tasks
from bidding.rules.preparation import tasks_here
from core import money
from core.errors import Invalid

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
VECTORS: dict[str, Any] = json.loads((FOLDER / "completeness.json").read_text(encoding="utf-8"))
MONEY: dict[str, list[list[str]]] = json.loads((FOLDER / "money.json").read_text(encoding="utf-8"))


def changed(draft: Any, changes: list[list[Any]]) -> Any:
    """The draft with values set at dotted places."""
    value = copy.deepcopy(draft)
    for place, new in changes:
        *way, last = place.split(".")
        held = value
        for step in way:
            held = held[int(step)] if isinstance(held, list) else held[step]
        held[int(last) if isinstance(held, list) else last] = new
    return value


def told(found: list[Any]) -> list[dict[str, str]]:
    return [{"task": task.task, **lack.as_json()} for task in found for lack in task.lacks]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_every_vector(case: dict[str, Any]) -> None:
    """Seen red, one by one, with the check of the case taken out."""
    found = completeness(VECTORS["preparation"], changed(VECTORS["draft"], case["set"]))
    assert {task.task: task.state for task in found} == case["states"]
    assert told(found) == case["lacks"]
    assert is_complete(found) == all(state == "done" for state in case["states"].values())


def test_what_a_section_does_not_ask_for_is_done() -> None:
    case = VECTORS["no_bond_no_bill"]
    preparation = {**VECTORS["preparation"], "bond_fen": 0, "boq": None}
    found = completeness(preparation, changed(VECTORS["draft"], case["set"]))
    assert {task.task: task.state for task in found} == case["states"]
    assert told(found) == case["lacks"]


def relieved() -> dict[str, Any]:
    """What a section asks whose law lets good ratings give less (R-707)."""
    least = VECTORS["relieved"]["bond_least_fen"]
    return {**VECTORS["preparation"], "tasks": tasks_here([]), "bond_least_fen": least}


@pytest.mark.parametrize("case", VECTORS["relieved"]["cases"], ids=lambda case: case["name"])
def test_a_bond_may_be_less_where_a_rating_earns_it_and_that_is_said(case: dict[str, Any]) -> None:
    """Seen red: without the advice; with the published bond as the least."""
    found = completeness(relieved(), changed(VECTORS["draft"], case["set"]))
    assert {task.task: task.state for task in found} == case["states"]
    assert told(found) == case["lacks"]


@pytest.mark.parametrize("case", VECTORS["no_consortium"]["cases"], ids=lambda case: case["name"])
def test_where_no_consortium_is_accepted(case: dict[str, Any]) -> None:
    """Seen red: with the notice's word on consortia not asked for."""
    found = completeness(
        {**VECTORS["preparation"], "accepts_consortium": False}, changed(VECTORS["draft"], case["set"])
    )
    assert {task.task: task.state for task in found} == case["states"]
    assert told(found) == case["lacks"]


def test_the_vectors_are_made_of_the_published_rules() -> None:
    """Seen red: a rule changed and the vectors left."""
    assert VECTORS["preparation"]["tasks"] == tasks()
    names = {step["check"] for task in tasks() for step in task["steps"]}
    codes = {lack["code"] for case in VECTORS["cases"] for lack in case["lacks"]}
    assert names == {"slots", "links", "bill", "money", "bill_price", "count", "text", "choice", "agreed", "consortium"}
    assert len(codes) >= 25
    assert {state for case in VECTORS["cases"] for state in case["states"].values()} == set(STATES)


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-5, 10**6), st.text(max_size=8), st.just([]), st.just({}))


@given(st.lists(st.tuples(st.sampled_from(
    ["schedule.price", "schedule.duration_days", "schedule.manager", "bond.form", "bond.amount", "authorisation.phone",
     "authorisation.confirmed", "links.0.from", "links.0.to", "links.0.place", "links.0.file", "links.0.clause"]
), VALUES), max_size=6))  # fmt: skip
def test_no_draft_breaks_it(changes: list[tuple[str, Any]]) -> None:
    """A draft comes from a file: whatever stands in its fields gives a state and sentences, never an error."""
    draft = changed(VECTORS["draft"], [list(change) for change in changes])
    assert all(task.state in STATES for task in completeness(VECTORS["preparation"], draft))


@pytest.mark.parametrize(("text", "fen"), MONEY["parse"])
def test_amounts_are_read_as_in_the_page(text: str, fen: str) -> None:
    assert money.parse(text) == int(fen)


@pytest.mark.parametrize(("text", "code"), MONEY["refused"])
def test_amounts_are_refused_as_in_the_page(text: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        money.parse(text)
    assert caught.value.code == code


def test_amounts_are_written_as_in_the_page() -> None:
    assert [[fen, money.upper(int(fen))] for fen, _ in MONEY["upper"]] == MONEY["upper"]
    assert [[fen, money.plain(int(fen))] for fen, _ in MONEY["plain"]] == MONEY["plain"]
    assert [[fen, money.grouped(int(fen))] for fen, _ in MONEY["grouped"]] == MONEY["grouped"]


@pytest.mark.parametrize(
    ("price", "control", "share"),
    [(16021588000, 18650000000, "14.09"), (100, 100, "0.00"), (101, 100, "-1.00"), (99995, 100000, "0.01")],
)
def test_how_far_below_the_control_price(price: int, control: int, share: str) -> None:
    assert below(price, control) == Decimal(share)
