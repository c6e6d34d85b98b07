"""The commit benchmark in its short form: every bid is held and the ledger sound; the figure comes last."""

from __future__ import annotations

import re

import pytest

from benchmarks import commit


def test_the_short_form_runs_and_tells_its_figure_last(capsys: pytest.CaptureFixture[str]) -> None:
    """Seen red: with one request of a round left out, which the count of what is held found."""
    assert commit.main(["--short"]) in (0, 1)
    lines = capsys.readouterr().out.strip().splitlines()
    assert re.match(r"commit: \d+\.\d\d× a bare group-commit writer on SQLite \(target ≥ 0\.5\)", lines[-1])
    assert any(line.startswith("8 bids held, the ledger holds") for line in lines)
    assert sum(line.strip().startswith(("sunbid:", "bare:")) for line in lines) == 2
