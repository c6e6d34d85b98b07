"""The pool at rest: the database's own files tell no name, no contact and no declaration; searches still find."""

from __future__ import annotations

import base64
import json
import threading
from pathlib import Path

import pytest
from alembic import command
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text

from accounts import models
from accounts import queries as account_queries
from accounts.models import Person
from accounts.queries import actor_for, people, people_named
from accounts.rules import Role
from accounts.services import sheets, write_sheets
from core.act import SYSTEM, Platform
from core.board import publish_notice
from core.clock import StoppedClock
from core.db import Database
from core.errors import Conflict
from core.ledger.log import audit
from core.locker import NONCE, OLDER, PIECE, SALT, TAG, Locker
from experts import queries, services
from experts.models import PoolApplication
from experts.rules import Declared, declared_digest
from portal.cli.schema import configured, keep_proofs_locked, upgrade
from tests import factories
from tests.experts.story import Story

NAMES = ("欧阳静波", "司徒望舒", "专家001")
PHONE, MAIL, EMPLOYER, RELATIVE = "13905710001", "jingbo@pool.example", "钱塘勘察设计院有限公司", "欧阳若水"
NUMBER = "330102197001010018"
PROOF = b"%PDF-1.7 " + "正高级工程师证书".encode() * 40


def spelled(word: str) -> list[bytes]:
    """The word as it could lie in a file: its bytes, and within base64 at each of the three places."""
    raw = word.encode()
    shifted = (base64.b64encode(bytes(n) + raw)[4 * (n > 0) : -4] for n in range(3))
    return [raw, *shifted, json.dumps(word)[1:-1].encode()]


def files_of(folder: Path) -> dict[str, bytes]:
    """The database file and what SQLite keeps beside it."""
    return {file.name: file.read_bytes() for file in folder.glob("*.db*")}


def told(folder: Path, *words: str) -> list[tuple[str, str]]:
    """Which of the words stand in which file."""
    files = files_of(folder)
    assert files
    return [(name, word) for word in words for name, raw in files.items() for way in spelled(word) if way in raw]


def fill(platform: Platform, clock: StoppedClock) -> None:
    """A pool with people who are reached, employed and related, one who applies, and an objection to one of them."""
    story = Story(platform, clock)
    story.open_section()
    story.add_experts(3)
    with platform.act(story.actor(Role.OPERATOR)) as act:
        for number, name in enumerate(NAMES[:2]):
            person = factories.person(act, Role.EXPERT, login=f"named{number}", name=name)
            expert = services.add_expert(
                act, person=person, code=f"NM-{number}", region="330100", specialities=["A08"],
                employers=[{"name": EMPLOYER, "identifier": NUMBER, "from": "2015-01-01", "until": None}],
                relatives=[{"name": RELATIVE, "relation": "配偶", "organisation": "", "identifier": None}],
            )  # fmt: skip
            services.record_contact(act, expert, phone=PHONE, mail=MAIL)
        pool = services.found_pool(act, code="ZJ", name="浙江省库", region="33", owner=factories.organisation(act, 991))
    with platform.reading() as session:
        named = actor_for(session, "named0")
    with platform.act(named) as act:
        declared = Declared("senior", 12, ["A08"], "330100", [{"name": EMPLOYER, "from": "2020-01-01", "until": None}])
        services.apply_for_pool(act, pool, declared, documents=[(f"{NAMES[0]}职称证书.pdf", "pdf", PROOF)])


