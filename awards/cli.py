"""`sunbid archive`: exports of a closed file by access class, made offline from the file alone."""

from __future__ import annotations

from pathlib import Path

import click

from awards.rules.container import open_container
from awards.rules.disclosure import CLASSES, PARTY
from awards.rules.export import write_export


@click.group()
def archive() -> None:
    """A closed file: what each class may see of it. Works offline."""


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
