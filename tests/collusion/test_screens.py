"""Price screens: hand-computed values, invariance, hostile tables, honest markets stay quiet, a planted ring shows."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from collusion.cli import collusion
from collusion.rules.screens import null
from collusion.rules.screens.catalogue import SCREENS
from collusion.rules.screens.coalitions import company
from collusion.rules.screens.report import fisher, screen_table
from collusion.rules.screens.table import FAULTS, read_table
from core.errors import Invalid

HEAD = "tender_id,bidder_id,bid_value"


def values(*bids: float) -> dict[str, float]:
    """Every screen that is defined for these bids."""
    ordered = np.sort(np.asarray(bids, float))
    return {s.identifier: float(s.compute(ordered)) for s in SCREENS if len(bids) >= s.defined}


def market(
    seed: int = 1, tenders: int = 300, ring: tuple[str, ...] = (), noise: float = 0.002, round_to: int = 1
) -> list[tuple[str, str, int]]:
    """Independent bids, tenders of unequal spread; in a third of them the ring bids with one mind."""
    chance = random.Random(seed)
    rows = []
    for number in range(tenders):
        spread, level = chance.lognormvariate(-3.3, 0.5), chance.lognormvariate(15, 1)
        bidders = chance.sample([f"b{i:02}" for i in range(60)], chance.randint(3, 9))
        bids = {bidder: level * math.exp(chance.gauss(0, spread)) for bidder in bidders}
        if number % 3 == 0:
            bids |= {bidder: level * 1.01 * math.exp(chance.gauss(0, noise)) for bidder in ring}
        rows += [(f"t{number}", bidder, max(1, round(bid / round_to)) * round_to) for bidder, bid in bids.items()]
    return rows


def csv_of(rows: list[tuple[str, str, int]]) -> bytes:
    return "\n".join([HEAD, *(",".join(map(str, row)) for row in rows)]).encode()


def run(*arguments: str) -> Any:
    return CliRunner().invoke(collusion, ["screen", *arguments])


def test_screens_of_four_bids_by_hand() -> None:
    """100, 102, 104, 110: mean 104, deviations −4 −2 0 6, squares 56, cubes 144, fourth powers 1568.

    Seen red: with ddof=0 in the coefficient of variation, and with the lead measured from the third bid.
    """
    found = values(110, 100, 104, 102)
    sd = math.sqrt(56 / 3)
    assert found["variance.cv"] == pytest.approx(sd / 104)
    assert found["variance.spread"] == pytest.approx(0.1)
    assert found["asymmetry.diffp"] == pytest.approx(0.02)
    assert found["asymmetry.rd"] == pytest.approx(2 / math.sqrt(52 / 3))  # losing bids 102, 104, 110: squares 34.67 / 2
    assert found["asymmetry.altrd"] == pytest.approx(2 / 4)
    assert found["asymmetry.rdnor"] == pytest.approx(2 / (10 / 3))
    g1 = (144 / 4) / 14**1.5
    assert found["shape.skewness"] == pytest.approx(g1 * math.sqrt(12) / 2)
    g2 = (1568 / 4) / 14**2 - 3
    assert found["shape.kurtosis"] == pytest.approx(3 / 2 * (5 * g2 + 6))
    assert found["shape.ks"] == pytest.approx(0.75 - 0.4)  # three of four bids lie in the first 40 % of the range
    assert found["coalition.cv3"] == pytest.approx(2 / 102)
    assert found["coalition.cv4"] == pytest.approx(sd / 104)
    assert company(np.asarray([100.0, 102, 104, 110])).tolist() == pytest.approx([4 / 104, 4 / 104, 4 / 104, 8 / 104])


@pytest.mark.parametrize("factor", [0.001, 7.3, 1e9])
def test_another_currency_changes_no_screen(factor: float) -> None:
    """Seen red: with the spread not divided by the lowest bid."""
    bids = [311.0, 287.5, 290.2, 305.1, 288.8, 340.9]
    assert values(*(bid * factor for bid in bids)) == pytest.approx(values(*bids), rel=1e-9)


def test_equal_bids_have_values_and_no_division_by_zero() -> None:
    """Seen red: without the guards numpy warned and gave nan."""
    with np.errstate(all="raise"):
        alike, led = values(5.1, 5.1, 5.1, 5.1, 5.1), values(5.0, 5.1, 5.1, 5.1, 5.1)
    assert alike == pytest.approx(dict.fromkeys(alike, 0.0), abs=1e-12)
    assert led["asymmetry.rd"] == 1000.0


@pytest.mark.parametrize("bids", [(100.1, 100.2, 100.3), (1e6 + 0.1, 1e6 + 0.2, 1e6 + 0.3)])
def test_symmetric_bids_have_no_skewness_at_all(bids: tuple[float, ...]) -> None:
    """What is left of zero would rank them by chance. Seen red: without the guard."""
    assert values(*bids)["shape.skewness"] == 0.0


def test_the_result_does_not_depend_on_the_order_of_lines() -> None:
    """Seen red: with neither the table nor the residuals sorted."""
    rows = market(tenders=80)
    shuffled = random.Random(5).sample(rows, len(rows))
    one, other = (screen_table(read_table(csv_of(each)), draws=199) for each in (rows, shuffled))
    assert json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def test_an_honest_market_is_alarming_as_often_as_promised() -> None:
    """Seen red: with every draw at the mean spread of the others instead of one other's."""
    result = screen_table(read_table(csv_of(market(tenders=600))))
    chances = [tender["p"] for tender in result["tenders"]]
    assert 0.02 < sum(p <= 0.05 for p in chances) / len(chances) < 0.09
    assert sum(p <= 0.01 for p in chances) / len(chances) < 0.03
    assert [entry for entry in (*result["tenders"], *result["bidders"]) if entry["q"] <= 0.05] == []


