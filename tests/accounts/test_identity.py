"""Codes of organisations and clashing roles: the pure rules (R-010…R-013, R-040)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules import EXCLUSIVE, Role, check_uscc, clashing_roles, inner_check, normalise_uscc
from accounts.rules.identity import ALPHABET
from core.errors import Invalid
from tests.factories import uscc

VALID = [
    "91350100M000100Y43",
    "91512081MA62K0260E",
    "11320000MB151840XJ",
    "914403001922038216",
    "9144030071526726XG",
    "91110108MA00TE5T26",
    "91330100MA2TE5T013",
    "12330000MB0TE5T01Q",
    "51440300MJ000000X0",
]


@pytest.mark.parametrize("code", VALID)
def test_the_codes_of_the_standard_pass(code: str) -> None:
    """Seen red: without the final mod 31, `51440300MJ000000X0` fails (RULES appendix C, 20)."""
    assert check_uscc(code) == (code, True)


def test_a_wrong_check_digit_warns_and_does_not_refuse() -> None:
    assert check_uscc("91310115MA1G4L1WXK") == ("91310115MA1G4L1WXK", False)


@pytest.mark.parametrize("code", ["91350211M0000XUF46", "91350100M0001TGQXM"])
def test_real_codes_that_do_not_conform_keep_their_inner_digit(code: str) -> None:
    assert check_uscc(code) == (code, False)
    assert inner_check(code[8:17])


@pytest.mark.parametrize(
    ("code", "refusal"),
    [("91350100M000100Y4Z", "uscc.character"), ("91350100M000100Y4", "uscc.length"), ("", "uscc.length")],
)
def test_what_cannot_be_a_code_is_refused(code: str, refusal: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_uscc(code)
    assert caught.value.code == refusal


def test_full_width_and_lower_case_are_the_same_code() -> None:
    assert normalise_uscc(" ９１３５０１００m000100y43 ") == "91350100M000100Y43"


@given(st.sampled_from(VALID), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_noticed(code: str, place: int, char: str) -> None:
    """Weights are powers of 3, a generator modulo the prime 31: no single error keeps the sum."""
    if code[place] != char:
        assert not check_uscc(code[:place] + char + code[place + 1 :])[1]


@given(st.integers(0, 999_999))
def test_factories_make_valid_codes(number: int) -> None:
    assert check_uscc(uscc(number))[1]


def test_every_pair_of_exclusive_roles_clashes_and_the_officer_with_none() -> None:
    """Seen red: with OPERATOR left out of EXCLUSIVE."""
    for held in Role:
        for wanted in Role:
            clash = clashing_roles([held], wanted)
            assert bool(clash) == (held != wanted and Role.OFFICER not in (held, wanted))
    people = {Role.OPERATOR, Role.SUPERVISOR, Role.EXPERT, Role.BIDDER, Role.TENDEREE, Role.AGENT, Role.FINANCE}
    assert people == EXCLUSIVE
