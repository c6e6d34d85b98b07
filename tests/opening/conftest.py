"""The stage of an opening day."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.act import Platform
from tests.opening.stage import Stage


@pytest.fixture
def stage(platform: Platform, tmp_path: Path) -> Stage:
    """A published section with three trustees; bids are sealed with `stage.submit(letter)`."""
    return Stage(platform, tmp_path / "machines")
