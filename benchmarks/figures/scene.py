"""What R1, R3 and R4 share: a platform in a folder, a published section to copy, a place to do it in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.act import Platform
from core.clock import SystemClock
from core.db import Base, Database
from core.ledger.log import platform_signer
from core.locker import secret_file
from core.seal import Sealed
from core.store import ObjectStore
from tests.bidding.stage import Bidder, Stage
from tests.cluster import Cluster, load_tables, postgresql_programs

SEED = bytes(range(32, 64))


@contextmanager
def place(prefix: str, database: str) -> Iterator[tuple[Path, Cluster | None]]:
    """A folder and, on PostgreSQL, a cluster of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:
        if database != "postgresql":
            yield Path(folder), None
            return
        programs = postgresql_programs()
        if programs is None:
            raise RuntimeError("no PostgreSQL server under /usr/lib/postgresql")
        cluster = Cluster(programs)
        try:
            yield Path(folder), cluster
        finally:
            cluster.stop()


def platform_of(folder: Path) -> Platform:
    """The platform in a folder, as a server opens it at start; the files `url` and `ledger.key` may name others."""
    url, key = folder / "url", folder / "ledger.key"
    database = Database(url.read_text() if url.exists() else f"sqlite:///{folder / 'sunbid.db'}", folder=folder)
    seed = secret_file(key) if key.exists() else SEED
    return Platform(database, ObjectStore(folder / "objects"), SystemClock(), platform_signer("sunbid.figure", seed))


@dataclass(frozen=True)
class Scene:
    """A published section in a folder to copy (on PostgreSQL with a database to copy), and one sealed bid.

    `others`: bids whose files are all there and that are committed in one transaction with it.
    """

    folder: Path
    code: str
    sealed: Sealed
    others: tuple[Sealed, ...]
    cluster: Cluster | None

    @classmethod
    def build(cls, folder: Path, cluster: Cluster | None) -> Scene:
        """Make it; the platform is closed afterwards, so that it can be copied."""
        load_tables()
        (folder / "template").mkdir()
        if cluster is not None:
            (folder / "template" / "url").write_text(cluster.fresh())
        platform = platform_of(folder / "template")
        with platform.database.writing() as session:
            Base.metadata.create_all(session.connection())
        stage = Stage(platform).publish()
        Bidder("首家", folder / "first").seal(stage.policy())
        stage.commit(Bidder("邻家", folder / "neighbour").seal(stage.policy()))
        sealed = Bidder("甲", folder / "bidder").seal(stage.policy())
        others = tuple(Bidder(name, folder / name).seal(stage.policy()) for name in ("乙", "丙"))
        for other in others:
            stage.deposit(other)
        if cluster is None:
            platform.database.checkpoint()
        platform.database.close()
        return cls(folder / "template", stage.code, sealed, others, cluster)

    def copy(self, target: Path) -> Path:
        """The installation once more, as if the other had never been."""
        shutil.copytree(self.folder, target)
        if self.cluster is not None:
            (target / "url").write_text(self.cluster.copy((self.folder / "url").read_text()))
        return target

    def drop(self, target: Path) -> None:
        """Take a copy away."""
        if self.cluster is not None:
            self.cluster.drop((target / "url").read_text())
        shutil.rmtree(target)

    def objects(self) -> Iterator[bytes]:
        """Everything there is to upload."""
        for path in self.sealed.bulks.values():
            yield path.read_bytes()
        for keys in self.sealed.keys.values():
            for path in keys.values():
                yield path.read_bytes()
