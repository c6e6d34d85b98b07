"""How SQLite looks for the rows of what was asked: tables read from end to end, which years make slower."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pytest
from sqlalchemy import event

from core.db import Database


def read_whole(database: Database, tables: Collection[str], do: Callable[[], Any]) -> list[tuple[str, str]]:
    """Do it, then tell which of its statements read one of the tables whole: (step, statement).

    Reading an index from its end up to a limit is not reading it whole. On PostgreSQL the test is skipped: there the
    sizes of the tables decide, and a test's are small.
    """
    if not database.is_sqlite:
        pytest.skip("PostgreSQL decides by the tables' sizes")
    told: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
        if statement.startswith("SELECT"):
            told.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        do()
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    assert len(told) > 5
    found = []
    with database.engine.connect() as connection:
        for statement, parameters in told:
            for *_, step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
                from_its_end = "USING INDEX" in step and "LIMIT" in statement
                if step.startswith("SCAN ") and step.split()[1] in tables and not from_its_end:
                    found.append((step, statement))
    return found