def test_the_files_of_the_database_tell_nobody_and_searches_still_find(platform: Platform, clock: StoppedClock) -> None:
    """Issue 4: names, contacts, numbers and declarations are encrypted at rest; the log beside the file, too.

    Seen red: with `Person.name`, `Expert.contact` or `PoolApplication.content` in clear, and with the ledger's entries
    of the pool not `Private`.
    """
    if not platform.database.is_sqlite:
        pytest.skip("NOT TESTED ON POSTGRESQL: its files belong to the server; the columns are the same")
    fill(platform, clock)
    folder = platform.database.folder
    assert any(name.endswith("-wal") and raw for name, raw in files_of(folder).items()), "the log was looked at"
    words = (*NAMES, PHONE, MAIL, EMPLOYER, RELATIVE, NUMBER)
    assert told(folder, *words) == []
    platform.database.checkpoint()
    assert told(folder, *words) == []
    assert told(folder, "NM-0", "named0"), "what is no secret is found: the files were read"
    with platform.reading() as session:
        found, count = queries.find_experts(session, words=NAMES[0], speciality="", status="", pools=(), limit=5)
        assert (count, found[0].person.name, found[0].contact["phone"]) == (1, NAMES[0], PHONE)
        assert [one.code for one in queries.experts(session, words="望舒")] == ["NM-1"], "a part of a name"
        assert len(queries.experts(session, words="NM-")) == 2, "the beginning of a number"
        assert queries.experts(session, words="无此人") == []
        assert [one.login for one in people(session, words=NAMES[1])] == ["named1"]
        assert people_named(session, NAMES[0]) == [found[0].person_id]
        assert list(audit(session, platform.signer.verifier)) == []
        with pytest.raises(TypeError, match="cannot be compared"):
            session.query(Person).filter(Person.name == NAMES[0]).all()


def test_a_database_of_before_is_locked_by_its_migration_and_nothing_stays_behind(tmp_path: Path) -> None:
    """Rows in clear are locked, and the old pages and the log are gone.

    Seen red: without `rewrite`, and without the ledger's entries in the migration.
    """
    database = Database(f"sqlite:///{tmp_path / 'old.db'}", folder=tmp_path)
    with database.writing() as session:
        connection = session.connection()
        command.upgrade(configured(connection), "0046")
        facts = json.dumps({"name": NAMES[0], "employers": [EMPLOYER]}, ensure_ascii=False)
        for statement in (
            f"INSERT INTO person (id, login, name, totp_last_step) VALUES (1, 'old', '{NAMES[0]}', 0)",
            "INSERT INTO expert (id, code, person_id, specialities, region, employers, shareholdings, relatives,"
            f" status, joined_on, contact) VALUES (1, 'OLD-1', 1, '[]', '33', '[]', '[]', '[]', 'active', '2026-01-01',"
            f' \'{{"phone":"{PHONE}"}}\')',
            "INSERT INTO ledger_entry (id, leaf_index, at, kind, subject, digest, salt, facts) VALUES"
            f" (1, 0, 0, 'expert.add', 'expert:OLD-1', '{'0' * 64}', '{'0' * 64}', '{facts}')",
        ):
            connection.execute(text(statement.replace(":", "\\:")))
    assert {word for _, word in told(tmp_path, NAMES[0], PHONE, EMPLOYER)} == {NAMES[0], PHONE, EMPLOYER}
    upgrade(database)
    assert told(tmp_path, NAMES[0], PHONE, EMPLOYER) == []
    with database.reading() as session:
        held = queries.expert(session, "OLD-1")
        assert (held.person.name, held.contact) == (NAMES[0], {"phone": PHONE})
        assert people_named(session, NAMES[0]) == [1]
        assert queries.history_of(session, held)[0].facts["employers"] == [EMPLOYER]
    database.close()


