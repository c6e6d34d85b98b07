"""`sunbid bond`: a bidder gets the bond's terms, a guarantee or a virtual account, and looks whether it is fit.

Everything here is between the bidder and the bank, guarantor or insurer of their choice (R-153): the platform is asked
only for what it tells everybody, and learns nothing (R-154).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from accounts.cli import Connection, Identity, checked
from accounts.rules.certificates import facts_of
from bidding.cli.telling import said, tell
from bidding.rules.bonds import Known, check_guarantee, read_guarantee
from bidding.rules.bonds.statement import PURPOSES
from bidding.rules.sentences import say
from core import canonical
from core.money import grouped

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
IDENTITY = click.Path(path_type=Path, exists=True, file_okay=False)


FORMS = {
    "transfer": ("转账", "bank transfer"),
    "cheque": ("支票", "cheque"),
    "draft": ("银行汇票", "bank draft"),
    "promissory": ("银行本票", "promissory note"),
    "cash": ("现金", "cash"),
    "guarantee": ("银行保函", "bank guarantee"),
    "surety": ("担保保函", "surety bond"),
    "insurance": ("保证保险", "insurance"),
    "waiver": ("依信用免交", "waived by credit rating"),
}
ISSUERS = {"bank": ("银行", "bank"), "guarantor": ("担保机构", "guarantor"), "insurer": ("保险机构", "insurer")}


def _named(words: dict[str, tuple[str, str]], code: str) -> str:
    """A code in words; as it stands where there is none."""
    return said(*words[code]) if code in words else code


@click.group()
def bond() -> None:
    """The bid bond: terms, a guarantee, a virtual account, and whether they are fit."""


def fetch(server: str, section: str) -> tuple[dict[str, Any], list[Known]]:
    """The section's terms, and the institutions the platform knows."""
    connection = Connection(server)
    terms = checked(connection.get(f"/sections/{section}/bond.json")).json()
    listed = checked(connection.get("/bonds/institutions.json")).json()["institutions"]
    known = [Known(one["name"], one["kind"], one["certificate"]) for one in listed if not one["withdrawn_at"]]
    return terms, known


def _party(identity: Path) -> dict[str, str]:
    facts = facts_of(Identity(identity).certificate)
    return {"name": facts.subject_name, "uscc": facts.identifier}


@bond.command()
@click.option("--server", required=True)
@click.option("--section", required=True)
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def terms(server: str, section: str, as_json: bool) -> None:
    """Show what the section asks of a bond, for you and for the bank."""
    found, known = fetch(server, section)
    lines = [
        said(f"金额 {grouped(found['amount_fen'])} 元", f"amount CNY {grouped(found['amount_fen'])}"),
        said(f"受益人 {found['beneficiary']['name']}", f"beneficiary {found['beneficiary']['name']}"),
        said(f"有效期不早于 {found['valid_until']}", f"valid at least until {found['valid_until']}"),
        said("形式任选：", "form of your choice: ")
        + said("、", ", ").join(_named(FORMS, one) for one in found["forms"]),
        *(f"  {one.name} ({_named(ISSUERS, one.kind)})" for one in known),
    ]
    tell({**found, "institutions": [one.name for one in known]}, lines, as_json=as_json)


@bond.command()
@click.option("--issuer", required=True, help="the bank's, guarantor's or insurer's address")
@click.option("--server", required=True, help="the platform's address, for the terms")
@click.option("--section", required=True)
@click.option("--identity", type=IDENTITY, required=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="qualification/bond/….json")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def apply(issuer: str, server: str, section: str, identity: Path, out: Path, as_json: bool) -> None:
    """Apply for a guarantee at the issuer, look whether it is fit, and keep it in --out. Exit 1 when it is unfit."""
    wanted, known = fetch(server, section)
    applicant = _party(identity)
    told = {key: wanted[key] for key in ("purpose", "section", "project", "beneficiary", "amount_fen", "valid_until")}
    document = checked(Connection(issuer).post("/guarantees", json={"terms": told, "applicant": applicant})).json()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(canonical.dumps(document))
    _tell_check(document, wanted, known, applicant["uscc"], as_json=as_json, kept=str(out))


@bond.command()
@click.argument("guarantee", type=FILE)
@click.option("--server", required=True)
@click.option("--section", required=True)
@click.option("--identity", type=IDENTITY, required=True)
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def check(guarantee: Path, server: str, section: str, identity: Path, as_json: bool) -> None:
    """Look whether the guarantee in the file is fit, by the same rules as at the opening. Exit 1 when it is not."""
    wanted, known = fetch(server, section)
    document = read_guarantee(guarantee.read_bytes())
    _tell_check(document, wanted, known, _party(identity)["uscc"], as_json=as_json, kept=str(guarantee))


@bond.command()
@click.option("--bank", required=True, help="the bank's address")
@click.option("--section", required=True)
@click.option("--identity", type=IDENTITY, required=True)
@click.option("--purpose", type=click.Choice(PURPOSES), default="bid", show_default=True, help="which bond it is for")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def account(bank: str, section: str, identity: Path, purpose: str, as_json: bool) -> None:
    """Ask the bank for your own virtual account for the section; pay into it from your basic account."""
    asked = {"section": section, "holder": _party(identity), "purpose": purpose}
    answer = checked(Connection(bank).post("/accounts", json=asked)).json()
    tell(answer, [f"{answer['bank']} {answer['account']}"], as_json=as_json)


def _tell_check(
    document: dict[str, Any], wanted: dict[str, Any], known: list[Known], uscc: str, *, as_json: bool, kept: str
) -> None:
    faults = check_guarantee(document, terms=wanted, applicant=[uscc], known=known)
    language = said("zh", "en")
    lines = [f"✗ {say(one.code, one.facts, language)} [{one.code}]" for one in faults]
    if not faults:
        lines = [said(f"✓ 保函 {document['number']} 符合要求", f"✓ guarantee {document['number']} is fit")]
    facts = {"number": document["number"], "file": kept, "faults": [one.as_json() for one in faults]}
    tell(facts, [*lines, kept], as_json=as_json)
    if faults:
        sys.exit(1)
