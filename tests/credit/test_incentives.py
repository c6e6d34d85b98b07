"""What a good rating earns, and that no region and no owner can change it (R-707)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest

from accounts.rules import Role
from bidding import queries as bidding
from bidding.services import create_project
from core.act import Act, Platform
from core.errors import Invalid
from core.law import Rule, Snapshot
from credit import queries, services
from credit.rules import BadRow, check_neutral, incentive_for, matrix, parse_list
from tests import factories
from tests.conftest import START, Browser
from tests.factories import uscc

ActAs = Callable[..., AbstractContextManager[Act]]
ON = date(2026, 10, 8)
T = Snapshot("T", "2026-10-01", {})
RATED = "名称,统一社会信用代码,信用等级,有效期至\n"


def earned(*grades: str, until: str | None = None, **changed: object) -> tuple[int, str]:
    ratings = [{"grade": grade, "ban_until": until} for grade in grades]
    facts = {"on": ON, "as_of": ON, "law": matrix(T), **changed}
    found = incentive_for(ratings, **facts)  # type: ignore[arg-type]
    return found.waived, found.cause


@pytest.mark.parametrize(
    ("grades", "changed", "expected"),
    [
        (["AAA"], {}, (100, "rated")),
        (["AA"], {}, (50, "rated")),
        (["aaa"], {}, (100, "rated")),
        (["B"], {}, (0, "low_grade")),
        ([], {}, (0, "no_rating")),
        (["AAA", "AA"], {}, (0, "two_ratings")),
        (["AAA"], {"restricted": True}, (0, "restricted")),
        (["AAA"], {"as_of": None}, (0, "no_list")),
        (["AAA"], {"as_of": ON - timedelta(days=366)}, (0, "stale_rating")),
        (["AAA"], {"until": "2026-10-07"}, (0, "no_rating")),
        (["AAA"], {"until": "2026-10-08"}, (100, "rated")),
    ],
)
def test_what_a_grade_earns(grades: list[str], changed: dict[str, object], expected: tuple[int, str]) -> None:
    assert earned(*grades, **changed) == expected  # type: ignore[arg-type]


def test_what_remains_of_a_bond_is_whole_fen() -> None:
    found = incentive_for([{"grade": "AA"}], on=ON, as_of=ON, law=matrix(T))
    assert (found.due(80_000_000), found.due(101), found.due(0)) == (40_000_000, 50, 0)
    assert found.rule is not None and found.rule["rule"] == "R-707" and "发改法规" in found.rule["source"]


@pytest.mark.parametrize("circumstance", ["region", "ownership", "registered_in"])
def test_a_rule_that_favours_anybody_is_refused(circumstance: str) -> None:
    """Seen red: with `region` among NEUTRAL."""
    rule = Rule(
        "R-707", "incentive.bid_bond.AAA", "*", "100", "%", "x", "M", "2023-01-01", only={circumstance: ["330100"]}
    )
    with pytest.raises(Invalid) as caught:
        check_neutral([rule])
    assert caught.value.code == "credit.incentive_partial" and caught.value.facts["found"] == [circumstance]


def test_before_the_rule_was_in_force_nothing_is_earned() -> None:
    early = matrix(Snapshot("T", "2022-12-31", {}))
    assert "incentive.bid_bond.AAA" not in early.rules


def test_a_list_of_ratings_needs_code_and_grade() -> None:
    parsed = parse_list(f"{RATED}甲,{uscc(1)},AAA,\n乙,,AAA,\n丙,{uscc(3)},,\n".encode(), graded=True)
    assert [row.grade for row in parsed.rows.values()] == ["AAA"]
    assert [bad.reason for bad in parsed.bad] == ["credit.row_grade"] * 2
    with pytest.raises(Invalid, match=r"credit\.columns"):
        parse_list(b"name,reason\nx,y\n", graded=True)
    assert isinstance(parsed.bad[0], BadRow)


def test_the_rating_of_the_day_counts_and_its_evidence_names_the_list(act_as: ActAs) -> None:
    with act_as(Role.OPERATOR) as act:
        own = factories.organisation(act, 31)
        before = queries.incentive(act.session, own, T, ON)
        assert (before.waived, before.cause) == (0, "no_list")
        file = f"{RATED}{own.name},{own.identifier},AAA,2026-12-31\n".encode()
        done = services.import_list(act, source="credit_ratings", file=file, as_of=START)
        found = queries.incentive(act.session, own, T, ON)
        assert (found.waived, found.grade, found.due(100)) == (100, "AAA", 0)
        assert found.evidence["list"] == {"version": 1, "sha256": done.sha256}
        assert found.evidence["ratings"][0]["identifier"] == own.identifier
        assert queries.incentive(act.session, own, T, ON - timedelta(days=1)).cause == "no_list"
        ban = f"名称,统一社会信用代码,列入事由,有效期至\n{own.name},{own.identifier},串通投标,2026-11-30\n".encode()
        services.import_list(act, source="tender_bans", file=ban, as_of=START)
        mandatory = Snapshot("T", "2026-10-01", {}, {"mandatory": ["yes"]})
        assert queries.incentive(act.session, own, mandatory, ON).cause == "restricted"
        assert queries.incentive(act.session, own, mandatory, date(2026, 12, 1)).cause == "rated"


def test_the_tenderee_may_switch_incentives_off_before_the_first_publication_only(
    platform: Platform, login: Callable[..., Browser]
) -> None:
    """Seen red: with `project.law` unread."""
    tenderee = login(Role.TENDEREE)
    actor = factories.actor(platform, Role.TENDEREE)
    with platform.act(actor) as act:
        owner = act.session.get(factories.Organisation, actor.organisation_id)
        assert owner is not None
        project = create_project(act, name="水泵采购", tenderee=owner, region="330100", funding="财政资金")
        code, page = project.code, f"/tender/projects/{project.code}"
    assert "本项目是否采用" in tenderee.get(page).get_data(as_text=True)
    assert tenderee.post(f"{page}/incentives", data={"incentives": "perhaps"}).status_code == 422
    assert tenderee.post(f"{page}/incentives", data={"incentives": "no"}).status_code == 303
    assert login(Role.TENDEREE, person="b").post(f"{page}/incentives", data={"incentives": "yes"}).status_code == 404
    with platform.act(actor) as act:
        assert not queries.uses_incentives(act.session, code)
        assert queries.uses_incentives(act.session, "another")
        held = bidding.own_project(act.session, code, act.actor)
        held.law = {"regime": "T", "on": "2026-10-01", "rules": []}
    assert tenderee.post(f"{page}/incentives", data={"incentives": "yes"}).status_code == 409
    assert "本项目不采用" in tenderee.get(page).get_data(as_text=True)
