"""The benchmark of the public figures and the figure of the change feed in their short forms, on PostgreSQL."""

from __future__ import annotations

import re

import pytest

from benchmarks import statistics
from benchmarks.figures import changes
from tests.cluster import postgresql_programs

ON_POSTGRESQL = pytest.mark.skipif(postgresql_programs() is None, reason="no PostgreSQL server is installed")


@ON_POSTGRESQL
def test_the_short_form_recounts_and_tells_its_figure_last(capsys: pytest.CaptureFixture[str]) -> None:
    assert statistics.main(["--short"]) in (0, 1)
    lines = capsys.readouterr().out.strip().splitlines()
    assert re.match(r"statistics: 2000 trades, worst p95 \d+\.\d ms .* 0 differences on recount$", lines[-1])
    assert sum(":" in line and "by hand" in line for line in lines[:-1]) == 3


@ON_POSTGRESQL
def test_the_feed_misses_nothing_where_a_sequence_does(capsys: pytest.CaptureFixture[str]) -> None:
    """Seen red: with the feed following the plain sequence."""
    assert changes.main(["--short"]) == 0
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[-1] == "changes: 240 concurrent inserts, 0 missed, 0 twice (target 0 and 0)"
    assert not lines[-2].startswith("a feed by a plain sequence: 0 missed")
