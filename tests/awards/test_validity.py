"""A longer validity (R-158): asked of all, agreed with the bond; refused or silent: the bid lapses, money returns."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from accounts.rules import Role
from awards import queries, services
from awards.queries import validity as found
from awards.rules import check_winner
from awards.rules.validity import check_extension
from bidding import queries as bidding
from core import canonical
from core.act import Platform
from core.clock import BEIJING
from core.errors import Refusal, Untimely
from portal.cli.tick import tick
from tests.bidding.bonds.stage import BondStage
from tests.conftest import Browser

NOW = datetime(2026, 10, 8, 9, tzinfo=BEIJING)
LAST = date(2026, 10, 20)


@pytest.mark.parametrize(
    ("now", "until", "answer_by", "code"),
    [
        (NOW, LAST, NOW + timedelta(days=1), "validity.until"),
        (NOW, date(2027, 10, 21), NOW + timedelta(days=1), "validity.until"),
        (NOW, date(2026, 11, 20), NOW, "validity.answer_by"),
        (NOW, date(2026, 11, 20), datetime(2026, 10, 21, 0, 0, 1, tzinfo=BEIJING), "validity.answer_by"),
        (datetime(2026, 10, 21, tzinfo=BEIJING), date(2026, 11, 20), NOW, "validity.over"),
    ],
)
def test_what_may_be_asked(now: datetime, until: date, answer_by: datetime, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_extension(now, LAST, until, answer_by, "评标中发现的疑点须外出核实")
    assert refused.value.code == code
    check_extension(NOW, LAST, date(2026, 10, 21), datetime(2026, 10, 21, tzinfo=BEIJING), "评标中发现的疑点须外出核实")


def test_who_did_not_agree_is_passed_over() -> None:
    """R-503: the next candidate may win where a higher one's bid no longer stands. Seen red: without NOT_EXTENDED."""
    check_winner([1, 2], 2, {1: ("not_extended", "R-158 2026-12-20")})


def test_bidders_decide_for_themselves_and_the_bond_follows(
    platform: Platform, tmp_path: Path, login: Callable[..., Browser]
) -> None:
    """One agrees with a guarantee that lasts, one refuses, one is silent; the money of both goes back in its days."""
    stage = BondStage(platform, tmp_path)
    stage.by_guarantee("a")
    for letter in "bc":
        stage.by_transfer(letter)
    for letter in "abc":
        stage.submit(letter)
    tenderee, page = partial(login, Role.TENDEREE), f"/tender/{stage.code}/validity"
    own = f"/bid/{stage.code}/validity"
    asked = {
        "until": "2027-06-30",
        "answer_by": "2026-12-01T17:00",
        "reason": "评标中发现的疑点须到外地核实，不能如期定标",
    }
    assert "没有可以延长有效期的投标" in tenderee().post(page, data=asked).text
    stage.to_confirmation()
    stage.state_bank()
    until = stage.terms()["valid_until"]
    answer_by = stage.clock.now().astimezone(BEIJING) + timedelta(days=3)
    asked |= {"until": str(date.fromisoformat(until) + timedelta(days=60)), "answer_by": f"{answer_by:%Y-%m-%dT%H:%M}"}
    kept = tenderee().post(page, data={**asked, "until": until})
    assert kept.status_code == 422 and "新的最后一日须晚于" in kept.text and asked["reason"] in kept.text
    assert tenderee().post(page, data=asked).status_code == 303
    assert "还在等待答复" in tenderee().post(page, data=asked).text
    assert login(Role.BIDDER, person="d").get(own).status_code == 404
    first = partial(login, Role.BIDDER, person="a")
    assert "延长后的电子保函" in first().get(own).text
    assert "须附上有效期不早于" in first().post(own, data={"answer": "agree"}).text

    def agree(document: dict[str, object]) -> Browser:
        file = (io.BytesIO(canonical.dumps(document)), "bond.json")
        return first().post(own, data={"answer": "agree", "guarantee": file})  # type: ignore[return-value]

    short = agree(stage.bank.issue(stage.terms(), stage.party("a")))
    assert short.status_code == 422 and "到期" in short.text  # type: ignore[attr-defined]
    longer = stage.bank.issue(stage.terms(), stage.party("a"), expires_on=asked["until"])
    assert agree(longer).status_code == 303  # type: ignore[attr-defined]
    assert "已经答复" in first().post(own, data={"answer": "refuse"}).text
    assert (stage.bond("a").state, (stage.bond("a").guarantee or {})["document"]["number"]) == (
        "held",
        longer["number"],
    )
    assert login(Role.BIDDER, person="b").post(own, data={"answer": "refuse"}).status_code == 303
    assert (stage.bond("b").state, stage.bond("b").basis) == ("due", "refused")
    assert stage.prepare("b", days=2).interest_fen > 0
    stage.clock.move_to(answer_by - timedelta(seconds=1))
    with platform.reading() as session:
        held = found.extensions(session, bidding.section(session, stage.code))[0]
    with pytest.raises(Untimely, match=r"validity\.running"), platform.act(stage.tenderee) as act:
        services.conclude_extension(act, found.extension(act.session, held.id))
    stage.clock.move_to(answer_by)
    assert f"conclude longer validity {held.id}" in tick(platform)
    assert f"conclude longer validity {held.id}" not in tick(platform)
    assert stage.bond("c").basis == "refused"
    with platform.reading() as session:
        section = bidding.section(session, stage.code)
        assert set(queries.set_aside_numbers(session, section).values()) == {"not_extended"}
        assert [bid.organisation_id for bid in found.standing_bids(session, section)] == [
            stage.bidder("a").actor.organisation_id
        ]
        assert str(found.valid_until(session, section)) == asked["until"]
    assert "未答复，视为不同意" in tenderee().get(page).text
    assert "到期没有答复" in login(Role.BIDDER, person="c").get(own).text
