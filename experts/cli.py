"""`sunbid experts`: pools and their tables, on the server."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from accounts.cli.server import acting_as, platform_of
from accounts.queries import organisation_by_identifier
from core.errors import Missing
from core.seal.keyfile import make_key_file
from experts import queries, services
from experts.queries import federation
from experts.rules import write_csv, write_workbook
from experts.services import exchange, partners


@click.group()
def experts() -> None:
    """Expert pools: list and found them, take tables in and out. Runs on the server."""


@experts.command("pools")
@click.pass_context
def pools_command(context: click.Context) -> None:
    """List the pools: code, experts, region, name, owner."""
    with platform_of(context).reading() as session:
        counts = queries.count_by_pool(session)
        for pool in queries.pools(session):
            count = counts.get(pool.id, 0)
            click.echo(f"{pool.code}\t{count}\t{pool.region}\t{pool.name}\t{pool.owner.name}")


@experts.command("found")
@click.argument("code")
@click.option("--name", required=True, help="the pool's name")
@click.option("--region", required=True, help="six digits of the region")
@click.option("--owner", required=True, help="unified social credit code of the unit that keeps the pool")
@click.option("--as", "login", help="who acts; the system when left out")
@click.pass_context
def found_command(context: click.Context, code: str, name: str, region: str, owner: str, login: str | None) -> None:
    """Found the pool CODE."""
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        unit = organisation_by_identifier(act.session, owner)
        if unit is None:
            raise Missing("organisation.unknown")
        services.found_pool(act, code=code, name=name, region=region, owner=unit)


@experts.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--pool", "code", help="the pool they belong to")
@click.option("--as", "login", help="who acts; the system when left out")
@click.pass_context
def import_command(context: click.Context, file: Path, code: str | None, login: str | None) -> None:
    """Take in the table FILE (.csv or .xlsx): all rows or none, every bad line with its reasons."""
    platform = platform_of(context)
    progress: Any = click.progressbar(length=1, file=sys.stderr)
    with platform.act(acting_as(platform, login)) as act, progress:

        def told(done: int, rows: int) -> None:
            progress.length = rows
            progress.update(done - progress.pos)

        pool = queries.expert_pool(act.session, code) if code else None
        taken = services.import_experts(act, file.read_bytes(), pool=pool, told=told)
    click.echo(f"{len(taken)}")


@experts.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--pool", "code", help="only this pool")
@click.option("--as", "login", help="who acts; the system when left out")
@click.pass_context
def export_command(context: click.Context, file: Path, code: str | None, login: str | None) -> None:
    """Write the pool as a table to FILE, .csv or .xlsx by its name; the export stands in the ledger."""
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        held = queries.experts(act.session, pools=[queries.expert_pool(act.session, code).code] if code else ())
        rows = services.export_experts(act, held)
    file.write_bytes(write_workbook(rows) if file.suffix.lower() == ".xlsx" else write_csv(rows))
    click.echo(f"{len(rows)}")


@experts.command("duty-key")
@click.argument("file", type=click.Path(path_type=Path, exists=False, dir_okay=False))
@click.password_option("--passphrase", help="passphrase of the file, at least 12 characters")
def duty_key_command(file: Path, passphrase: str) -> None:
    """Make a duty key in FILE, encrypted by a passphrase, and print its public part. Needs no server."""
    click.echo(make_key_file(file, passphrase))


@experts.command("applications")
@click.option("--state", default="", help="only those in this state, for example recommended")
@click.pass_context
def applications_command(context: click.Context, state: str) -> None:
    """List applications for the pools: number, kind, state, pool, person."""
    with platform_of(context).reading() as session:
        for one in queries.applications(session, state):
            click.echo(f"{one.id}\t{one.kind}\t{one.state}\t{one.pool.code}\t{one.person.name}")


@experts.command("review")
@click.argument("number", type=int)
@click.option("--accept", "decision", flag_value="accept", help="accept the application")
@click.option("--return", "decision", flag_value="return", help="give it back to be mended")
@click.option("--refuse", "decision", flag_value="refuse", help="refuse it for good")
@click.option("--reason", default="", help="why it is given back or refused; the applicant reads it")
@click.option("--term-until", type=click.DateTime(["%Y-%m-%d"]), help="last day of a new expert's term")
@click.option("--as", "login", required=True, help="the operator who reviews")
@click.pass_context
def review_command(
    context: click.Context, number: int, decision: str | None, reason: str, term_until: datetime | None, login: str
) -> None:
    """Decide the application NUMBER: accept it, give it back, or refuse it."""
    if decision is None:
        raise click.UsageError("--accept | --return | --refuse")
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        held = queries.application(act.session, number)
        if decision == "accept":
            expert = services.accept_application(act, held, term_until=term_until.date() if term_until else None)
            click.echo(expert.code)
        elif decision == "return":
            services.return_application(act, held, reason)
        else:
            services.refuse_application(act, held, reason)


@experts.group("partners")
def partners_group() -> None:
    """Partner platforms that share pools: list, add, ask for their pools, lend ours, withdraw."""


@partners_group.command("list")
@click.pass_context
def list_partners(context: click.Context) -> None:
    """List the partners: code, state, pools lent to us, pools lent to them, address, key."""
    with platform_of(context).reading() as session:
        for one in federation.partners(session, withdrawn=True):
            theirs = ",".join(f"{one.code}/{pool['code']}" for pool in one.pools)
            state = "withdrawn" if one.withdrawn_at else "active"
            click.echo(f"{one.code}\t{state}\t{theirs}\t{','.join(one.lends)}\t{one.url}\t{one.key}")


@partners_group.command("key")
@click.pass_context
def own_key(context: click.Context) -> None:
    """Print this platform's key, for a partner to put on its list."""
    click.echo(str(platform_of(context).signer.verifier))


