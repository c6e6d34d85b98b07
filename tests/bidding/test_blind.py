"""Whoever holds database, disk and logs before the opening can neither read a bid nor name a bidder (R9, R10)."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, text

from accounts.models import Organisation, Person
from accounts.rules import Role
from core.act import Platform
from core.seal import MAX_HEADER, Sealed, lint, lint_size
from tests import factories
from tests.bidding.stage import Bidder, Stage, request_of
from tests.bidding.test_uploads import objects, upload
from tests.conftest import Browser

PRICES = {"a": 3_650_123_457, "b": 3_712_987_653, "c": 3_598_456_781}
GREASE = 600
PEOPLE_TABLES = frozenset(
    {"organisation", "person", "role_grant", "certificate", "passkey", "authority", "credit_check"}
)
"""Tables that list who is registered; a registration says nothing about a bid."""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything any logger says, at its most talkative."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


class Crowd:
    """Three bidders of three organisations who upload and commit over HTTP."""

    def __init__(self, stage: Stage, app: Flask, bearer: Callable[..., dict[str, str]], folder: Path) -> None:
        self.stage = stage
        self.since = stage.platform.clock.now()
        self.sealed: dict[str, Sealed] = {}
        self.tokens: dict[str, str] = {}
        self.canaries: list[str] = []
        self.people: list[str] = []
        stage.platform.clock.advance(minutes=17, seconds=3)
        for who in PRICES:
            self.tokens[who] = bearer(Role.BIDDER, person=who)["Authorization"]
        self.first_entry = self._entries()
        for number, (who, price) in enumerate(PRICES.items()):
            actor = factories.actor(stage.platform, Role.BIDDER, who)
            with stage.platform.reading() as session:
                organisation = session.get(Organisation, actor.organisation_id)
                person = session.get(Person, actor.person_id)
                assert organisation is not None and person is not None
                self.people += [organisation.name, organisation.identifier, person.login]
            bidder = Bidder(organisation.name, folder / who)
            device = dict.fromkeys(("mac", "disk", "cpu", "host", "tool"), "x" * 250 * number)
            bidder.facts = {"operator": "李" * (1 + 80 * number), "device": device}
            canary = f"金丝雀{who}七零三九"
            sealed = bidder.seal(stage.policy(), price_fen=price, mark=canary)
            self.sealed[who] = sealed
            self.canaries += [canary, str(price), organisation.name]
            client: Browser = app.test_client()  # type: ignore[assignment]
            headers = {"Authorization": self.tokens[who]}
            for content in objects(sealed):
                upload(client, headers, content)
            stage.platform.clock.advance(minutes=41, seconds=19)
            url = f"/sections/{stage.code}/submissions"
            assert client.post(url, json=request_of(sealed), headers=headers).status_code == 201
            handle = sealed.submission["handle"]
            assert client.get(f"{url}/{handle}", headers={"Accept": "application/json"}).status_code == 200

    def _entries(self) -> int:
        from core.ledger.log import size

        with self.stage.platform.reading() as session:
            return size(session)


@pytest.fixture
def crowd(stage: Stage, app: Flask, bearer: Callable[..., dict[str, str]], tmp_path: Path, log: io.StringIO) -> Crowd:
    return Crowd(stage, app, bearer, tmp_path / "bidders")


def rows_of(platform: Platform) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    with platform.reading() as session:
        names = inspect(session.connection()).get_table_names()
        return {
            name: [dict(row) for row in session.execute(text(f'SELECT * FROM "{name}"')).mappings()] for name in names
        }


def spellings(word: str) -> list[bytes]:
    """The word as an insider would grep for it: UTF-8, UTF-16, base64 at each offset, JSON escapes."""
    raw = word.encode()
    shifted = [base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4] for shift in range(3)]
    return [raw, word.encode("utf-16-le"), word.encode("utf-16-be"), *shifted, word.encode("unicode_escape")]


def test_no_byte_of_a_bid_is_readable_anywhere(crowd: Crowd, log: io.StringIO) -> None:
    """Database, log of the database, objects, locks, halves of uploads, messages of the program: no plaintext.

    Seen red: with a plaintext word kept in front of the identity package.
    """
    platform = crowd.stage.platform
    names = set(crowd.people)
    secrets = [canary for canary in crowd.canaries if canary not in names]
    files = [file for file in platform.database.folder.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) > 3 * 4 * 65_536
    contents = {str(file): file.read_bytes() for file in files}
    contents["log"] = log.getvalue().encode()
    contents["rows"] = repr(rows_of(platform)).encode()
    for canary in secrets:
        for spelling in spellings(canary):
            for place, content in contents.items():
                assert len(spelling) < 5 or spelling not in content, (place, canary)


def test_no_row_about_a_bid_names_a_person(crowd: Crowd) -> None:
    """Outside the register of people no table has a name, a code, a login; where people are named no bid is.

    Seen red: with the actor's name in the ledger entry.
    """
    rows = rows_of(crowd.stage.platform)
    assert len(rows["submission"]) == 3
    for table in ("submission", "upload", "sealed_mark", "sign_in", "message", "notice", "policy", "ledger_node"):
        for row in rows[table]:
            for word in crowd.people:
                assert word not in repr(row), (table, word)
    late = [row for row in rows["ledger_entry"] if row["leaf_index"] >= crowd.first_entry]
    assert {row["kind"] for row in late} == {"commitment"}
    assert {(row["subject"], row["facts"], row["salt"]) for row in late} == {(None, None, None)}
    for word in crowd.people:
        assert word not in repr(late)
    handles = [sealed.submission["handle"] for sealed in crowd.sealed.values()]
    digests = [sealed.digest for sealed in crowd.sealed.values()]
    for table in PEOPLE_TABLES | {"sign_in"}:
        for row in rows.get(table, []):
            for word in (*handles, *digests):
                assert word not in repr(row), (table, word)


def test_nothing_joins_a_person_with_a_bid(crowd: Crowd) -> None:
    """No value of a row about people or sign-ins appears in a row about bids, and no instant comes near one.

    Seen red: with a person_id column in upload, and with uploads that end 14 days to the second after they began.
    """
    rows = rows_of(crowd.stage.platform)
    bids = [value for table in ("submission", "upload", "sealed_mark") for row in rows[table] for value in row.values()]
    long = {value for value in bids if isinstance(value, str) and len(value) >= 8}
    people = [value for table in PEOPLE_TABLES | {"sign_in"} for row in rows.get(table, []) for value in row.values()]
    assert not long & {value for value in people if isinstance(value, str)}
    columns = {column for table in ("submission", "upload", "sealed_mark") for row in rows[table] for column in row}
    assert not {column for column in columns if "person" in column or "organisation" in column or "actor" in column}
    received = [row["received_at"] for row in rows["submission"]]
    day = 86_400_000_000
    for row in rows["sign_in"]:
        instants = [value for name, value in row.items() if name.endswith("_at") and value is not None]
        assert all((value + day // 3) % day == 0 for value in instants), row  # midnight in Beijing
        assert all(abs(value - instant) > 60_000_000 for value in instants for instant in received)
    since = int((crowd.since - datetime(1970, 1, 1, tzinfo=crowd.since.tzinfo)).total_seconds() * 1_000_000)
    for row in rows["upload"]:
        assert all((value + day // 3) % day == 0 for value in [row["expires_at"]])
        assert not any(isinstance(value, int) and since < value < received[-1] for value in row.values())


def test_the_log_of_submission_paths_leads_nowhere(crowd: Crowd, log: io.StringIO) -> None:
    """No name, token, handle, digest, section, request id. Seen red: with @unlinked left out of the commit."""
    said = log.getvalue()
    lines = [line for line in said.splitlines() if "bidding." in line]
    assert len(lines) > 100
    words = [*crowd.people, *(token.removeprefix("Bearer ") for token in crowd.tokens.values()), crowd.stage.code]
    for sealed in crowd.sealed.values():
        words += [sealed.digest, sealed.submission["handle"], sealed.leaf]
    for line in lines:
        for word in words:
            assert word not in line, line
        assert '"request"' not in line and '"ms"' not in line, line


def test_the_three_rows_differ_in_nothing_that_tells_who(crowd: Crowd) -> None:
    """Same fields, the same archive sizes, packages alike but for age's random grease.

    Seen red: with unpadded identity packages.
    """
    rows = rows_of(crowd.stage.platform)["submission"]
    shapes, packages = set(), []
    for row in rows:
        content, identity = json.loads(row["content"]), json.loads(row["identity"])
        archives = []
        for name, parts in sorted(content["envelopes"].items()):
            head = crowd.stage.platform.store.read(parts["bulk"]["sha256"])[:MAX_HEADER]
            archives.append((name, lint_size(parts["bulk"]["size"], lint(head)), tuple(sorted(parts["keys"]))))
        packages += [len(base64.b64decode(package)) for package in identity.values()]
        shapes.add((tuple(archives), tuple(sorted(identity)), row["kind"], row["state"], row["sequence"]))
    assert len(shapes) == 1
    assert max(packages) - min(packages) < GREASE
