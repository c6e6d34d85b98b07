"""Laying out again what a scan was made from, out of a closed section's file: nothing of the platform is needed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from awards.rules.container import Container
from collusion.rules.material import paths
from core.errors import Missing
from core.seal import expected, open_archive, open_sealed, release


def lay_out_again(container: Container, folder: Path) -> dict[str, Any]:
    """Put every file of the scan below `folder` and return the list of them; its command then makes the scan again.

    What the bidders handed in is opened from the sealed originals with the secrets told at the opening. Missing
    ("material.none") where the file tells of no scan or not what it was made from, Missing("material.object") where
    something is not there.
    """
    scan = container.json("warnings.json")["scan"]
    held: dict[str, Any] | None = (scan or {}).get("material")
    if held is None:
        raise Missing("material.none")
    wanted: dict[str, list[Path]] = {}
    for path, sha256 in paths(held).items():
        wanted.setdefault(sha256, []).append(folder / path)
    for sha256 in [sha256 for sha256 in wanted if f"objects/{sha256}" in container.members]:
        first, *others = wanted.pop(sha256)
        first.parent.mkdir(parents=True, exist_ok=True)
        container.copy(f"objects/{sha256}", first)
        for other in others:
            _copy(first, other)
    _from_originals(container, wanted)
    if wanted:
        raise Missing("material.object", sha256=min(wanted))
    return held


def _from_originals(container: Container, wanted: dict[str, list[Path]]) -> None:
    rows = {row["digest"]: row["submission"] for row in container.json("submissions.json")}
    with tempfile.TemporaryDirectory() as name:
        sealed, plain, out = (Path(name) / part for part in ("sealed", "plain", "out"))
        for bid in container.json("bids.json"):
            for envelope, stated in (bid["envelopes"] or {}).items():
                if not any(file["sha256"] in wanted for file in stated["files"]):
                    continue
                want = expected(rows[bid["submission_digest"]], envelope)
                if stated.get("backup"):
                    container.copy(f"objects/{stated['backup']}", plain)
                    opened = open_archive(plain, bytes.fromhex(stated["salt"]), want, out)
                else:
                    container.copy(f"objects/{want.sha256}", sealed)
                    lines = f"# sunbid-salt: {stated['salt']}\n" if stated.get("salt") else ""
                    opened = open_sealed(
                        sealed, release(f"{lines}{stated['secret']}\n".encode(), want.bid_recipient), want, out
                    )
                for entry in opened.entries:
                    for path in wanted.pop(entry.sha256, []):
                        _copy(out / "files" / entry.slot / entry.name, path)
                shutil.rmtree(out)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
