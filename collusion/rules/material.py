"""What a scan was made from, file by file: laid out again, the command over it gives the same bytes."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from core.clock import from_iso, iso
from core.errors import Invalid

FORMAT = "sunbid-scan-material/v1"
EXTRACT = "archive.npz"
RESULT = "scan.json"


def material(
    tender: Sequence[str],
    files: Mapping[str, str],
    *,
    archive: str | None,
    window: tuple[datetime, datetime] | None,
    budget: float,
    selection: str,
) -> dict[str, Any]:
    """The list: `tender` names the tender's papers in order, `files` maps every path to its SHA-256."""
    return {
        "format": FORMAT,
        "tender": list(tender),
        "files": dict(sorted(files.items())),
        "archive": archive,
        "window": [iso(at) for at in window] if window else None,
        "budget": budget,
        "selection": selection,
    }


def objects(held: Mapping[str, Any] | None) -> set[str]:
    """The hashes of everything a scan was made from."""
    if not held:
        return set()
    return {*held["files"].values(), *([held["archive"]] if held["archive"] else [])}


def paths(held: Mapping[str, Any]) -> dict[str, str]:
    """Every path below the folder with its SHA-256; Invalid("material.path") for one that would lie elsewhere."""
    found = dict(held["files"]) | ({EXTRACT: held["archive"]} if held["archive"] else {})
    for path in found:
        parts = PurePosixPath(path).parts
        if not parts or PurePosixPath(path).is_absolute() or ".." in parts or "\\" in path or "\0" in path:
            raise Invalid("material.path", path=path[:80])
    return found


def command(held: Mapping[str, Any], out: str = RESULT) -> list[str]:
    """The words of the command that makes the scan again, run inside the folder."""
    words = ["sunbid", "collusion", "scan"]
    for path in held["tender"]:
        words += ["--tender", path]
    words += ["--bids", "bids"]
    words += ["--archive", EXTRACT] if held["archive"] else []
    words += ["--window", "/".join(held["window"])] if held["window"] else []
    return [*words, "--budget", repr(held["budget"]), "--select", held["selection"], "--canonical", "--json", out]


def command_line(held: Mapping[str, Any]) -> str:
    """The command as one types it."""
    return shlex.join(command(held))


def read_window(text: str) -> tuple[datetime, datetime]:
    """From publication to deadline, two instants with a stroke between; Invalid("window.unreadable")."""
    try:
        start, end = (from_iso(part) for part in text.split("/"))
    except ValueError:
        raise Invalid("window.unreadable", field="window", found=text[:80]) from None
    return start, end
