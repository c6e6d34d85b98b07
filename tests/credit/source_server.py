"""A credit source as a real local HTTP server, with the faults real ones have."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from credit.rules.answers import Question
from credit.rules.signatures import answer_statement
from credit.services.sources import answer_body


@dataclass
class Source:
    """What the server answers next: `faults` are used up one a question, then it answers well."""

    url: str
    key: Ed25519PrivateKey
    as_of: datetime
    records: list[dict[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def public(self) -> str:
        """The key its answers are signed by, in hex."""
        return self.key.public_key().public_bytes_raw().hex()


@contextmanager
def serving(as_of: datetime) -> Iterator[Source]:
    """A source on a free port."""
    held = Source("", Ed25519PrivateKey.from_private_bytes(bytes(range(32))), as_of)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            held.asked.append(query)
            fault = held.faults.pop(0) if held.faults else ""
            asked = Question(query["source"], query["identifier"], query["name"], query["nonce"])
            if fault == "wrong party":
                asked = Question(asked.source, "913301000000000000", asked.name, asked.nonce)
            if fault == "old answer":
                asked = Question(asked.source, asked.identifier, asked.name, "00" * 16)
            about = [one for one in held.records if one["identifier"] in (asked.identifier, "")]
            body = answer_body(asked, held.as_of.isoformat(), about)
            if fault == "garbage":
                body = b"<html>system maintenance</html>"
            signature = base64.b64encode(held.key.sign(answer_statement(query["nonce"], body))).decode()
            if fault == "wrong signature":
                signature = base64.b64encode(bytes(64)).decode()
            self._send(fault, body, signature)

        def _send(self, fault: str, body: bytes, signature: str) -> None:
            if fault == "slow":
                time.sleep(0.6)
            status = int(fault) if fault.isdigit() else 200
            self.send_response(status)
            if fault == "302":
                self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", str(len(body)))
            if fault != "unsigned":
                self.send_header("X-Signature", signature)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if fault == "truncated" else body)
            if fault == "truncated":
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """A test's output is its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.url = f"http://127.0.0.1:{server.server_address[1]}/query"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()


def record(identifier: str, name: str, **more: str) -> dict[str, str]:
    """A record as the source writes it."""
    return json.loads(json.dumps({"identifier": identifier, "name": name, "reason": "串通投标", **more}))  # type: ignore[no-any-return]
