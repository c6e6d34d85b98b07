"""The arithmetic of the claims, with the specification's vectors; and archives of every wrong shape."""

import base64
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from accounts.rules import SmallAuthority
from tests.factories import SigningKey, uscc
from tests.verifier.tools import EMPTY, archive, save
from verifier.__main__ import CLAIMS, check
from verifier.canonical import Wrong, canonical, sha256
from verifier.claims_award import answered
from verifier.claims_bids import _signed
from verifier.claims_draws import check_walk, grid, in_order, ticket
from verifier.claims_scores import cents, price_scores, published

PRICE = {"formula": "mean-deviation/v1", "points": "100", "above": "1.0", "below": "0.5", "trim_from": 4}
SEATS = [{"speciality": "A", "count": 1}, {"speciality": "B", "count": 1}]
HELD = {"a": ["A"], "ab": ["A", "B"], "b": ["B"], "c": ["C"]}


def test_the_price_vector() -> None:
    """Section 3 of scoring.md. Seen red: without trimming."""
    prices = dict(enumerate((920000000, 935000000, 940000000, 948000000, 950000000, 960000000, 990000000), 1))
    got = price_scores(PRICE, prices, "0.97")
    assert got["base"] == 918202000
    said = ["99.80", "98.17", "97.63", "96.75", "96.54", "95.45", "92.18"]
    assert [published(got["scores"][n]) for n in prices] == said
    assert got["dropped"] == (7, 1) and got["used"] == [2, 3, 4, 5, 6]


def test_the_maximum_price_enters_the_base_by_its_weight() -> None:
    """F-13 (section 3 of scoring.md). Seen red: with the weights exchanged."""
    given = PRICE | {"formula": "ceiling-mean/v1", "weight": "0.35", "trim_from": 9}
    got = price_scores(given, {1: 900000000, 2: 1000000000, 3: 1100000000}, "0.98", most=1200000000)
    assert got["base"] == 1048600000
    assert [published(got["scores"][n]) for n in (1, 2, 3)] == ["92.91", "97.68", "95.10"]


def test_an_identity_of_either_version_is_signed_as_its_version_says() -> None:
    """The second version signs who bids together too; the first, without it, holds for ever.

    Seen red: with the consortium left out of what is signed; with the second version's message for the first.
    """
    key = SigningKey.create()
    at = datetime(2026, 10, 8, tzinfo=UTC)
    pem = SmallAuthority.create("滨江认证", at=at).issue(
        key.public, name="甲", identifier=uscc(1), person="王", at=at, days=9
    )
    digest, bound = "ab" * 32, bytes.fromhex("ab" * 32)
    facts = {
        "bidder": {"name": "甲"},
        "operator": "王",
        "bond": None,
        "prepared_at": "x",
        "consortium": [{"uscc": "B"}],
    }

    def signed(message: bytes, **claims: Any) -> None:
        signature = base64.b64encode(key.sign(message)).decode()
        _signed({"certificate": pem, "signature": signature, "device": {}, **claims}, digest)

    first, second = b"sunbid-identity/v1\n" + bound, b"sunbid-identity/v2\n" + bound + sha256(canonical(facts))
    signed(first, type="sunbid-identity/v1")
    signed(second, type="sunbid-identity/v2", **facts)
    for message, kind, told in (
        (second, "v2", facts | {"consortium": [{"uscc": "C"}]}), (first, "v2", facts), (second, "v1", {}),
    ):  # fmt: skip
        with pytest.raises(Wrong):
            signed(message, type=f"sunbid-identity/{kind}", **told)


def test_few_bids_are_not_trimmed_and_scores_end_at_zero() -> None:
    """Seen red: with `trim_from` alone (below three nothing would be left), and without max()."""
    got = price_scores(PRICE | {"trim_from": 2}, {1: 100, 2: 300}, "1")
    assert got["used"] == [1, 2] and got["dropped"] == (None, None)
    assert got["scores"] == {1: Fraction(75), 2: Fraction(50)}
    assert price_scores(PRICE | {"above": "3"}, {1: 100, 2: 300}, "1")["scores"][2] == 0


def test_the_base_is_exact() -> None:
    """Half a fen stays half a fen. Seen red: with the base rounded before use."""
    got = price_scores(PRICE, {1: 100, 2: 101}, "0.97")
    assert got["base"] == Fraction(201 * 97, 200) and got["scores"][1] == 100 - (100 / got["base"] - 1) * 100


def test_lowest_first() -> None:
    """W × base ÷ price."""
    got = price_scores({"formula": "lowest-first/v1", "points": "30"}, {1: 900, 2: 1000}, None)
    assert got["scores"] == {1: Fraction(30), 2: Fraction(27)}
    with pytest.raises(Wrong):
        price_scores({"formula": "other", "points": "30"}, {1: 1}, None)


