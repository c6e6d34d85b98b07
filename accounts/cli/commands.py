"""`sunbid account`: making a folder of keys, signing in with it, showing what it holds."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from accounts.cli.connection import checked, connect
from accounts.cli.folder import CERTIFICATE, PUBLIC, Identity
from accounts.rules.certificates import facts_of


@click.group()
def account() -> None:
    """Your own keys, and signing in with them."""


@account.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--organisation", default="", help="the organisation's name, for the certificate request")
@click.option("--uscc", default="", help="its unified social credit code")
@click.option("--person", default="", help="your name")
def keygen(folder: Path, organisation: str, uscc: str, person: str) -> None:
    """Make signing key, age identity and secret in FOLDER. Nothing is overwritten."""
    own = Identity.create(folder, name=organisation, identifier=uscc, person=person)
    click.echo(f"recipient  {own.recipient}")
    click.echo(f"public key {folder / PUBLIC}")


@account.command()
@click.option("--server", required=True, help="the platform's address")
@click.option("--identity", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def login(server: str, identity: Path, as_json: bool) -> None:
    """Sign in by certificate and say as whom the server knows you."""
    facts = checked(connect(server, identity).get("/account")).json()
    if as_json:
        json.dump(facts, sys.stdout, ensure_ascii=False)
        click.echo()
    else:
        click.echo(f"✓ {facts['name']} ({facts['login']}) · {facts['organisation']} · {', '.join(facts['roles'])}")


@account.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def show(folder: Path, as_json: bool) -> None:
    """Show what FOLDER holds, no secret of it."""
    own = Identity(folder)
    facts: dict[str, Any] = {"recipient": own.recipient}
    if (folder / CERTIFICATE).exists():
        certificate = facts_of(own.certificate)
        facts |= {
            "organisation": certificate.subject_name,
            "uscc": certificate.identifier,
            "person": certificate.person,
            "not_after": certificate.not_after.isoformat(),
            "fingerprint": certificate.fingerprint,
        }
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        for name, value in facts.items():
            click.echo(f"{name:12} {value}")
