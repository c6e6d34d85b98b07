"""`sunbid institution`: the small bank, guarantor or insurer behind an HTTP counter; for demonstrations and tests."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click
import requests

from bidding.cli.institution import SmallInstitution, wall
from bidding.rules.bonds.guarantee import KINDS
from core.errors import Missing, Refusal
from core.ledger.notes import Verifier

log = logging.getLogger("sunbid.institution")
MOST = 1_048_576
PATIENCE = 15


def answer(bank: SmallInstitution, method: str, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
    """What the counter says: status and JSON; a refusal is told with its code."""
    try:
        match (method, path):
            case ("GET", "/certificate"):
                return 200, {"name": bank.name, "kind": bank.kind, "certificate": bank.certificate}
            case ("POST", "/guarantees"):
                return 201, bank.issue(body["terms"], body["applicant"])
            case ("GET", _) if path.startswith("/guarantees/"):
                return 200, bank.guarantee(path.removeprefix("/guarantees/"))
            case ("POST", "/accounts"):
                holder = body["holder"]
                account = bank.account_for(body["section"], holder, body.get("purpose", "bid"))
                return 201, {"account": account, "bank": bank.name}
            case ("POST", "/payments"):
                paid = {key: body[key] for key in ("account", "payer", "payer_account", "amount_fen")}
                return 201, {"reference": bank.receive(**paid, basic=body.get("basic"))}
            case ("POST", "/orders"):
                return 200, bank.obey(body)
        raise Missing("institution.path")
    except Refusal as refusal:
        return (404 if isinstance(refusal, Missing) else 409), {"code": refusal.code, "facts": refusal.facts}
    except (KeyError, TypeError, AttributeError):
        return 400, {"code": "institution.malformed", "facts": {}}


def _handler(bank: SmallInstitution) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One request at the counter."""

        timeout = PATIENCE

        def log_message(self, format: str, *arguments: Any) -> None:
            """Who asks for a guarantee or an account is nobody's business: no line is written (R-154)."""

        def do_GET(self) -> None:
            """Answer a question."""
            self._say(*answer(bank, "GET", self.path, {}))

        def do_POST(self) -> None:
            """Do what is asked."""
            length = int(self.headers.get("Content-Length") or 0)
            try:
                body = json.loads(self.rfile.read(length)) if 0 < length <= MOST else None
            except ValueError:
                body = None
            if not isinstance(body, dict):
                self._say(400, {"code": "institution.malformed", "facts": {}})
            else:
                self._say(*answer(bank, "POST", self.path, body))

        def _say(self, status: int, said: Any) -> None:
            raw = json.dumps(said, ensure_ascii=False, default=str).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    return Handler


@contextmanager
def open_counter(bank: SmallInstitution, port: int = 0) -> Iterator[str]:
    """The counter open on this machine, in a thread of its own; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(bank))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def settle_with(bank: SmallInstitution, platform: str) -> list[str]:
    """Ask the platform which sections are over and which told, and hand in what is due."""

    def post(path: str, document: dict[str, Any]) -> None:
        requests.post(platform + path, json=document, timeout=PATIENCE, allow_redirects=False).raise_for_status()

    told = requests.get(platform + "/bonds/sections.json", timeout=PATIENCE)
    told.raise_for_status()
    return bank.settle(told.json(), post)


FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def institution() -> None:
    """A small bank, guarantor or insurer, for demonstrations and tests; production asks licensed ones."""


@institution.command()
@click.argument("folder", type=FOLDER)
@click.option("--name", required=True)
@click.option("--kind", type=click.Choice(KINDS), default="bank", show_default=True)
def create(folder: Path, name: str, kind: str) -> None:
    """Make a new institution in FOLDER; its certificate is printed, for the platform's operator to register."""
    SmallInstitution.create(folder, name, kind, at=wall())
    click.echo((folder / "certificate.pem").read_text(encoding="ascii"), nl=False)


@institution.command()
@click.argument("folder", type=FOLDER)
@click.option("--port", default=8091, show_default=True)
@click.option("--platform", default="", help="the platform's address: statements go there when they may")
@click.option("--platform-key", default="", help="the platform's public key: its orders are obeyed")
@click.option("--every", default=30.0, show_default=True, help="seconds between two looks at the platform")
def serve(folder: Path, port: int, platform: str, platform_key: str, every: float) -> None:
    """Open the counter of the institution in FOLDER on this machine, until stopped."""
    bank = SmallInstitution(folder, platform=Verifier.parse(platform_key) if platform_key else None)
    with open_counter(bank, port) as address:
        click.echo(f"{bank.name} {address}")
        while True:
            time.sleep(every)
            if platform:
                try:
                    settle_with(bank, platform)
                except requests.RequestException as error:
                    log.warning("the platform could not be reached: %s", type(error).__name__)
