"""A part of a name among a million encrypted names: sheets, one by one, and the same search over names in clear."""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

import portal.cli.tables  # noqa: F401 — imports every model
from accounts.models import NameSheet
from accounts.queries import people_named
from accounts.services import write_sheets
from core.act import SYSTEM, Platform
from core.chance import seeded
from core.clock import SystemClock
from core.db import Base, Database
from core.ledger.log import platform_signer
from core.store import ObjectStore

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗欧郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任"
GIVEN = [chr(code) for code in range(0x4E00, 0x4E00 + 2000)]
ASKED = ("丁", "一丁", "无此人名")
"""What very many names hold, the end of a few, and what nobody bears; none is a whole name, which an index finds."""


def fill(database: Database, count: int) -> None:
    """`count` people with made-up names, locked, and the same names in clear in a table of their own for the peer."""
    chance, locker = random.Random(7), database.locker
    with database.writing() as session:
        session.execute(text("CREATE TABLE clear_name (id INTEGER PRIMARY KEY, name TEXT)"))
        for first in range(1, count + 1, 20_000):
            rows = []
            for key in range(first, min(first + 20_000, count + 1)):
                name = chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))
                locked, index = locker.lock(name, "person.name"), locker.index(name, "person.name")
                rows.append({"id": key, "login": f"p{key}", "name": locked, "key": index, "clear": name})
            session.execute(
                text(
                    "INSERT INTO person (id, login, name, name_key, totp_last_step) VALUES (:id, :login, :name, :key, 0)"
                ),
                rows,
            )
            session.execute(text("INSERT INTO clear_name (id, name) VALUES (:id, :clear)"), rows)


def in_clear(session: Session, words: str) -> list[int]:
    """The peer: SQLite's own LIKE over names that are not encrypted."""
    return list(session.scalars(text("SELECT id FROM clear_name WHERE name LIKE :words"), {"words": f"%{words}%"}))


def timed(database: Database, search: Callable[[Session, str], list[int]]) -> tuple[float, float, list[Any]]:
    """The slowest of the questions: wall and processor seconds, and what was found."""
    slowest, cpu, found = 0.0, 0.0, []
    for words in ASKED:
        with database.reading() as session:
            began, used = time.perf_counter(), time.process_time()
            found.append(sorted(search(session, words)))
            slowest = max(slowest, time.perf_counter() - began)
            cpu = max(cpu, time.process_time() - used)
    return slowest, cpu, found


def main(arguments: list[str]) -> int:
    """One million people, three runs; --short: a hundred thousand."""
    parser = argparse.ArgumentParser(prog="names", description=main.__doc__)
    parser.add_argument("--short", action="store_true")
    count = 10**5 if parser.parse_args(arguments).short else 10**6
    with tempfile.TemporaryDirectory(prefix="sunbid-names-") as name:
        folder = Path(name)
        database = Database(f"sqlite:///{folder / 'names.db'}", folder=folder)
        Base.metadata.create_all(database.engine)
        fill(database, count)
        platform = Platform(
            database, ObjectStore(folder / "objects"), SystemClock(), platform_signer("bench", bytes(range(32))),
            seeded(b"names"),
        )  # fmt: skip
        _, apart, looked = timed(database, people_named)
        began, written, longest = time.process_time(), 1, 0.0
        while written:
            step = time.process_time()
            with platform.act(SYSTEM) as act:
                written = write_sheets(act)
            longest = max(longest, time.process_time() - step)
        building = time.process_time() - began
        runs = [(timed(database, people_named), timed(database, in_clear)) for _ in range(3)]
        with database.writing() as session:
            session.execute(delete(NameSheet))
        database.close()
    same = all(ours[2] == peer[2] == looked for ours, peer in runs)
    wall, cpu = (statistics.median(ours[place] for ours, _ in runs) for place in (0, 1))
    peer = statistics.median(clear[1] for _, clear in runs)
    print(
        f"names: a part of a name among {count:,} encrypted ones in {wall:.2f} s ({cpu:.2f} of CPU; < 1 s), one by one "
        f"{apart:.1f} of CPU, {peer / cpu:.2f}× LIKE over names in clear ({peer:.2f}); all sheets {building:.1f} of CPU, at "
        f"most {longest:.2f} in one act; {'the same people' if same else 'OTHER PEOPLE'}"
    )
    return 0 if same and cpu < 1 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
