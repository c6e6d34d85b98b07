"""The demo's stage: a real server in a thread under a stopped clock, browsers of the cast, and the sunbid command."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import requests
from werkzeug.serving import make_server

from accounts.cli import checked
from bidding.cli.facts import DEVICE
from core.act import Platform
from core.chance import Chance, system
from core.clock import StoppedClock
from core.db import Database
from core.errors import Refusal
from core.ledger.log import platform_signer
from core.locker import secret_file
from core.outgoing import networks_of
from core.store import ObjectStore
from core.timestamps import Authority
from core.trust import Trust
from opening.cli.holder import CLOCK
from portal.app import Settings, create_app
from portal.cli import group
from portal.cli.demo.cast import Cast, settle
from portal.cli.letters import deliver_letters
from portal.cli.outside import Outside
from portal.cli.schema import upgrade
from portal.cli.tick import tick
from portal.cli.tsa import SmallTimestampAuthority, serving
from portal.cli.witness import WitnessFolder

LOG_NAME = "sunbid.demo"
HERE = networks_of(["127.0.0.0/8"])
"""The institutions of the play are on this machine."""
TSA_NAME = "阳光招采演示时间戳"
WITNESS = "supervision.demo"
Form = Mapping[str, Any] | Sequence[tuple[str, str]]


@dataclass
class Stage:
    """One platform of its own in `folder`, served on localhost, with everybody of the cast."""

    folder: Path
    platform: Platform
    clock: StoppedClock
    cast: Cast
    server: str
    outside: Outside
    tokens: dict[tuple[str, date], str] = field(default_factory=dict)
    spoken: list[str] = field(default_factory=list)
    running: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    """What stays open until the stage falls: counters of the institutions."""

    def as_(self, login: str) -> Browser:
        """Somebody of the cast at a browser of their own."""
        held = login, self.clock.now().date()
        if held not in self.tokens:
            self.tokens[held] = self.cast.token(login)
        return Browser(self.server, self.tokens[held])

    def keys(self, login: str) -> str:
        """The folder with somebody's keys."""
        return str(self.folder / "keys" / login)

    def command(self, *words: str | Path, machine: str = "") -> str:
        """Run `sunbid …` as the person at the terminal would and return what it printed; refusals are raised.

        The person's own clock shows the story's time, and `machine` names the computer they sit at.
        """
        out = io.StringIO()
        os.environ[CLOCK] = self.clock.now().isoformat()
        os.environ[DEVICE] = machine
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            try:
                group.main(args=[str(word) for word in words], prog_name="sunbid", standalone_mode=False)
            except SystemExit as end:
                if end.code not in (None, 0):
                    raise Refusal("command.failed", command=" ".join(map(str, words)), exit=end.code) from None
            finally:
                os.environ.pop(CLOCK, None)
                os.environ.pop(DEVICE, None)
        self.spoken.append(out.getvalue())
        return out.getvalue()

    def look(self) -> None:
        """The supervisor's witness program looks at the log, cosigns it, and the worker's bell rings."""
        self.command("witness", "once", self.folder / "witness", "--server", self.server)
        self.ring()

    def at(self, instant: datetime) -> None:
        """Let time pass until `instant`, and let the worker's bell ring there."""
        self.clock.move_to(max(instant, self.clock.now()))
        self.ring()

    def later(self, **span: float) -> None:
        """Let some time pass, and let the bell ring."""
        self.clock.advance(**span)
        self.ring()

    def ring(self) -> list[str]:
        """What the worker does every second, with its jobs beside it."""
        return [*tick(self.platform), *deliver_letters(self.platform), *self.outside.ring()]


@dataclass
class Browser:
    """A signed-in person: forms are sent, answers checked, refusals raised as what they are."""

    server: str
    token: str

    def send(self, path: str, form: Form | None = None, **options: Any) -> requests.Response:
        """Send a form (or `json=`, `files=`); the answer, or the refusal that came instead."""
        return self._request("POST", path, data=form, **options)

    def read(self, path: str) -> requests.Response:
        """Read a page or a file."""
        return self._request("GET", path)

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method, self.server + path, headers=headers, timeout=120, allow_redirects=False, **options
            )
        return checked(answer)


@contextlib.contextmanager
def staged(folder: Path, at: datetime, *, chance: Chance = system, database: str = "") -> Iterator[Stage]:
    """Build a platform of its own in an empty `folder`, settle the cast, and serve it until the block ends."""
    settings = Settings(
        folder=folder / "platform", database=database, demo=True, log_name=LOG_NAME, origin="http://127.0.0.1:0"
    )
    clock = StoppedClock(at)
    signer = platform_signer(LOG_NAME, secret_file(settings.folder / "ledger.key"))
    store = ObjectStore(settings.folder / "objects")
    stamping = SmallTimestampAuthority.in_folder(folder / "tsa", TSA_NAME, at=at)
    with serving(stamping, clock.now) as address:
        watching = WitnessFolder.create(folder / "witness", name=WITNESS, server=address, log_key=str(signer.verifier))
        trust = Trust(
            witnesses=(watching.witness.cosigner,), authority=Authority(address, (stamping.root,)), networks=HERE
        )
        platform = Platform(
            Database(settings.database_url, folder=settings.folder), store, clock, signer, chance, trust
        )
        upgrade(platform.database)
        cast = settle(platform, folder, at)
        quiet = logging.getLogger("werkzeug")
        quiet.setLevel(logging.ERROR)
        app = create_app(settings.model_copy(update={"test": True, "rates": False}), platform)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            site = f"http://127.0.0.1:{server.server_port}"
            stage = Stage(folder, platform, clock, cast, site, Outside(platform))
            with stage.running:
                yield stage
        finally:
            server.shutdown()
            thread.join()
            platform.database.close()