def test_round_prices_accuse_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal bids are common where all bid in round sums. The second half takes the guard away: it accuses."""
    table = read_table(csv_of(market(tenders=300, round_to=100_000)))

    def share() -> float:
        chances = [tender["p"] for tender in screen_table(table)["tenders"] if tender["p"] is not None]
        return sum(p <= 0.01 for p in chances) / len(chances)

    assert share() < 0.03
    monkeypatch.setattr(null, "coarseness", lambda bids: null.FINEST)
    assert share() > 0.06


def test_bidders_who_keep_close_company_come_first() -> None:
    """Seen red: with noise 0.2 for the ring, who then bid like everybody."""
    ring = ("ring1", "ring2", "ring3")
    result = screen_table(read_table(csv_of(market(ring=ring))))
    assert {entry["bidder_id"] for entry in result["bidders"][:3]} == set(ring)
    assert all(entry["q"] < 1e-3 and entry["explanations"] for entry in result["bidders"][:3])
    assert all(entry["q"] > 0.05 for entry in result["bidders"][3:])
    shown = result["bidders"][0]["explanations"][0]
    assert "可能的正常原因" in shown["zh"] and "innocent" in shown["en"]


def test_a_tender_is_not_measured_by_itself() -> None:
    """Another tender of its fold may change at will; one of another fold changes the draws. Seen red: folds ignored."""
    rng = np.random.default_rng(4)
    tenders = {f"t{i}": np.sort(np.round(np.exp(rng.normal(0, 0.03, 4)) * 1e6)) for i in range(80)}
    names = [name for name in tenders if null.fold(name) == null.fold("t0")]
    outsider = next(name for name in tenders if null.fold(name) != null.fold("t0"))

    def drawn(changed: str | None) -> list[float]:
        bids = tenders | ({changed: np.asarray([1.0, 2.0, 50.0, 51.0])} if changed else {})
        measure = null.Null("", bids, 199).measure("t0")
        assert measure is not None
        return measure.values["variance.cv"].tolist()

    assert drawn(names[1]) == drawn(None) != drawn(outsider)


def test_without_others_nothing_is_claimed() -> None:
    """Seen red: with LEAST_TENDERS at 1."""
    result = screen_table(read_table(csv_of(market(tenders=20))))
    assert {tender["p"] for tender in result["tenders"]} == {None}
    assert all("冷启动" in tender["explanations"][0]["zh"] for tender in result["tenders"])


def test_an_award_rule_is_measured_by_its_own_kind() -> None:
    """Seen red: with one measure for all rules."""
    rows = [f"{t},{b},{v},{'A' if int(t[1:]) < 70 else 'B'}" for t, b, v in market(tenders=90)]
    result = screen_table(read_table("\n".join([HEAD + ",award_rule", *rows]).encode()), draws=99)
    assert {tender["award_rule"] for tender in result["tenders"] if tender["p"] is not None} == {"A"}


HOSTILE = f"""{HEAD},winner,date,reserve_price,award_rule
ok,a,"1,234.50",1,2024-05-06,2000,低价法
ok,b,￥１３００,0,,2000,低价法
ok,c,1300,,,2000,低价法
bad1,a,-5,,,,
bad1,b,10,,,,
bad2,a,nan,,,,
bad3,a,1e5,,,,
bad4,a,0,,,,
bad5,a,7,maybe,,,
bad6,a,7,,31/12/2024,,
bad7,a,7,,,,
bad7,a,7,,,,
bad8,a,7,,,,x
bad8,b,8,,,,y
bad9,a
,a,7,,,,
bad10,{"x" * 201},7,,,,
bad11,a,=1+1,,,,
bad12,a,"1,23",,,,
"""


def test_every_line_that_cannot_be_used_is_named_in_both_languages() -> None:
    """Seen red: with a bid of -5 taken as a number, and with the rest of a faulty tender screened."""
    table = read_table(HOSTILE.encode("gb18030"))
    assert list(table.tenders) == ["ok"]
    assert [row.value for row in table.tenders["ok"]] == [1234.5, 1300.0, 1300.0]
    assert [(fault.line, fault.code) for fault in table.faults] == [
        (5, "row.number"), (7, "row.number"), (8, "row.number"), (9, "row.number"), (10, "row.winner"),
        (11, "row.date"), (13, "row.twice"), (15, "row.differs"), (16, "row.width"), (17, "row.empty"),
        (18, "row.long"), (19, "row.number"), (20, "row.number"),
    ]  # fmt: skip
    assert {fault.code for fault in table.faults} == set(FAULTS)
    assert table.faults[6].told()["zh"].endswith("第 12 行") and "line 12" in table.faults[6].told()["en"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "screen.columns"),
        (b"tender_id,bidder_id\n1,2\n", "screen.columns"),
        (f"{HEAD},bid_value\n1,2,3,4\n".encode(), "screen.repeated"),
        (f"{HEAD}\n\n".encode(), "screen.empty"),
        (b"\x89PNG\x00\x00", "screen.unreadable"),
        (f'{HEAD}\n1,"2,3\n'.encode(), "screen.unreadable"),
        (b"\xff\xfe\xff" * 9, "screen.unreadable"),
    ],
)
def test_what_is_no_table_of_bids_is_refused(data: bytes, code: str) -> None:
    """Seen red: an unclosed quote swallowed the rest of the file without strict=True."""
    with pytest.raises(Invalid) as refusal:
        read_table(data)
    assert refusal.value.code == code


def test_the_command_writes_the_same_bytes_twice_and_tells_bad_lines(tmp_path: Path) -> None:
    """Seen red: with the seed taken from where the object lies in memory."""
    (tmp_path / "bids.csv").write_bytes(csv_of(market(tenders=60)) + b"\nlast,a,none")
    first, second = (run(str(tmp_path / "bids.csv"), "--json", str(tmp_path / name)) for name in ("one", "two"))
    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert "bid_value" in first.stderr and "none" in first.stderr
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    result = json.loads((tmp_path / "one").read_text("utf-8"))
    assert result["set_aside"] == ["last"] and len(result["tenders"]) == 60
    assert "非认定" in result["caution"]["zh"]


def test_fisher_by_hand_and_with_many() -> None:
    """χ² with 2·2 degrees at −2·ln(0.05²): 0.0025·(1 + ln 400). Seen red: with one degree too many."""
    assert fisher([0.05, 0.05]) == pytest.approx(0.0025 * (1 + math.log(400)))
    assert fisher([1.0, 1.0]) == 1.0
    assert 0.3 < fisher([math.exp(-1)] * 2000) < 0.7


def test_the_site_starts_without_screens_or_learners() -> None:
    """Seen red: with screen_table imported at the head of collusion/cli.py. (openpyxl loads numpy by itself.)"""
    wanted = ["scipy", "sklearn", "collusion.rules.screens"]
    program = f"import sys, portal.app, collusion.cli; print([name for name in {wanted} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
