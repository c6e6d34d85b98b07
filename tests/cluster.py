"""A private PostgreSQL server for one run of tests or benchmarks, and every table there is."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, text

from core.db import Base

MODELS = ("accounts", "credit", "bidding", "opening", "experts", "awards", "collusion", "window")


def load_tables() -> None:
    """Import every model, so that Base.metadata knows all tables."""
    for module in ("core.board", "core.outbox", "core.draw.record", "core.ledger.log", "core.ledger.vouching"):
        importlib.import_module(module)
    for package in MODELS:
        try:
            importlib.import_module(f"{package}.models")
        except ModuleNotFoundError as error:
            if error.name != f"{package}.models":
                raise


ALONE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""
EMPTY = """DO $$ DECLARE one record; is_used boolean; BEGIN
SET session_replication_role = replica;
FOR one IN SELECT oid::regclass AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
  EXECUTE format('SELECT EXISTS (SELECT FROM %s)', one.name) INTO is_used;
  IF is_used THEN EXECUTE format('DELETE FROM %s', one.name); END IF;
END LOOP;
PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
  FROM pg_sequences WHERE last_value IS NOT NULL;
END $$"""
SHAPE = """SELECT md5(string_agg(format('%s %s %s', attrelid::regclass, attname, atttypid), ' '
  ORDER BY attrelid, attnum))
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = 'public'::regnamespace AND NOT attisdropped"""


class Cluster:
    """A private PostgreSQL server in a temporary folder, reached by a Unix socket, gone after the run."""

    def __init__(self, programs: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sunbid-pg-"))
        self.programs = programs
        # initdb and postgres refuse to run as root.
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres", "postgres")
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-A", "trust", "-U", "sunbid", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=60"
        self._run("pg_ctl", "-D", str(data), "-w", "-l", str(self.folder / "log"), "-o", options, "start")
        self._end_with_the_run(data)
        self.count, self.shape = 0, ""
        self.emptied: list[str] = []
        self._execute("postgres", "CREATE DATABASE sunbid_template")
        engine = create_engine(self.url("sunbid_template"))
        Base.metadata.create_all(engine)
        engine.dispose()

    def _run(self, program: str, *arguments: str) -> None:
        finished = subprocess.run(
            [*self.user, str(self.programs / program), *arguments], capture_output=True, text=True, cwd="/"
        )
        if finished.returncode:
            raise RuntimeError(f"{program}: {finished.stdout}{finished.stderr}")

    def _end_with_the_run(self, data: Path) -> None:
        """A run that is killed stops no server; this watcher does."""
        watch = (
            f"while [ -d /proc/{os.getpid()} ]; do sleep 2; done; "
            f"kill -QUIT $(head -1 {data}/postmaster.pid) 2>/dev/null; sleep 1; rm -rf {self.folder}"
        )
        subprocess.Popen(["sh", "-c", watch], start_new_session=True, stdout=subprocess.DEVNULL)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://sunbid@/{name}?host={self.folder}"

    def _execute(self, name: str, statement: str) -> None:
        engine = create_engine(self.url(name), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def fresh(self) -> str:
        """The URL of a new database with every table and no row."""
        self.count += 1
        name = f"test_{self.count}"
        self._execute("postgres", f"CREATE DATABASE {name} TEMPLATE sunbid_template")
        return self.url(name)

    def lend(self) -> str:
        """The URL of a database with every table and no row, used before and emptied where there is one."""
        return self.emptied.pop() if self.emptied else self.fresh()

    def take_back(self, url: str) -> None:
        """Empty a lent database for the next test, a sixth of the time of making one; drop it if its tables changed."""
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(ALONE))
            connection.execute(text(EMPTY))
            shape = connection.execute(text(SHAPE)).scalar_one()
        engine.dispose()
        self.shape = self.shape or shape
        if shape == self.shape:
            self.emptied.append(url)
        else:
            self.drop(url)

    def bare(self, name: str) -> str:
        """The URL of a new database without a table."""
        self._execute("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def copy(self, url: str) -> str:
        """The URL of a new database with everything the one of `url` holds; nobody may be connected to that one."""
        self.count += 1
        name = f"test_{self.count}"
        self._execute("postgres", f"CREATE DATABASE {name} TEMPLATE {_database(url)}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self._execute("postgres", f"DROP DATABASE {_database(url)} WITH (FORCE)")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def _database(url: str) -> str:
    return url.split("/")[3].split("?")[0]


def postgresql_programs() -> Path | None:
    """The newest PostgreSQL server of Debian's packages; None where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None
