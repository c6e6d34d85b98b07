"""One committer at a time where the database would let several read before any has written (PostgreSQL)."""

from __future__ import annotations

from sqlalchemy import select, text

from core.act import Act
from core.db import Row

COMMITS = 0x62696464696E67


def lock_commits(act: Act) -> bool:
    """Until this act ends no other act that locks here goes on: no copied ciphertext, no key used twice.

    True when others may have committed while this act waited, so that what was read before may be old. SQLite needs
    nothing: its writer gate is held by the act already.
    """
    if act.session.get_bind().dialect.name != "postgresql":
        return False
    act.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": COMMITS})
    return True


def lock_row(act: Act, row: Row) -> None:
    """Until this act ends nobody else changes the row, and it is read as it stands now."""
    kind = type(row)
    act.session.execute(select(kind.id).where(kind.id == row.id).with_for_update())
    act.session.refresh(row)
