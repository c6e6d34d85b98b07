"""The opening benchmark in its short form: every bid opens, alike one by one and at once; its figure comes last."""

from __future__ import annotations

import re
import shutil

import pytest

from benchmarks import opening

pytestmark = pytest.mark.skipif(shutil.which("age") is None, reason="NOT TESTED: the age program is not installed")


def test_the_short_form_runs_and_tells_its_figure_last(capsys: pytest.CaptureFixture[str]) -> None:
    """Seen red: with one bid less kept, and with a peer that leaves a file out."""
    assert opening.main(["--short"]) in (0, 1)
    lines = capsys.readouterr().out.strip().splitlines()
    assert re.match(r"opening: \d+\.\d\d× age -d on \d+ cores without fsync \(target ≥ 0\.8\)", lines[-1])
    assert "3 bids, 12 sealed files" in lines[0]
    assert any(line.endswith("3 bids opened") for line in lines)
    for name in ("ours", "serial", *opening.PEERS):
        assert sum(line.strip().startswith(f"{name}:") for line in lines[:-1]) == 1, name
