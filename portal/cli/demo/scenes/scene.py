"""A scene: acts at their instants before the site opens, and the places where people find something to do then."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from core.clock import BEIJING, iso
from portal.cli.demo.scenes.small import Small
from portal.cli.demo.stage import Stage
from portal.cli.demo.tender import Say

Timed = tuple[datetime, Callable[[], Any]]


@dataclass(frozen=True)
class Place:
    """What one account finds to do on one page; `scene` and `action` are codes of `portal.words.demo`."""

    scene: str
    title: str
    section: str
    action: str
    login: str
    page: str
    at: datetime | None = None
    """The deadline or the opening it depends on."""

    def told(self) -> dict[str, Any]:
        """As it lies in the demo's folder."""
        return {**asdict(self), "at": iso(self.at) if self.at else None}


@dataclass
class Scene(ABC):
    """One scene of the demo; `end` is the instant at which the site opens."""

    stage: Stage
    say: Say
    end: datetime

    @abstractmethod
    def acts(self) -> Iterator[Timed]:
        """Everything that happens, each with its instant."""

    def day(self, before: int, hour: int, minute: int = 0) -> datetime:
        """A Beijing wall time so many days before the site opens."""
        day = self.end.astimezone(BEIJING) - timedelta(days=before)
        return day.replace(hour=hour, minute=minute, second=0, microsecond=0)

    def ago(self, **span: float) -> datetime:
        """So long before the site opens."""
        return self.end - timedelta(**span)

    def ahead(self, **span: float) -> datetime:
        """So long after the site opens, at a full minute."""
        later = self.end + timedelta(**span)
        return later.replace(second=0, microsecond=0) + timedelta(minutes=1)

    @abstractmethod
    def stands(self) -> Iterator[Place]:
        """Where people find something to do once everything was played."""

    def place(self, tender: Small, action: str, login: str, page: str, at: datetime | None = None) -> Place:
        """What this account, or with none named everybody, finds to do there."""
        return Place(type(self).__name__.lower(), tender.outline.title, tender.section, action, login, page, at)
