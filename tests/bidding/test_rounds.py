"""The final-offer round: sealed, for those whose first response was opened, with an instant of its own (R-602)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from accounts.queries import organisation
from accounts.rules import Role
from bidding import queries, rules, services
from bidding.models import Section
from core.act import Platform
from core.board import notices
from core.errors import Conflict, Forbidden, Invalid, Missing
from core.ledger.log import entries_of
from core.seal import Sealed
from core.seal.age import peel
from tests import factories
from tests.bidding import two_persons
from tests.bidding.stage import Bidder, Stage, refused, request_of
from tests.conftest import Browser

LOWEST: dict[str, Any] = {
    "type": "comprehensive/v1",
    "criteria": [],
    "price": {"formula": "lowest-first/v1", "points": "100"},
    "review": [{"code": "R1", "text": "★ 满足全部技术要求", "source": "谈判文件", "substantive": True}],
}


@pytest.fixture
def negotiation(platform: Platform) -> Stage:
    """A negotiation whose first responses have been opened and recorded."""
    stage = Stage(platform)
    values = {"method": LOWEST, "estimate_fen": 180_000_000, "control_price_fen": 180_000_000, "bond_fen": 0}
    stage.draft(regime="G", category="goods", is_mandatory=False, **values)
    with stage.act(Role.TENDEREE) as act:
        section = queries.own_section(act.session, stage.code, act.actor)
        services.update_project(act, section.project, procedure="negotiation")
        services.update_project(act, section.project, ground="g30_2", invitation="public")
    two_persons.publish(platform, stage.code)
    platform.clock.move_to(stage.section().closing_at)  # type: ignore[attr-defined]
    stage.close()
    with stage.act(Role.OFFICER) as act:
        services.mark_opened(act, queries.section(act.session, stage.code), record_sha256="0" * 64)
    return stage


def invited(platform: Platform, people: str = "abc") -> list[tuple[str, str]]:
    """The organisations of the tests' bidders as (identifier, name)."""
    found = []
    for who in people:
        actor = factories.actor(platform, Role.BIDDER, who)
        with platform.reading() as session:
            assert actor.organisation_id is not None
            own = organisation(session, actor.organisation_id)
            found.append((own.identifier, own.name))
    return found


def call(stage: Stage, people: str = "abc", **changes: Any) -> Section:
    """The round called by the tenderee, an hour long."""
    listed = invited(stage.platform, people)
    with stage.act(Role.TENDEREE) as act:
        section = queries.own_section(act.session, stage.code, act.actor)
        deadline = changes.pop("deadline_at", act.now + timedelta(hours=1))
        return services.call_final_offers(act, section, deadline_at=deadline, invited=listed)


def offer(bidder: Bidder, policy: Mapping[str, Any], fen: int) -> Sealed:
    """A final offer: the schedule alone."""
    return bidder.seal(policy, files={"schedule": bidder.files(fen)["schedule"]})


def test_the_round_is_sealed_for_the_invited_and_closes_at_its_own_instant(
    negotiation: Stage,
    bearer: Callable[..., dict[str, str]],
    login: Callable[..., Browser],
    bidder: Callable[[str], Bidder],
) -> None:
    """Three may offer, a stranger not; after the second barrier the set is final. Seen red: with everybody let in."""
    final = call(negotiation)
    stage = Stage(negotiation.platform, code=final.code)
    assert (final.code, final.round, final.first_round) == (f"{negotiation.code}-F", 2, negotiation.code)
    assert stage.policy()["envelopes"] == ["schedule"]
    assert stage.policy()["recipients"] == negotiation.policy()["recipients"]
    app = login(Role.BIDDER)
    address = f"/sections/{final.code}/submissions"
    for who, fen in zip("abcd", (170_000_000, 160_000_000, 165_000_000, 1), strict=True):
        sealed = offer(bidder(who), stage.policy(), fen)
        stage.deposit(sealed)
        answer = app.post(address, json=request_of(sealed), headers=bearer(Role.BIDDER, person=who), plain=True)
        assert answer.status_code == (403 if who == "d" else 201), answer.text
    stage.platform.clock.move_to(final.closing_at)  # type: ignore[attr-defined]
    late = offer(bidder("late"), stage.policy(), 2)
    stage.deposit(late)
    answer = app.post(address, json=request_of(late), headers=bearer(Role.BIDDER, person="a"), plain=True)
    assert (answer.status_code, answer.json["code"]) == (409, "bid.late")
    assert len(stage.close().items) == 3
    with stage.platform.reading() as session, refused(Forbidden, "bid.not_invited"):
        stranger = factories.actor(stage.platform, Role.BIDDER, "d")
        queries.check_invited(session, queries.section(session, final.code), stranger)


