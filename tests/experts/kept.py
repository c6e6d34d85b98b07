"""Stages many tests begin from, played once a process: database, objects, clock and chance are put back."""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from accounts.models import Person
from core.act import Platform
from core.clock import StoppedClock
from core.ledger.log import LedgerEntry


@dataclass(frozen=True)
class Kept:
    """A stage as it lies in a folder, with the instant and the number of draws of chance it came to."""

    folder: Path
    instant: datetime
    draws: int


STAGES: dict[Hashable, Kept] = {}


def reached(platform: Platform, clock: StoppedClock, stage: Hashable, play: Callable[[], object]) -> None:
    """`play` on a platform where nothing has happened yet, once; after that the same stage is put there instead.

    On any other platform it is played: what has happened there before would be lost.
    """
    if not platform.database.is_sqlite or not _is_untouched(platform):
        play()
        return
    key = (stage, clock.now(), _draws(platform).cell_contents)
    held = STAGES.get(key)
    if held is None:
        play()
        STAGES[key] = _keep(platform, clock)
        return
    with sqlite3.connect(held.folder / "kept.db") as source, platform.database.gate.hold():
        connection = platform.database.engine.raw_connection()
        try:
            source.backup(connection.driver_connection)  # type: ignore[arg-type]
        finally:
            connection.close()
    source.close()
    shutil.copytree(held.folder / "objects", platform.store.root, dirs_exist_ok=True)
    clock.move_to(held.instant)
    _draws(platform).cell_contents = held.draws


def _keep(platform: Platform, clock: StoppedClock) -> Kept:
    folder = Path(tempfile.mkdtemp(prefix="sunbid-stage-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    target = sqlite3.connect(folder / "kept.db")
    connection = platform.database.engine.raw_connection()
    try:
        connection.driver_connection.backup(target)  # type: ignore[union-attr]
    finally:
        connection.close()
        target.close()
    shutil.copytree(platform.store.root, folder / "objects")
    return Kept(folder, clock.now(), _draws(platform).cell_contents)


def _is_untouched(platform: Platform) -> bool:
    with platform.reading() as session:
        return not any(session.scalar(select(func.count()).select_from(table)) for table in (LedgerEntry, Person))


def _draws(platform: Platform) -> Any:
    """Where `core.chance.seeded` counts: what it gives next follows from it."""
    chance: Any = platform.chance
    return chance.__closure__[chance.__code__.co_freevars.index("calls")]
