"""R7: the authorisation matrix. Every route, by every role and the public, at every stage of a played tender.

The demo's tender is played; at each of its steps the platform is copied, and in the copy every address that can be built
of what the owners see is asked for, by GET and by POST with an empty form, by everybody of both sides. What is expected
of a cell is written in docs/routes.md (who may come) and in this file (whose it is):

- a role the table does not name meets the door, whatever stage it is and whether the thing exists;
- a role that it names, on the other side, is not let in to what is another's, nor is anything done for it;
- nobody meets a server's error, and who is refused has changed nothing in the database.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from accounts.access import Access, door
from accounts.access import public as mark_public
from accounts.queries import person as person_of
from accounts.queries import person_by_id, roles_anywhere
from accounts.rules import Role
from accounts.services import open_sign_in
from benchmarks.figures.r08 import LEFT, OPEN
from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from core.db import Database
from core.ledger.log import platform_signer
from core.locker import secret_file
from core.store import ObjectStore
from portal.app import Settings, create_app
from portal.cli.demo.play import play
from portal.cli.demo.stage import LOG_NAME, Stage, staged
from portal.cli.demo.story import SECTION, Story
from tests import factories
from tests.conftest import Browser
from tests.crawl import Crawl, read

OWNERS = ("tenderee", "agent", "changhe", "officer", "finance", "supervisor", "operator", "expert1")
"""People of the demo's cast whose tender it is, or whose office; with the strangers and the public thirteen askers."""
STRANGERS = (Role.TENDEREE, Role.AGENT, Role.BIDDER, Role.EXPERT)
"""Roles that see only what is theirs; the others see every section of the place by their office."""
FOR_ANY_BIDDER = frozenset({"opening.peel_tasks", "opening.keep_presence", "opening.compare_head", "opening.readout"})
"""Asked for by programs of bidders in the hall; who bids not is told as much as the public, and has nothing to do."""
TABLE = Path(__file__).resolve().parents[2] / "docs" / "routes.md"
REFUSED_AT_THE_DOOR = frozenset({"signin.required", "door.role"})
OWN_SIGN_IN = ("/login", "/logout", "/api/login", "/account/sign-ins", "/demo/become")
"""Addresses that change the sign-in the matrix asks with, or count attempts: tests/accounts has them."""


def written() -> dict[str, Access]:
    """Who may come to each endpoint, as docs/routes.md has it."""
    found = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and not line.startswith("| method"):
            _, _, who, _, endpoint = (cell.strip() for cell in line.strip("|").split("|"))
            is_named = who not in ("public", "signed in")
            roles = frozenset(map(Role, who.split())) if is_named else frozenset[Role]()
            found[endpoint] = Access("roles" if is_named else who, roles)
    return found


@dataclass
class Tally:
    """How many cells were asked for at which steps, and which were not as expected."""

    cells: int = 0
    steps: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Asker:
    """Somebody who asks: the roles held, whether the tender is another's for them, the browser and a form's headers."""

    name: str
    roles: frozenset[Role]
    is_stranger: bool
    browser: Browser
    headers: dict[str, str]

    def expected_at_the_door(self, access: Access) -> bool:
        """Whether the table keeps them out."""
        if access.kind == "public":
            return False
        return not self.roles if access.kind == "signed in" else not (self.roles & access.roles)


@dataclass(frozen=True)
class Cell:
    """An address to ask for, who may come by the table, and whether it names the section or what one side is shown."""

    method: str
    endpoint: str
    access: Access
    address: str
    is_owned: bool


