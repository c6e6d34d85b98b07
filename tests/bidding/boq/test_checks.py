"""A bidder's bill against the tenderee's: every way to be wrong is named by sheet, row, item, expected and found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bidding.rules.boq import (
    Bill,
    BillFinding,
    StatedBill,
    check_priced,
    errors_of,
    read_stated,
    state,
    tender_bill,
    write_workbook,
)
from bidding.rules.sentences import book, place_of, say
from tests.bidding.boq.bills import SECTION, SHEET, filled, tender, workbook

CODE, NAME, FEATURE, UNIT, QUANTITY, PRICE, AMOUNT, RATE = "BCDEFGHJ"
EARTH, FILL, PIPE, SAFETY, RESERVE, CHARGES, TAX = 4, 5, 7, 9, 11, 13, 15
"""Rows of the template."""
ALL = 16


def checked(change: Callable[[Any], None] | None, bill: Bill | None = None, **against: Any) -> list[BillFinding]:
    """The findings on a filled template after `change(sheet)`."""
    return check_priced(bill or tender(), read_stated(workbook(change)), **against)[1]


def put(column: str, row: int, value: object) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        sheet[f"{column}{row}"] = value

    return change


def test_a_filled_template_is_sound() -> None:
    bill, findings = check_priced(
        tender(), read_stated(workbook()), control_price_fen=872_853_14, schedule_fen=872_853_14
    )
    assert findings == []
    assert bill == filled(tender())


@pytest.mark.parametrize(
    ("change", "code", "row", "expected", "found"),
    [
        (put(CODE, FILL, "010103009009"), "boq.added", FILL, "", ""),
        (put(CODE, FILL, "010101002001"), "boq.twice", FILL, "4", ""),
        (put(NAME, FILL, "回填土"), "boq.name_changed", FILL, "回填方", "回填土"),
        (put(FEATURE, FILL, "素土"), "boq.feature_changed", FILL, "级配砂石", "素土"),
        (put(UNIT, FILL, "m2"), "boq.unit_changed", FILL, "m3", "m2"),
        (put(QUANTITY, FILL, 3.334), "boq.quantity_changed", FILL, "3.333", "3.334"),
        (put(QUANTITY, FILL, None), "boq.quantity_changed", FILL, "3.333", ""),
        (put(PRICE, FILL, None), "boq.price_missing", FILL, "", ""),
        (put(PRICE, FILL, 0), "boq.price_zero", FILL, "", ""),
        (put(PRICE, FILL, -5), "boq.price_negative", FILL, "", "-5.00"),
        (put(PRICE, FILL, 1.005), "boq.precision", FILL, "0.01", "1.005"),
        (put(PRICE, FILL, "面议"), "boq.not_number", FILL, "综合单价", "面议"),
        (put(PRICE, FILL, "=20+7.23"), "boq.formula", FILL, "综合单价", "=20+7.23"),
        (put(PRICE, FILL, True), "boq.not_number", FILL, "综合单价", "True"),
        (put(PRICE, SAFETY, 490_000), "boq.price_given", SAFETY, "500000.00", "490000.00"),
        (put(RATE, CHARGES, None), "boq.rate_range", CHARGES, "", ""),
        (put(RATE, CHARGES, 101), "boq.rate_range", CHARGES, "", "101"),
        (put(RATE, TAX, 6), "boq.rate_given", TAX, "9", "6"),
        (put(AMOUNT, EARTH, 25810.33), "boq.amount", EARTH, "25810.32", "25810.33"),
        (put(AMOUNT, EARTH, 258103.2), "boq.decimal_point", EARTH, "25810.32", "258103.2"),
        (put(AMOUNT, EARTH, 258.1), "boq.decimal_point", EARTH, "25810.32", "258.1"),
        (put(AMOUNT, ALL, 872_853.15), "boq.total", ALL, "872853.14", "872853.15"),
        (put(AMOUNT, EARTH, "#REF!"), "boq.cell_error", EARTH, "合价", "#REF!"),
    ],
)  # fmt: skip
def test_every_wrong_is_named_with_its_place(
    change: Callable[[Any], None], code: str, row: int, expected: str, found: str
) -> None:
    """Seen red, one by one, with the finding left out."""
    findings = [finding for finding in checked(change) if finding.code == code]
    (finding,) = findings
    assert (finding.sheet, finding.row, finding.level) == (SHEET, row, "error")
    if code in ("boq.twice", "boq.total"):
        assert finding.expected == expected
    else:
        assert (finding.expected, finding.found) == (expected, found)
    assert "%(" not in say(code, finding.as_json())


def test_a_row_left_out_is_missing_and_its_amount_is_not_guessed() -> None:
    bill, findings = check_priced(tender(), read_stated(workbook(lambda sheet: sheet.delete_rows(FILL))))
    assert bill is None
    assert [(finding.code, finding.item) for finding in findings] == [("boq.missing", "010103001001 回填方")]


def test_all_wrongs_are_told_at_once() -> None:
    def change(sheet: Any) -> None:
        for column, row, value in ((UNIT, EARTH, "吨"), (PRICE, FILL, None), (PRICE, PIPE, -1), (RATE, TAX, 3)):
            sheet[f"{column}{row}"] = value

    codes = [finding.code for finding in checked(change)]
    assert codes == ["boq.unit_changed", "boq.price_missing", "boq.price_negative", "boq.rate_given"]


@pytest.mark.parametrize(("price", "over"), [(872_853_14, False), (872_853_13, True), (872_853_15, False)])
def test_the_control_price_itself_is_valid(price: int, over: bool) -> None:
    """R-400(5): above, not equal. Seen red: with >=."""
    findings = checked(None, control_price_fen=price)
    assert [(one.code, one.rule) for one in findings] == ([("boq.over_control", "R-400")] if over else [])


def test_the_schedule_and_the_bill_are_one_price() -> None:
    findings = checked(None, schedule_fen=872_853_00)
    assert [(one.code, one.expected, one.found) for one in findings] == [("boq.schedule", "872853.14", "872853.00")]


@pytest.mark.parametrize(("regime", "rule", "over"), [("T", "R-430", "R-400"), ("G", "R-431", "R-410")])
def test_each_regime_cites_its_own_rule(regime: str, rule: str, over: str) -> None:
    findings = checked(put(AMOUNT, EARTH, 1), regime=regime, control_price_fen=1)
    assert [(one.code, one.rule) for one in findings] == [("boq.amount", rule), ("boq.over_control", over)]


def test_items_without_a_price_may_be_contained_in_others() -> None:
    """Where the tender documents say so (`included`) it is a warning and counts as zero. Seen red: as an error."""
    bill = tender(unpriced="included")
    stated = read_stated(workbook(put(PRICE, FILL, None), filled(bill)))
    priced, findings = check_priced(bill, stated)
    assert [(one.code, one.level) for one in findings] == [("boq.price_missing", "warning")]
    assert priced is not None and priced.by_code["010103001001"].price_fen == 0


def computed(amount: str, total: str = "872853.14") -> StatedBill:
    """A bill whose amounts are a spreadsheet's formulas, as last computed."""
    stated = state(filled(tender()))
    first = replace(stated.lines[0], amount=Decimal(amount), is_computed=True)
    return replace(stated, lines=(first, *stated.lines[1:]), total=Decimal(total), total_is_computed=True, sheet=SHEET)


