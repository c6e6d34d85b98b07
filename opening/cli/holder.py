"""`sunbid trustee`: keys with a tested backup, rehearsal, the draw's nonces, taking off layers, decoys."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from accounts.cli import Connection, checked, connect
from core.clock import from_iso
from core.draw.mechanism import nonce_commitment
from core.errors import Conflict, Invalid, Refusal
from core.seal import derive_nonce, peel, recipient_of, seal_decoy
from opening.cli.keyring import Keyring
from opening.cli.proof import check_closing, check_content, check_second, check_task
from opening.cli.uploads import upload_file
from opening.rules import draw_label, is_final, record_message

ROLES = ("officer", "supervisor", "tenderee")
CLOCK = "SUNBID_TEST_CLOCK"
"""Demonstrations and tests play in their own time; a server that sees this variable refuses to start in production."""


def told(as_json: bool, facts: dict[str, Any], line: str) -> None:
    """One JSON object, or one line for people, on stdout."""
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else line)


def shared(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that talks to the server; the command gets server, ring, section, as_json."""

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
        command(server=server, ring=Keyring(identity), section=section, as_json=as_json, **options)

    return run


def role_of(connection: Connection) -> str:
    """The trustee role under which the server knows the person; Conflict("key.no_role") when there is none."""
    roles = checked(connection.get("/account")).json()["roles"]
    for role in ROLES:
        if role in roles:
            return role
    raise Conflict("key.no_role")


def own_now() -> datetime:
    """This machine's clock, which the platform cannot set."""
    return from_iso(os.environ[CLOCK]) if os.environ.get(CLOCK) else datetime.now(UTC)


@click.group()
def trustee() -> None:
    """For the holders of a section's keys: tenderee, officer, supervisor."""


@trustee.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--backup", required=True, type=click.Path(path_type=Path, file_okay=False), help="where the copy goes")
@click.option("--organisation", default="", help="the organisation's name, for the certificate request")
@click.option("--uscc", default="", help="its unified social credit code")
@click.option("--person", default="", help="your name")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def keygen(folder: Path, backup: Path, organisation: str, uscc: str, person: str, as_json: bool) -> None:
    """Make your signing identity in FOLDER and a tested backup of it in another place. Nothing is overwritten."""
    Keyring.create(folder, backup, name=organisation, identifier=uscc, person=person)
    facts = {"folder": str(folder), "backup": str(backup), "public_key": str(folder / "public.pem")}
    told(as_json, facts, f"✓ {folder} · backup {backup}, restored and tested")


@trustee.command()
@shared
def register(server: str, ring: Keyring, section: str, as_json: bool) -> None:
    """Make a fresh key for the section (with a tested backup) and register its public half."""
    connection = connect(server, ring.identity)
    recipient = recipient_of(ring.make_key(section))
    facts = checked(connection.post(f"/sections/{section}/trustees", json={"recipient": recipient})).json()
    told(as_json, facts, f"✓ {section} · {facts['role']} · {recipient}")


@trustee.command()
@shared
def rehearse(server: str, ring: Keyring, section: str, as_json: bool) -> None:
    """Open the canary with the section's key, and pin the platform's key and the policy as published."""
    connection = connect(server, ring.identity)
    canary = checked(connection.get(f"/sections/{section}/rehearsal")).json()
    terms = checked(connection.get(f"/opening/{section}/terms")).json()
    key = ring.key_of(section)
    if terms["policies"][-1]["recipients"].get(canary["role"]) != recipient_of(key):
        raise Conflict("peel.client.proof", place="recipient")
    token = peel(base64.b64decode(canary["canary"]), key).decode()
    facts = checked(connection.post(f"/sections/{section}/rehearsal", json={"token": token})).json()
    ring.pin(section, terms)
    told(as_json, facts, f"✓ {section} · {facts['role']} · canary opened, policy and platform key pinned")


@trustee.command("commit-draw")
@shared
def commit_draw(server: str, ring: Keyring, section: str, as_json: bool) -> None:
    """Commit to your nonce for the coefficient draw; the nonce itself stays here until decryption has closed."""
    connection = connect(server, ring.identity)
    commitment = nonce_commitment(_nonce(ring, section))
    body = {"party": role_of(connection), "commitment": commitment}
    facts = checked(connection.post(f"/opening/{section}/draw/commitment", json=body)).json()
    told(as_json, facts, f"✓ {section} · {commitment}")


@trustee.command("reveal-draw")
@shared
def reveal_draw(server: str, ring: Keyring, section: str, as_json: bool) -> None:
    """Reveal your nonce for the coefficient draw, once decryption has closed."""
    connection = connect(server, ring.identity)
    body = {"party": role_of(connection), "nonce": _nonce(ring, section).hex()}
    facts = checked(connection.post(f"/opening/{section}/draw/nonce", json=body)).json()
    told(as_json, facts, f"✓ {section} · {body['nonce']}")


@trustee.command()
@shared
def cosign(server: str, ring: Keyring, section: str, as_json: bool) -> None:
    """Sign the opening record's hash with your certificate's key, after hashing the published PDF yourself."""
    connection = connect(server, ring.identity)
    told = checked(connection.get(f"/opening/{section}/state")).json()["record_sha256"]
    found = hashlib.sha256(checked(connection.get(f"/opening/{section}/record.pdf")).content).hexdigest()
    if found != told:
        raise Conflict("peel.client.proof", place="record_sha256")
    signature = base64.b64encode(ring.identity.sign(record_message(found))).decode("ascii")
    facts = checked(connection.post(f"/opening/{section}/cosign", json={"signature": signature})).json()
    line = f"✓ {section} · {found}"
    told_facts = {"section": section, "record_sha256": found, **facts}
    click.echo(json.dumps(told_facts, ensure_ascii=False) if as_json else line)


