"""A bill as data: one canonical form, exact arithmetic, the same bill through every form it travels in."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lxml import etree

from bidding.rules.boq import (
    Bill,
    check_bill,
    check_priced,
    read_bill,
    read_stated,
    share,
    tender_bill,
    times,
    write_workbook,
    write_xml,
)
from bidding.rules.boq.apart import decode, encode
from core.errors import Invalid
from core.seal import canonical
from tests.bidding.boq.bills import SECTION, bills, filled, tender

SLOW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking a workbook takes minutes
)
SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "spec" / "boq.xsd"


def half_up(value: Fraction) -> int:
    """The rounding of the specification, by another road."""
    return int((value * 2 + 1) // 2)


@given(st.decimals(0, 10**9, places=6), st.integers(0, 10**11))
def test_an_amount_is_the_exact_product_rounded_half_up(quantity: Decimal, price: int) -> None:
    """Against fractions. Seen red: with floats, and with the rest cut off."""
    assert times(quantity, price) == half_up(Fraction(quantity) * price)


@given(st.integers(0, 10**13), st.decimals(0, 100, places=6))
def test_a_share_is_exact_too(base: int, rate: Decimal) -> None:
    assert share(base, rate) == half_up(Fraction(base) * Fraction(rate) / 100)


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [("1.5", 1, 2), ("2.5", 1, 3), ("0.005", 100, 1), ("0.004", 100, 0), ("33650", 2064, 69453600)],
)  # fmt: skip
def test_halves_go_up(quantity: str, price: int, amount: int) -> None:
    """Seen red: with banker's rounding."""
    assert times(Decimal(quantity), price) == amount
    assert (Decimal(quantity) * price).quantize(Decimal(1), ROUND_HALF_UP) == amount


def test_a_bill_adds_up_by_hand() -> None:
    """Works, measures, a rate on both, a tax on all. Seen red: with the tax on the rounded subtotal of works alone."""
    bill = filled(tender())
    assert bill.subtotals == {
        "works": 183_690_44, "measures": 500_000_00, "others": 100_000_00, "charges": 17_092_26, "tax": 72_070_44,
    }  # fmt: skip
    assert bill.total_fen == sum(bill.subtotals.values()) == 872_853_14


def test_a_tender_bill_has_no_total_before_it_is_priced() -> None:
    bill = tender()
    assert bill.total_fen is None
    assert set(bill.amounts) == {4, 5}
    assert check_bill(bill.as_json()) == bill


@SLOW
@given(bills())
def test_every_form_gives_back_the_same_bill(bill: Bill) -> None:
    """JSON, XML and .xlsx of any bill, formula-like names among them. Seen red: with names written as formulas."""
    assert read_bill(bill.canonical()) == bill
    for data in (bill.canonical(), write_xml(bill), write_workbook(bill)):
        again, findings = tender_bill(read_stated(data), section=SECTION)
        assert findings == []
        assert again is not None and again.sha256 == bill.sha256


@SLOW
@given(bills(), st.integers(1, 10**7))
def test_a_filled_bill_passes_in_every_form(bill: Bill, price: int) -> None:
    """What the template's own cells hold is what the check wants."""
    own = {line.code: price + number for number, line in enumerate(bill.lines)}
    priced = filled(bill, own)
    for data in (priced.canonical(), write_xml(priced), write_workbook(priced)):
        again, findings = check_priced(bill, read_stated(data))
        assert findings == []
        assert again is not None and again.canonical() == priced.canonical()
        assert again.total_fen == sum(again.amounts.values())


@SLOW
@given(bills())
def test_the_process_apart_tells_what_was_read(bill: Bill) -> None:
    stated = read_stated(write_workbook(filled(bill)))
    assert decode(json.loads(json.dumps(encode(stated)))) == stated


def test_the_same_bill_is_the_same_bytes() -> None:
    """R-024: everybody downloads the same template. Seen red: with a time stamp of its own in every part."""
    assert write_workbook(tender()) == write_workbook(tender())
    assert write_xml(tender()) == write_xml(tender())


