"""集体议事 and 价格竞争 through the services: opinions before the decision, prices without a ballot, who may sit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from accounts.queries import actor_for
from accounts.rules import Role
from awards import queries, services
from awards.queries.selection import own_sitting, sitting
from core.act import SYSTEM
from core.errors import Conflict, Invalid
from tests import factories
from tests.awards.test_awards import award, end, publish
from tests.awards.test_selection_rules import PLAN
from tests.experts.story import METHOD, Story

STAFF = [f"chooser-{number}" for number in range(1, 6)]


def convene(story: Story, logins: list[str]) -> None:
    with story.platform.act(story.actor(Role.TENDEREE)) as act:
        services.convene_selection(act, queries.publicity(act.session, story.section(act.session)), logins)


def act_for(story: Story, login: str, verb: Any, **values: Any) -> None:
    with story.platform.reading() as session:
        actor = actor_for(session, login)
    with story.platform.act(actor) as act:
        verb(act, own_sitting(act.session, story.code, act.actor)[0], **values)


def published(story: Story, plan: Mapping[str, Any]) -> None:
    """To the end of the publicity of a section whose tender had that plan."""
    opened = story.open_section

    def planned() -> None:
        opened()
        with story.platform.act(SYSTEM) as act:
            section = story.section(act.session)
            section.method = {**METHOD, "selection": {**PLAN, **plan}}
            unit = section.project.tenderee
            for login in STAFF:
                factories.person(act, Role.TENDEREE, login=login, name=f"定标{login[-1]}", organisation=unit)

    story.open_section = planned  # type: ignore[method-assign]
    story.to_delivered()
    publish(story)
    with story.platform.reading() as session:
        story.clock.move_to(queries.publicity(session, story.section(session)).ends_at)
    end(story)


def sign(story: Story) -> None:
    """Every member signs the report; nobody twice, and no other report."""
    with story.platform.reading() as session:
        sha256 = sitting(session, story.code).report_sha256
    assert sha256 is not None
    with pytest.raises(Conflict, match=r"report\.other"):
        act_for(story, STAFF[0], services.sign_selection, report_sha256="0" * 64)
    for login in STAFF:
        act_for(story, login, services.sign_selection, report_sha256=sha256)
    with pytest.raises(Conflict, match=r"selection\.signed"):
        act_for(story, STAFF[0], services.sign_selection, report_sha256=sha256)


def test_in_a_discussion_one_decides_after_everybody_spoke(story: Story) -> None:
    """R-514: opinions first, the first seat decides; against most opinions with a longer reason."""
    published(story, {"method": "discussion"})
    with pytest.raises(Invalid, match=r"selection\.size"):
        convene(story, STAFF[:3])
    evaluator = next(member.person.login for member in story.members())
    with pytest.raises(Invalid, match=r"selection\.(person|evaluator)"):
        convene(story, [*STAFF[:4], evaluator])
    convene(story, STAFF)
    for login in STAFF:
        act_for(story, login, services.declare_selector)
    with pytest.raises(Conflict, match=r"selection\.opinions"):
        act_for(story, STAFF[0], services.decide_selection, choice=1, reason="履约评价最好，班子经验相符")
    with story.platform.reading() as session:
        first, second = sitting(session, story.code).among[:2]
    for login in STAFF:
        act_for(story, login, services.cast_ballot, choice=first, reason="履约评价最好，班子经验相符")
    with pytest.raises(Conflict, match=r"selection\.decider"):
        act_for(story, STAFF[1], services.decide_selection, choice=first, reason="履约评价最好，班子经验相符")
    with pytest.raises(Invalid, match=r"form\.length"):
        act_for(story, STAFF[0], services.decide_selection, choice=second, reason="履约评价最好，班子经验相符")
    long = "考察中第一位候选人同类项目有两次重大质量整改，第二位候选人近三年履约评价均为优秀，班子到位率最高。"
    with pytest.raises(Conflict, match=r"selection\.pending"):
        award(story)
    act_for(story, STAFF[0], services.decide_selection, choice=second, reason=long)
    with pytest.raises(Conflict, match=r"selection\.unsigned"):
        award(story)
    sign(story)
    with pytest.raises(Invalid, match=r"selection\.chosen"):
        award(story, number=first)
    award(story)
    with story.platform.reading() as session:
        winner = queries.publicity(session, story.section(session)).winner
        assert winner is not None and winner.number == second


def test_by_price_the_lowest_wins_without_a_ballot(story: Story) -> None:
    """R-514: the price rule of the tender decides once everybody has declared; among unranked candidates."""
    published(story, {"method": "price", "price_rule": "lowest"})
    convene(story, STAFF)
    for login in STAFF:
        act_for(story, login, services.declare_selector)
    with story.platform.reading() as session:
        held = sitting(session, story.code)
        cheapest = min(held.candidates, key=lambda number: story.prices[number - 1])
        assert held.state == "concluded" and held.result["winner"] == cheapest and held.result["rounds"] == []
    sign(story)
    award(story, number=cheapest)
