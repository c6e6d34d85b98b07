"""The sealing benchmark in its short form: it runs, compares every byte, and tells its figure last."""

from __future__ import annotations

import re
import shutil

import pytest

from benchmarks import seal

pytestmark = pytest.mark.skipif(shutil.which("age") is None, reason="NOT TESTED: the age program is not installed")


def test_the_short_form_runs_and_tells_its_figure_last(capsys: pytest.CaptureFixture[str]) -> None:
    """Seen red: with an archive of another size than the peers', and with another file opened than was sealed."""
    assert seal.main(["--short"]) in (0, 1)
    lines = capsys.readouterr().out.strip().splitlines()
    assert re.match(r"seal: \d+\.\d\d× seal, \d+\.\d\d× open against the age command", lines[-1])
    for name in ("seal", "age", "open", "age -d", "3 sha256", "pyrage", "recipe"):
        assert sum(line.strip().startswith(f"{name}:") for line in lines[:-1]) == 2, name
