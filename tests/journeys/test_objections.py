"""A tender that stood still for objections, with a bid from those days and an uninvited one, to its archive."""

from __future__ import annotations

import io
import json
import tarfile
from datetime import timedelta
from pathlib import Path

from accounts import queries as accounts
from bidding import queries as bidding
from bidding import rules, services
from bidding.models import Invitee
from core.act import PUBLIC, Platform
from tests.bidding import two_persons
from tests.journeys.whole import Whole, wrong_lines

OBJECTION = "评分办法要求本市业绩，请删去。"


def invite(stage: Whole, *letters: str) -> None:
    """From here on only these may bid."""
    own = [stage.bidder(letter).actor.organisation_id for letter in letters]
    with stage.platform.act(stage.tenderee) as act:
        section = bidding.section(act.session, stage.code)
        section.project.invitation = "list"
        for organisation_id in own:
            held = accounts.organisation(act.session, organisation_id or 0)
            row = {"name": held.name, "identifier": held.identifier, "salt": act.chance(32).hex()}
            act.session.add(Invitee(section_id=section.id, is_invited=True, added_at=act.now, **row))


def test_a_tender_that_stood_still_is_archived_and_both_verifiers_agree(platform: Platform, tmp_path: Path) -> None:
    """R-135, R-210: a bid committed after the old deadline counts, the uninvited one stays sealed, and it all adds up.

    Seen red: with the deadline left where it was at the resumption, the closing and both verifiers.
    """
    stage = Whole(platform, tmp_path / "machines")
    invite(stage, "a", "b", "c")
    stage.submit("a")
    old = stage.deadline
    platform.clock.move_to(old - timedelta(days=10))  # type: ignore[attr-defined]
    for text in (OBJECTION, "工期过短。"):
        with platform.act(PUBLIC, through=rules.turnstile(stage.code), shared=False) as act:
            services.raise_objection(act, bidding.section(act.session, stage.code), text)
    platform.clock.move_to(old + timedelta(hours=3))  # type: ignore[attr-defined]
    stage.submit("b")
    for number in (2, 1):
        two_persons.clarify(
            platform, stage.code, objection=number, text="不改。", affects_preparation=False, reason="文件未改"
        )
    stage.learn()
    assert stage.deadline == old + timedelta(days=11)
    platform.clock.move_to(stage.deadline - timedelta(days=9))  # type: ignore[attr-defined]
    with platform.act(PUBLIC, through=rules.turnstile(stage.code), shared=False) as act:
        assert not services.raise_objection(act, bidding.section(act.session, stage.code), "迟来的异议。").is_admissible
    stage.submit("c")
    stage.submit("d")
    stage.to_confirmation("a", "b", "c")
    assert stage.bid("d").state == "refused"
    stage.hand_over()
    room = stage.room()
    room.to_scored()
    room.to_report()
    stage.awarded()
    archive = stage.archived()
    assert wrong_lines(stage, archive, tmp_path) == []
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        member = tar.extractfile("questions.json")
        assert member is not None
        told = json.loads(member.read())["objections"]
    assert [(o["number"], o["is_admissible"], o["answered_at"] is None) for o in told] == [
        (1, True, False), (2, True, False), (3, False, True),
    ]  # fmt: skip
