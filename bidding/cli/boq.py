"""`sunbid boq`: bills of quantities on one's own machine: check against the tenderee's, get the template, convert."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from accounts.cli import write_private
from bidding.cli.preparation import fetch_preparation, fetch_tender_bill, spoken_findings
from bidding.cli.telling import said, tell
from bidding.rules.boq import (
    Bill,
    BillFinding,
    blank_workbook,
    check_priced,
    errors_of,
    read_stated,
    tender_bill,
    write_workbook,
    write_xml,
)
from core import money
from core.errors import Invalid

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def told_by_server(command: Any) -> Any:
    """The options by which a command knows the tenderee's bill."""
    for option in (
        click.option("--section", default="", help="the section's code"),
        click.option("--server", default="", help="the platform's address, to fetch the tenderee's bill from"),
        click.option("--template", "template", type=FILE, help="the tenderee's bill: .xlsx template, XML or JSON"),
    ):
        command = option(command)
    return command


@click.group()
def boq() -> None:
    """Bills of quantities (工程量清单)."""


@boq.command()
@click.argument("file", type=FILE)
@told_by_server
@click.option("--price", default="", help="the price in the opening schedule, yuan")
@click.option("--control-price", default="", help="the maximum bid price, yuan; from the server when not given")
@click.option("--regime", type=click.Choice(["T", "G"]), default=None, help="T 招标投标法, G 政府采购法")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def check(
    file: Path, template: Path | None, server: str, section: str, price: str, control_price: str, regime: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Check the priced bill FILE (.xlsx, XML or JSON). Exit 0: adds up (warnings are told); 1: errors; 2: misuse."""
    tender, told = tenderee(template, server, section)
    limit = money.parse(control_price, field="control-price") if control_price else told.get("control_price_fen")
    bill, findings = check_priced(
        tender,
        read_stated(file.read_bytes()),
        control_price_fen=limit,
        schedule_fen=money.parse(price, field="price") if price else None,
        regime=regime or told.get("regime", "T"),
    )
    facts, lines = report(file, bill, findings)
    tell(facts, lines, as_json=as_json)
    if errors_of(findings):
        sys.exit(1)


@boq.command("template")
@told_by_server
@click.option("--blank", is_flag=True, help="the empty layout a tenderee fills, with examples")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="the .xlsx to write")
def write_template(template: Path | None, server: str, section: str, blank: bool, out: Path) -> None:
    """Write the .xlsx a bidder fills; with --blank the one a tenderee starts from."""
    content = blank_workbook() if blank else write_workbook(tenderee(template, server, section)[0])
    write_private(out, content)
    tell({"file": str(out)}, [said(f"✓ 已写出 {out}", f"✓ Wrote {out}")], as_json=False)


@boq.command()
@click.argument("source", type=FILE)
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@told_by_server
@click.option("--title", default="", help="the bill's name, when SOURCE does not say it")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def convert(
    source: Path, target: Path, template: Path | None, server: str, section: str, title: str, as_json: bool
) -> None:
    """Convert SOURCE to TARGET (.xlsx, .xml, .json by its suffix).

    With the tenderee's bill (--template, or --server and --section) SOURCE is a bidder's priced bill and must pass the
    check; without it SOURCE is the tenderee's own bill.
    """
    writers = {".xlsx": write_workbook, ".xml": write_xml, ".json": Bill.canonical}
    write = writers.get(target.suffix.lower())
    if write is None:
        raise click.UsageError(f"{target.suffix}: .xlsx, .xml, .json")
    stated = read_stated(source.read_bytes())
    bill: Bill | None
    if template is not None or server:
        bill, findings = check_priced(tenderee(template, server, section)[0], stated)
    else:
        bill, findings = tender_bill(stated, section=section or stated.section or "-", title=title)
    facts, lines = report(source, bill, findings)
    if errors_of(findings) or bill is None:
        tell(facts, lines, as_json=as_json)
        sys.exit(1)
    write_private(target, write(bill))
    lines.append(said(f"✓ 已写出 {target}", f"✓ Wrote {target}"))
    tell({**facts, "file": str(target), "kind": bill.kind}, lines, as_json=as_json)


def tenderee(template: Path | None, server: str, section: str) -> tuple[Bill, dict[str, Any]]:
    """The tenderee's bill from a file or the server, and what the server told beside it.

    Raises Invalid("client.template") for a file that holds no sound bill of a tenderee.
    """
    if template is None:
        if not server or not section:
            raise click.UsageError("--template FILE, or --server URL and --section CODE")
        told = fetch_preparation(server, section)
        return fetch_tender_bill(server, section, told), told
    stated = read_stated(template.read_bytes())
    bill, findings = tender_bill(stated, section=stated.section or section or "-")
    if bill is None:
        first = errors_of(findings)[0]
        raise Invalid("client.template", field="template", file=template.name, reason=spoken_findings([first])[0])
    return bill, {}


def report(file: Path, bill: Bill | None, findings: list[BillFinding]) -> tuple[dict[str, Any], list[str]]:
    """The facts and the lines a person reads: every finding with its place, then whether the bill adds up."""
    errors = len(errors_of(findings))
    total = bill.total_fen if bill is not None else None
    facts = {
        "file": str(file),
        "valid": not errors,
        "errors": errors,
        "warnings": len(findings) - errors,
        "findings": [finding.as_json() for finding in findings],
        "total_fen": total,
        "subtotals_fen": bill.subtotals if bill is not None else None,
        "sha256": bill.sha256 if bill is not None else None,
    }
    lines = spoken_findings(findings)
    if errors:
        lines.append(said(f"✗ {file.name}：{errors} 处错误", f"✗ {file.name}: {errors} errors"))
    elif total is not None:
        lines.append(
            said(
                f"✓ {file.name}：合计 {money.grouped(total)} 元（{money.upper(total)}）",
                f"✓ {file.name}: total {money.grouped(total)} yuan",
            )
        )
    else:
        lines.append(said(f"✓ {file.name}：清单完整", f"✓ {file.name}: the bill is sound"))
    return facts, lines
