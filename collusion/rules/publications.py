"""When the tenderer told what: its papers with their instants, and restrictive clauses published despite the check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collusion.rules.history import instant
from core.clock import BEIJING

PUBLICATIONS = "sunbid-publications/v1"


@dataclass(frozen=True, slots=True)
class Paper:
    """A file of the tender as laid out, when everybody could read it, and whose question it answers, word for word."""

    file: str
    published_at: datetime
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Barrier:
    """Words the check for restrictive clauses (R-110) named, published all the same; by which article, and why."""

    words: str
    cited: str
    reason: str


@dataclass(frozen=True, slots=True)
class Publications:
    """The tenderer's side of a section. `follows`: its text may be known from an earlier round or attempt."""

    published_at: datetime
    follows: bool
    papers: tuple[Paper, ...]
    barriers: tuple[Barrier, ...]


def minute(at: datetime) -> str:
    """Spell an instant in Beijing time, to the minute, as pages do."""
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def read_publications(records: Iterable[Mapping[str, Any]]) -> Publications | None:
    """Give what the record says; None without one."""
    for record in records:
        at = instant(record.get("published_at")) if record.get("type") == PUBLICATIONS else None
        if at is not None:
            papers = [
                Paper(row["file"], told, str(row.get("asked") or ""))
                for row in _rows(record.get("papers"))
                if isinstance(row.get("file"), str) and (told := instant(row.get("published_at"))) is not None
            ]
            barriers = [
                Barrier(row["words"], str(row.get("cited") or ""), str(row.get("reason") or ""))
                for row in _rows(record.get("barriers"))
                if isinstance(row.get("words"), str) and row["words"]
            ]
            return Publications(at, bool(record.get("follows")), tuple(papers), tuple(barriers))
    return None


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
