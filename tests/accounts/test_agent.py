"""The reference signing program: one site, three kinds of message, a person who agrees each time (CA-LOCKS.md)."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from accounts.cli import Agent, Identity, locks
from accounts.rules import verify_signature
from accounts.rules.certificates import facts_of
from accounts.rules.signing_in import login_message
from core.clock import StoppedClock
from tests import factories

SITE = "https://bid.example.gov.cn"
LOGIN = login_message("A" * 43)


@pytest.fixture
def asked() -> list[str]:
    """What the person was asked; they agree while it holds less than three questions."""
    return []


@pytest.fixture
def agent(tmp_path: Path, clock: StoppedClock, asked: list[str]) -> Iterator[Agent]:
    own = Identity.create(tmp_path / "keys")
    authority = factories.authority(clock.now())
    own.accept_certificate(
        authority.issue(own.public_key, name="宏远", identifier=factories.uscc(1), person="陈晓", at=clock.now())
    )

    def confirm(line: str) -> bool:
        asked.append(line)
        return len(asked) < 3

    running = Agent(own, SITE + "/some/page", confirm, port=0)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()


def ask(agent: Agent, path: str, body: Any = None, **headers: str) -> requests.Response:
    """Ask as the site's page does; `headers` replace its own."""
    own = {"Origin": SITE, "X-Sunbid-Agent": "1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    address = f"http://127.0.0.1:{agent.server_address[1]}{path}"
    session = requests.Session()
    session.trust_env = False
    return session.request("POST" if body is not None else "GET", address, json=body, headers=own, timeout=20)


def message(agent: Agent, content: bytes, fingerprint: str = "") -> dict[str, str]:
    own = facts_of(agent.identity.certificate).fingerprint
    return {"fingerprint": fingerprint or own, "message": base64.b64encode(content).decode()}


def test_it_tells_its_site_the_locks_in_the_machine(
    agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a browser cannot see; to another site nothing. Seen red: with every socket's number told."""
    for socket, maker, serial in (("1-1", "096e", "4407-9921"), ("1-2", "046d", "MOUSE-1")):
        (tmp_path / "usb" / socket).mkdir(parents=True)
        (tmp_path / "usb" / socket / "idVendor").write_text(f"{maker}\n")
        (tmp_path / "usb" / socket / "serial").write_text(f"{serial}\n")
    monkeypatch.setattr(locks, "USB", tmp_path / "usb")
    assert ask(agent, "/v1/device").json() == {"locks": ["4407-9921"]}
    assert ask(agent, "/v1/device", Origin="https://other.example").status_code == 403
    assert ask(agent, "/v1/device", {}).status_code == 404


def test_it_signs_what_the_platform_asks_once_the_person_agrees(agent: Agent, asked: list[str]) -> None:
    """Seen red: signing without asking; the third time the person says no."""
    assert ask(agent, "/v1/certificate").json() == {"certificate": agent.identity.certificate}
    for content in (LOGIN, b"sunbid-confirm/v1\n" + bytes(32)):
        signature = base64.b64decode(ask(agent, "/v1/sign", message(agent, content)).json()["signature"])
        assert verify_signature(agent.identity.certificate, signature, content)
    assert SITE in asked[0] and "登录" in asked[0] and "确认开标记录" in asked[1]
    refused = ask(agent, "/v1/sign", message(agent, b"sunbid-identity/v2\n" + bytes(64)))
    assert (refused.status_code, refused.json()) == (403, {"code": "agent.refused"})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"I owe you a million",
        LOGIN + b"\n",
        b"sunbid-confirm/v1\n" + bytes(33),
        b"sunbid-login/v1\n",
        b"x" + LOGIN,
    ],
)
def test_it_signs_nothing_else(agent: Agent, asked: list[str], content: bytes) -> None:
    """Not even asked. Seen red: with `match` for `fullmatch`."""
    answer = ask(agent, "/v1/sign", message(agent, content))
    assert (answer.status_code, answer.json()["code"], asked) == (422, "agent.message", [])


def test_it_answers_only_its_own_site(agent: Agent, asked: list[str]) -> None:
    """Another origin or host name, no marker, another certificate, a long body. Seen red: each check left out."""
    good = message(agent, LOGIN)
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": SITE + ".evil.example"},
        {"Host": "evil.example:17650"},
        {"X_Sunbid_Agent": "0"},
    ):
        assert ask(agent, "/v1/sign", good, **headers).json()["code"] == "agent.origin"
        assert ask(agent, "/v1/certificate", **headers).json()["code"] == "agent.origin"
    other = ask(agent, "/v1/sign", message(agent, LOGIN, "0" * 64))
    assert (other.status_code, other.json()["code"]) == (403, "agent.other_certificate")
    assert ask(agent, "/v1/sign", {**good, "filler": "A" * 6000}).json()["code"] == "agent.message"
    assert asked == []
