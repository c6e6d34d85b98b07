"""`sunbid opening`: a bidder signs in, releases their own layer, confirms what was read out."""

from __future__ import annotations

import base64
import functools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from accounts.cli import Identity, checked, connect
from bidding.cli.folder import BidFolder
from bidding.cli.sealing import read_envelopes
from bidding.rules.envelopes import opened_in
from core.errors import Conflict, Missing
from core.seal import peel, rebuild_archive
from opening.cli.holder import own_now
from opening.cli.proof import check_closing, check_second, check_task
from opening.cli.uploads import upload_file
from opening.rules import readout

Told = tuple[dict[str, Any], str]


def shared(command: Callable[..., Told]) -> Callable[..., None]:
    """The options of every command here; the command gets a connection, the identity, the section, and its own."""

    @click.option("--server", required=True, envvar="SUNBID_SERVER", help="the platform's address")
    @click.option(
        "--identity",
        required=True,
        envvar="SUNBID_IDENTITY",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="your key folder",
    )
    @click.option("--section", required=True, help="the section's code")
    @click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
    @functools.wraps(command)
    def run(server: str, identity: Path, section: str, as_json: bool, **options: Any) -> None:
        own = Identity(identity)
        facts, line = command(connect(server, own), own, section, **options)
        click.echo(json.dumps(facts, ensure_ascii=False) if as_json else line)

    return run


@click.group()
def opening() -> None:
    """For bidders on opening day."""


@opening.command("sign-in")
@shared
def sign_in(connection: Any, own: Identity, section: str) -> Told:
    """Sign in to the opening."""
    facts = checked(connection.post(f"/opening/{section}/sign-in", json={})).json()
    return facts, f"✓ {section} · {facts['state']}"


@opening.command()
@shared
@click.option(
    "--bid",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="the sealed folder: what was pinned when it was sealed",
)
@click.option("--key", default="", help="the platform's ledger key, where the folder is not at hand")
def release(connection: Any, own: Identity, section: str, bid: Path | None, key: str) -> Told:
    """Sign in and take off your own layer of this sitting's envelopes: a few hundred bytes, the files stay there.

    First the platform must prove that the section is closed: a signed checkpoint with the closed set in it, after the
    deadline by this machine's clock. Before that your key does nothing.
    """
    folder = BidFolder(bid) if bid else None
    pinned = key or (folder.platform_key if folder else "")
    policies = [folder.policy] if folder else []
    if not pinned:
        raise Conflict("peel.client.proof", place="platform_key")
    checked(connection.post(f"/opening/{section}/sign-in", json={}))
    proof = checked(connection.get(f"/opening/{section}/closing")).json()
    closed = check_closing(proof, section=section, key=pinned, pinned=policies, now=own_now())
    # Of an envelope kept for a second sitting nothing is taken off before the platform has signed that it has begun.
    later = folder.later if folder else None
    if later is None:  # sealed before that was pinned, or elsewhere: only the platform can say
        later = opened_in(checked(connection.get(f"/sections/{section}/policy.json")).json()["envelopes"], "second")
    sealed = check_second(proof, section=section, key=pinned, later=later)
    tasks = checked(connection.get(f"/opening/{section}/layers", params={"role": "bidder"})).json()["tasks"]
    if not tasks:
        raise Missing("release.nothing", section=section)
    layers: dict[str, dict[str, str]] = {}
    for task in tasks:
        check_task(task, closed, sealed)
        content = peel(base64.b64decode(task["content"]), own.age_identity)
        layers.setdefault(task["submission"], {})[task["package"]] = base64.b64encode(content).decode("ascii")
    for submission, peeled in layers.items():
        checked(connection.post(f"/opening/{section}/release", json={"submission": submission, "layers": peeled}))
    facts = {"section": section, "released": {digest: sorted(peeled) for digest, peeled in layers.items()}}
    return facts, f"✓ {section} · " + " · ".join(f"{digest[:12]} {len(peeled)}" for digest, peeled in layers.items())


@opening.command()
@click.option("--server", required=True, envvar="SUNBID_SERVER", help="the platform's address")
@click.option(
    "--identity",
    required=True,
    envvar="SUNBID_IDENTITY",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="your key folder",
)
@click.option("--section", required=True, help="the section's code")
@click.option(
    "--bid",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="the sealed folder",
)
@click.option("--envelope", "envelopes", multiple=True, metavar="NAME=DIR", help="original files: DIR/slot/file")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def backup(server: str, identity: Path, section: str, bid: Path, envelopes: tuple[str, ...], as_json: bool) -> None:
    """Make the plain archives again from your original files and hand them in (R-256).

    They are accepted only if they are, byte for byte, what the sealed bid committed to; checked here first.
    """
    connection, folder = connect(server, Identity(identity)), BidFolder(bid)
    with tempfile.TemporaryDirectory(prefix="sunbid-backup-") as temp:
        archives = {
            name: rebuild_archive(folder.submission, folder.private, name, files, Path(temp) / f"{name}.tar")
            for name, files in read_envelopes(envelopes).items()
        }
        hashes = {name: upload_file(connection, path) for name, path in archives.items()}
    salts = {name: folder.private["salts"][name] for name in hashes}
    body = {"submission": folder.digest, "archives": hashes, "salts": salts}
    facts = checked(connection.post(f"/opening/{section}/backup", json=body)).json()
    told = f"✓ {section} · {folder.digest[:12]} · {facts['state']}"
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else told)


@opening.command()
@shared
def confirm(connection: Any, own: Identity, section: str) -> Told:
    """Confirm what was read out, signed with your certificate's key."""
    digest = checked(connection.get(f"/opening/{section}/readout")).json()["digest"]
    signature = base64.b64encode(own.sign(readout(digest))).decode("ascii")
    facts = checked(connection.post(f"/opening/{section}/confirm", json={"signature": signature})).json()
    return facts, f"✓ {section} · {digest[:12]} · {facts['state']}"