def test_a_part_of_a_name_is_looked_for_in_locked_sheets_as_one_by_one(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same people whatever has a sheet; nothing in clear; a name that changes is found as it is now.

    Seen red: without `_name_changes`, and with the gaps between sheets not looked at.
    """
    for place in (models, account_queries, sheets):
        monkeypatch.setattr(place, "BLOCK", 4)
    names = [f"{'欧阳' if n % 3 else '司徒'}{chr(0x4E00 + n)}" for n in range(23)]
    with platform.act(SYSTEM) as act:
        for n, name in enumerate(names):
            factories.person(act, Role.EXPERT, login=f"p{n:02d}", name=name)

    def found(words: str) -> list[str]:
        with platform.reading() as session:
            return sorted(session.get_one(Person, key).login for key in people_named(session, words))

    before = {words: found(words) for words in ("欧阳", "司徒", names[5][1:], "无此")}
    assert [len(held) for held in before.values()] == [15, 8, 1, 0]
    with platform.act(SYSTEM) as act:
        assert [write_sheets(act, 2), write_sheets(act), write_sheets(act)] == [2, 2, 0]
    if platform.database.is_sqlite:
        assert told(platform.database.folder, *names) == []
    assert {words: found(words) for words in before} == before
    with platform.act(SYSTEM) as act:
        act.session.query(Person).filter(Person.login == "p09").one().name = "独孤求败"
    assert found("孤求") == ["p09"] and "p09" not in found("司徒")
    with platform.act(SYSTEM) as act:
        assert write_sheets(act) == 1
    assert found("孤求") == ["p09"]


def test_a_name_that_changes_while_its_sheet_is_written_is_found_as_it_is_now(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On either database. Seen red on PostgreSQL: with the rows not locked, and with the sheet taken before the row."""
    for place in (models, account_queries, sheets):
        monkeypatch.setattr(place, "BLOCK", 4)
    with platform.act(SYSTEM) as act:
        for n in range(12):
            factories.person(act, Role.EXPERT, login=f"p{n:02d}", name=f"欧阳{chr(0x4E00 + n)}")

    def rename() -> None:
        with platform.act(SYSTEM) as act:
            act.session.query(Person).filter(Person.login == "p01").one().name = "独孤求败"

    thread = threading.Thread(target=rename)
    with platform.act(SYSTEM) as act:
        assert write_sheets(act) == 2
        thread.start()
        thread.join(0.5)
    thread.join()
    with platform.reading() as session:
        assert [session.get_one(Person, key).login for key in people_named(session, "孤求")] == ["p01"]


def objects_of(folder: Path) -> list[bytes]:
    """Every file of the object store, as it lies."""
    return [file.read_bytes() for file in (folder / "objects").rglob("*") if file.is_file()]


def brought(platform: Platform) -> tuple[PoolApplication, bytes]:
    """The one application of `fill`, and its proof as a reader gets it."""
    with platform.reading() as session:
        (held,) = queries.applications(session)
        return held, queries.proof(session, platform.store, held, held.documents[0]["sha256"])[1]


def test_proofs_brought_with_an_application_lie_locked_in_the_store(platform: Platform, clock: StoppedClock) -> None:
    """Issue 4: neither the bytes nor the name of the file lie anywhere in clear; a changed object is refused.

    Seen red: with `_keep` putting the bytes as they came.
    """
    fill(platform, clock)
    held, raw = brought(platform)
    assert raw == PROOF and held.documents[0]["size"] == len(PROOF)
    assert (held.documents[0]["name"], held.documents[0]["object"]) != (None, held.documents[0]["sha256"])
    lying = objects_of(platform.database.folder)
    assert lying and not any(PROOF in one or NAMES[0].encode() in one for one in lying)
    path = platform.store.path(held.documents[0]["object"])
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(Conflict, match=r"locker\.unreadable"):
        brought(platform)


def test_proofs_of_before_are_locked_and_taken_away_but_for_what_something_else_names(
    platform: Platform, clock: StoppedClock
) -> None:
    """Twice is as once; the digest in the ledger still holds; an object that a notice attaches, too, stays.

    Seen red: without the search of the other columns, and with the whole document in the digest.
    """
    fill(platform, clock)
    both = b"%PDF-1.7 a published form"
    with platform.act(SYSTEM) as act:
        (held,) = queries.applications(act.session)
        old = [{key: one[key] for key in ("name", "kind", "sha256", "size")} for one in held.documents]
        for content in (PROOF, both):
            stored = act.store.put(content)
        old.append({"name": "表.pdf", "kind": "pdf", "sha256": stored.sha256, "size": stored.size})
        act.store.remove(held.documents[0]["object"])
        held.documents = old
        attached = [{"name": "表.pdf", "sha256": stored.sha256, "size": stored.size}]
        publish_notice(act, kind="tender", subject="section:X", title="表", content={}, attachments=attached)
        before = declared_digest(held.content, held.documents)
    assert any(PROOF in one for one in objects_of(platform.database.folder))
    assert [keep_proofs_locked(platform), keep_proofs_locked(platform)] == [2, 0]
    held, raw = brought(platform)
    assert raw == PROOF and declared_digest(held.content, held.documents) == before
    assert not any("clear" in one for one in held.documents)
    lying = objects_of(platform.database.folder)
    assert not any(PROOF in one for one in lying) and both in lying


@pytest.mark.parametrize("size", [0, 1, 200_000])
def test_locked_bytes_open_whole_or_not_at_all(size: int) -> None:
    """Cut, changed, lengthened, of another place or key: refused."""
    locker, raw = Locker(bytes(range(32))), bytes(n % 251 for n in range(size))
    held = locker.lock_bytes(raw, "a")
    assert locker.unlock_bytes(held, "a") == raw and (size < 32 or raw not in held)
    for other in (
        held[:-1],
        held + b"x",
        held[1:],
        bytes([held[0] ^ 1]) + held[1:],
        held[:-1] + bytes([held[-1] ^ 1]),
        b"",
    ):
        with pytest.raises(Conflict, match=r"locker\.unreadable"):
            locker.unlock_bytes(other, "a")
    for holder, place in ((locker, "b"), (Locker(bytes(range(1, 33))), "a")):
        with pytest.raises(Conflict, match=r"locker\.unreadable"):
            holder.unlock_bytes(held, place)


LOCKED_BY_0_7 = (
    "c3VuYmlkLWxvY2tlZC92MQqA5fumXxHaIazSqJ84XqmDA1TRWw2jIsOE/Jrc7ddryTlbwJKkAyQLz0cEmUImgFjFWj+LS2k9uzS9mhSjS3azOJdsIC2T"
    "PQ=="
)
"""Made by the code of 0.7.0 with this key, for the place `a`."""


def test_what_0_7_locked_piece_by_piece_is_still_read() -> None:
    """The clear file was taken away: nothing else of the proof is left. Seen red: read as what is locked today."""
    locker = Locker(bytes(range(32)))
    assert locker.unlock_bytes(base64.b64decode(LOCKED_BY_0_7), "a") == b"%PDF-1.7 a proof of 0.7"
    raw, salt, step = bytes(n % 251 for n in range(2 * PIECE + 9)), bytes(SALT), PIECE + TAG
    cipher, parts = AESGCM(locker._derived("file a", salt)), [raw[:PIECE], raw[PIECE : 2 * PIECE], raw[2 * PIECE :]]
    pieces = [
        cipher.encrypt(number.to_bytes(NONCE - 1, "big") + bytes([number == 2]), part, None)
        for number, part in enumerate(parts)
    ]
    head, body = OLDER + salt, b"".join(pieces)
    assert locker.unlock_bytes(head + body, "a") == raw
    swapped = pieces[1] + pieces[0] + pieces[2]
    for other in (body[:-1], body + b"x", body[:step], body[: 2 * step], b"", swapped):
        with pytest.raises(Conflict, match=r"locker\.unreadable"):
            locker.unlock_bytes(head + other, "a")


def test_a_value_opens_in_its_own_place_under_its_own_key_and_unchanged() -> None:
    """Equal values are different bytes, their index is the same; a value moved to another column is not read.

    Seen red: with one key for every column.
    """
    locker, other = Locker(bytes(range(32))), Locker(bytes(range(1, 33)))
    held = locker.lock(NAMES[0], "person.name")
    assert held != locker.lock(NAMES[0], "person.name") and locker.unlock(held, "person.name") == NAMES[0]
    changed = held[:-6] + ("A" if held[-6] != "A" else "B") + held[-5:]
    for holder, value, place in (
        (other, held, "person.name"), (locker, held, "expert.contact"), (locker, changed, "person.name"),
        (locker, "lk1:短", "person.name"),
    ):  # fmt: skip
        with pytest.raises(Conflict, match=r"locker\.unreadable"):
            holder.unlock(value, place)
    assert locker.index(NAMES[0], "person.name") == locker.index(NAMES[0], "person.name")
    assert len({one.index(NAMES[0], place) for one in (locker, other) for place in ("a", "b")}) == 4
