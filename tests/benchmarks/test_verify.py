"""The verifying benchmark in its short form: it plays, both verifiers hold the file, and its figure comes last."""

from __future__ import annotations

import re
import shutil

import pytest

from benchmarks import verify

pytestmark = pytest.mark.skipif(shutil.which("age") is None, reason="NOT TESTED: the age program is not installed")


def test_the_short_form_runs_and_tells_its_figure_last(capsys: pytest.CaptureFixture[str]) -> None:
    """A file of a few megabytes says nothing of speed; that it is judged good by both is asked for inside."""
    assert verify.main(["--short"]) in (0, 1)
    lines = capsys.readouterr().out.strip().splitlines()
    assert re.match(r"verify: 3 bids, 0\.01 GB: sunbid verify \d+\.\d\dx, the independent one \d+\.\d\dx of", lines[-1])
