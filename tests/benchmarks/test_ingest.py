"""The ingest benchmark in its short form: the real server takes everything under its hash; the figure comes last."""

from __future__ import annotations

import re

import pytest

from benchmarks import ingest


def test_the_short_form_runs_and_tells_its_figure_last(capfd: pytest.CaptureFixture[str]) -> None:
    """Seen red: with one upload left out, and with another hash announced than the bytes have."""
    assert ingest.main(["--short"]) in (0, 1)
    lines = capfd.readouterr().out.strip().splitlines()
    assert re.match(r"ingest: (\d+\.\d\d× \(8 × 1 MB\)|not compared, nginx is not installed)", lines[-1])
    assert [line for line in lines if line.endswith("at once")] == ["8 × 1 MB at once", "2 × 16 MB at once"]
    assert sum(line.strip().startswith("sunbid:") for line in lines) == 2
