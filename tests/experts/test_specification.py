"""The program printed in docs/spec/scoring.md recomputes a real result, and notices every altered number."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.experts.story import Story

SPECIFICATION = Path(__file__).resolve().parents[2] / "docs" / "spec" / "scoring.md"


def recompute(folder: Path, result: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    found = re.search(r"```python\n(.*?)```", SPECIFICATION.read_text(encoding="utf-8"), re.DOTALL)
    assert found, "the specification has lost its program"
    (folder / "score.py").write_text(found[1], encoding="utf-8")
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-I", "score.py", "result.json"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_printed_program_agrees_and_notices_tampering(story: Story, tmp_path: Path) -> None:
    """Sabotage: each of the alterations below is one; the program must fail on every one of them."""
    story.to_locked({4: "R2"})
    with story.platform.reading() as session:
        result = story.committee(session).result
    assert recompute(tmp_path, result).stdout.startswith("OK")
    alterations = (
        lambda r: r["sheets"][0]["items"].update(T1="19.99"),
        lambda r: r["bids"][1].update(price_fen=r["bids"][1]["price_fen"] - 1_000_000),
        lambda r: r["coefficients"].update(k="0.95"),
        lambda r: r["ranking"][0].update(total="99.99"),
        lambda r: r["ranking"].reverse(),
        lambda r: r.update(candidates=[2, 1, 3]),
        lambda r: r["conformity"]["bids"][3]["clauses"][1].update(fail=2),
        lambda r: r.update(control_price_fen=90_000_000),
        lambda r: r["method"]["price"].update(below="1.0", above="0.5"),
    )
    for alter in alterations:
        forged = copy.deepcopy(result)
        alter(forged)
        assert recompute(tmp_path, forged).returncode != 0


@pytest.mark.parametrize("word", ["sunbid-result/v1", "decided_by", "trim_from"])
def test_the_specification_names_what_the_result_holds(word: str) -> None:
    """Sabotage: rename a field without the document: red."""
    assert word in SPECIFICATION.read_text(encoding="utf-8")
