"""`sunbid statistics`: take over tables of earlier trades, count every sum anew, on the server."""

from __future__ import annotations

import json
from pathlib import Path

import click

from accounts.cli.server import acting_as, platform_of
from window import queries, services
from window.rules import COLUMNS


@click.group()
def statistics() -> None:
    """Public figures: earlier years' tables, recounting. Runs on the server."""


@statistics.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--source", required=True, help="where the table comes from, as the public page will say")
@click.option("--as", "login", help="who imports; the system when left out")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
@click.pass_context
def import_command(context: click.Context, file: Path, source: str, login: str | None, as_json: bool) -> None:
    """Take over a table of earlier trades from FILE (CSV), every line or none."""
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        done = services.import_trades(act, file.read_bytes(), name=file.name, source=source[:300])
    if as_json:
        told = {"sha256": done.sha256, "rows": done.rows, "ledger": done.leaf_index, **done.sums}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(f"✓ {done.rows} trades, ledger entry {done.leaf_index}, sha256 {done.sha256}")


@statistics.command("columns")
def columns_command() -> None:
    """Print the header of a table of trades."""
    click.echo(",".join(COLUMNS))


@statistics.command("recount")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def recount_command(context: click.Context, as_json: bool) -> None:
    """Count every sum anew from the trades. Exit 1 where a kept sum differs."""
    platform = platform_of(context)
    with platform.reading() as session:
        wrong = [*queries.recount(session), *queries.stage_recount(session)]
    if as_json:
        click.echo(json.dumps([list(one) for one in wrong], ensure_ascii=False))
    else:
        for one in wrong:
            click.echo(f"✗ {' '.join(map(str, one[:-2]))}: kept {one[-2]}, counted {one[-1]}")
        click.echo(f"{len(wrong)} differences")
    if wrong:
        context.exit(1)
