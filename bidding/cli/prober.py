"""`sunbid prober`: anyone's small program that looks at the site from outside and keeps a signed, chained log."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import requests

from bidding.rules.outage import DOMAIN, body_digest, first_link, outages, read_log
from core.clock import iso
from core.ledger.notes import Signer


@click.group()
def prober() -> None:
    """Watch from outside whether the platform can be reached."""


def signer(key: Path, name: str) -> Signer:
    """The prober's key from its file, made at random and 0600 when absent."""
    if not key.exists():
        descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    return Signer(name, bytes.fromhex(key.read_text(encoding="ascii").strip()))


@prober.command()
@click.option("--site", required=True, help="the platform's address")
@click.option("--log", "log_file", required=True, type=click.Path(path_type=Path, dir_okay=False), help="the log file")
@click.option("--key", required=True, type=click.Path(path_type=Path, dir_okay=False), help="the prober's key file")
@click.option("--name", required=True, help="the prober's name in its key")
@click.option("--control", default="", help="another site, asked when the platform does not answer")
@click.option("--every", default=10.0, show_default=True, help="seconds between two looks")
@click.option("--times", default=0, show_default=True, help="how many looks; 0 until stopped")
def run(site: str, log_file: Path, key: Path, name: str, control: str, every: float, times: int) -> None:
    """Look again and again, and sign what was seen into the log; the public key is printed first."""
    own = signer(key, name)
    spelled = str(own.verifier)
    click.echo(spelled)
    held = log_file.read_bytes().splitlines() if log_file.exists() else []
    read_log(b"\n".join(held), spelled)
    previous, seq = first_link(spelled), len(held)
    if held:
        body = json.loads(held[-1])
        body.pop("signature")
        previous = body_digest(body).hex()
    done = 0
    with log_file.open("ab") as log:
        while not times or done < times:
            body = {"type": "sunbid-probe/v1", "seq": seq, "site": site, "previous": previous, **look(site, control)}
            digest = body_digest(body)
            signature = base64.b64encode(own.sign(DOMAIN + digest)).decode()
            log.write(json.dumps({**body, "signature": signature}, separators=(",", ":")).encode() + b"\n")
            log.flush()
            os.fsync(log.fileno())
            previous, seq, done = digest.hex(), seq + 1, done + 1
            if not times or done < times:
                time.sleep(every)


def look(site: str, control: str) -> dict[str, Any]:
    """One look: when, whether the site's /time answered, with which status and how fast; and the control, if asked."""
    at, began, status = iso(datetime.now(UTC)), time.monotonic(), 0
    try:
        status = requests.get(f"{site.rstrip('/')}/time", timeout=8, headers={"Accept": "application/json"}).status_code
    except requests.RequestException:
        status = 0
    ok = status == 200
    return {
        "at": at,
        "ok": ok,
        "status": status,
        "ms": int((time.monotonic() - began) * 1000),
        "control": None if ok or not control else _answers(control),
    }


def _answers(site: str) -> bool:
    try:
        return requests.get(site, timeout=8).status_code < 500
    except requests.RequestException:
        return False


@prober.command()
@click.argument("log_file", metavar="LOG", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key", required=True, help="the prober's public key as printed by `run`")
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def check(log_file: Path, key: str, as_json: bool) -> None:
    """Check a log's signatures and chain, and say which outages it shows; exit 1 where it was touched."""
    probes = read_log(log_file.read_bytes(), key)
    found = outages(probes, probes[0].at, probes[-1].at) if probes else []
    facts = {"probes": len(probes), "outages": [{"from": iso(o.begun_at), "until": iso(o.ended_at)} for o in found]}
    if as_json:
        click.echo(json.dumps(facts))
    else:
        click.echo(f"✓ {len(probes)} · {len(found)}")
        for outage in found:
            click.echo(f"  {iso(outage.begun_at)} – {iso(outage.ended_at)}")
    sys.exit(0)
