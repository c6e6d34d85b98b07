"""R21: the programs' interface under schemathesis: no server error, no ignored sign-in, nothing undocumented.

The interface's own OpenAPI document is asked for and every operation in it is tried: examples and edges of every field,
random right and wrong requests, chains of requests over real HTTP. Three callers: the public, a tenderee signed in, and a token that
has every scope but the one that ends tokens. The site has a
database of its own.

    ./run figure R21 [--examples N] [--seed N] [--long] [--sabotage]
"""

from __future__ import annotations

import argparse
import logging
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from werkzeug.serving import make_server

from accounts.queries import person_by_id
from accounts.rules import Role
from accounts.rules.scopes import scopes_for
from accounts.services import create_token, open_sign_in
from core.act import Platform
from core.chance import seeded
from core.clock import StoppedClock
from core.db import Base, Database
from core.ledger.log import platform_signer
from core.store import ObjectStore
from portal.app import Settings, create_app
from tests import factories
from tests.bidding.stage import Stage
from tests.cluster import load_tables

SHORT, LONG = 25, 1500
CALLERS = ("public", "signed in", "token")
START = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)


@dataclass
class Found:
    """What became of the requests."""

    requests: int = 0
    operations: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Say whether every check passed on every answer."""
        return not self.failures and not self.errors and self.requests > 0


def site(folder: Path) -> tuple[Flask, dict[str, str]]:
    """A site with a published section and bids nobody may know of, and the headers of each caller."""
    load_tables()
    database = Database(f"sqlite:///{folder / 'sunbid.db'}", folder=folder)
    Base.metadata.create_all(database.engine)
    platform = Platform(
        database, ObjectStore(folder / "objects"), StoppedClock(START), platform_signer("sunbid.test", b"r21" * 10 + b"xx"),
        seeded(b"r21"),
    )  # fmt: skip
    Stage(platform).publish()
    Stage(platform).draft()
    app = create_app(Settings(folder=folder, origin="http://localhost", test=True, rates=False), platform)
    actor = factories.actor(platform, Role.TENDEREE)
    with platform.act(actor) as act:
        person = person_by_id(act.session, actor.person_id or 0)
        signed = open_sign_in(act, person, method="certificate", carrier="bearer")
        scopes = [name for name in scopes_for(actor.roles) if name != "tokens:write"]
        token = create_token(act, person, name="R21", scopes=scopes, days=30)[1]
    return app, {"signed in": f"Bearer {signed}", "token": f"Bearer {token}"}


CHECKS = """
seed = {seed}
[generation]
max-examples = {examples}
no-shrink = true
database = "none"
[phases.coverage]
enabled = {full}
[phases.stateful]
enabled = {full}
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "429", "5xx"]
missing_required_header.expected-statuses = ["400", "401", "403", "404", "422", "428"]
"""
"""Every check of schemathesis. What a schema allows, rules beyond it may refuse: a cursor nobody gave, a stale tag."""


def configuration(examples: int, seed: int, full: bool) -> SchemathesisConfig:
    """How schemathesis is to try."""
    return SchemathesisConfig.from_str(CHECKS.format(seed=seed, examples=examples, full=str(full).lower()))


def measure(
    examples: int,
    seed: int,
    callers: tuple[str, ...] = CALLERS,
    *,
    full: bool = True,
    sabotage: bool = False,
    only: str = "",
) -> Found:
    """Let schemathesis try the whole document as each caller; not `full`: random requests alone."""
    found = Found()
    logging.getLogger("sunbid").setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="sunbid-r21-"))
    try:
        app, headers = site(folder)
        if sabotage:
            view = app.view_functions["window.api_sections"]
            app.view_functions["window.api_sections"] = lambda **path: (view(**path).get_data(), 418)
            app.view_functions["window.api_sections"].__dict__.update(view.__dict__)
        for caller in callers:
            with serving(app) as address:
                schema = schemathesis.openapi.from_url(
                    f"{address}/api/v1/openapi.json", config=configuration(examples, seed, full)
                )
                schema.config.update(base_url=f"{address}/api/v1")
                if caller in headers:
                    schema.config.update(headers={"Authorization": headers[caller]})
                if only:
                    schema = schema.include(path=only)
                for event in from_schema(schema).execute():
                    _take(found, caller, event)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The site on a port of this machine: what schemathesis asks twice or in chains needs a real one."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def _take(found: Found, caller: str, event: Any) -> None:
    if isinstance(event, events.NonFatalError | events.FatalError):
        found.errors.append(str(getattr(event, "value", None) or getattr(event, "exception", event))[:400])
    recorder = getattr(event, "recorder", None)
    if recorder is None or not isinstance(event, events.ScenarioFinished):
        return
    for case_id, exchange in recorder.interactions.items():
        found.requests += 1
        case = recorder.cases.get(case_id)
        if case is not None:
            found.operations.add(case.value.operation.label)
        if exchange.response is not None:
            found.statuses[exchange.response.status_code] += 1
    for nodes in recorder.checks.values():
        for node in nodes:
            if node.failure_info is not None:
                failure = node.failure_info.failure
                key = (f"{caller} {failure.operation}", failure.title)
                found.failures.setdefault(key, f"{failure.message[:300]} | {node.failure_info.code_sample[:400]}")


def main(arguments: list[str]) -> int:
    """Run and print the figure as the last line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--sabotage", action="store_true", help="an operation that answers what is not documented")
    chosen = parser.parse_args(arguments)
    began = time.perf_counter()
    examples = chosen.examples or (LONG if chosen.long else SHORT)
    found = measure(examples, chosen.seed, sabotage=chosen.sabotage)
    for (where, what), said in sorted(found.failures.items()):
        print(f"{where}: {what}: {said}")
    for said in found.errors:
        print(f"error: {said}")
    told = ", ".join(f"{status}: {count}" for status, count in sorted(found.statuses.items()))
    print(f"answers {told}; {time.perf_counter() - began:.0f} s")
    print(
        f"R21 {found.requests} requests to {len(found.operations)} operations as {len(CALLERS)} callers: "
        f"{len(found.failures)} failures, {sum(n for code, n in found.statuses.items() if code >= 500)} server errors"
    )
    return 0 if found.holds else 1