class Copy:
    """The platform as it was at one step, in a folder of its own; the original is not touched."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        source = stage.platform.database.folder
        folder.mkdir(parents=True)
        with sqlite3.connect(source / "sunbid.db") as held, sqlite3.connect(folder / "sunbid.db") as copy:
            held.backup(copy)
        for file in source.iterdir():
            if file.is_file() and not file.name.startswith("sunbid.db"):
                shutil.copy(file, folder / file.name)
        shutil.copytree(source / "objects", folder / "objects", copy_function=os.link)
        self.folder, self.at = folder, stage.clock.now()

    @contextmanager
    def site(self) -> Iterator[tuple[Platform, Any]]:
        """The site over it, its clock standing where it stood."""
        platform = Platform(
            Database(f"sqlite:///{self.folder / 'sunbid.db'}", folder=self.folder),
            ObjectStore(self.folder / "objects"),
            StoppedClock(self.at),
            platform_signer(LOG_NAME, secret_file(self.folder / "ledger.key")),
        )
        settings = Settings(folder=self.folder, origin="http://localhost", test=True, demo=True, rates=False)
        app = create_app(settings, platform)
        app.test_client_class = Browser
        try:
            yield platform, app
        finally:
            platform.database.close()


class Matrix:
    """The cells of one step."""

    def __init__(
        self, platform: Platform, app: Any, step: str, tally: Tally, *, section: str, owners: Sequence[str]
    ) -> None:
        self._platform, self._app, self._step, self._tally = platform, app, step, tally
        self._section = section
        self._watch = sqlite3.connect(platform.database.folder / "sunbid.db")
        askers = [self._signed_in(login, False) for login in owners]
        for role in STRANGERS:
            factories.actor(platform, role, "z")
            askers.append(self._signed_in(f"{role}-z", True))
        public = app.test_client()
        askers.append(Asker("public", frozenset(), True, public, self._headers(public)))
        self._askers = askers

    def cells(self, most: int) -> list[Cell]:
        """Every address that can be built of what people are shown by their links, `most` values of a parameter.

        0: of the section's code alone, and nobody follows any link.
        """
        known, public = (Crawl(self._app, left=LEFT, most=max(most, 1)) for _ in range(2))
        for asker in self._askers if most else ():
            (public if asker.name == "public" else known).follow(asker.name, asker.browser)
        private = {
            name: {value for value in values if value not in public.values[name]}
            for name, values in known.values.items()
        }
        known.values["code"] = {self._section: None, **known.values["code"]}
        table = written()
        return [
            Cell(
                method,
                rule.endpoint,
                table[rule.endpoint],
                address,
                self._section in values.values() or any(values[name] in private.get(name, ()) for name in values),
            )
            for method in ("GET", "POST")
            for rule, _, address, values in known.addresses(method)
            if not address.startswith(OWN_SIGN_IN)
        ]

    def ask(self, cells: Sequence[Cell]) -> None:
        """Each cell by everybody: strangers first, then the owners, who may really do something."""
        for asker in sorted(self._askers, key=lambda one: not one.is_stranger):
            for cell in cells:
                self._ask(asker, cell)

    def _ask(self, asker: Asker, cell: Cell) -> None:
        before = self._version()
        headers = {"Accept": "application/json", **(asker.headers if cell.method == "POST" else {})}
        answer = read(asker.browser, cell.address, cell.method, headers)
        is_refused = answer.status in (401, 403)
        code = next((word for word in REFUSED_AT_THE_DOOR if is_refused and f'"{word}"' in answer.text), "")
        self._tally.cells += 1
        said = f"{self._step}: {cell.method} {cell.address} ({asker.name}): {answer.status} {code}"
        view = self._app.view_functions[cell.endpoint]
        is_open = cell.endpoint in OPEN or (Role.BIDDER in asker.roles and cell.endpoint in FOR_ANY_BIDDER)
        is_anothers = asker.is_stranger and cell.access.kind == "roles" and cell.is_owned and not is_open
        if answer.status >= 500:
            self._tally.wrong.append(f"{said}, a server's error")
        elif answer.status >= 400 and self._version() != before:
            self._tally.wrong.append(f"{said}, refused and yet something was written")
        elif not getattr(view, "__cookieless__", False) and bool(code) != asker.expected_at_the_door(cell.access):
            self._tally.wrong.append(f"{said}, the table says otherwise")
        elif is_anothers and (answer.status < 300 or (answer.status < 400 and self._version() != before)):
            # A form that is not filled leads back by a 303 before anybody asks whose it is: nothing may be done then.
            self._tally.wrong.append(f"{said}, let in to what is another's")

    def _version(self) -> int:
        return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def _signed_in(self, login: str, is_stranger: bool) -> Asker:
        with self._platform.reading() as session:
            person_id = person_of(session, login).id
            roles = roles_anywhere(session, person_id)
        with self._platform.act(SYSTEM) as act:
            token = open_sign_in(act, person_by_id(act.session, person_id), method="certificate", carrier="cookie")
        browser: Browser = self._app.test_client()
        with self._app.app_context():
            browser.set_cookie(door().cookie, token)
        return Asker(login, roles, is_stranger, browser, self._headers(browser))

    def _headers(self, browser: Browser) -> dict[str, str]:
        return {"Origin": "http://localhost", "X-CSRFToken": browser.csrf_token()}


def stand_open(app: Any, endpoint: str) -> None:
    """The sabotage: the route lets everybody in, whatever its table says."""

    def view(*args: Any, **kwargs: Any) -> Any:
        return kept(*args, **kwargs)

    kept = app.view_functions[endpoint]
    app.view_functions[endpoint] = mark_public(view)


def measure(steps: int, most: int, *, open_door: str = "", say: Callable[[str], None] = lambda line: None) -> Tally:
    """Play the tender and ask for every cell at `steps` of its steps (0: at all), `most` values of a parameter each.

    `open_door`: an endpoint whose mark is taken for everybody's, which must be found.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="sunbid-r7-") as name:
        copies: dict[str, Copy] = {}
        with staged(Path(name) / "play", datetime(2026, 10, 12, 1, 0, tzinfo=UTC)) as stage:

            def hear(step: str, sentence: str) -> None:
                if step not in copies:
                    copies[step] = Copy(stage, Path(name) / f"{len(copies)}-{step}")

            wrong = play(Story(stage, hear))
            copies["archived"] = Copy(stage, Path(name) / "archived")
        if wrong:
            raise RuntimeError(f"the tender did not go as promised: {wrong}")
        chosen = list(copies) if not steps else list(copies)[:: -(-len(copies) // steps)]
        for step in chosen:
            before = len(tally.wrong)
            with copies[step].site() as (platform, app):
                if open_door:
                    stand_open(app, open_door)
                matrix = Matrix(platform, app, step, tally, section=SECTION, owners=OWNERS)
                matrix.ask(matrix.cells(most))
            tally.steps.append(step)
            say("\n".join((f"{step}: {tally.cells} cells so far", *tally.wrong[before:])))
    return tally


def main(argv: list[str]) -> int:
    """`--steps N` of the tender's steps (4), `--long`: all; `--sabotage`: one door stands open, which must be found."""
    parser = argparse.ArgumentParser(prog="R7", description=__doc__)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--most", type=int, default=1, help="values of one parameter that are tried")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--sabotage", action="store_true")
    options = parser.parse_args(argv)
    steps = 0 if options.long else options.steps
    found = measure(steps, options.most, open_door="collusion.warnings" if options.sabotage else "", say=print)
    print(
        f"R7: {found.cells} cells at {len(found.steps)} steps of a tender (every route by every role, theirs and "
        f"another's): {len(found.wrong)} not as expected"
    )
    return 0 if not found.wrong and found.cells > 30_000 else 1
