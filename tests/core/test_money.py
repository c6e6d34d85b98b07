"""Money: what is read is what was typed, and the capital form is the one the bank rules print."""

from __future__ import annotations

import re

import cn2an
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core import money
from core.errors import Invalid

AMOUNTS = st.integers(0, money.LIMIT_FEN - 1) | st.integers(0, 10**7) | st.sampled_from([10**n for n in range(14)])

# The examples of 正确填写票据和结算凭证的基本规定, 三; where it allows two spellings, either is right.
OFFICIAL = {
    "1409.50": ("壹仟肆佰零玖元伍角",),
    "6007.14": ("陆仟零柒元壹角肆分",),
    "1680.32": ("壹仟陆佰捌拾元零叁角贰分", "壹仟陆佰捌拾元叁角贰分"),
    "107000.53": ("壹拾万柒仟元零伍角叁分", "壹拾万零柒仟元伍角叁分"),
    "16409.02": ("壹万陆仟肆佰零玖元零贰分",),
    "325.04": ("叁佰贰拾伍元零肆分",),
}


def read_upper(text: str) -> int:
    """Read the capital form back to fen, by its own rules: each digit waits for its unit."""
    units = {"拾": 10, "佰": 100, "仟": 1000}
    total = group = digit = 0
    fen = 0
    for sign in text.removesuffix("整"):
        if sign in "零壹贰叁肆伍陆柒捌玖":
            digit = "零壹贰叁肆伍陆柒捌玖".index(sign)
        elif sign in units:
            group, digit = group + digit * units[sign], 0
        elif sign in "亿万元":
            total += (group + digit) * {"亿": 10**8, "万": 10**4, "元": 1}[sign]
            group = digit = 0
        elif sign in "角分":
            fen, digit = fen + digit * (10 if sign == "角" else 1), 0
        else:
            raise AssertionError(f"unexpected {sign!r} in {text!r}")
    return total * 100 + fen


@pytest.mark.parametrize(("typed", "spellings"), OFFICIAL.items())
def test_the_six_official_samples_are_spelled_as_printed(typed: str, spellings: tuple[str, ...]) -> None:
    """Seen red: without the 零 between 元 and 角, 107000.53 becomes neither of its two spellings."""
    assert money.upper(money.parse(typed)) in spellings


@given(AMOUNTS)
def test_the_capital_form_reads_back_to_the_same_fen(fen: int) -> None:
    """Seen red: writing the unit of an empty group (壹亿万元) and exchanging 佰 and 拾 both break the way back."""
    assert read_upper(money.upper(fen)) == fen


@given(AMOUNTS.filter(bool))
def test_the_capital_form_never_doubles_or_ends_in_zero(fen: int) -> None:
    """Seen red: `pending = True` also for the leading zeros of a group gives 零零."""
    text = money.upper(fen)
    assert "零零" not in text and "零元" not in text and not text.endswith("零")
    assert text.endswith("整") == (fen % 100 == 0)


@given(AMOUNTS)
def test_a_second_opinion_agrees_except_on_the_optional_zeros(fen: int) -> None:
    """cn2an spells the optional 零 around 元 and the silent group boundary differently; all else must match.

    Seen red: exchanging 佰 and 拾 in `_PLACES`.
    """
    other = cn2an.an2cn(money.plain(fen), "rmb")
    assert money.upper(fen).replace("零", "").removesuffix("整") == other.replace("零", "").removesuffix("整")


@given(st.integers(0, 9999))
def test_a_second_opinion_agrees_to_the_letter_on_whole_yuan_below_ten_thousand(yuan: int) -> None:
    """Inside one group there is one spelling. Seen red: dropping the 零 of 肆佰零玖."""
    assert money.upper(yuan * 100) == cn2an.an2cn(str(yuan), "rmb")


@given(st.lists(st.sampled_from("0001258"), min_size=1, max_size=12).map(lambda digits: int("".join(digits))))
@example(1_0000_5000)
@example(10_0500)
def test_each_run_of_zeros_inside_is_said_once(yuan: int) -> None:
    """A run is silent only where it ends before a thousands digit without having swallowed a whole group.

    Seen red: 壹拾万伍佰 for 100,500 and 壹亿伍仟 for 100,005,000, each with one half of the condition for `gap`.
    """
    digits = str(yuan)
    runs = [run.span() for run in re.finditer("0+(?=[1-9])", digits)]
    said = [run for run in runs if (len(digits) - run[1]) % 4 != 0 or run[1] - run[0] >= 4]
    assert money.upper(yuan * 100).count("零") == (len(said) if yuan else 1)


@given(AMOUNTS)
def test_what_is_written_is_read_back(fen: int) -> None:
    """Seen red: `int(whole) * 100 + int(part)` without padding reads 0.5 as five fen."""
    assert money.parse(money.grouped(fen)) == money.parse(money.plain(fen)) == fen


@pytest.mark.parametrize(
    ("typed", "fen"),
    [
        ("160,215,880.00", 16021588000),
        (" ￥１６０，２１５，８８０．５ ", 16021588050),
        ("¥ 0.01", 1),
        ("0", 0),
        ("007", 700),
        ("999999999999.99", money.LIMIT_FEN - 1),
    ],
)
def test_amounts_people_type_are_read(typed: str, fen: int) -> None:
    assert money.parse(typed) == fen


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "money.empty"),
        ("  ", "money.empty"),
        ("-1", "money.malformed"),
        ("1e3", "money.malformed"),
        ("1.", "money.malformed"),
        (".5", "money.malformed"),
        ("1,23", "money.malformed"),
        ("12,3456.00", "money.malformed"),
        ("1 000", "money.malformed"),
        ("1,000,00", "money.malformed"),
        ("一百", "money.malformed"),
        ("\u0661\u0662\u0663", "money.malformed"),  # Arabic-Indic digits
        ("100元", "money.malformed"),
        ("1.001", "money.too_precise"),
        ("1000000000000", "money.too_large"),
    ],
)
def test_anything_else_is_refused_with_its_reason_and_field(typed: str, code: str) -> None:
    """Seen red: `\\d` for [0-9] takes the Arabic-Indic digits, and `match` for `fullmatch` takes 1e3 as one yuan."""
    with pytest.raises(Invalid) as refusal:
        money.parse(typed, field="price")
    assert (refusal.value.code, refusal.value.field) == (code, "price")


@pytest.mark.parametrize(
    ("fen", "chinese", "english"),
    [
        (16021588000, "1.602 亿元", "CNY 160.216 million"),
        (18650000000, "1.865 亿元", "CNY 186.5 million"),
        (186500000, "186.5 万元", "CNY 1.865 million"),
        (80000000, "80 万元", "CNY 800,000.00"),
        (9999999999, "1 亿元", "CNY 100 million"),
        (999999, "9,999.99 元", "CNY 9,999.99"),
        (1234500000000, "123.45 亿元", "CNY 12.345 billion"),
        (-186500000, "-186.5 万元", "CNY -1.865 million"),
    ],
)
def test_prose_rounds_and_names_its_unit(fen: int, chinese: str, english: str) -> None:
    """Seen red: 99,999,999.99 yuan once read 10000 万元."""
    assert (money.prose(fen), money.prose_english(fen)) == (chinese, english)


@pytest.mark.parametrize("fen", [-1, money.LIMIT_FEN])
def test_the_capital_form_refuses_what_it_cannot_say(fen: int) -> None:
    with pytest.raises(ValueError):
        money.upper(fen)
