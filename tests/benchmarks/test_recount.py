"""R27 in its shortest form, in every run: the result's makers and its two recounts agree, all formulas and policies."""

from __future__ import annotations

import pytest

from benchmarks.figures import r27


def test_random_results_are_recounted_alike_and_a_wrong_rounding_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Seen red: with the entries in an order no committee has; by `--sabotage`, halves rounded to even."""
    assert r27.main(["--tenders", "30"]) == 0, capsys.readouterr().out
    told = capsys.readouterr().out
    assert "30 random tenders" in told and " 0 differ" in told
    assert r27.main(["--tenders", "30", "--sabotage", "even"]) == 1
