"""Fixtures of the whole suite: a platform on its own database, the site over it, people of each role, signed in."""

from __future__ import annotations

import atexit
import gc
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from jinja2 import Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, event
from werkzeug.routing import Rule
from xdist.scheduler import LoadFileScheduling

from core.act import Act, Platform
from core.chance import seeded
from core.clock import StoppedClock
from core.db import Base, Database
from core.ledger.log import platform_signer
from core.store import ObjectStore
from tests.cluster import Cluster, load_tables, postgresql_programs

# Each test makes a whole site, which the collector went through again and again: a fifth of the suite's time.
gc.set_threshold(50_000, 20, 50)

# A machine busy with other tests makes examples slowly; that says nothing about the code.
settings.register_profile("sunbid", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sunbid")

LOCKER_KEY = bytes(range(32)).hex()
START = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
SIGNER_SEED = bytes(range(32))
FSYNC = os.fsync
PLAYED = tuple(f"tests/journeys/test_{name}.py" for name in ("tender", "archive", "contents", "every_page"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="which database to run on")
    parser.addoption("--write-routes", action="store_true", help="write docs/routes.md from the running application")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL run what has a database; the rest was run on SQLite and would do the same again."""
    if config.getoption("--database") == "postgresql":
        alike = [item for item in items if "cluster" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=alike)
        items[:] = [item for item in items if item not in set(alike)]


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not look at it again."""
    gc.freeze()


class OneTenderOnOneCore(LoadFileScheduling):  # type: ignore[misc]
    """Each file stays on one core; the files that look at the same played tender share one, so it is played once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "the played tender" if file in PLAYED else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneTenderOnOneCore:
    """What `-n 2` hands its files out by."""
    return OneTenderOnOneCore(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Only where the plug is pulled must bytes be on the disk; the other tests do not wait for it."""
    pulls_the_plug = item.path.parent.name in ("faults", "benchmarks")
    os.fsync = FSYNC if pulls_the_plug else lambda _: None  # type: ignore[assignment]


def wait_for_no_disk(connection: Any, _: Any) -> None:
    """SQLite's own commits wait for the disk only where `os.fsync` does: it syncs in C, past Python's function."""
    if os.fsync is not FSYNC:
        connection.execute("PRAGMA synchronous=OFF")


class Templates(FileSystemBytecodeCache):
    """Compiled templates, kept apart where an application compiles otherwise."""

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        """As without: the compiled code calls `finalize` where there was one."""
        return super().get_bucket(environment, f"{name} {environment.finalize is not None}", filename, source)


def compile_once() -> None:
    """Each test has its own application; its routes and templates are the same, so each is compiled once a process."""
    known: dict[Any, Any] = {}
    compiled = Rule._compile_builder

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in known:
            known[key] = compiled(rule, append_unknown)
        return known[key]

    Rule._compile_builder = builder  # type: ignore[method-assign]
    kept = tempfile.mkdtemp(prefix="sunbid-templates-")  # of this process only: another's may be of other settings
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    Flask.jinja_options = {"bytecode_cache": Templates(kept)}


compile_once()


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by their length: fresh ciphertext in a name would differ from process to process."""
    return f"{len(val)}-bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> None:
    """Argon2id with little memory: its cost is the library's to test, the suite makes hundreds of hashes."""
    from argon2 import PasswordHasher

    from accounts.services import signing_in

    signing_in.hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> None:
    """Every test has an engine of its own; SQLAlchemy keeps compiled statements by dialect: all share the first one's.

    Compiling them again for each test was a quarter of the suite's time. What locks values hangs on the dialect
    (core.locker), so all of them lock under one key, which lies in each folder for the programs that tests start.
    """
    first: dict[str, Engine] = {}
    opened = Database.__init__

    def open_sharing(self: Database, url: str, **options: Any) -> None:
        key = options["folder"] / "locker.key"
        if not key.exists():
            key.parent.mkdir(parents=True, exist_ok=True)
            key.write_text(LOCKER_KEY)
            key.chmod(0o600)
        opened(self, url, **options)
        shared = first.setdefault(self.engine.dialect.name, self.engine)
        self.engine.dialect, self.engine._compiled_cache = shared.dialect, shared._compiled_cache
        if self.is_sqlite:
            event.listen(self.engine, "connect", wait_for_no_disk)

    Database.__init__ = open_sharing  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster | None]:
    """The private PostgreSQL of this run, or None on SQLite."""
    if request.config.getoption("--database") != "postgresql":
        yield None
        return
    programs = postgresql_programs()
    if programs is None:
        pytest.skip("NOT TESTED ON POSTGRESQL: no server under /usr/lib/postgresql (apt-get install postgresql)")
    load_tables()
    cluster = Cluster(programs)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table, made once and copied for each test."""
    load_tables()
    folder = tmp_path_factory.mktemp("tables")
    database = Database(f"sqlite:///{folder / 'empty.db'}", folder=folder)
    Base.metadata.create_all(database.engine)
    database.checkpoint()
    database.close()
    return folder / "empty.db"


@pytest.fixture
def clock() -> StoppedClock:
    """The platform's clock, which stands at 2026-10-08 09:00 in Beijing until a test moves it."""
    return StoppedClock(START)


@pytest.fixture
def platform(
    tmp_path: Path, clock: StoppedClock, cluster: Cluster | None, request: pytest.FixtureRequest
) -> Iterator[Platform]:
    """A platform on its own database (`--database` says which), with stopped clock and seeded chance."""
    folder = tmp_path / "platform"
    if cluster is None:
        folder.mkdir()
        shutil.copy(request.getfixturevalue("empty_sqlite"), folder / "sunbid.db")
        url = f"sqlite:///{folder / 'sunbid.db'}"
    else:
        url = cluster.lend()
    database = Database(url, folder=folder)
    yield Platform(
        database,
        ObjectStore(folder / "objects"),
        clock,
        platform_signer("sunbid.test", SIGNER_SEED),
        seeded(b"tests"),
    )
    database.close()
    if cluster is not None:
        cluster.take_back(url)


class Browser(FlaskClient):
    """A test client that behaves like a browser: forms carry the token of the last page and the site's origin.

    `plain=True` sends exactly what the test says.
    """

    token: tuple[str | None, str] | None = None

    def open(self, *args: Any, plain: bool = False, **kwargs: Any) -> Any:
        method = str(kwargs.get("method", "GET")).upper()
        headers = dict(kwargs.get("headers") or {})
        if method not in ("GET", "HEAD", "OPTIONS") and not plain and "Authorization" not in headers:
            headers.setdefault("Origin", "http://localhost")
            headers.setdefault("X-CSRFToken", self.csrf_token())
            kwargs["headers"] = headers
        return super().open(*args, **kwargs)

    def csrf_token(self) -> str:
        """The token of a page this browser has loaded, fetched anew only where its session has another secret."""
        if self.token is None or self._secret() != self.token[0]:
            page = super().open("/help/refusals", method="GET").get_data(as_text=True)
            found = re.search(r'name="csrf_token" value="([^"]+)"|X-CSRFToken": "([^"]+)"', page)
            assert found, "the page carries no token"
            self.token = (self._secret(), found[1] or found[2])
        return self.token[1]

    def _secret(self) -> str | None:
        with self.application.test_request_context(), self.session_transaction() as session:
            return session.get("csrf_token")


@pytest.fixture
def app(platform: Platform, tmp_path: Path) -> Flask:
    """The whole site over the test's platform."""
    from portal.app import Settings, create_app

    app = create_app(Settings(folder=tmp_path / "platform", origin="http://localhost", test=True), platform)
    app.test_client_class = Browser
    return app


@pytest.fixture
def client(app: Flask) -> Browser:
    """A browser of the public."""
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def act_as(platform: Platform) -> Callable[..., AbstractContextManager[Act]]:
    """`with act_as(Role.TENDEREE) as act:` one act by the test's person of that role (`person="b"` for another one)."""
    from tests import factories

    def act(role: Any, *, person: str = "a", **options: Any) -> AbstractContextManager[Act]:
        return platform.act(factories.actor(platform, role, person), **options)

    return act


@pytest.fixture
def login(app: Flask, platform: Platform) -> Callable[..., Browser]:
    """`login(Role.EXPERT)`: a new browser signed in as the test's person of that role, the one `act_as` acts as."""
    from accounts.access import door
    from accounts.queries import person_by_id
    from accounts.services import open_sign_in
    from tests import factories

    def sign_in(role: Any, *, person: str = "a", method: str = "certificate") -> Browser:
        actor = factories.actor(platform, role, person)
        assert actor.person_id is not None
        with platform.act(actor) as act:
            token = open_sign_in(act, person_by_id(act.session, actor.person_id), method=method, carrier="cookie")
        browser: Browser = app.test_client()  # type: ignore[assignment]
        with app.app_context():
            browser.set_cookie(door().cookie, token)
        return browser

    return sign_in


@pytest.fixture
def bearer(platform: Platform) -> Callable[..., dict[str, str]]:
    """`bearer(Role.BIDDER)`: the headers of a program signed in as the test's person of that role."""
    from accounts.queries import person_by_id
    from accounts.services import open_sign_in
    from tests import factories

    def headers(role: Any, *, person: str = "a") -> dict[str, str]:
        actor = factories.actor(platform, role, person)
        assert actor.person_id is not None
        with platform.act(actor) as act:
            held = person_by_id(act.session, actor.person_id)
            token = open_sign_in(act, held, method="certificate", carrier="bearer")
        return {"Authorization": f"Bearer {token}"}

    return headers


@pytest.fixture
def free_port() -> int:
    """A TCP port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
