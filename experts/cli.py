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
from experts import forms, queries, services
from experts.queries import federation
from experts.rules import write_csv, write_workbook
from experts.rules.discipline import MEASURES, causes
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


@experts.command("sanctions")
@click.option("--state", default="", help="only those in this state, for example in_force")
@click.pass_context
def sanctions_command(context: click.Context, state: str) -> None:
    """List what was proposed and decided about experts: number, state, measure, cause, expert, last day."""
    with platform_of(context).reading() as session:
        for one in queries.sanctions(session, state):
            until = one.until_on or ""
            click.echo(f"{one.id}\t{one.state}\t{one.measure}\t{one.cause}\t{one.expert.code}\t{until}")


@experts.command("sanction")
@click.argument("code")
@click.option("--measure", type=click.Choice(MEASURES), required=True, help="what is to be done")
@click.option("--cause", type=click.Choice(list(causes())), required=True, help="why, as the law names it")
@click.option("--reason", required=True, help="facts and reasons; the expert reads them")
@click.option("--months", type=int, help="how long a suspension lasts")
@click.option("--section", default="", help="the section it happened in")
@click.option(
    "--evidence", "files", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="a PDF, PNG or JPEG; may be repeated",
)  # fmt: skip
@click.option("--as", "login", required=True, help="the officer or supervisor who proposes")
@click.pass_context
def sanction_command(
    context: click.Context, code: str, measure: str, cause: str, reason: str, months: int | None, section: str,
    files: tuple[Path, ...], login: str,
) -> None:  # fmt: skip
    """Propose a sanction of the expert CODE; another person decides it."""
    documents = [(one.name, forms.kind_of(one.read_bytes(), one.name), one.read_bytes()) for one in files]
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        made = services.propose_sanction(
            act, queries.expert(act.session, code), measure=measure, cause=cause, reason=reason, months=months,
            section_code=section, documents=documents,
        )  # fmt: skip
        click.echo(f"{made.id}")


@experts.command("decide-sanction")
@click.argument("number", type=int)
@click.option("--confirm", "decision", flag_value="confirm", help="the measure is taken")
@click.option("--dismiss", "decision", flag_value="dismiss", help="nothing is done")
@click.option("--lift", "decision", flag_value="lift", help="it ends early, as was asked")
@click.option("--keep", "decision", flag_value="keep", help="it stays in force")
@click.option("--opinion", required=True, help="the reasons; the expert reads them")
@click.option("--as", "login", required=True, help="who decides, not who proposed")
@click.pass_context
def decide_command(context: click.Context, number: int, decision: str | None, opinion: str, login: str) -> None:
    """Decide the sanction NUMBER, or whether it ends early."""
    if decision is None:
        raise click.UsageError("--confirm | --dismiss | --lift | --keep")
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        held = queries.sanction(act.session, number)
        if decision == "confirm":
            services.confirm_sanction(act, held, opinion)
        elif decision == "dismiss":
            services.dismiss_sanction(act, held, opinion)
        else:
            services.decide_lift(act, held, is_lifted=decision == "lift", opinion=opinion)
        click.echo(f"{held.state}\t{held.expert.code}\t{held.expert.status}")


@experts.command("review-year")
@click.argument("code")
@click.argument("year", type=int)
@click.option("--pass", "grade", flag_value="pass", help="the year is passed")
@click.option("--fail", "grade", flag_value="fail", help="the year is failed")
@click.option("--remark", default="", help="words; needed for a fail")
@click.option("--as", "login", required=True, help="the officer of the pools who reviews")
@click.pass_context
def review_year_command(
    context: click.Context, code: str, year: int, grade: str | None, remark: str, login: str
) -> None:  # fmt: skip
    """Record the yearly review of the expert CODE and print the figures it stands on."""
    if grade is None:
        raise click.UsageError("--pass | --fail")
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        made = services.review_year(act, queries.expert(act.session, code), year, grade, remark)
        for name, value in made.figures.items():
            click.echo(f"{name}\t{value}")


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