@pytest.mark.parametrize(
    ("amount", "total", "found"),
    [
        ("25810.32", "872853.14", []),
        ("25810.33", "872853.15", [("boq.amount_rounding", "warning"), ("boq.amount_rounding", "warning")]),
        ("25810.34", "872853.14", [("boq.amount", "error")]),
        ("25810.32", "872853.22", [("boq.total", "error")]),
    ],
)
def test_a_fen_of_a_spreadsheets_own_rounding_is_told_and_no_more(
    amount: str, total: str, found: list[tuple[str, str]]
) -> None:
    """Its binary fractions are not the bidder's doing; two fen are. Seen red: with no amount compared."""
    _, findings = check_priced(tender(), computed(amount, total))
    assert [(one.code, one.level) for one in findings] == found


def test_a_bill_of_another_section_or_version_is_told() -> None:
    other = filled(tender(section="ZB2026-00002-01"))
    assert [one.code for one in check_priced(tender(), state(other))[1]] == ["boq.other_section"]
    older = replace(filled(tender()), tender_sha256="0" * 64)
    findings = check_priced(tender(), state(older))[1]
    assert [(one.code, one.level) for one in findings] == [("boq.other_version", "warning")]


def test_spelling_alone_is_no_change() -> None:
    """m³ for m3, full-width brackets, another line break. Seen red: with == on the texts."""

    def change(sheet: Any) -> None:
        sheet[f"{UNIT}{EARTH}"] = "m³"
        sheet[f"{FEATURE}{EARTH}"] = "三类土 深２m 以内"

    assert checked(change) == []


