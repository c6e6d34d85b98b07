"""A person's own keys in a folder, and signing in to a running server with them."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from werkzeug.serving import make_server

from accounts import services
from accounts.cli import Identity, account, checked, connect
from accounts.rules import Role, SmallAuthority, verify_signature
from core.act import SYSTEM, Platform
from core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from core.seal.keys import certificate_signed
from tests import factories
from tests.factories import SigningKey


@pytest.fixture
def server(app: Flask, free_port: int) -> Iterator[str]:
    """The site on a real socket."""
    server = make_server("127.0.0.1", free_port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{free_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def identity(platform: Platform, tmp_path: Path) -> Identity:
    """A bidder's folder with a registered certificate."""
    own = Identity.create(tmp_path / "keys")
    with platform.act(SYSTEM) as act:
        authority = SmallAuthority.create("甲", at=act.now)
        services.add_authority(act, name="甲", pem=authority.pem)
        person = factories.person(act, Role.BIDDER, login="zhou", organisation=factories.organisation(act, 100))
        held = services.issue_certificate(act, person, authority=authority, public_key=own.public_key)
    own.accept_certificate(held.pem)
    return own


def test_signing_in_over_the_wire(server: str, identity: Identity) -> None:
    connection = connect(server, identity.folder)
    facts = checked(connection.get("/account")).json()
    assert (facts["login"], facts["roles"]) == ("zhou", ["bidder"])
    with pytest.raises(Forbidden, match=r"door\.role"):
        checked(connection.get("/ops/people"))
    with pytest.raises(Missing, match=r"ledger\.entry"):
        checked(connection.get("/ledger/999"))


def test_a_refusal_crosses_the_wire_with_its_code(server: str, identity: Identity, platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        from accounts.queries import person

        services.disable_person(act, person(act.session, "zhou"), reason="离职")
    with pytest.raises(Forbidden, match=r"signin\.refused"):
        connect(server, identity)


def test_a_server_that_is_not_there_is_said_plainly(identity: Identity, free_port: int) -> None:
    with pytest.raises(Refusal, match=r"server\.unreachable"):
        connect(f"http://127.0.0.1:{free_port}", identity)


def test_the_folder_is_private_and_never_overwritten(tmp_path: Path) -> None:
    own = Identity.create(tmp_path / "keys", name="甲公司", identifier=factories.uscc(1), person="陈")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in own.folder.iterdir()}
    assert set(modes) == {"key.pem", "public.pem", "request.csr", "bid.age", "bidder-secret"}
    assert set(modes.values()) == {0o600} and stat.S_IMODE(own.folder.stat().st_mode) == 0o700
    before = own._read("key.pem")
    with pytest.raises(Conflict, match=r"identity\.exists"):
        Identity.create(tmp_path / "keys")
    assert own._read("key.pem") == before
    assert own.recipient.startswith("age1") and len(own.secret) == 32


def test_a_certificate_for_another_key_is_not_taken(tmp_path: Path, platform: Platform) -> None:
    own = Identity.create(tmp_path / "keys")
    authority = factories.authority(platform.clock.now())
    facts = {"name": "甲", "identifier": factories.uscc(1), "person": "乙", "at": platform.clock.now()}
    with pytest.raises(Invalid, match=r"identity\.other_key"):
        own.accept_certificate(authority.issue(SigningKey.create().public, **facts))  # type: ignore[arg-type]
    with pytest.raises(Missing, match=r"identity\.missing"):
        _ = own.certificate
    own.accept_certificate(authority.issue(own.public_key, **facts))  # type: ignore[arg-type]
    assert verify_signature(own.certificate, own.sign(b"message"), b"message")
    assert certificate_signed(own.certificate, own.keys.sign(b"message"), b"message")


def test_the_commands(server: str, identity: Identity, tmp_path: Path) -> None:
    runner = CliRunner()
    made = runner.invoke(account, ["keygen", str(tmp_path / "new")])
    assert made.exit_code == 0 and "age1" in made.output
    shown = json.loads(runner.invoke(account, ["show", str(identity.folder), "--json"]).output)
    assert shown["uscc"] == factories.uscc(100) and "AGE-SECRET" not in json.dumps(shown)
    signed = runner.invoke(account, ["login", "--server", server, "--identity", str(identity.folder)])
    assert signed.exit_code == 0 and "(zhou)" in signed.output


def test_openssl_alone_signs_in(server: str, identity: Identity) -> None:
    """The recipe on the sign-in page, with stock tools only."""
    import requests

    challenge = requests.post(f"{server}/api/login/challenge", timeout=10).json()["challenge"]
    recipe = f"printf 'sunbid-login/v1\\n%s' '{challenge}' | openssl dgst -sha256 -sign key.pem | base64 -w0"
    done = subprocess.run(["sh", "-c", recipe], cwd=identity.folder, capture_output=True, text=True, check=True)
    body = {"challenge": challenge, "certificate": identity.certificate, "signature": done.stdout}
    assert requests.post(f"{server}/api/login/certificate", json=body, timeout=10).status_code == 200


def test_the_client_needs_no_server_code() -> None:
    """A bidder's machine loads no database and no web server. Seen red: with `accounts.queries` imported by the cli."""
    probe = "import sys, accounts.cli; print([m for m in sys.modules if m.split('.')[0] in ('sqlalchemy', 'flask')])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
