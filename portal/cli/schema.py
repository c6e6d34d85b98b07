"""The schema by Alembic: bring a database up to date, say where it stands, compare models with migrations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import portal.cli.tables  # noqa: F401 — imports every model
from core.act import SYSTEM, Platform
from core.db import Base, Database
from experts.services import drop_clear_proofs, lock_old_proofs

FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def configured(connection: Any = None) -> Config:
    """Alembic's configuration over our migrations and one connection."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database) -> str:
    """Bring the database to the newest revision and return it; safe to repeat, behind the writer gate.

    What a migration has locked (core.locker) leaves nothing behind: the file is written anew without its free pages and
    the log beside it is emptied.
    """
    before = standing(database)
    with database.writing() as session:
        command.upgrade(configured(session.connection()), "head")
    if before not in (None, newest()):
        database.rewrite()
    return newest()


def keep_proofs_locked(platform: Platform) -> int:
    """Lock proofs of applications that lie in clear from before, then take the clear ones away; how many were locked.

    Two acts: nothing is taken away before what replaces it is durable. Whatever breaks off is made up for next time.
    """
    with platform.act(SYSTEM) as act:
        count = lock_old_proofs(act)
    with platform.act(SYSTEM) as act:
        drop_clear_proofs(act)
    return count


def newest() -> str:
    """The one newest revision; raises when there are two heads."""
    return str(ScriptDirectory.from_config(configured()).get_current_head())


def standing(database: Database) -> str | None:
    """The revision the database stands at, or None for an empty one."""
    with database.reading() as session:
        revision = MigrationContext.configure(session.connection()).get_current_revision()
    return None if revision is None else str(revision)


def differences(database: Database) -> list[Any]:
    """What the models have that the migrated database has not, and the reverse; empty when they agree."""
    with database.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": False})
        return list(compare_metadata(context, Base.metadata))
