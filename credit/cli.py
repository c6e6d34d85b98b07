"""`sunbid credit`: lists, checks, replay, ledger and export, on the server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from accounts.cli.server import acting_as, platform_of
from core.act import Actor
from core.calendar import day_of
from core.clock import BEIJING
from core.errors import Invalid
from core.law import Snapshot
from credit import queries, services
from credit.models import CreditImport
from credit.rules import GROUPS, LISTS, SOURCES, count, total
from credit.rules.export import as_csv, as_groups

SYSTEM_READER = Actor("system", roles=frozenset({"operator"}))
MARKS = {"clear": "✓", "informed": "!", "pending": "?", "restricted": "✗"}


@click.group()
def credit() -> None:
    """Credit lists: import them, check parties against them. Runs on the server."""


def _tell_progress(held: CreditImport) -> None:
    if held.bytes_done < held.size:
        click.echo(f"  {held.rows_done} rows, {held.bytes_done * 100 // held.size} %", err=True)


def _instant(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("form.instant", field="as_of", found=text) from None
    return (value if value.tzinfo else value.replace(tzinfo=BEIJING)).astimezone(UTC)


@credit.command("import")
@click.argument("source", type=click.Choice(sorted(LISTS)))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--as-of", required=True, help="when the list was taken, for example 2026-10-08T09:00")
@click.option("--signature", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="the file's signature")
@click.option("--confirm-shrink", is_flag=True, help="yes, more than half of the records are gone")
@click.option("--as", "login", help="who imports; the system when left out")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
@click.pass_context
def import_command(
    context: click.Context,
    source: str,
    file: Path,
    as_of: str,
    signature: Path | None,
    confirm_shrink: bool,
    login: str | None,
    as_json: bool,
) -> None:
    """Take over a snapshot of a list from FILE (CSV, XLSX, JSON or JSON lines) of any length.

    Interrupted, the same command goes on where it was. Exit 1 when lines could not be read.
    """
    platform = platform_of(context)
    actor = acting_as(platform, login)
    with platform.act(actor) as act:
        begun = services.begin_import(
            act,
            source=source,
            file=file,
            as_of=_instant(as_of),
            confirmed=confirm_shrink,
            signature=signature.read_bytes() if signature else b"",
        )
    done = services.take_import(
        platform,
        actor,
        begun.id,
        told=_tell_progress,
    )
    with platform.reading() as session:
        bad = queries.import_by_id(session, done.id).bad_rows
    if as_json:
        names = ("source", "version", "sha256", "rows", "added", "changed", "removed", "repaired", "signed_by")
        click.echo(json.dumps({**{name: getattr(done, name) for name in names}, "bad_rows": bad}, ensure_ascii=False))
    else:
        counts = f"+{done.added} ~{done.changed} −{done.removed} ✚{done.repaired}"
        click.echo(f"✓ {LISTS[source]} v{done.version}: {done.rows} rows, {counts}")
        for one in bad:
            click.echo(f"  line {one['line']}: {one['reason']}: {one['text']}", err=True)
    if bad:
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


@credit.command("replay")
@click.argument("sha256")
@click.option("--from-file", is_flag=True, help="read the list's file again from its first line to its last")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
@click.pass_context
def replay_command(context: click.Context, sha256: str, from_file: bool, as_json: bool) -> None:
    """Recompute the decision of the check with that evidence from what was kept. Exit 1 when it comes out otherwise."""
    platform = platform_of(context)
    with platform.reading() as session:
        check = queries.own_check(session, sha256, SYSTEM_READER)
        again = queries.replay(session, platform.store, check, from_file=from_file)
    if as_json:
        told = {"kept": [check.outcome, check.decision], "again": [again.outcome, again.decision]}
        click.echo(json.dumps({**told, "records": again.records, "basis": again.basis, "same": again.same}))
    else:
        mark = "✓" if again.same else "✗"
        click.echo(f"{mark} {check.outcome}, {check.decision} → {again.outcome}, {again.decision} ({again.basis})")
    if not again.same:
        context.exit(1)


@credit.command("as-of")
@click.argument("identifier")
@click.argument("at")
@click.option("--name", required=True, help="the party's name")
@click.option("--regime", type=click.Choice(["T", "G"]), required=True, help="T tendering, G procurement")
@click.option("--document", default="", help="the tender document's credit rule")
@click.pass_context
def as_of_command(context: click.Context, identifier: str, at: str, name: str, regime: str, document: str) -> None:
    """What was known about a party at the instant AT, and what would have been decided then."""
    platform = platform_of(context)
    instant = _instant(at)
    law = Snapshot(regime, day_of(instant).isoformat(), {})
    with platform.reading() as session:
        found = queries.known_at(
            session, instant, identifier=identifier, name=name, law=law, document=document, cutoff=None
        )
    for source, answer, verdict in found:
        version = f"v{answer.told['version']}" if answer.told else "—"
        click.echo(f"{MARKS[verdict.decision]} {SOURCES[source]} {version}: {verdict.outcome}, {verdict.decision}")


@credit.command("ledger")
@click.option("--take", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="import a CSV first")
@click.option("--by", type=click.Choice(GROUPS), default="quarter", help="how to group")
@click.option("--as", "login", help="who imports; the system when left out")
@click.pass_context
def ledger_command(context: click.Context, file: Path | None, by: str, login: str | None) -> None:
    """Checks and feedback: how many were asked and answered, and which are still open."""
    platform = platform_of(context)
    if file is not None:
        with platform.act(acting_as(platform, login)) as act:
            click.echo(f"✓ {services.take_ledger(act, file.read_bytes())} rows")
    with platform.reading() as session:
        rows = queries.feedback(session)
        waiting = queries.unanswered(session, now=platform.clock.now())
    for one in [*count(rows, by), total(rows)]:
        click.echo(f"{one.group or '=':24} {one.asked:>7} {one.answered:>7} {one.percent:>7} %")
    for held in waiting:
        click.echo(f"? {held.asked.identifier} {held.asked.source} {held.age.days} d: {held.step}")


@credit.command("export")
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json", help="how to write it")
@click.pass_context
def export_command(context: click.Context, form: str) -> None:
    """Facts found on this platform in the credit groups of the national data set."""
    platform = platform_of(context)
    with platform.reading() as session:
        groups = as_groups(queries.facts_since(session), platform_code=platform.signer.verifier.name)
    click.echo(as_csv(groups) if form == "csv" else json.dumps(groups, ensure_ascii=False, indent=1))


@credit.command("source")
@click.argument("source", type=click.Choice(sorted(LISTS)))
@click.option("--url", default="", help="the address that answers queries")
@click.option("--key-kind", type=click.Choice(["", "ed25519", "pkcs7"]), default="", help="how the source signs")
@click.option("--key", default="", help="32 bytes in hex: the key, or the certificate's SHA-256")
@click.option("--per-minute", type=int, default=60, help="the rate the source allows")
@click.option("--ask/--no-ask", default=False, help="send queries to it")
@click.option("--as", "login", help="who says so; the system when left out")
@click.pass_context
def source_command(
    context: click.Context,
    source: str,
    url: str,
    key_kind: str,
    key: str,
    per_minute: int,
    ask: bool,
    login: str | None,
) -> None:
    """Say how a list's source signs its files and answers, and whether queries are sent to it."""
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        services.set_source(
            act, source=source, url=url, key_kind=key_kind, key=key, per_minute=per_minute, is_asked=ask
        )
    click.echo(f"✓ {source}")


@credit.command("ask")
@click.pass_context
def ask_command(context: click.Context) -> None:
    """Ask the sources about every check whose turn has come, as the tick does."""
    click.echo(f"✓ {services.ask_sources(platform_of(context))}")


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
