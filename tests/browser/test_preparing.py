"""Preparing a bid in the page: money, completeness and bills computed there are what Python computes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page

from bidding.rules.boq import check_priced, read_stated, write_workbook, write_xml
from tests.bidding.boq.bills import filled, tender, workbook
from tests.bidding.boq.test_checks import test_every_wrong_is_named_with_its_place as WRONG
from tests.bidding.boq.test_hostile import XML, ZOO
from tests.bidding.test_completeness import MONEY, VECTORS, changed, relieved

Compute = Callable[..., Any]
PRELUDE = "const load = (name) => import(`/static/seal/${name}.js`);"
LIBRARY = {"boq.not_xlsx", "boq.xml_broken", "boq.malformed"}
"""Findings whose words are a library's own: code and place are compared, not what was found."""


@pytest.fixture
def compute(app: Flask, serve: Callable[[Flask], str], new_page: Callable[..., Page]) -> Compute:
    """`compute(body, given)`: what an async function body gives for `given`; `await load("boq")` is a module."""
    address, page = serve(app), new_page()
    page.goto(f"{address}/receipts/check")
    return lambda body, given=None: page.evaluate(f"async (given) => {{ {PRELUDE} {body} }}", given)


def test_money_is_read_and_spelled_as_in_python(compute: Compute) -> None:
    """The vectors core.money is held to. Seen red: without the 零 between 元 and 角."""
    found = compute(
        """const money = await load("money");
        const code = (text) => { try { money.parse(text); return ""; } catch (error) { return error.code; } };
        return { parse: given.parse.map(([text]) => [text, String(money.parse(text))]),
          refused: given.refused.map(([text]) => [text, code(text)]),
          plain: given.plain.map(([fen]) => [fen, money.plain(Number(fen))]),
          grouped: given.grouped.map(([fen]) => [fen, money.grouped(Number(fen))]),
          upper: given.upper.map(([fen]) => [fen, money.upper(Number(fen))]) };""",
        MONEY,
    )
    assert found == MONEY


def test_completeness_is_that_of_python(compute: Compute) -> None:
    """Every vector. Seen red: with a rule changed in one program only."""
    alone = VECTORS["preparation"] | {"accepts_consortium": False}, VECTORS["no_consortium"]["cases"]
    for preparation, cases in (
        (VECTORS["preparation"], VECTORS["cases"]), (relieved(), VECTORS["relieved"]["cases"]), alone,
    ):  # fmt: skip
        same_in_the_page(compute, preparation, cases)


def same_in_the_page(compute: Compute, preparation: dict[str, Any], cases: list[dict[str, Any]]) -> None:
    drafts = [changed(VECTORS["draft"], case["set"]) for case in cases]
    found = compute(
        "const { completeness } = await load('completeness');"
        "return given.drafts.map((draft) => completeness(given.preparation, draft));",
        {"preparation": preparation, "drafts": drafts},
    )
    for case, tasks in zip(cases, found, strict=True):
        assert {task["task"]: task["state"] for task in tasks} == case["states"], case["name"]
        lacks = [{"task": task["task"], **lack} for task in tasks for lack in task["lacks"]]
        assert lacks == case["lacks"], case["name"]


def files() -> dict[str, bytes]:
    """Sound, wrong and hostile bills."""
    found = {"sound": workbook(), "template": write_workbook(tender()), "json": filled(tender()).canonical()}
    found |= {"xml": write_xml(filled(tender()))}
    (mark,) = [one for one in WRONG.pytestmark if one.name == "parametrize"]  # type: ignore[attr-defined]
    found |= {f"wrong {number}": workbook(case[0]) for number, case in enumerate(mark.args[1])}
    found |= {f"zoo {name}": make() for name, (make, _) in ZOO.items() if name not in ("too big", "swelling sheet")}
    text = write_xml(filled(tender())).decode()
    return found | {f"xml {name}": change(text).encode() for name, (change, _) in XML.items() if name != "deep"}


def told(findings: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (one["code"], one["level"], one["row"], *(() if one["code"] in LIBRARY else (one["expected"],)))
        for one in findings
    ]


def test_bills_are_checked_as_in_python(compute: Compute) -> None:
    """The same file, sound, wrong or hostile, gives the same findings and the same canonical bill in both programs.

    Seen red: with a formula's last value taken for a price in the page.
    """
    cases = files()
    bill = tender().as_json()
    wrong = {}
    for name, data in cases.items():
        found = compute(
            """const { readStated, checkPriced, billBytes } = await load("boq");
            const bytes = Uint8Array.from(atob(given.data), (sign) => sign.charCodeAt(0));
            const against = { control: 87285314, schedule: 87285314 };
            const { bill, findings } = checkPriced(given.bill, readStated(bytes), against);
            return { findings, bill: bill ? new TextDecoder().decode(billBytes(bill)) : null };""",
            {"bill": bill, "data": base64.b64encode(data).decode()},
        )
        priced, findings = check_priced(
            tender(), read_stated(data), control_price_fen=872_853_14, schedule_fen=872_853_14
        )
        ours = told([finding.as_json() for finding in findings]), priced.as_json() if priced else None
        theirs = told(found["findings"]), json.loads(found["bill"]) if found["bill"] else None
        if ours != theirs:
            wrong[name] = {"python": ours[0], "page": theirs[0], "same bill": ours[1] == theirs[1]}
    assert wrong == {}
