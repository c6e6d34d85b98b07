"""What the tick owes: everything that is due, whatever goes wrong elsewhere."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from core.act import Platform
from portal.cli import tick as bell
from portal.cli.letters import deliver_letters
from portal.cli.tick import tick
from tests.plans import read_whole

DONE = ("submission", "opening", "bid", "bid_clarification", "committee", "message", "bond", "bond_refund")
"""Tables in which nearly every row has long been done."""


def test_an_error_in_one_section_holds_up_no_other(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second section is scanned, the later steps are taken, then the error is told. Seen red: without
    `except Exception` in `telling`; without the group raised at the end."""
    seen: list[str] = []

    def scan(platform: Platform, code: str) -> None:
        seen.append(code)
        if code == "S-1":
            raise OSError("disk")

    def later(platform: Platform, done: Any) -> None:
        seen.append("kept house")

    due = [SimpleNamespace(code="S-1"), SimpleNamespace(code="S-2")]
    monkeypatch.setattr("collusion.queries.due_to_scan", lambda session: due)
    monkeypatch.setattr("collusion.services.scan_section", scan)
    monkeypatch.setattr(bell, "keep_house", later)
    with pytest.raises(ExceptionGroup) as told:
        tick(platform)
    assert [str(error) for error in told.value.exceptions] == ["disk"]
    assert seen == ["S-1", "S-2", "kept house"]


def test_what_is_due_is_found_by_an_index(platform: Platform) -> None:
    """Seen red: without the indexes of `state` and of the messages that wait, all ever done was read every second."""

    def ask() -> None:
        tick(platform)
        deliver_letters(platform)

    assert read_whole(platform.database, DONE, ask) == []
