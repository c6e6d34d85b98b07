"""The vendored files are byte for byte what the manifest says, and nothing unlisted lies beside them."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

VENDOR = Path(__file__).parents[2] / "static" / "vendor"
MANIFEST: list[dict[str, Any]] = json.loads((VENDOR / "manifest.json").read_text())


def sri(content: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["file"])
def test_each_file_is_the_published_one(entry: dict[str, Any]) -> None:
    """Seen red: one changed byte in htmx.js."""
    content = (VENDOR / entry["file"]).read_bytes()
    assert sri(content) == entry["sha384"]
    parts, start = [], 0
    for part in entry["parts"]:
        parts.append(content[start : start + part["bytes"]])
        assert sri(parts[-1]) == part["sha384"], part["path"]
        start += part["bytes"] + len(entry["joined_by"])
    assert entry["joined_by"].encode().join(parts) == content


def test_nothing_unlisted_is_served() -> None:
    """Seen red: a stray file in static/vendor."""
    listed = {"manifest.json"} | {entry[key] for entry in MANIFEST for key in ("file", "licence_file")}
    assert {path.name for path in VENDOR.iterdir()} == listed


def test_every_licence_is_free_and_its_text_is_kept() -> None:
    """Seen red: an entry with licence AGPL-3.0-only."""
    for entry in MANIFEST:
        assert entry["licence"] in {"0BSD", "MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"}
        assert "Permission to use" in (VENDOR / entry["licence_file"]).read_text()