@partners_group.command("add")
@click.argument("code")
@click.option("--name", required=True, help="the platform's name")
@click.option("--url", required=True, help="its address, https://…")
@click.option("--key", required=True, help="its ledger key, compared by another way")
@click.option("--lend", "lends", multiple=True, help="a pool of ours it may draw from; may be repeated")
@click.option("--as", "login", help="who acts; the system when left out")
@click.pass_context
def add_partner_command(
    context: click.Context, code: str, name: str, url: str, key: str, lends: tuple[str, ...], login: str | None
) -> None:
    """Put a platform on the list under CODE."""
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        partners.add_partner(act, code=code, name=name, url=url, key=key, lends=lends)


@partners_group.command("fetch")
@click.argument("code")
@click.option("--as", "login", help="who acts; the system when left out")
@click.pass_context
def fetch_command(context: click.Context, code: str, login: str | None) -> None:
    """Ask the partner CODE which pools it lends us."""
    platform = platform_of(context)
    for pool in exchange.fetch_pools(platform, acting_as(platform, login), code):
        click.echo(f"{code}/{pool['code']}\t{pool['region']}\t{pool['name']}")


@partners_group.command("lend")
@click.argument("code")
@click.argument("pools", nargs=-1)
@click.option("--as", "login", help="who acts; the system when left out")
@click.pass_context
def lend_command(context: click.Context, code: str, pools: tuple[str, ...], login: str | None) -> None:
    """Let the partner CODE draw from POOLS of ours and no others; none named, from none."""
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        partners.lend_pools(act, federation.partner(act.session, code), pools)


@partners_group.command("withdraw")
@click.argument("code")
@click.option("--reason", required=True, help="why; it stands in the ledger")
@click.option("--as", "login", help="who acts; the system when left out")
@click.pass_context
def withdraw_command(context: click.Context, code: str, reason: str, login: str | None) -> None:
    """Take the partner CODE off the list."""
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        partners.withdraw_partner(act, federation.partner(act.session, code), reason)
