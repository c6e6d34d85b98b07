"""The evaluation's story for its tests."""

from __future__ import annotations

import pytest

from core.act import Platform
from core.clock import StoppedClock
from tests.experts.story import Story


@pytest.fixture
def story(platform: Platform, clock: StoppedClock) -> Story:
    """A story that has not begun."""
    return Story(platform, clock)
