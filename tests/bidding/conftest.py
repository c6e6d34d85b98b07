"""Fixtures of the bidding tests: a stage with a published section, and bidders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.rules import Role
from core.act import Platform
from core.seal import Sealed
from tests.bidding.stage import Bidder, Stage


@pytest.fixture
def stage(platform: Platform) -> Stage:
    """A published section with three trustees, open for submissions."""
    return Stage(platform).publish()


@pytest.fixture
def bidder(tmp_path: Path) -> Callable[[str], Bidder]:
    """`bidder("甲")`: a bidder with fresh keys."""

    def make(name: str) -> Bidder:
        return Bidder(name, tmp_path / "bidders" / name)

    return make


@pytest.fixture
def headers(bearer: Callable[..., dict[str, str]], stage: Stage) -> dict[str, str]:
    """A bidder's bearer token."""
    return bearer(Role.BIDDER)


@pytest.fixture
def sealed(stage: Stage, bidder: Callable[[str], Bidder]) -> Sealed:
    """A sealed bid."""
    return bidder("甲").seal(stage.policy())
