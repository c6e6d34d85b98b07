"""An anonymous technical envelope (暗标) from publication to archive, in two sittings, with a replaced member."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import pytest

from bidding.rules import layout
from core.act import Platform
from core.seal import Enclosure
from experts import queries, services
from experts.rules import scored_criteria
from tests.experts.story import METHOD
from tests.journeys.test_two_sittings import conclude, first_sitting, second_sitting, to_second_record
from tests.journeys.whole import Room, Whole, found_wrong, tampered, wrong_lines


class MaskedRoom(Room):
    """The committee of a section with an anonymous envelope."""

    def review(self, failing: Any = None, *labels: str) -> None:
        """By name everything passes but the clause on marks, which was decided blind."""
        for member in self.members():
            if labels and member.label not in labels:
                continue
            with self.platform.act(self.person_actor(member)) as act:
                held = self.seat_of(act, member.label)
                for bid in queries.bids_in_evaluation(act.session, self.section(act.session)):
                    found = dict.fromkeys(("R1", "R2"), ("pass", ""))
                    services.save_findings(act, held, bid, found)

    def score(self, *labels: str, lock: bool = True, change: Any = None) -> None:
        """By name only what was not scored blind."""
        for member in self.members():
            with self.platform.act(self.person_actor(member)) as act:
                section = self.section(act.session)
                for sheet in queries.own_sheets(act.session, self.seat_of(act, member.label)):
                    if sheet.state != "draft":
                        continue
                    codes = set(scored_criteria(section.method)) - set(queries.own_criteria(section))
                    services.save_scores(act, sheet, {code: Decimal(5 - sheet.bid.number) for code in codes})
                    services.lock_sheet(act, sheet)


class MaskedWhole(Whole):
    """A stage whose bidders put a document into the technical envelope."""

    def _envelopes(self, bidder: Any, version: int, schedule: bytes | None) -> dict[str, list[Enclosure]]:
        envelopes = super()._envelopes(bidder, version, schedule)
        if "technical" in envelopes:
            document: Any = docx.Document()
            document.add_paragraph(f"施工组织设计，方案{bidder.price_fen}")
            document.core_properties.author = bidder.name
            path = self.folder / f"{bidder.letter}-{version}.docx"
            document.save(str(path))
            envelopes["technical"] = [Enclosure("proposal", path, f"{bidder.name}.docx")]
        return envelopes


def evaluated(platform: Platform, folder: Path, *, double: bool, replaced: bool) -> tuple[MaskedWhole, MaskedRoom]:
    """The section as its named scores are locked; bid 3 fails for marks."""
    second = platform.clock.now() + timedelta(days=24)
    section: dict[str, Any] = {"envelopes": layout(is_double=double, is_anonymous=True)}
    if double:
        section["second_opening_at"] = second
    stage = MaskedWhole(platform, folder, method=METHOD, section=section)
    for letter in "abcd":
        stage.submit(letter)
    first_sitting(stage)
    room = MaskedRoom(platform, stage.clock, code=stage.code, anonymous=True)
    room.add_experts()
    room.request(seats=(("A08", 4),))
    room.draw()
    room.name_representative()
    room.arrive()
    room.elect(next(member.label for member in room.members() if member.seat != "representative"))
    room.score_blind(marked=[3])
    room.lock_blind()
    room.review()
    room.begin_scoring(competition_reason="经评审，其余投标仍有竞争性")
    if replaced:
        room.score()
        with room.as_member("M3") as act:
            services.avoid(act, room.seat_of(act, "M3"), "发现与投标人有利害关系")
        fresh = next(member.label for member in room.members() if member.state == "invited")
        room.arrive(fresh)
        room.score_blind(fresh, marked=[3])
        room.lock_blind()
        room.review({}, fresh)
        room.begin_scoring(competition_reason="经评审，其余投标仍有竞争性")
    room.score()
    return stage, room


def entries(kind: str, told: Any) -> list[Any]:
    return [entry for entry in told["entries"] if entry["kind"] == kind]


def swap_labels(told: Any) -> None:
    """The mapping changed after the fact: two bids change their labels."""
    rows = entries("committee.lock_blind", told)[0]["facts"]["masks"]["labels"]
    rows[0]["submission_digest"], rows[1]["submission_digest"] = (
        rows[1]["submission_digest"],
        rows[0]["submission_digest"],
    )
    rows[0]["number"], rows[1]["number"] = rows[1]["number"], rows[0]["number"]


def swap_commitment(told: Any) -> None:
    """The seed swapped: the first round's secret is said to be the second's."""
    commitments = entries("masks.commit", told)[0]["facts"]["commitments"]
    commitments[0], commitments[1] = commitments[1], commitments[0]


def another_signature(told: Any) -> None:
    masks = entries("committee.lock_blind", told)[0]["facts"]["masks"]
    masks["signature"] = ("B" if masks["signature"][0] == "A" else "A") + masks["signature"][1:]


def move_sheet(told: Any) -> None:
    """A masked sheet moved to another label."""
    one, other = entries("masked_sheet.lock", told)[:2]
    one["facts"]["items"], other["facts"]["items"] = other["facts"]["items"], one["facts"]["items"]


def named_first(told: Any) -> None:
    """A named sheet that stands before the lock of the blind round."""
    lock, sheet = entries("committee.lock_blind", told)[0], entries("sheet.lock", told)[0]
    lock["index"], sheet["index"] = sheet["index"], lock["index"]
    told["entries"].sort(key=lambda entry: entry["index"])


def commit_late(told: Any) -> None:
    """The secrets committed only when the draw was known."""
    commit, reveal = entries("masks.commit", told)[0], entries("committee.lock_blind", told)[0]
    commit["index"], reveal["index"] = reveal["index"], commit["index"]
    told["entries"].sort(key=lambda entry: entry["index"])


def another_vote(told: Any) -> None:
    entries("masked_sheet.lock", told)[0]["facts"]["finding"] = "doubt"


SABOTAGE: tuple[Callable[[Any], None], ...] = (
    swap_labels, swap_commitment, another_signature, move_sheet, named_first, commit_late, another_vote,
)  # fmt: skip


def score_by_name(result: Any) -> None:
    """A blind score in a named sheet that was never locked under its label."""
    result["sheets"][0]["items"]["T1"] = "1.00"


@pytest.mark.slow
def test_an_anonymous_tender_in_two_sittings_with_a_replaced_member_verifies_and_no_sabotage_does(
    platform: Platform, tmp_path: Path
) -> None:
    """Both verifiers hold the good archive and name the claim `masks` for each of eight changes."""
    stage, room = evaluated(platform, tmp_path / "machines", double=True, replaced=True)
    conclude(room)
    second_sitting(stage)
    to_second_record(stage)
    room.to_report()
    stage.awarded()
    archive = stage.archived()
    assert wrong_lines(stage, archive, tmp_path) == []
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        told = json.loads(tar.extractfile("ledger.json").read())  # type: ignore[union-attr]
        result = json.loads(tar.extractfile("evaluation.json").read())  # type: ignore[union-attr]
    assert len(entries("committee.lock_blind", told)) == 2
    assert [one["number"] for one in result["conformity"]["bids"] if one["rejected"]] == [3]
    for change in SABOTAGE:
        ours, theirs = found_wrong(stage, tampered(stage, archive, "ledger.json", change), tmp_path)
        assert "masks" in ours and "masks" in theirs, (change.__name__, ours, theirs)
    ours, theirs = found_wrong(stage, tampered(stage, archive, "evaluation.json", score_by_name), tmp_path)
    assert "masks" in ours and "masks" in theirs