# The tenderee's own bill ---------------------------------------------------------------------------------------------


def imported(change: Callable[[Any], None] | None) -> tuple[Bill | None, list[BillFinding]]:
    return tender_bill(read_stated(workbook(change, tender())), section=SECTION, title="清单")


def test_prices_of_items_for_bidding_are_not_published() -> None:
    """A tenderee who uploads its own priced bill gives nothing away. Seen red: with the price kept."""
    bill, findings = tender_bill(read_stated(write_workbook(filled(tender()))), section=SECTION)
    assert findings == [] and bill is not None
    assert [line.price_fen for line in bill.lines] == [None, None, None, 500_000_00, 100_000_00, None, None]
    assert [line.rate for line in bill.lines][5:] == [None, Decimal(9)]


@pytest.mark.parametrize(
    ("change", "code", "row"),
    [
        (put(CODE, FILL, "0101030010"), "boq.code_malformed", FILL),
        (put(CODE, FILL, "010101002001"), "boq.twice", FILL),
        (put(NAME, FILL, None), "boq.text_missing", FILL),
        (put(UNIT, FILL, " "), "boq.text_missing", FILL),
        (put(QUANTITY, FILL, None), "boq.quantity", FILL),
        (put(QUANTITY, FILL, 0), "boq.quantity", FILL),
        (put(QUANTITY, FILL, -1), "boq.quantity", FILL),
        (put(QUANTITY, FILL, "0.0000001"), "boq.quantity", FILL),
        (put(PRICE, SAFETY, None), "boq.price_missing", SAFETY),
        (put(PRICE, SAFETY, 1.001), "boq.price_missing", SAFETY),
        (put(RATE, TAX, None), "boq.rate_range", TAX),
        (put("I", FILL, "随便"), "boq.word_unknown", FILL),
        (put("K", CHARGES, "利润"), "boq.word_unknown", CHARGES),
        (put("K", CHARGES, "税金"), "boq.base", CHARGES),
        (put("K", CHARGES, None), "boq.base", CHARGES),
        (put(NAME, 8, "税金"), "boq.part_order", RESERVE),
        (put(NAME, FILL, "x" * 201), "boq.malformed", None),
    ],
)
def test_a_bill_that_cannot_be_published_says_why(change: Callable[[Any], None], code: str, row: int | None) -> None:
    """Seen red, one by one, with the finding left out."""
    bill, findings = imported(change)
    assert bill is None
    assert (code, row) in [(one.code, one.row) for one in errors_of(findings)]


def test_every_finding_has_a_sentence_in_both_languages() -> None:
    """Every code the checks and readers know. Seen red: a code misspelled in the book."""
    import re
    from pathlib import Path

    rules = Path(__file__).resolve().parents[3] / "bidding" / "rules"
    sources = [
        *rules.rglob("*.py"),
        *rules.glob("completeness.json"),
        rules.parents[1] / "opening/services/contents.py",
    ]
    told = {
        code for file in sources for code in re.findall(r'"((?:boq|draft|links|money)\.[a-z_]+)"', file.read_text())
    }
    told -= {"boq.refused", "boq.xsd", "boq.json", "links.json", "draft.json", "boq.unknown"}
    told |= {f"boq.{name}_changed" for name in ("name", "feature", "unit")}
    assert told - set(book()) == set()
    for code, spoken in book().items():
        holes = [sorted(set(re.findall(r"%\((\w+)\)s", spoken[language]))) for language in ("zh", "en")]
        assert holes[0] == holes[1], code
        assert say(code, {}, "en") and say(code, {}, "zh")


def test_a_finding_is_placed_for_people() -> None:
    (finding,) = checked(put(UNIT, FILL, "m2"))
    assert place_of(finding.as_json()) == "工程量清单 第 5 行 · 010103001001 回填方"
    assert place_of(finding.as_json(), "en") == "工程量清单 row 5 · 010103001001 回填方"