def test_xml_is_valid_by_the_published_schema() -> None:
    """And the schema is no rubber stamp. Seen red: with the attribute `amount` left out of it."""
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    for bill in (tender(), filled(tender())):
        schema.assertValid(etree.fromstring(write_xml(bill)))
    text = write_xml(filled(tender())).decode()
    for wrong in (
        text.replace('code="010103001001"', 'code="010101002001"'),
        text.replace('pricing="rate"', 'pricing="free"'),
        text.replace('price="20.64"', 'price="20.641"'),
        text.replace('part name="works"', 'part name="work"'),
        text.replace("<total>", "<sum>").replace("</total>", "</sum>"),
    ):
        assert not schema.validate(etree.fromstring(wrong.encode()))


def spoiled(**changes: Any) -> dict[str, Any]:
    return {**tender().as_json(), **changes}


def with_line(place: int, /, **changes: Any) -> dict[str, Any]:
    value = tender().as_json()
    value["lines"][place - 1] |= changes
    return value


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (spoiled(type="x"), "type"),
        (spoiled(more=1), "type"),
        (spoiled(kind="control"), "kind"),
        (spoiled(section="标段"), "section"),
        (spoiled(title=" 清单"), "title"),
        (spoiled(unpriced="maybe"), "unpriced"),
        (spoiled(tender_sha256="0" * 64), "tender_sha256"),
        (spoiled(kind="priced"), "tender_sha256"),
        (spoiled(lines=[]), "lines"),
        (spoiled(total_fen=0), "total_fen"),
        (with_line(1, number=2), "lines.1.number"),
        (with_line(2, number=True), "lines.2.number"),
        (with_line(2, code="010101002001"), "lines.2.code"),
        (with_line(2, code="01010100200"), "lines.2.code"),
        (with_line(2, code="０１０１０１００２００３"), "lines.2.code"),
        (with_line(5, code="QT 01"), "lines.5.code"),
        (with_line(2, part="tax"), "lines.3.part"),
        (with_line(1, quantity="1250.50"), "lines.1.quantity"),
        (with_line(1, quantity="0"), "lines.1.quantity"),
        (with_line(1, quantity="1e3"), "lines.1.quantity"),
        (with_line(1, quantity=1250), "lines.1.quantity"),
        (with_line(1, price_fen=1), "lines.1.price_fen"),
        (with_line(4, price_fen=None), "lines.4.price_fen"),
        (with_line(4, price_fen=-1), "lines.4.price_fen"),
        (with_line(4, amount_fen=1), "lines.4.amount_fen"),
        (with_line(6, base=["measures", "works"]), "lines.6.base"),
        (with_line(6, base=["tax"]), "lines.6.base"),
        (with_line(6, base=[]), "lines.6.base"),
        (with_line(6, quantity="2"), "lines.6.quantity"),
        (with_line(7, rate="100.1"), "lines.7.rate"),
        (with_line(1, name="挖\u200b土"), "lines.1.name"),
        (with_line(1, name="挖\u202e土"), "lines.1.name"),
        (with_line(1, chapter="合计"), "lines.1.chapter"),
        (with_line(1, feature="x" * 4001), "lines.1.feature"),
    ],
)
def test_a_bill_that_is_not_exactly_one_is_refused_by_its_place(value: dict[str, Any], place: str) -> None:
    """Seen red, one by one, with the check of that place left out."""
    with pytest.raises(Invalid) as caught:
        check_bill(value)
    assert (caught.value.code, caught.value.facts["place"]) == ("boq.malformed", place)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"{" * 10_000, b'{"type":"sunbid-boq/v1"}', b" " + canonical(tender().as_json()), b"\xff\xfe"],
)
def test_bytes_that_are_no_canonical_bill_are_refused(data: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        read_bill(data)
    assert caught.value.code == "boq.malformed"


def test_amounts_and_total_cannot_be_stated_otherwise() -> None:
    """A bidder's boq.json with one fen more is none. Seen red: with the amounts taken as they are told."""
    value = filled(tender()).as_json()
    value["lines"][0]["amount_fen"] += 1
    with pytest.raises(Invalid):
        check_bill(value)
    value = filled(tender()).as_json()
    value["total_fen"] += 1
    with pytest.raises(Invalid):
        check_bill(value)


def test_a_line_too_many_is_refused() -> None:
    lines = tuple(replace(tender().lines[0], number=number, code=f"{number:012}") for number in range(1, 10_002))
    with pytest.raises(Invalid) as caught:
        check_bill(replace(tender(), lines=lines).as_json())
    assert caught.value.facts["place"] == "lines"
