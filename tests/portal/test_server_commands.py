"""Commands for the server find its platform by the settings, and make none where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from core.db import Base, Database
from core.errors import Missing
from portal.cli import group, installed_platform
from tests.cluster import load_tables


def test_a_server_command_finds_the_installation_and_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen red: `sunbid bonds` and every other command for the server found no platform outside of tests."""
    monkeypatch.setenv("SUNBID_FOLDER", str(tmp_path / "none"))
    assert installed_platform() is None and not (tmp_path / "none").exists()
    with pytest.raises(Missing, match=r"command\.no_platform"):
        CliRunner().invoke(group, ["bonds", "overdue"], catch_exceptions=False)
    load_tables()
    here = tmp_path / "here"
    here.mkdir()
    database = Database(f"sqlite:///{here / 'sunbid.db'}", folder=here)
    Base.metadata.create_all(database.engine)
    database.close()
    monkeypatch.setenv("SUNBID_FOLDER", str(here))
    done = CliRunner().invoke(group, ["bonds", "overdue"], catch_exceptions=False)
    assert done.exit_code == 0 and "✓" in done.output