@trustee.command("open")
@shared
@click.option("--wait", default=0, show_default=True, help="seconds to wait for more layers before ending")
@click.option("--key", default="", help="the platform's ledger key, where none was pinned at the rehearsal")
def open_layers(server: str, ring: Keyring, section: str, as_json: bool, wait: int, key: str) -> None:
    """Take off your layers: identities after the closing, bids where the rules say so.

    First the platform must prove that the section is closed: a signed checkpoint with the closed set in it, after the
    deadline by this machine's clock. Before that your key does nothing.
    """
    connection = connect(server, ring.identity)
    role = role_of(connection)
    pinned = ring.pinned(section)
    platform_key = key or pinned.get("platform_key", "")
    if not platform_key:
        raise Conflict("peel.client.proof", place="platform_key")
    own = ring.key_of(section)
    proof = checked(connection.get(f"/opening/{section}/closing")).json()
    closed = check_closing(
        proof,
        section=section,
        role=role,
        recipient=recipient_of(own),
        key=platform_key,
        pinned=pinned.get("policies", []),
        now=own_now(),
    )
    sealed = check_second(proof, section=section, key=platform_key, later=pinned.get("later", []))
    done: dict[str, int] = {"peeled": 0, "reported": 0, "refused": 0}
    finished: set[tuple[str, str]] = set()
    tried: set[str] = set()  # each layer once: a server that asks again and again keeps no key holder busy
    until = time.monotonic() + wait
    while True:
        told_tasks = checked(connection.get(f"/opening/{section}/layers", params={"role": role})).json()["tasks"]
        tasks = [task for task in told_tasks if task["content"] not in tried]
        tried.update(task["content"] for task in tasks)
        with click.progressbar(tasks, label=f"{section} · {role}", file=sys.stderr) as bar:
            for task in bar:
                check_task(task, closed, sealed)
                package = (task["submission"], task["package"])
                if package in finished:
                    continue
                outcome = _take_off(connection, section, task, own)
                done[outcome] += 1
                if outcome == "peeled" and is_final(task["set"], task["stage"]):
                    finished.add(package)
        if not tasks and time.monotonic() >= until:
            break
        if not tasks:
            time.sleep(1)
    told(as_json, {"section": section, "role": role, **done}, _summary(section, role, done))
    if done["refused"]:
        sys.exit(1)


def _take_off(connection: Connection, section: str, task: dict[str, Any], key: str) -> str:
    """Take off one layer and hand in what is left, or report that it does not open: "peeled", "reported", "refused"."""
    try:
        content = peel(base64.b64decode(task["content"]), key)
    except Invalid as refusal:
        checked(connection.post(f"/opening/{section}/faults", json={**task, "content": None, "code": refusal.code}))
        return "reported"
    check_content(task, content, section)
    body = {**task, "content": base64.b64encode(content).decode("ascii")}
    try:
        checked(connection.post(f"/opening/{section}/layers", json=body))
    except Refusal as refusal:
        click.echo(f"! {task['submission'][:12]} {task['package']} {task['set']}: {refusal.code}", err=True)
        return "refused"
    return "peeled"


def _summary(section: str, role: str, done: dict[str, int]) -> str:
    return f"✓ {section} · {role} · {done['peeled']} peeled · {done['reported']} reported · {done['refused']} refused"


def _nonce(ring: Keyring, section: str) -> bytes:
    return bytes.fromhex(derive_nonce(ring.secret_of(section), draw_label(section)))


@trustee.command()
@shared
@click.option("--smallest", is_flag=True, help="every envelope at the smallest size, for a quick decoy")
def decoy(server: str, ring: Keyring, section: str, as_json: bool, smallest: bool) -> None:
    """Submit a decoy, which nobody can tell from a bid before the opening; k trustees unmask it then."""
    connection = connect(server, ring.identity)
    role = role_of(connection)
    policy = checked(connection.get(f"/opening/{section}/terms")).json()["policies"][-1]
    sizes = dict.fromkeys(policy["envelopes"], 1) if smallest else None
    with tempfile.TemporaryDirectory(prefix="sunbid-decoy-") as folder:
        sealed = seal_decoy(policy, role, Path(folder) / "decoy", sizes=sizes)
        receipt = submit_sealed(connection, section, sealed)
    facts = {"section": section, "submission": sealed.digest, "received_at": receipt["received_at"]}
    told(as_json, facts, f"✓ {section} · decoy {sealed.digest[:12]} · {receipt['received_at']}")


def submit_sealed(connection: Connection, section: str, sealed: Any) -> dict[str, Any]:
    """Upload what was sealed and commit it; the receipt."""
    for file in [*sealed.bulks.values(), *(path for sets in sealed.keys.values() for path in sets.values())]:
        upload_file(connection, file)
    body = {
        "submission": sealed.submission,
        "identity": {names: base64.b64encode(package).decode("ascii") for names, package in sealed.identity.items()},
        "leaf_commitment": sealed.leaf,
        "idempotency_key": sealed.digest,
    }
    return dict(checked(connection.post(f"/sections/{section}/submissions", json=body)).json())
