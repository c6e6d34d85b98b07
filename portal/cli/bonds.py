"""`sunbid bonds`: finance's side on the server: institutions, statements, overdue refunds, reconciliation, record."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import click

from accounts.cli.server import acting_as, platform_of
from bidding import queries as bidding
from bidding.cli.telling import said
from bidding.queries import bonds as queries
from bidding.queries.bond_record import bond_record
from bidding.queries.reconciliation import reconciliation
from bidding.rules.bonds import late_days
from bidding.rules.bonds.guarantee import KINDS
from bidding.services import bonds as services
from core import canonical
from core.calendar import day_of
from core.errors import Missing
from core.money import grouped
from portal.words import spoken_outside

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
ACCOUNTS = {
    "bank": ("银行存款", "at the bank"),
    "held": ("应付投标人", "owed to bidders"),
    "stray": ("来款无投标", "received without a bid"),
    "interest": ("已付利息", "interest paid"),
    "fee": ("已付资金占用费", "late fees paid"),
    "kept": ("不予退还", "kept by decision"),
    "performance": ("履约保证金", "performance bonds"),
}


@click.group()
def bonds() -> None:
    """Bonds on the server: institutions, bank statements, overdue refunds, reconciliation, the record to recount."""


@bonds.command("institution")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), default="bank", show_default=True)
@click.option("--certificate", type=FILE, required=True, help="the institution's certificate (PEM, Ed25519)")
@click.option("--address", default="", help="where it takes orders")
@click.option("--as", "login", help="who registers it; the system when left out")
@click.pass_context
def institution_command(
    context: click.Context, name: str, kind: str, certificate: Path, address: str, login: str | None
) -> None:
    """Register the institution NAME: what it signs counts from now on."""
    platform = platform_of(context)
    with platform.act(acting_as(platform, login)) as act:
        pem = certificate.read_text(encoding="ascii", errors="replace")
        held = services.register_institution(act, name=name, kind=kind, certificate=pem, address=address)
        click.echo(f"✓ {held.name} {held.fingerprint[:16]}")


@bonds.command("import")
@click.argument("file", type=FILE)
@click.option("--section", required=True, help="the section's code")
@click.option("--bank", default="", help="the bank's name; needed for CSV, a signed statement says it itself")
@click.option("--as", "login", help="who imports; the system when left out")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
@click.pass_context
def import_command(
    context: click.Context, file: Path, section: str, bank: str, login: str | None, as_json: bool
) -> None:
    """Take in a bank's statement from FILE: CSV, or the bank's signed JSON. Exit 1 when lines could not be read."""
    platform, raw = platform_of(context), file.read_bytes()
    if not bank.strip() and raw.lstrip()[:1] != b"{":
        raise click.UsageError(said("CSV 须用 --bank 写明是哪家银行的", "--bank must say whose CSV this is"))
    with platform.act(acting_as(platform, login)) as act:
        if raw.lstrip()[:1] == b"{":
            taken = services.take_signed_statement(act, raw)
        else:
            taken = services.import_statement(act, bidding.section(act.session, section), bank, raw)
        told: dict[str, Any] = {"sha256": taken.digest, "lines": taken.rows, "bad_rows": taken.bad_rows}
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(said(f"✓ {told['lines']} 行", f"✓ {told['lines']} lines") + f" {told['sha256'][:16]}")
        for bad in told["bad_rows"]:
            line = said(f"第 {bad['line']} 行", f"line {bad['line']}")
            click.echo(f"  {line}: {spoken_outside(bad['code'], bad)} {bad['found']}", err=True)
    if told["bad_rows"]:
        context.exit(1)


@bonds.command("reconcile")
@click.option("--section", default="", help="the section's code; everything when left out")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
@click.pass_context
def reconcile_command(context: click.Context, section: str, as_json: bool) -> None:
    """Bank lines, books and bonds against one another, to the fen. Exit 1 unless everything comes to zero."""
    platform = platform_of(context)
    with platform.reading() as session:
        report = reconciliation(session, bidding.section(session, section) if section else None)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        for name, fen in report["totals"].items():
            click.echo(f"{grouped(fen):>20}  {said(*ACCOUNTS[name])}")
        click.echo(f"{grouped(report['sum_fen']):>20}  {said('借贷合计', 'debits less credits')}")
        for one in report["differences"]:
            click.echo(f"✗ {one['code']} {one.get('name', '')} {grouped(one['fen'])}", err=True)
        if report["balanced"]:
            click.echo(said("✓ 对账为零", "✓ balances to zero"))
    if not report["balanced"]:
        context.exit(1)


@bonds.command("overdue")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
@click.pass_context
def overdue_command(context: click.Context, as_json: bool) -> None:
    """Bonds whose last day to go back is over, with how many days. Exit 1 when there is one."""
    platform = platform_of(context)
    with platform.reading() as session:
        today = day_of(platform.clock.now())
        found: list[dict[str, Any]] = [
            {
                "section": bond.section.code,
                "name": bond.name,
                "due_on": bond.due_on,
                "days": late_days(date.fromisoformat(bond.due_on or ""), today),
                "held_fen": queries.owed_fen(session, bond),
            }
            for bond in queries.overdue(session, today)
        ]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for one in found:
            over = said(f"逾期 {one['days']} 天", f"{one['days']} days over")
            click.echo(f"{one['section']} {one['name']} {one['due_on']} {over} {grouped(one['held_fen'])}")
        if not found:
            click.echo(said("✓ 没有逾期的保证金", "✓ nothing is overdue"))
    if found:
        context.exit(1)


@bonds.command("record")
@click.argument("section")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="the file to write")
@click.pass_context
def record_command(context: click.Context, section: str, out: Path) -> None:
    """Write the SECTION's bonds as one file that anybody can recount: python -m verifier.refunds FILE."""
    platform = platform_of(context)
    with platform.reading() as session:
        held = bidding.section(session, section)
        if not queries.is_released(session, held):
            raise Missing("section.unknown", section=section)
        out.write_bytes(canonical.dumps(bond_record(session, held)))
    click.echo(str(out))
