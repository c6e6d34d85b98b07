"""One committer at a time where the database would let several read before any has written (PostgreSQL)."""

from __future__ import annotations

from sqlalchemy import text

from core.act import Act

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
