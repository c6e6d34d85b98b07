"""A tender whose committee asks, corrects and hears before it rejects: a verified archive, sabotage seen."""

from __future__ import annotations

import base64
import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from accounts.rules import Role
from bidding import queries as bidding
from core.act import Platform
from core.errors import Conflict
from experts import queries, services
from experts.rules.clarifications import answer_message
from opening.models import Bid
from tests.journeys.test_government import METHOD, through_the_hall
from tests.journeys.whole import Room, Whole, found_wrong, tampered, wrong_lines

pytestmark = pytest.mark.slow

MAXIMUM = 1_000_000_00
PRICES = {"a": 400_000_00, "b": 820_000_00, "c": 900_000_00, "d": 1_000_000_00}
"""The vector of R-441: the first is below half of the second lowest and below 45 % of the maximum."""


def leader_of(room: Room) -> Any:
    return next(member for member in room.members() if member.is_leader)


def bid_of(stage: Whole, room: Room, act: Any, letter: str) -> Bid:
    bids = queries.bids_in_evaluation(act.session, room.section(act.session))
    return next(bid for bid in bids if bid.name == stage.bidders[letter].name)


def answer(stage: Whole, room: Room, letter: str, number: int, **said: Any) -> None:
    """The bidder writes and signs with the certificate of the bid."""
    bidder = stage.bidders[letter]
    proof = stage.platform.store.put(b"%PDF-1.7 supplier quotations")
    files = [{"name": "供货报价.pdf", "sha256": proof.sha256, "size": proof.size}]
    with stage.platform.act(bidder.actor) as act:
        section = bidding.section(act.session, stage.code)
        asked = queries.own_bid_clarification(act.session, section, act.actor, number)
        digest = services.write_answer(act, asked, files=files, **said)
        made = base64.b64encode(bidder.keys.sign(answer_message(digest))).decode()
        services.sign_answer(act, asked, answer_sha256=digest, signature=made)


def reviewed(stage: Whole) -> Room:
    """Seated and reviewed: the lowest must be asked; another bid's amount in words is lower than its figures."""
    room = stage.room()
    room.add_experts()
    room.request(seats=(("A08", 4),))
    room.draw()
    room.name_representative()
    room.arrive()
    room.elect(next(member.label for member in room.members() if member.seat != "representative"))
    room.review()
    with pytest.raises(Conflict, match=r"review\.low_price"):
        room.begin_scoring()
    with room.platform.act(room.person_actor(leader_of(room))) as act:
        held = room.committee(act.session)
        services.ask_bidder(
            act, held, bid_of(stage, room, act, "a"), kind="low_price", minutes=30,
            text="贵单位报价明显低于其他投标人，请书面说明并提供证明材料",
        )  # fmt: skip
        services.propose_correction(
            act, held, bid_of(stage, room, act, "c"), words_fen=810_000_00, minutes=30,
            text="投标函大写金额与小写金额不一致，请确认修正",
        )  # fmt: skip
    answer(stage, room, "a", 1, text="自有库存设备，附采购合同与成本测算")
    answer(stage, room, "c", 2, text="", accepts=True)
    for member in room.members():
        with room.platform.act(room.person_actor(member)) as act:
            found = {"low_price": ("fail", "材料不能证明报价合理") if member.label != "M1" else ("pass", "")}
            services.save_findings(act, room.seat_of(act, member.label), bid_of(stage, room, act, "a"), found)
    room.begin_scoring()
    return room


def test_a_low_price_is_heard_a_correction_counts_and_both_verifiers_follow(platform: Platform, tmp_path: Path) -> None:
    """R-402, R-431, R-432, R-441 from the question to the archive; every sabotage is seen by both verifiers.

    Seen red: with the independent verifier's `_signed` left out.
    """
    stage = Whole(
        platform, tmp_path / "machines", method=METHOD, regime="G", project={"category": "services"},
        section={"estimate_fen": MAXIMUM, "control_price_fen": MAXIMUM, "bond_fen": 0, "duration_days": 60},
    )  # fmt: skip
    for letter, price in PRICES.items():
        stage.bidder(letter).price_fen = price
        stage.submit(letter)
    through_the_hall(stage)
    room = reviewed(stage)
    room.score()
    result = room.lock()
    numbers = {bid["name"]: bid["number"] for bid in result["bids"]}
    low, mended = (numbers[stage.bidders[letter].name] for letter in "ac")
    assert low not in [row["number"] for row in result["ranking"]]
    assert result["corrections"] == [
        {"number": mended, "clarification": 2, "read_fen": 900_000_00, "price_fen": 810_000_00}
    ]
    assert result["price"]["base_fen"] == str(810_000_00)
    room.report()
    room.sign()
    room.deliver()
    stage.awarded()
    archive = stage.archived()
    assert wrong_lines(stage, archive, tmp_path) == []
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        told = json.loads(tar.extractfile("bid_clarifications.json").read())  # type: ignore[union-attr]
    assert [row["state"] for row in told] == ["answered", "answered"]

    def reworded(rows: Any) -> None:
        rows[0]["answer"]["text"] = "无"

    def unsigned(rows: Any) -> None:
        rows[0]["signature"] = rows[1]["signature"]

    def unasked(rows: Any) -> None:
        rows.pop(0)

    def cheaper(value: Any) -> None:
        value["corrections"][0]["price_fen"] = 800_000_00

    def uncorrected(value: Any) -> None:
        value.pop("corrections")

    for path, change in [
        ("bid_clarifications.json", reworded), ("bid_clarifications.json", unsigned),
        ("bid_clarifications.json", unasked), ("bid_clarifications.json", None),
        ("evaluation.json", cheaper), ("evaluation.json", uncorrected),
    ]:  # fmt: skip
        ours, theirs = found_wrong(stage, tampered(stage, archive, path, change), tmp_path)
        assert "scores" in ours and "scores" in theirs, (path, change)
    assert Role.BIDDER in stage.bidders["a"].actor.roles
