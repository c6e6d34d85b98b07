"""Who came to sit, in the archive: one seat determined directly, a supplementary draw, and both verifiers on them."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from awards.rules.container import open_container
from awards.rules.disclosure import CLASSES, editions, parts
from awards.rules.export import exported
from awards.rules.verdict.seats import approved, check_seats, check_walks
from awards.rules.verdict.told import Told
from core.act import SYSTEM, Platform
from core.errors import Invalid
from core.ledger.notes import Verifier
from experts import queries, services
from opening import services as opening
from tests.experts.story import METHOD
from tests.experts.test_direct import decide, propose
from tests.experts.test_large_pool import script
from tests.journeys.whole import Room, Whole, found_wrong, tampered, wrong_lines
from verifier import claims_draws, claims_seats
from verifier.canonical import Wrong
from verifier.container import Archive
from verifier.verdict import Case

pytestmark = pytest.mark.slow


def leave(room: Room, label: str) -> None:
    with room.as_member(label) as act:
        services.decline(act, room.seat_of(act, label), "另有任务")


def to_sheets(room: Room) -> None:
    """One of four seats determined directly; the order of the first draw is used up, so that a second is held."""
    codes = room.add_experts(6)
    room.request(seats=(("A08", 4),))
    propose(room, ("A08", codes[0]))
    decide(room)
    room.draw()
    for label in ("M1", "M4", "M5"):
        leave(room, label)
    room.add_experts(4, first=60)
    room.draw(2)
    room.name_representative()
    room.arrive()
    room.elect("D1")
    opine(room)
    room.review()
    room.begin_scoring()
    room.score()


def opine(room: Room) -> None:
    """Reference opinions on every bid, as the tick makes them."""
    with room.platform.act(SYSTEM) as act:
        section = room.section(act.session)
        for bid in queries.bids_in_evaluation(act.session, section):
            opining = services.ready_to_opine(act.session, section, bid)
            services.keep_opinions(act, bid, services.give_opinions(act.store, opining))


def opinions_told(stage: Whole, archive: bytes, folder: Path) -> None:
    """The texts are in the file, each bidder's own in its export, nobody's in the public one; a changed word is found.

    Seen red: both verifiers without the digest of the text.
    """
    container = open_container(io.BytesIO(archive))
    rows = container.json("opinions.json")
    assert [row["number"] for row in rows] == [1, 2, 3] and all(row["content"]["opinions"] for row in rows)
    held = {klass: exported(container, klass)[0]["leaves"] for klass in CLASSES}
    (hidden, shown) = (
        [one for one in held[klass] if one["place"].startswith("opinions.json")] for klass in ("party", "supervisor")
    )
    assert all("commitment" in one and "value" not in one for one in hidden) and "commitment" not in shown[0]
    leaves = parts(editions()[-1], ["opinions.json"], container.json, {})
    texts = [one for one in leaves if isinstance(one.value, dict) and "content" in one.value]
    assert [one.klass for one in texts] == ["bid:1", "bid:2", "bid:3"], "a bidder's own, of the parties"

    def reworded(opinions: Any) -> None:
        opinions[0]["content"]["opinions"][0]["verdict"] = "unclear"
        opinions[0]["content"]["opinions"][0]["quotation"] = "另一句话"

    for change in (reworded, lambda opinions: opinions.pop()):
        ours, theirs = found_wrong(stage, tampered(stage, archive, "opinions.json", change), folder)
        assert "scores" in ours and "scores" in theirs


def altered(case: Case, told: Told, change: Callable[[list[dict[str, Any]]], None]) -> tuple[Told, Case]:
    """Both readers with the ledger's entries changed behind their backs: as if every proof had been forged as well."""
    ours, theirs = Told(told.container, told.verifier), Case(case.archive, None)
    entries = copy.deepcopy(case.entries)
    change(entries)
    ours.ledger = {**told.ledger, "entries": entries}
    theirs.__dict__["entries"] = entries
    return ours, theirs


def entry(entries: list[dict[str, Any]], kind: str, place: int = 0) -> dict[str, Any]:
    return [one for one in entries if one["kind"] == kind][place]


def same_unit(entries: list[dict[str, Any]]) -> None:
    facts = entry(entries, "direct.approve")["facts"]
    facts["approver"]["unit"] = facts["proposer"]["unit"]


