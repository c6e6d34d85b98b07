"""`sunbid account agent`: the reference signing program on one's own machine, asked by the page (docs/CA-LOCKS.md)."""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from accounts.cli.commands import account
from accounts.cli.folder import Identity
from accounts.cli.locks import MOST_LOCKS, locks
from accounts.rules.certificates import facts_of
from core.errors import Forbidden, Invalid, Refusal

PORT = 17650
MOST = 4096
MESSAGES = {
    "sunbid-login/v1": (re.compile(rb"sunbid-login/v1\n[A-Za-z0-9_-]{40,100}"), "sign in 登录"),
    "sunbid-identity/v1": (re.compile(rb"sunbid-identity/v1\n.{32}", re.S), "submit a bid 递交投标文件"),
    "sunbid-identity/v2": (re.compile(rb"sunbid-identity/v2\n.{64}", re.S), "submit a bid 递交投标文件"),
    "sunbid-confirm/v1": (re.compile(rb"sunbid-confirm/v1\n.{32}", re.S), "confirm the opening record 确认开标记录"),
}
"""What the platform asks a certificate to sign, and nothing else: a page cannot have a contract signed."""

Confirm = Callable[[str], bool]
"""`confirm(line)`: whether the person at the machine agrees to this signature."""


def describe(message: bytes) -> str:
    """What signing the message means, with its end in hex; Invalid("agent.message") for any other message."""
    for shape, meaning in MESSAGES.values():
        if shape.fullmatch(message):
            subject = message.partition(b"\n")[2]
            return f"{meaning} · {subject[:16].hex()}"
    raise Invalid("agent.message")


class Agent(ThreadingHTTPServer):
    """Answers one site's pages on 127.0.0.1; signs what `describe` knows, each time only after `confirm`."""

    daemon_threads = True

    def __init__(self, identity: Identity, origin: str, confirm: Confirm, port: int = PORT) -> None:
        parts = urlsplit(origin)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.identity, self.confirm = identity, confirm
        self.asking = threading.Lock()
        super().__init__(("127.0.0.1", port), Answer)

    def certificate(self) -> dict[str, str]:
        """What the agent signs with."""
        return {"certificate": self.identity.certificate}

    def device(self) -> dict[str, list[str]]:
        """The locks in this machine, which a browser cannot see; the page seals them with who bids (R-209)."""
        return {"locks": locks()[:MOST_LOCKS]}

    def sign(self, body: Any) -> dict[str, str]:
        """The signature over the message, once the person has confirmed it.

        Raises Invalid("agent.message"), Forbidden("agent.other_certificate") for another certificate's fingerprint,
        Forbidden("agent.refused").
        """
        try:
            message = base64.b64decode(body["message"], validate=True)
            fingerprint = str(body["fingerprint"])
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise Invalid("agent.message") from None
        meaning = describe(message)
        if fingerprint != facts_of(self.identity.certificate).fingerprint:
            raise Forbidden("agent.other_certificate")
        with self.asking:  # one question at a time: who confirms must know what
            agreed = self.confirm(f"{self.origin} · {meaning}")
        if not agreed:
            raise Forbidden("agent.refused")
        return {"signature": base64.b64encode(self.identity.sign(message)).decode("ascii")}


class Answer(BaseHTTPRequestHandler):
    """One request: only the site's own pages are answered, by Origin, Host and a marker that forces a preflight."""

    server: Agent

    def do_OPTIONS(self) -> None:
        """The browser's question whether the page may ask at all."""
        self._send(204 if self._welcome(marked=False) else 403, None)

    def do_GET(self) -> None:
        """`/v1/certificate`, `/v1/device`."""
        self._answer({"/v1/certificate": self.server.certificate, "/v1/device": self.server.device})

    def do_POST(self) -> None:
        """`/v1/sign`."""
        self._answer({"/v1/sign": lambda: self.server.sign(self._body())})

    def _answer(self, verbs: Mapping[str, Callable[[], Mapping[str, Any]]]) -> None:
        if not self._welcome(marked=True):
            self._send(403, {"code": "agent.origin"})
        elif (verb := verbs.get(self.path)) is None:
            self._send(404, {"code": "agent.failed"})
        else:
            try:
                self._send(200, verb())
            except Refusal as refusal:
                self._send(403 if isinstance(refusal, Forbidden) else 422, {"code": refusal.code})

    def _welcome(self, *, marked: bool) -> bool:
        port = self.server.server_address[1]
        return (
            self.headers.get("Origin") == self.server.origin
            and self.headers.get("Host") in (f"127.0.0.1:{port}", f"localhost:{port}")
            and (not marked or self.headers.get("X-Sunbid-Agent") == "1")
        )

    def _body(self) -> Any:
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= MOST:
            raise Invalid("agent.message")
        try:
            return json.loads(self.rfile.read(length))
        except ValueError:
            raise Invalid("agent.message") from None

    def _send(self, status: int, body: Mapping[str, Any] | None) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Access-Control-Allow-Origin": self.server.origin,
            "Access-Control-Allow-Headers": "content-type, x-sunbid-agent",
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Private-Network": "true",
            "Cache-Control": "no-store",
            "Vary": "Origin",
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing is logged: lines with instants would tell when somebody was bidding."""


def at_terminal(line: str) -> bool:
    """Ask at the terminal."""
    return click.confirm(f"{line}\n  sign 签名？", default=False)


@account.command()
@click.option("--identity", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--server", required=True, help="the platform's address")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(1024, 65535), help="on 127.0.0.1")
def agent(identity: Path, server: str, port: int) -> None:
    """Sign for the platform's pages with the folder's key, each time after you confirm here. Ctrl+C ends it."""
    running = Agent(Identity(identity), server, at_terminal, port)
    click.echo(f"✓ http://127.0.0.1:{port} · {running.origin}")
    try:
        running.serve_forever()
    except KeyboardInterrupt:
        running.server_close()
