"""The test vectors in files, tests/core/seal/vectors/*.json: read by Python's tests and by the page's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("vectors")


def vector(name: str) -> Any:
    """The content of one file of vectors."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="ascii"))
