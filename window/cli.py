"""`sunbid statistics`: earlier trades, sums anew; `open-data`: OCDS files checked; `exchange`: other platforms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from accounts.cli.server import acting_as, platform_of
from window import queries, services
from window.rules import COLUMNS
from window.rules.schema import additional, official_faults, release_faults


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


@click.group("open-data")
def open_data() -> None:
    """Open data: OCDS files held to the vendored official schemas, without network or server."""


@open_data.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
@click.pass_context
def check_command(context: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Check release packages (.json) or releases (.jsonl) by OCDS 1.1.5 with its bids and lots extensions.

    Exit 1 where one is wrong. Fields that neither the standard nor the extensions define are told and are no fault.
    """
    told = [{"file": str(file), **_checked(file)} for file in files]
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        for one in told:
            for fault in one["faults"]:
                click.echo(f"✗ {one['file']} {fault}")
            more = f"; also: {', '.join(one['additional'])}" if one["additional"] else ""
            click.echo(f"{one['file']}: {one['releases']} releases, {len(one['faults'])} faults{more}")
    if any(one["faults"] for one in told):
        context.exit(1)


def _checked(file: Path) -> dict[str, Any]:
    releases, found = [], []
    if file.suffix == ".jsonl":
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    release = _object(line)
                    found += [f"line {number}{fault}" for fault in release_faults(release)] if release else [
                        f"line {number}: no JSON object"
                    ]  # fmt: skip
                    releases += [release] if release else []
    else:
        package = _object(file.read_text(encoding="utf-8"))
        found = official_faults(package) if package else ["/: no JSON object"]
        held = (package or {}).get("releases")
        releases = held if isinstance(held, list) else []
    more = sorted({field for release in releases for field in additional(release)})
    return {"releases": len(releases), "faults": found, "additional": more}


def _object(text: str) -> dict[str, Any] | None:
    try:
        held = json.loads(text)
    except ValueError:
        return None
    return held if isinstance(held, dict) else None


@click.group()
def exchange() -> None:
    """Platforms above and below: registered, where each stands, rejected records sent again. Runs on the server."""


@exchange.command("register")
@click.argument("code")
@click.option("--name", required=True, help="what the platform is called")
@click.option("--side", type=click.Choice(["upper", "lower"]), required=True, help="above or below this platform")
@click.option("--url", default="", help="its address; an upper platform without one fetches the records itself")
@click.option("--key", default="", help="its ledger's public key, as it publishes it")
@click.option("--group", "groups", multiple=True, help="a group of the national dataset; all when left out")
@click.option("--as", "login", help="who registers; the system when left out")
@click.pass_context
def register_command(
    context: click.Context, code: str, name: str, side: str, url: str, key: str, groups: tuple[str, ...],
    login: str | None,
) -> None:  # fmt: skip
    """Register the platform CODE."""
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        services.register_platform(act, code=code, name=name, side=side, url=url, key=key, groups=groups)
    click.echo(f"✓ {code}")


@exchange.command("status")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
@click.pass_context
def status_command(context: click.Context, as_json: bool) -> None:
    """Say where each platform stands, with the reasons of rejected records."""
    told: list[dict[str, Any]] = []
    with platform_of(context).reading() as session:
        for one in queries.exchange_platforms(session):
            rejected = queries.handed_records(session, one, verdict="rejected", limit=1000)
            told.append(
                {
                    "code": one.code,
                    "side": one.side,
                    "trouble": one.trouble,
                    "received": queries.received_count(session, one),
                    **queries.verdict_counts(session, one),
                    "reasons": [[held.group_name, held.record_key, held.code, held.reason] for held in rejected],
                }
            )
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for line in told:
        click.echo(
            f"{line['code']} ({line['side']}): {line['accepted']} accepted, {line['rejected']} rejected, "
            f"{line['waiting']} waiting, {line['faulty']} faulty, {line['received']} received {line['trouble']}"
        )
        for reason in line["reasons"]:
            click.echo("  ✗ " + " · ".join(reason))


@exchange.command("resend")
@click.argument("code")
@click.option("--as", "login", help="who sends again; the system when left out")
@click.pass_context
def resend_command(context: click.Context, code: str, login: str | None) -> None:
    """Let every rejected record for the platform CODE wait to be sent again."""
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        held = queries.exchange_platform(act.session, code, "upper")
        rejected = queries.handed_records(act.session, held, verdict="rejected", limit=100_000)
        count = services.resend(act, held, rejected)
    click.echo(f"✓ {count} records wait")
