"""`sunbid verify ARCHIVE`: the verdict on one archive file, line by line, in both languages, with the platform gone."""

from __future__ import annotations

import json
import sys
from typing import BinaryIO

import click
from rich.console import Console
from rich.progress import Progress

from awards.rules.verdict import Line, verify_additions, verify_archive
from core.ledger.notes import Verifier
from portal.words import spoken_outside


@click.command()
@click.argument("archive", type=click.File("rb"))
@click.option("--key", help="the platform's key, as spelled in a receipt or notice; default: the archive's own")
@click.option("--layer", "layers", type=click.File("rb"), multiple=True, help="its supplements, in order")
@click.option("--renewals", type=click.File("rb"), help="its renewed timestamps")
@click.option("--json", "as_json", is_flag=True, help="print the verdict as JSON")
def verify(
    archive: BinaryIO, key: str | None, as_json: bool, layers: tuple[BinaryIO, ...], renewals: BinaryIO | None
) -> None:
    """Re-compute receipts, closing root, draws, scores and award from ARCHIVE. Exit 0 only where every line holds."""
    verifier = Verifier.parse(key) if key else None
    with Progress(console=Console(stderr=True), transient=True, disable=as_json) as bar:
        task = bar.add_task("读取 reading", total=None)
        lines = []
        for line in verify_archive(
            archive, key=verifier, progress=lambda done, total: bar.update(task, completed=done, total=total)
        ):
            lines.append(line)
            if not as_json:
                click.echo(spoken(line))
    for line in verify_additions(archive, layers, renewals, verifier):
        lines.append(line)
        if not as_json:
            click.echo(spoken(line))
    good = all(line.holds for line in lines)
    if as_json:
        told = [{"check": line.check, "holds": line.holds, **line.facts} for line in lines]
        click.echo(json.dumps({"good": good, "lines": told}, ensure_ascii=False))
    else:
        click.echo(spoken_outside("verdict.good" if good else "verdict.bad", {}))
    sys.exit(0 if good else 1)


def spoken(line: Line, language: str | None = None) -> str:
    """One line of the verdict in words: a mark, what was checked, and what was counted or is wrong."""
    if line.holds:
        how = f".{line.facts['how']}" if "how" in line.facts else ""
        return f"✓ {spoken_outside(f'verdict.{line.check}{how}', line.facts, language)}"
    what = spoken_outside(f"check.{line.check}", {}, language)
    return f"✗ {what} — {spoken_outside(str(line.facts.get('code')), line.facts, language)}"
