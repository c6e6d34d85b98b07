"""The plan of an award committee on its page: off by default, only with its law, kept by the wizard."""

from __future__ import annotations

from collections.abc import Callable

from accounts.rules import Role
from awards.queries.selection import plan_of
from bidding import queries
from core.act import Platform
from tests import factories
from tests.bidding.stage import Stage
from tests.conftest import Browser


def test_a_draft_may_plan_an_award_committee_and_take_it_back(
    platform: Platform, login: Callable[..., Browser]
) -> None:
    """R-510, R-512, R-513: refused without basis or by lots with what was typed kept; the wizard does not lose it."""
    code = Stage(platform).draft()
    address, tenderee = f"/tender/{code}/selection/plan", login(Role.TENDEREE)

    def plan() -> object:
        with platform.reading() as session:
            return plan_of(queries.own_section(session, code, factories.actor(platform, Role.TENDEREE)))

    assert plan() is None and "按评标委员会的排名" in tenderee.get(address).text
    form = {
        "separate": "yes", "basis_title": "浙江省招标投标条例", "basis_article": "第三十七条", "method": "vote",
        "win": "majority", "price_rule": "lowest", "size": "5", "forming": "appointed", "roll": "",
        "factors": "履约情况、项目班子、报价合理性",
    }  # fmt: skip
    for changed, said in (
        ({"basis_title": "", "basis_article": ""}, "法律依据"),
        ({"method": "lots"}, "不得抽签"),
        ({"size": "6"}, "人数不符"),
        ({"forming": "drawn", "roll": "nobody"}, "抽取名单"),
    ):
        answer = tenderee.post(address, data={**form, **changed})
        assert answer.status_code == 422 and said in answer.text and "履约情况、项目班子、报价合理性" in answer.text
    assert plan() is None
    assert tenderee.post(address, data=form).status_code == 303
    assert "评定分离" in tenderee.get(f"/tender/sections/{code}/edit/method").text
    evaluation = {"evaluation": "lowest", "review": "营业执照有效"}
    assert tenderee.post(f"/tender/sections/{code}/edit/method", data=evaluation).status_code in (200, 303)
    assert plan() is not None
    assert login(Role.BIDDER).get(address).status_code == 403
    assert tenderee.post(address, data={"separate": "no"}).status_code == 303 and plan() is None
