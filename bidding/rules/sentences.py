"""Sentences of findings that a bidder's program, the page and the platform all speak: one book in both languages.

The bidder's program runs without the site's translations and the page gets them as data, so both languages stand here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def book() -> dict[str, dict[str, str]]:
    """Code → language → sentence with %(name)s for its facts."""
    found: dict[str, dict[str, str]] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return found


class _Facts(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "—"


def say(code: str, facts: Mapping[str, Any], language: str = "zh") -> str:
    """The sentence of a code with its facts; the code itself where the book has none. A missing fact is a dash."""
    spoken = book().get(code)
    if spoken is None:
        return code
    shown = {name: "—" if value in (None, "") else value for name, value in facts.items()}
    return spoken["en" if language == "en" else "zh"] % _Facts(shown)


def place_of(finding: Mapping[str, Any], language: str = "zh") -> str:
    """Where a finding stands, for the beginning of its line: sheet, row, item; empty for a finding on the whole."""
    pieces = []
    if finding.get("row"):
        row = f"row {finding['row']}" if language == "en" else f"第 {finding['row']} 行"
        pieces.append(f"{finding['sheet']} {row}".strip())
    if finding.get("item"):
        pieces.append(str(finding["item"]))
    return " · ".join(pieces)
