"""An evaluation that goes back twice: a member replaced while scoring, a locked result sent back."""

from __future__ import annotations

import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from accounts.rules import Role
from core.act import Platform
from experts import queries, services
from tests.journeys.test_government import through_the_hall
from tests.journeys.whole import Whole, found_wrong, tampered, wrong_lines

pytestmark = pytest.mark.slow


def test_a_replaced_member_a_rollback_and_dissent_end_in_an_archive_that_verifies(
    platform: Platform, tmp_path: Path
) -> None:
    """R-332, R-344, R-345: two reviews and two locks are told, the last of each counts.

    Seen red: both verifiers asked for exactly one review and one lock, so that an honest archive did not verify.
    """
    stage = Whole(platform, tmp_path / "machines")
    for letter in "abcd":
        stage.submit(letter)
    through_the_hall(stage)
    room = stage.room()
    room.to_scored()
    gone = next(one for one in room.members() if one.expert_id is not None and not one.is_leader)
    with platform.act(room.person_actor(gone)) as act:
        services.avoid(act, room.seat_of(act, gone.label), "近亲属在 1 号投标人处任职")
    room.arrive()
    room.review()
    room.begin_scoring(competition_reason="经评审，其余投标仍有竞争性")
    room.score()
    first = room.lock()
    assert gone.label not in [one["label"] for one in first["members"]]
    leader = next(one for one in room.members() if one.is_leader)
    with platform.act(room.person_actor(leader)) as act:
        number = services.ask_rollback(act, room.committee(act.session), "客观分业绩一项须重新核对合同").number
    with platform.act(room.actor(Role.SUPERVISOR)) as act:
        asked = queries.rollback(act.session, room.committee(act.session), number)
        services.decide_rollback(act, asked, is_approved=True, answer="同意")
    room.score()
    result = room.lock()
    assert [one["label"] for one in result["members"]] == [one["label"] for one in first["members"]]
    room.report()
    room.sign({leader.label: "对第一名的技术分有不同意见：施工组织设计未针对本工程"})
    room.deliver()
    stage.awarded()
    archive = stage.archived()
    assert wrong_lines(stage, archive, tmp_path) == []
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        told = json.loads(tar.extractfile("ledger.json").read())["entries"]  # type: ignore[union-attr]
    kinds = [entry["kind"] for entry in told]
    assert kinds.count("committee.begin_scoring") == kinds.count("committee.lock") == 2
    assert [e["facts"]["dissent"] is not None for e in told if e["kind"] == "member.sign_report"].count(True) == 1

    def unsent(value: Any) -> None:
        """As if the first lock had never been undone."""
        value["entries"] = [one for one in value["entries"] if one["kind"] != "committee.roll_back_scoring"]

    def kept(value: Any) -> None:
        """The replaced member's seat instead of the one who came."""
        fresh = next(one for one in value["members"] if one["label"] not in gone.label)
        for sheet in value["sheets"]:
            sheet["member"] = gone.label if sheet["member"] == fresh["label"] else sheet["member"]
        fresh["label"] = gone.label

    for path, change in (("ledger.json", unsent), ("evaluation.json", kept)):
        ours, theirs = found_wrong(stage, tampered(stage, archive, path, change), tmp_path)
        assert "scores" in ours and "scores" in theirs, path
