"""The index of recordings: what its entries say, which hours nothing covers, and the hash the command computes."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from accounts.rules import Role
from awards.cli import archive
from awards.forms import read_recording
from awards.queries.recordings import recordings
from awards.rules.recordings import check_times, uncovered
from awards.services import register_recording
from bidding import queries as bidding
from core.act import Platform
from core.clock import StoppedClock
from core.errors import Invalid
from core.forms import every
from tests.experts.story import Story

NINE = datetime(2026, 11, 3, 1, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """That many minutes after nine."""
    return NINE + timedelta(minutes=minutes)


def test_what_no_recording_covers_is_found_to_the_minute() -> None:
    """Seen red: with files that lie inside longer ones ending the cover."""
    hours = (at(0), at(60))
    assert uncovered(hours, []) == [hours]
    assert uncovered(hours, [(at(-5), at(61))]) == []
    assert uncovered(hours, [(at(0), at(29.5)), (at(30), at(60))]) == [], "a change of files"
    assert uncovered(hours, [(at(30), at(45)), (at(0), at(20))]) == [(at(20), at(30)), (at(45), at(60))]
    assert uncovered(hours, [(at(0), at(50)), (at(5), at(10))]) == [(at(50), at(60))], "one inside another"
    assert uncovered(hours, [(at(70), at(80))]) == [hours], "after the room was closed"


def test_a_recording_ends_after_it_begins_and_before_now() -> None:
    """R-261."""
    check_times(at(0), at(10), at(10))
    for began, ended, code in ((at(10), at(10), "recording.times"), (at(0), at(11), "recording.future")):
        with pytest.raises(Invalid) as refused:
            check_times(began, ended, at(10))
        assert refused.value.code == code


def test_a_form_names_everything_that_is_wrong_with_an_entry() -> None:
    """All at once, each with its field."""
    typed = {"place": "kitchen", "title": "", "media": "film", "began_at": "nine", "sha256": "AB" * 32, "size": "0"}
    with pytest.raises(Invalid) as refused:
        read_recording(typed)
    found = {one.field for one in every([refused.value])}
    assert found == {"place", "title", "media", "began_at", "ended_at", "sha256", "size", "location", "custody"}
    typed = {
        "place": "evaluation:S2", "title": "副场", "media": "video", "began_at": "2026-11-03T09:00",
        "ended_at": "2026-11-03T11:30:05", "sha256": "ab" * 32, "size": "7000000000", "location": "柜 3",
        "custody": "档案室",
    }  # fmt: skip
    read = read_recording(typed)
    assert (read["room"], read["site"], read["began_at"], read["size"]) == ("evaluation", "S2", NINE, 7_000_000_000)


def test_the_command_says_the_hash_and_size_of_a_file(tmp_path: Path) -> None:
    """As any other program computes it; an empty file is none."""
    file = tmp_path / "大厅 1.mp4"
    file.write_bytes(b"\x00\x01" * 3_000_000)
    said = CliRunner().invoke(archive, ["recording", str(file), "--json"])
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert json.loads(said.output) == {"name": "大厅 1.mp4", "sha256": sha256, "size": 6_000_000}
    assert CliRunner().invoke(archive, ["recording", str(file)]).output == f"{sha256}  6000000  大厅 1.mp4\n"


def test_two_who_register_at_once_get_a_number_each(platform: Platform, clock: StoppedClock) -> None:
    """The second waits for the first. Seen red on PostgreSQL: without the lock both took the number 1."""
    story = Story(platform, clock)
    story.to_delivered()
    now, found = clock.now(), []

    def register(sha256: str) -> None:
        with platform.act(story.actor(Role.OFFICER)) as act:
            made = register_recording(
                act, bidding.section(act.session, story.code), room="evaluation", site="", title="一号机位",
                media="video", began_at=now - timedelta(hours=1), ended_at=now, sha256=sha256, size=7,
                location="柜 3", custody="档案室",
            )  # fmt: skip
            found.append(made.number)
            if sha256 == "5a" * 32:
                other.start()
                other.join(0.5)

    other = Thread(target=register, args=("5b" * 32,))
    register("5a" * 32)
    other.join(30)
    assert found == [1, 2]
    with platform.reading() as session:
        assert [one.number for one in recordings(session, bidding.section(session, story.code))] == [1, 2]
