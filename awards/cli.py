"""`sunbid archive`: exports of a closed file by access class, and the hash of a recording; both offline."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import click

from awards.rules.container import open_container
from awards.rules.disclosure import CLASSES, PARTY
from awards.rules.export import write_export
from core.store import chunks_of


@click.group()
def archive() -> None:
    """A closed file: what each class may see of it. Works offline."""


@archive.command("recording")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="print one JSON object")
def recording_command(file: Path, as_json: bool) -> None:
    """Print the SHA-256 and size of a recording, to be registered in the section's index; FILE goes nowhere."""
    hasher, size = hashlib.sha256(), 0
    label = "" if as_json else file.name
    with file.open("rb") as raw, click.progressbar(
        length=file.stat().st_size, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:  # fmt: skip
        for chunk in chunks_of(raw):
            hasher.update(chunk)
            size += len(chunk)
            bar.update(len(chunk))
    found = {"name": file.name, "sha256": hasher.hexdigest(), "size": size}
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else f"{found['sha256']}  {size}  {file.name}")


@archive.command("export")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--class", "klass", type=click.Choice(CLASSES), required=True, help="who it is for")
@click.option("--bid", type=click.IntRange(min=1), help="the bid whose bidder it is for, with --class party")
@click.option("--out", type=click.Path(path_type=Path), help="where to write; default: beside FILE")
def export_command(file: Path, klass: str, bid: int | None, out: Path | None) -> None:
    """Write what a class may see of the archive FILE; what is hidden stays provable. An existing file is kept."""
    target = out or file.with_name(f"{file.name.removesuffix('.tar').removesuffix('.archive')}.{klass}.tar")
    try:
        with file.open("rb") as raw, target.open("xb") as written:
            write_export(written, open_container(raw), klass, bid if klass == PARTY else None)
    except FileExistsError as error:
        raise click.UsageError(f"{target}: exists") from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    click.echo(f"✓ {target}")
