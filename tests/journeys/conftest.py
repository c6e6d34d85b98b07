"""One tender, played once for all journeys that only look at it afterwards."""

from __future__ import annotations

import base64
import gzip
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.db import Base
from portal.cli.demo.play import from_opening, until_deadline
from portal.cli.demo.stage import Stage, staged
from portal.cli.demo.story import SECTION, Story
from tests.cluster import Cluster
from tests.journeys import told


@dataclass
class Played:
    """What is left of the play: the stage still stands, the insider's haul was taken before the opening."""

    stage: Stage
    story: Story
    wrong: list[str]
    haul: bytes
    said: list[tuple[str, str]] = field(default_factory=list)
    told: dict[str, set[str]] = field(default_factory=dict)
    """Which kinds of things waited for whom in the course of it, and what of that could not be told."""
    untold: list[str] = field(default_factory=list)

    @property
    def archive(self) -> Path:
        """The section's archive."""
        return self.stage.folder / f"{SECTION}.archive.tar"

    @property
    def key(self) -> str:
        """The platform's key as spelled."""
        return (self.stage.folder / "platform.key").read_text().strip()


@pytest.fixture(scope="session")
def journey_database(cluster: Cluster | None) -> str:
    """An empty database for the journey: PostgreSQL when asked, else SQLite in the platform's folder."""
    return cluster.bare("journey") if cluster else ""


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory, journey_database: str) -> Iterator[Played]:
    """Play the whole tender of the demo: real server, real programs, stopped clock."""
    folder = tmp_path_factory.mktemp("journey")
    said: list[tuple[str, str]] = []
    with staged(folder, datetime(2026, 10, 12, 1, 0, tzinfo=UTC), database=journey_database) as stage:
        who, untold = told.empty(), list[str]()
        ask = told.asking(stage, who, untold)

        def hear(step: str, sentence: str) -> None:
            is_new = step not in {known for known, _ in said}
            said.append((step, sentence))
            if is_new:
                ask(step)

        story = Story(stage, hear)
        until_deadline(story)
        haul = everything_the_platform_holds(stage)
        wrong = from_opening(story)
        yield Played(stage, story, wrong, haul, said, who, untold)


def everything_the_platform_holds(stage: Stage) -> bytes:
    """All bytes below the platform's folder (database, log, objects, temporary files), and a dump of the tables."""
    out = io.BytesIO()
    for file in sorted((stage.folder / "platform").rglob("*")):
        if file.is_file():
            out.write(file.read_bytes())
    with stage.platform.reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(table.select()):
                out.write(repr(tuple(row)).encode())
    return out.getvalue()


def spellings(text: str) -> list[bytes]:
    """How a plaintext might lie on a disk."""
    raw = text.encode()
    return [raw, text.encode("utf-16-le"), base64.b64encode(raw).rstrip(b"=")[:-1], gzip.compress(raw)[10:-8]]


def members_of(archive: Path) -> dict[str, bytes]:
    """An archive's members."""
    with tarfile.open(archive) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