def test_rounding_once_half_up() -> None:
    """Seen red: with round(), which goes to even."""
    assert [published(Fraction(text)) for text in ("0.125", "0.124", "1/3", "2.005", "10")] == [
        "0.13", "0.12", "0.33", "2.01", "10.00",
    ]  # fmt: skip
    assert cents(Fraction(1, 200)) == 1


def test_grid() -> None:
    """As many decimals as the longest of the three. Seen red: with the decimals of the low end."""
    assert grid({"k_range": ["0.97", "0.99"], "step": "0.005"}) == ["0.970", "0.975", "0.980", "0.985", "0.990"]
    assert grid({"k_range": ["1", "3"], "step": "1"}) == ["1", "2", "3"]
    for bad in ("0", "-1", "0.0000001"):
        with pytest.raises(Wrong):
            grid({"k_range": ["1", "3"], "step": bad})


def test_tickets() -> None:
    """A draw as an archive showed it. Seen red: with the line feed left out of ticket()."""
    seed, label = (
        bytes.fromhex("e3cc67300cc92958539896ede5dbc345b015245988b4c5bb92dbfa9721060ebc"),
        "coefficients:BJ2026-SC-0417-01",
    )
    order = in_order(seed, label, ["0.970", "0.975", "0.980", "0.985", "0.990"])
    assert order == ["0.985", "0.970", "0.975", "0.990", "0.980"]
    first = "3eab2619c5e7448fca5ec6b00afaa1b6b0e160394d8882afd36ec3cecbd5887f"
    assert ticket(seed, label, order[0]).hex() == first


def steps(*rows: tuple[str, str, str]) -> list[dict[str, Any]]:
    """Steps of a walk."""
    return [{"candidate": c, "outcome": o, "detail": d, "place": n} for n, (c, o, d) in enumerate(rows, 1)]


def test_who_is_seated_may_move() -> None:
    """The holder of A also holds B and makes room for who holds only A. Seen red: without the recursive seat()."""
    walk = steps(("ab", "seated", "B"), ("c", "skipped", "speciality"), ("a", "seated", "A"), ("b", "standby", ""))
    check_walk(["ab", "c", "a", "b"], walk, SEATS, HELD)


def test_stated_bars_are_taken() -> None:
    """A candidate barred meanwhile leaves the seat to the next."""
    walk = steps(("a", "skipped", "R-330(9) employer"), ("ab", "seated", "A"), ("b", "seated", "B"))
    check_walk(["a", "ab", "b"], walk, SEATS, HELD)


@pytest.mark.parametrize(
    "walk",
    [
        steps(("a", "standby", ""), ("ab", "seated", "A"), ("b", "seated", "B")),
        steps(("a", "skipped", ""), ("ab", "seated", "A"), ("b", "seated", "B")),
        steps(("a", "skipped", "speciality"), ("ab", "seated", "A"), ("b", "seated", "B")),
        steps(("a", "seated", "A"), ("ab", "seated", "B"), ("b", "seated", "B")),
        steps(("a", "seated", "B"), ("ab", "seated", "A"), ("b", "standby", "")),
        steps(("a", "seated", "A"), ("ab", "seated", "A"), ("b", "standby", "")),
        steps(("ab", "seated", "A"), ("a", "seated", "A"), ("b", "standby", "")),
        steps(("a", "seated", "A"), ("ab", "seated", "B")),
    ],
)
def test_walks_that_do_not_follow(walk: list[dict[str, Any]]) -> None:
    """Seen red: with the outcome, the count of seats and the order not compared, one after the other."""
    with pytest.raises(Wrong):
        check_walk(["a", "ab", "b"], walk, SEATS, HELD)


def test_answered_objections() -> None:
    """Seen red: with answered() true of any objection."""
    assert answered({"text": "x", "reply": "y"}) and not answered({"text": "x", "reply": None, "replied_at": None})
    assert not answered({"text": "x"})


HOSTILE: list[Any] = [None, True, 1, "x", [], [[]], [None], [1], {}, [{}], {"a": 1}, [{"a": {"b": []}}], 1.5e300]


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_no_shape_of_a_member_raises(tmp_path: Path, name: str) -> None:
    """Sixteen lines, whatever a member says. Seen red: with only Wrong caught in Findings.at()."""
    for value in HOSTILE:
        lines = check(save(tmp_path, archive(EMPTY | {name: value})))
        assert [line.check for line in lines] == [name for name, _, _ in CLAIMS]
        assert not all(line.holds for line in lines) and all(line.text() for line in lines)


def test_a_missing_member_is_named(tmp_path: Path) -> None:
    """Each member left out fails a line that names it. Seen red: with an empty list in place of a missing member."""
    for name in EMPTY:
        contents = {other: value for other, value in EMPTY.items() if other != name}
        lines = check(save(tmp_path, archive(contents)))
        found = [p.en for line in lines for p in line.problems]
        assert any(name in text and "missing" in text for text in found), (name, found)
