"""Printed numbers: growth, shares, units, rounding; and whether a published growth can come of whole numbers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from window.rules import growth, in_unit, printed_growth, rounding, whole_bases
from window.rules.figures import share


def test_growth_is_rounded_half_up_after_all_sums() -> None:
    assert printed_growth(growth(625, 544)) == "+14.89%"
    assert printed_growth(growth(3, 4)) == "-25.00%"
    assert printed_growth(growth(1, 0)) == "—" == printed_growth(growth(1, -5))
    assert printed_growth(Fraction(14765, 1_000_000)) == "+1.48%"
    assert share(1, 0) is None


def test_the_published_growth_of_625_sessions_has_no_whole_base() -> None:
    """+14.77 % of 625 would need 544.57 sessions a year earlier: it must be the growth of something else."""
    assert list(whole_bases(625, Decimal("14.77"))) == []
    assert list(whole_bases(625, Decimal("14.89"))) == [544]
    assert list(whole_bases(625, Decimal("14.68"))) == [545]


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_a_growth_printed_here_always_has_its_base(now: int, before: int) -> None:
    """Seen red: with the half step taken to the wrong side."""
    rate = growth(now, before)
    assert rate is not None
    if rate >= 0:
        assert before in whole_bases(now, Decimal(printed_growth(rate).strip("+%")))


@given(st.lists(st.integers(-(10**14), 10**14), max_size=8))
def test_a_total_is_never_made_of_rounded_parts(fens: list[int]) -> None:
    """Seen red: with the total added up from the printed parts."""
    made = rounding(fens, 10**10)
    assert made.total == in_unit(sum(fens), 10**10)
    assert made.added == sum(made.parts, Decimal(0))
    assert abs(made.added - made.total) <= Decimal("0.005") * (len(fens) + 1)


def test_parts_of_40_48_print_as_40_47() -> None:
    made = rounding([101_250_000_000, 151_750_000_000, 151_650_000_000], 10**10)
    assert [str(part) for part in made.parts] == ["10.13", "15.18", "15.17"]
    assert (str(made.added), str(made.total), made.differs) == ("40.48", "40.47", True)
