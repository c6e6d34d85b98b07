"""`sunbid credit`: import a list and check a party, on the server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from accounts.cli.server import acting_as, platform_of
from core.calendar import day_of
from core.clock import BEIJING
from core.errors import Invalid
from core.law import Snapshot
from credit import queries, services
from credit.rules import SOURCES

MARKS = {"clear": "✓", "informed": "!", "pending": "?", "restricted": "✗"}


@click.group()
def credit() -> None:
    """Credit lists: import them, check parties against them. Runs on the server."""


def _instant(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("form.instant", field="as_of", found=text) from None
    return (value if value.tzinfo else value.replace(tzinfo=BEIJING)).astimezone(UTC)


@credit.command("import")
@click.argument("source", type=click.Choice(sorted(SOURCES)))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--as-of", required=True, help="when the list was taken, for example 2026-10-08T09:00")
@click.option("--confirm-shrink", is_flag=True, help="yes, more than half of the records are gone")
@click.option("--as", "login", help="who imports; the system when left out")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
@click.pass_context
def import_command(
    context: click.Context, source: str, file: Path, as_of: str, confirm_shrink: bool, login: str | None, as_json: bool
) -> None:
    """Take over a snapshot of a list from FILE (CSV or JSON). Exit 1 when lines could not be read."""
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        done = services.import_list(act, source=source, file=file, as_of=_instant(as_of), confirmed=confirm_shrink)
    if as_json:
        told = {
            name: getattr(done, name)
            for name in ("source", "version", "sha256", "rows", "added", "removed", "bad_rows")
        }
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(f"✓ {SOURCES[source]} v{done.version}: {done.rows} rows, +{done.added} −{done.removed}")
        for bad in done.bad_rows:
            click.echo(f"  line {bad['line']}: {bad['reason']}: {bad['text']}", err=True)
    if done.bad_rows:
        context.exit(1)


@credit.command("check")
@click.argument("identifier")
@click.option("--name", required=True, help="the party's name")
@click.option("--section", "section_code", required=True, help="the section's code")
@click.option("--regime", type=click.Choice(["T", "G"]), required=True, help="T tendering, G procurement")
@click.option("--document", default="", help="the tender document's credit rule")
@click.option("--stage", default="manual", help="opening, evaluation, award …")
@click.option("--as", "login", help="who asks; the system when left out")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
@click.pass_context
def check_command(
    context: click.Context,
    identifier: str,
    name: str,
    section_code: str,
    regime: str,
    document: str,
    stage: str,
    login: str | None,
    as_json: bool,
) -> None:
    """Check a party against every list and keep the evidence. Exit 1 when restricted or a person must look."""
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        law = Snapshot(regime, day_of(act.now).isoformat(), {})
        checks = services.check_party(
            act,
            section_code=section_code,
            stage=stage,
            identifier=identifier,
            name=name,
            law=law,
            document=document,
        )
        told = [{**held.evidence, "evidence_sha256": held.evidence_sha256} for held in checks]
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        for held in checks:
            line = f"{MARKS[held.decision]} {SOURCES[held.source]}: {held.outcome}, {held.decision}"
            click.echo(f"{line} ({held.rule['rule']}, evidence {held.evidence_sha256[:12]})")
    if any(held.decision in ("restricted", "pending") for held in checks):
        context.exit(1)


@credit.command("lists")
@click.pass_context
def lists_command(context: click.Context) -> None:
    """Show each list: records, newest snapshot, age."""
    platform = platform_of(context)
    with platform.reading() as session:
        for row in queries.statistics(session, now=platform.clock.now()):
            newest = row["newest"]
            state = f"v{newest.version}, {row['age_days']} d old" if newest else "never imported"
            click.echo(f"{row['source']:24} {row['records']:>8} records, {state}")
