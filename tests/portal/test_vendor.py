"""The vendored files are byte for byte what the manifest says, and nothing unlisted lies beside them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

VENDOR = Path(__file__).parents[2] / "static" / "vendor"
LOCK: dict[str, Any] = json.loads((VENDOR / "build" / "package-lock.json").read_text())["packages"]
FREE = {
    "0BSD": "Permission to use",
    "ISC": "Permission to use",
    "MIT": "Permission is hereby granted",
    "BSD-3-Clause": "Redistribution and use",
    "Apache-2.0": "Apache License",
}
MANIFEST: list[dict[str, Any]] = json.loads((VENDOR / "manifest.json").read_text())


def sri(content: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["file"])
def test_each_file_is_the_published_one(entry: dict[str, Any]) -> None:
    """Seen red: one changed byte in htmx.js, one in age.js."""
    assert sri((VENDOR / entry["file"]).read_bytes()) == entry["sha384"]


@pytest.mark.parametrize("entry", [entry for entry in MANIFEST if "parts" in entry], ids=lambda entry: entry["file"])
def test_a_joined_file_is_its_parts_unchanged(entry: dict[str, Any]) -> None:
    """Seen red: another joint."""
    content = (VENDOR / entry["file"]).read_bytes()
    parts, start = [], 0
    for part in entry["parts"]:
        parts.append(content[start : start + part["bytes"]])
        assert sri(parts[-1]) == part["sha384"], part["path"]
        start += part["bytes"] + len(entry["joined_by"])
    assert entry["joined_by"].encode().join(parts) == content


@pytest.mark.parametrize("entry", [entry for entry in MANIFEST if "built" in entry], ids=lambda entry: entry["file"])
def test_a_built_file_names_what_it_was_built_from(entry: dict[str, Any]) -> None:
    """The npm packages with their hashes, as the lock file pins them, and the tool; `build/build.sh --check` rebuilds.

    Seen red: a package left out of the entry, another version, another esbuild.
    """
    built = entry["built"]
    assert built["with"] == f"esbuild {LOCK['node_modules/esbuild']['version']}"
    assert (VENDOR / built["by"]).exists() and (VENDOR / built["from"]).exists()
    inside = set(re.findall(r"^// node_modules/((?:@[^/]+/)?[^/]+)/", (VENDOR / entry["file"]).read_text(), re.M))
    assert inside == {package["name"] for package in built["packages"]}
    for package in built["packages"]:
        pinned = LOCK[f"node_modules/{package['name']}"]
        assert (package["version"], package["integrity"], package["licence"]) == (
            pinned["version"], pinned["integrity"], pinned["license"],
        )  # fmt: skip
        assert package["licence"] in FREE
        assert f"{package['name']} {package['version']}\n" in (VENDOR / entry["licence_file"]).read_text()


def test_nothing_unlisted_is_served() -> None:
    """Seen red: a stray file in static/vendor, one in its build folder."""
    listed = {"manifest.json", "build"} | {entry[key] for entry in MANIFEST for key in ("file", "licence_file")}
    assert {path.name for path in VENDOR.iterdir()} == listed
    recipe = {"build.sh", "package.json", "package-lock.json"}
    recipe |= {
        Path(entry["built"][key]).name
        for entry in MANIFEST
        for key in ("from", "over")
        if key in entry.get("built", {})
    }
    assert {path.name for path in (VENDOR / "build").iterdir()} == recipe


def test_every_licence_is_free_and_its_text_is_kept() -> None:
    """Seen red: an entry with licence AGPL-3.0-only, an empty licence file."""
    for entry in MANIFEST:
        assert FREE[entry["licence"]] in " ".join((VENDOR / entry["licence_file"]).read_text().split())
