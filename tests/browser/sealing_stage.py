"""What the tests of sealing in the page need: a section, a bidder with keys in the browser, a line that breaks."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from playwright.sync_api import Page, expect

from accounts import services as accounts_services
from accounts.access import door
from accounts.cli.folder import Identity
from accounts.queries import person_by_id
from accounts.rules import Role, SmallAuthority
from core import seal as sealing
from core.act import SYSTEM, Platform
from core.seal import BidderKeys
from core.seal.keyfile import KeyFile
from tests import factories
from tests.bidding.stage import Stage

SECRET = bytes(range(32))

FILES = {
    "qualification-licence": ("营业执照.pdf", b"%PDF-1.7 licence"),
    "qualification-letter": ("投标函.pdf", b"%PDF-1.7 letter"),
    "technical-proposal": ("施工组织设计.docx", b"PK\3\4\x14\0\0\0" + bytes(range(256)) * 2_000),
    "price-boq": ("已标价清单.xlsx", b"PK\3\4\x14\0\0\0 boq"),
}


class Line:
    """The application behind a line that can be cut: uploads break off after so many bytes, or nothing goes through."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.cut_uploads: list[int] = []
        self.down = False
        self.seen: list[tuple[str, str, bool]] = []
        self.lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        with self.lock:
            self.seen.append((method, path, "HTTP_COOKIE" in environ))
            cut = self.cut_uploads.pop(0) if method == "PATCH" and self.cut_uploads else None
        if self.down and not path.startswith("/static"):
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError("down")
        if cut is not None:
            environ["wsgi.input"] = _Short(environ["wsgi.input"], cut)
            list(self.app(environ, lambda *_: lambda data: None))
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError("cut")
        answer: Iterable[bytes] = self.app(environ, start_response)
        return answer


class _Short:
    """A body that ends too early, as when the line breaks."""

    def __init__(self, body: Any, most: int) -> None:
        self.body, self.left = body, most

    def read(self, size: int = -1) -> bytes:
        part: bytes = self.body.read(min(size, self.left) if size >= 0 else self.left)
        self.left -= len(part)
        return part


@dataclass
class PageBidder:
    """A bidder whose keys are in the browser; `keys` are the same for Python."""

    stage: Stage
    address: str
    line: Line
    page: Page
    keys: BidderKeys = field(init=False)
    key: bytes = b""
    certificate: str = ""
    token: str = ""
    cookie: str = ""
    person_id: int = 0

    @classmethod
    def at(cls, stage: Stage, app: Flask, line: Line, address: str, page: Page) -> PageBidder:
        """Signed in, with a registered certificate and keys in the browser."""
        made = cls(stage, address, line, page)
        platform: Platform = stage.platform
        actor = factories.actor(platform, Role.BIDDER)
        key = ec.generate_private_key(ec.SECP256R1())
        with platform.act(SYSTEM) as act:
            authority = SmallAuthority.create("滨江认证", at=act.now)
            accounts_services.add_authority(act, name="滨江认证", pem=authority.pem)
            person = person_by_id(act.session, actor.person_id or 0)
            public = key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            held = accounts_services.issue_certificate(
                act, person, authority=authority, public_key=public.decode(), days=300
            )
            certificate, login, name = held.pem, person.login, person.name
        with platform.act(actor) as act:
            person = person_by_id(act.session, actor.person_id or 0)
            made.token = accounts_services.open_sign_in(act, person, method="certificate", carrier="cookie")
        made.person_id = actor.person_id or 0
        with app.app_context():
            made.cookie = door().cookie
        page.context.add_cookies([{"name": made.cookie, "value": made.token, "url": address}])
        identity = sealing.new_identity()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        made.keys = BidderKeys.from_pem(identity, SECRET, certificate.encode(), private)
        pkcs8 = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        made.key, made.certificate = pkcs8, certificate
        page.goto(f"{address}/receipts/check")
        page.evaluate(
            """async ([owner, identity, secret, certificate, key, name]) => {
              const keys = await import("/static/seal/keys.js");
              const parts = { identity, secret: keys.bytesOf(secret), certificate, key: keys.fromBase64(key) };
              const facts = { name, uscc: "91330200MA0003003N", person: "王工", fingerprint: "00",
                not_before: "2026-10-01T00:00:00Z", not_after: "2027-08-01T00:00:00Z" };
              await keys.keepKeys(owner, parts, facts, { testedAt: 1 });
            }""",
            [login, identity, SECRET.hex(), certificate, base64.b64encode(pkcs8).decode(), name],
        )
        return made

    @property
    def handle(self) -> str:
        """The bidder's handle in the section."""
        return sealing.handle_of(SECRET, self.stage.code)

    def sign_in_again(self) -> None:
        """A new sign-in, after those of earlier days have ended."""
        actor = factories.actor(self.stage.platform, Role.BIDDER)
        with self.stage.platform.act(actor) as act:
            person = person_by_id(act.session, self.person_id)
            self.token = accounts_services.open_sign_in(act, person, method="certificate", carrier="cookie")
        self.page.context.add_cookies([{"name": self.cookie, "value": self.token, "url": self.address}])

    def keys_folder(self, folder: Path) -> Path:
        """The same keys as the bidder's program holds them."""
        held = KeyFile(identity=self.keys.identity, secret=SECRET, certificate=self.certificate, key=self.key)
        return Identity.restore(folder, held).folder

    def open(self) -> Page:
        """The sealing page of the section."""
        self.page.goto(f"{self.address}/bid/{self.stage.code}/submit")
        return self.page

    def fill(self, price: str = "36,500,000.00", files: dict[str, tuple[str, bytes]] | None = None) -> None:
        """Everything a bid needs."""
        page = self.page
        for name, value in {"price": price, "manager": "王　工", "manager_certificate": "浙1332020202100001"}.items():
            page.locator(f"#{name}").fill(value)
        for slot, (name, content) in (FILES | (files or {})).items():
            page.locator(f"#file-{slot}").set_input_files(
                [{"name": name, "mimeType": "application/octet-stream", "buffer": content}]
            )
            expect(page.locator(f"[data-slot={slot.partition('-')[2]}] [data-hash]")).to_contain_text("SHA-256")

    def held(self) -> list[dict[str, Any]]:
        """What the platform holds for the handle."""
        from bidding import queries

        with self.stage.platform.reading() as session:
            section = queries.section(session, self.stage.code)
            return [
                {"kind": row.kind, "digest": row.digest, "state": row.state, "content": row.content}
                for row in queries.chain(session, section.id, self.handle)
            ]

    def opened(self, envelope: str, out: Path) -> sealing.Opened:
        """An envelope of the newest submission opened by `core.seal` from the platform's store, bidder and tenderee."""
        submission = self.held()[-1]["content"]
        wanted = sealing.expected(submission, envelope)
        store = self.stage.platform.store
        package = submission["envelopes"][envelope]["keys"]["bidder+tenderee"]
        payload = store.read(package["sha256"])
        for identity in (self.keys.identity, self.stage.trustees[Role.TENDEREE]):
            payload = sealing.peel(payload, identity)
        out.mkdir(parents=True, exist_ok=True)
        bulk = out / f"{envelope}.bulk.age"
        bulk.write_bytes(store.read(wanted.sha256))
        released = sealing.release(payload, wanted.bid_recipient)
        return sealing.open_sealed(bulk, released, wanted, out / envelope)


Enter = Callable[..., PageBidder]
