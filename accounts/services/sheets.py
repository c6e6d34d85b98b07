"""Sheets of names: what a search for a part of a name looks through, written a few at a time."""

from __future__ import annotations

from sqlalchemy import select

from accounts import queries
from accounts.models import BLOCK, NameSheet, Person
from core.act import Act

MOST = 25
"""Sheets written in one act: some hundred thousand names, well under a second."""


def write_sheets(act: Act, most: int = MOST) -> int:
    """Write sheets for blocks of people that have none; how many. Safe to repeat; a name changes before or after."""
    blocks = queries.blocks_to_write(act.session, most)
    for block in blocks:
        rows = act.session.execute(
            select(Person.id, Person.name)
            .where(Person.id >= block * BLOCK, Person.id < (block + 1) * BLOCK)
            .order_by(Person.id)
            .with_for_update(read=True)
        )
        # No name has a line in it (NFC and stripped of control characters when registered); one that had stays in one.
        content = "\n".join(f"{key}:{' '.join(name.splitlines())}" for key, name in rows)
        act.session.add(NameSheet(block=block, content=content))
    act.session.flush()
    return len(blocks)
