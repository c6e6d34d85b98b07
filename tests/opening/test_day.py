"""A whole opening day through the services, with real sealed bids."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.act import Platform
from opening import services
from tests.opening.stage import Stage


@pytest.fixture
def stage(platform: Platform, tmp_path: Path) -> Stage:
    return Stage(platform, tmp_path / "machines")


def test_a_plain_day_from_closing_to_hand_over(stage: Stage) -> None:
    for letter in "abc":
        stage.submit(letter)
    stage.to_confirmation()
    for letter in "abc":
        stage.as_bid(letter, stage.bidders[letter].actor, services.confirm_record)
    stage.act(stage.tenderee, services.sign_record)
    stage.act(stage.tenderee, services.hand_over)
    assert stage.opening.state == "handed_over"
    assert stage.bid("a").price_fen == stage.bidders["a"].price_fen
    assert stage.opening.section.state == "opened"
