"""A session with a server: signed in by certificate, refusals raised as what they are."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from accounts.cli.folder import Identity
from accounts.rules.signing_in import login_message
from core.errors import Conflict, Forbidden, Invalid, Missing, Refusal

SECONDS = 60


class Connection(requests.Session):
    """A requests session to one server: paths are joined to its address, JSON is asked for, the token is sent."""

    def __init__(self, server: str) -> None:
        super().__init__()
        self.server = server.rstrip("/") + "/"
        self.headers["Accept"] = "application/json"
        # Proxy settings of the machine must not carry a bid past another host without the person knowing.
        self.trust_env = False

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """As requests does, with `url` relative to the server, and 60 seconds at most without an answer."""
        options.setdefault("timeout", SECONDS)
        target = urljoin(self.server, str(url).lstrip("/")) if str(url).startswith("/") else url
        try:
            return super().request(method, target, *args, **options)
        except requests.RequestException as error:
            raise Refusal("server.unreachable", server=self.server, error=type(error).__name__) from None


def checked(response: requests.Response) -> requests.Response:
    """The response when it is good, else the server's refusal with its code and facts."""
    if response.ok:
        return response
    kinds: dict[int, type[Refusal]] = {401: Forbidden, 403: Forbidden, 404: Missing, 409: Conflict, 422: Invalid}
    try:
        body = response.json()
        code, facts = str(body["code"]), dict(body.get("facts") or {})
    except (ValueError, KeyError, TypeError):
        raise Refusal("server.answer", status=response.status_code) from None
    kind = kinds.get(response.status_code, Refusal)
    field = {"field": body["field"]} if kind is Invalid and body.get("field") else {}
    raise kind(code, **{name: value for name, value in facts.items() if name not in ("code", "field")}, **field)


def connect(server: str, identity: Path | str | Identity) -> Connection:
    """Sign in to the server by certificate challenge; every request of the returned session carries the token."""
    own = identity if isinstance(identity, Identity) else Identity(Path(identity))
    connection = Connection(server)
    challenge = checked(connection.post("/api/login/challenge")).json()["challenge"]
    answer = checked(
        connection.post(
            "/api/login/certificate",
            json={
                "challenge": challenge,
                "certificate": own.certificate,
                "signature": base64.b64encode(own.sign(login_message(challenge))).decode(),
            },
        )
    ).json()
    connection.headers["Authorization"] = f"Bearer {answer['token']}"
    return connection
