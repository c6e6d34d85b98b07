"""What the figures R8 and R10 share: a site with two tenderees and everybody who may sign in to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from accounts.access import door
from accounts.queries import person_by_id
from accounts.rules import Role
from accounts.services import open_sign_in
from core.act import Platform
from core.chance import seeded
from core.clock import StoppedClock
from core.db import Base, Database
from core.ledger.log import platform_signer
from core.store import ObjectStore
from portal.app import Settings, create_app
from tests import factories
from tests.bidding.stage import Bidder, Stage, request_of
from tests.bidding.test_uploads import objects, upload
from tests.cluster import load_tables
from tests.conftest import START, Browser

LOG = {"window.changes", "window.api_changes"} | frozenset(
    f"portal.{name}"
    for name in (
        "checkpoint", "consistency", "cosigned", "ledger", "ledger_compare", "ledger_entries", "ledger_entry",
        "ledger_entry_json", "ledger_head", "ledger_heads", "ledger_heads_feed", "ledger_key", "ledger_token",
        "ledger_trust",
    )
)  # fmt: skip
"""Pages of the platform-wide log, which grows by every entry of every section and by dummies: left out, as the
protocol has it that its growth tells nothing of one section."""

ALIKE = frozenset({"portal.refusals", "portal.glossary", "portal.rules", "portal.rules_json", "portal.rule"})
"""Pages of words and law alone, two hundred of them: nothing of any section is read for them."""


@dataclass(frozen=True)
class Site:
    """The site over a platform of its own, its clock stopped."""

    app: Flask
    platform: Platform

    def visitor(self) -> Browser:
        """A browser of the public."""
        browser: Browser = self.app.test_client()  # type: ignore[assignment]
        return browser

    def signed_in(self, role: Role, person: str) -> Browser:
        """A browser of the person `person` of that role."""
        actor = factories.actor(self.platform, role, person)
        assert actor.person_id is not None
        with self.platform.act(actor) as act:
            token = open_sign_in(
                act, person_by_id(act.session, actor.person_id), method="certificate", carrier="cookie"
            )
        browser = self.visitor()
        with self.app.app_context():
            browser.set_cookie(door().cookie, token)
        return browser

    def bearer(self, person: str) -> dict[str, str]:
        """The headers of a bidder's program."""
        actor = factories.actor(self.platform, Role.BIDDER, person)
        assert actor.person_id is not None
        with self.platform.act(actor) as act:
            held = person_by_id(act.session, actor.person_id)
            token = open_sign_in(act, held, method="certificate", carrier="bearer")
        return {"Authorization": f"Bearer {token}"}

    def submit(self, stage: Stage, headers: dict[str, str], bidder: Bidder, *, change: bool = False) -> list[str]:
        """Upload and commit a bid over HTTP as a bidder's program does; `change`: then replace it and withdraw it.

        The handle and the hashes of what was committed.
        """
        sealed = bidder.seal(stage.policy())
        series = [sealed]
        if change:
            series.append(bidder.seal(stage.policy(), after=sealed))
            series.append(bidder.seal(stage.policy(), after=series[-1], kind="withdraw"))
        for one in series:
            for content in objects(one):
                upload(self.visitor(), headers, content)
            url = f"/sections/{stage.code}/submissions"
            answer = self.visitor().post(url, json=request_of(one), headers=headers, plain=True)
            assert answer.status_code == 201, answer.text
        return [sealed.submission["handle"], *(one.digest for one in series)]


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """A fresh one below `folder`."""
    load_tables()
    folder.mkdir(parents=True)
    database = Database(f"sqlite:///{folder / 'sunbid.db'}", folder=folder)
    Base.metadata.create_all(database.engine)
    signer = platform_signer("sunbid.figure", bytes(range(32)))
    platform = Platform(database, ObjectStore(folder / "objects"), StoppedClock(START), signer, seeded(b"leaks"))
    app = create_app(Settings(folder=folder, origin="http://localhost", test=True, rates=False), platform)
    app.test_client_class = Browser
    yield Site(app, platform)
    database.close()