def test_nothing_tells_who_goes_on_or_how_many(negotiation: Stage, login: Callable[..., Browser]) -> None:
    """R-043, R-602: neither the notice nor the ledger nor a page. Seen red: with the invited in the notice."""
    final = call(negotiation)
    with negotiation.platform.reading() as session:
        (notice,) = notices(session, subject=final.subject)
        written = str(notice.content) + "".join(
            str(entry.facts) for code in (final.subject, negotiation.section().subject)
            for entry in entries_of(session, code)
        )  # fmt: skip
    page = login(Role.BIDDER, person="d").get(f"/sections/{final.code}").text
    for identifier, name in invited(negotiation.platform):
        assert identifier not in written + page
        assert name not in written + page
    assert "最后报价" in page
    assert negotiation.section().state == "final_called"


def test_each_trustee_gets_a_canary_for_the_round(negotiation: Stage) -> None:
    """The same keys, proved again. Seen red: with the canaries of the first round copied."""
    final = call(negotiation)
    with negotiation.platform.reading() as session:
        first = {one.role: one.canary_digest for one in queries.trustees(session, negotiation.section())}
        for trustee in queries.trustees(session, queries.section(session, final.code)):
            assert trustee.canary_digest != first[trustee.role]
            assert trustee.rehearsed_at is None
            import base64

            assert peel(base64.b64decode(trustee.canary or ""), negotiation.trustees[trustee.role])


def test_the_round_is_refused_where_there_is_none(stage: Stage, negotiation: Stage) -> None:
    """A tender has one round, a round none of its own, too few end it, a past instant is none.

    Seen red: each by dropping its check.
    """
    with refused(Conflict, "round.none"):
        call(stage)
    with refused(Conflict, "round.too_few", found=2, value="3"):
        call(negotiation, "ab")
    with refused(Invalid, "round.deadline"):
        call(negotiation, deadline_at=negotiation.platform.clock.now())
    final = call(negotiation)
    with refused(Conflict, "round.not_opened"):
        call(negotiation)
    with refused(Conflict, "round.none"):
        call(Stage(negotiation.platform, code=final.code))


def test_the_host_calls_the_round_on_its_page(negotiation: Stage, login: Callable[..., Browser]) -> None:
    """With nobody opened the page refuses with the article; others find nothing. Seen red: without ownership."""
    address = f"/opening/{negotiation.code}/final-offers"
    owner, other = login(Role.TENDEREE), login(Role.TENDEREE, person="b")
    page = owner.get(address)
    assert page.status_code == 200 and "政府采购法第三十八条第五项" in page.text
    assert other.get(address).status_code == 404
    assert other.post(address, data={"deadline_at": "2026-11-03T12:00"}).status_code == 404
    few = owner.post(address, data={"deadline_at": "2026-11-30T12:00"})
    assert few.status_code == 409 and "R-600" in few.text
    assert owner.post(address, data={"deadline_at": "午后"}).status_code == 422
    with negotiation.platform.reading() as session, pytest.raises(Missing):
        queries.section(session, f"{negotiation.code}-F")
    assert rules.check_layout(negotiation.section().envelopes)
