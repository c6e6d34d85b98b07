"""The benchmark of the public figures in its short form: made in bulk, recounted, timed; the figure comes last."""

from __future__ import annotations

import re

import pytest

from benchmarks import statistics
from tests.conftest import postgresql_programs


@pytest.mark.skipif(postgresql_programs() is None, reason="no PostgreSQL server is installed")
def test_the_short_form_recounts_and_tells_its_figure_last(capsys: pytest.CaptureFixture[str]) -> None:
    assert statistics.main(["--short"]) in (0, 1)
    lines = capsys.readouterr().out.strip().splitlines()
    assert re.match(r"statistics: 2000 trades, worst p95 \d+\.\d ms .* 0 differences on recount$", lines[-1])
    assert sum(":" in line and "by hand" in line for line in lines[:-1]) == 3