def same_person(entries: list[dict[str, Any]]) -> None:
    facts = entry(entries, "direct.approve")["facts"]
    facts["approver"]["login"] = facts["proposer"]["login"]


def other_people(entries: list[dict[str, Any]]) -> None:
    entry(entries, "direct.approve")["facts"]["people_sha256"] = "0" * 64


def other_ground(entries: list[dict[str, Any]]) -> None:
    for kind in ("direct.propose", "direct.approve"):
        entry(entries, kind)["facts"]["ground"] = "friend"


def no_reason(entries: list[dict[str, Any]]) -> None:
    for kind in ("direct.propose", "direct.approve"):
        entry(entries, kind)["facts"]["reason"] = "好"


def never_approved(entries: list[dict[str, Any]]) -> None:
    entries.remove(entry(entries, "direct.approve"))


def nobody_drew_this_one(entries: list[dict[str, Any]]) -> None:
    entry(entries, "member.invite", -1)["facts"]["candidate"] = "f" * 16


def one_more_seat(entries: list[dict[str, Any]]) -> None:
    for kind in ("direct.propose", "direct.approve"):
        entry(entries, kind)["facts"]["seats"][0]["count"] = 2


def never_left(entries: list[dict[str, Any]]) -> None:
    entries.remove(entry(entries, "member.decline"))


CHANGES = (
    same_unit, same_person, other_people, other_ground, no_reason, never_approved, nobody_drew_this_one, one_more_seat,
    never_left,
)  # fmt: skip


def test_both_verifiers_follow_a_direct_selection_and_a_supplementary_draw(
    platform: Platform, tmp_path: Path, app: Any
) -> None:
    """R-320, R-322. Each change of `CHANGES`, and of the draws, is found by both.

    Seen red: both verifiers before they walked supplementary draws (steps begin at 1).
    """
    stage = Whole(platform, tmp_path / "machines", method={**METHOD, "reference_opinions": True})
    for letter in "abc":
        stage.submit(letter)
    stage.to_window()
    for letter in "abc":
        stage.release(letter)
    stage.peel("tenderee")
    stage.open_ready()
    stage.tick()
    stage.draw()
    for verb in (opening.read_prices, opening.ask_confirmation):
        stage.act(stage.tenderee, verb)
    stage.hand_over()
    room = stage.room()
    to_sheets(room)
    room.to_report()
    stage.awarded()
    archive = stage.archived()
    assert wrong_lines(stage, archive, tmp_path) == []
    opinions_told(stage, archive, tmp_path)

    def standing_again(draws: Any) -> None:
        step = next(one for one in draws[-1]["outcome"]["standing"] if one["detail"] == "declined")
        step["outcome"], step["detail"] = "seated", "A08"

    def other_seats(draws: Any) -> None:
        draws[-1]["seats"][0]["count"] += 1

    for change in (standing_again, other_seats):
        ours, theirs = found_wrong(stage, tampered(stage, archive, "draws.json", change), tmp_path)
        assert "draws" in ours and "draws" in theirs, change

    key = Verifier.parse(str(platform.signer.verifier))
    told = Told(open_container(io.BytesIO(archive)), key)
    (tmp_path / "section.archive.tar").write_bytes(archive)
    case = Case(Archive(tmp_path / "section.archive.tar"), None)
    rows = case.archive.rows("draws.json")
    for check in (check_walks, check_seats, approved):
        check(told)
    claims_draws.check_walks(case, rows)
    claims_seats.check_sitting(case, rows)
    for change in CHANGES:
        ours_told, their_case = altered(case, told, change)
        with pytest.raises((Invalid, KeyError)):
            check_walks(ours_told)
            check_seats(ours_told)
        with pytest.raises(Wrong):
            for row in rows:
                if row["label"].startswith("experts:"):
                    claims_draws.check_draw(their_case, row)
            claims_draws.check_walks(their_case, rows)
            claims_seats.check_sitting(their_case, rows)

    public = app.test_client().get(f"/draws/experts/{stage.code}.json").get_json()
    earlier = public["draws"][:1]
    steps = script().replay(public["draws"][1], tuple(earlier))
    assert [name for name, what, _ in steps if what == "seated"]
    assert public["direct"][0]["ground"] == "complex"
