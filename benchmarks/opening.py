"""Opening many bids in one run against the age command on the same files with as many processes as there are cores.

    python -m benchmarks.opening [--bids 50] [--size-mb 50] [--rounds 3] [--short]

A whole section is played with real keys: published, sealed, committed, closed, named, every secret handed in. Then our
side opens every bid as the tick does (`unseal_all`, each bid recorded by an act of its own): hash of the sealed file,
decryption, manifest, every member and its hash, commitment to the archive, fsync into the store, ledger. The peer is
`xargs -P <cores> age -d` over the same sealed files with the same released keys, which checks no hash and syncs nothing;
a second time with an fsync of every output, as our store does; a third time with everything that we do, by stock tools:
openssl hashes the sealed file, the archive and every member, tar unpacks, sync. All on one disk, in turns, medians.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accounts import services as accounts
from accounts.queries import actor_for
from accounts.rules import Role
from bidding import queries as bidding
from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from core.db import Base, Database
from core.ledger.log import platform_signer
from core.seal import BidderKeys, Enclosure, new_identity
from core.store import ObjectStore
from opening import queries, services
from opening.lifecycle import OPENED
from tests import factories
from tests.cluster import load_tables
from tests.conftest import START
from tests.opening.stage import Bidder, Stage

TARGET = 0.8
MEMORY_LIMIT = 64
PEERS = {
    "age": "age -d -i @@.key -o @@.plain @@.age",
    "age, fsync": "age -d -i @@.key -o @@.plain @@.age && sync @@.plain",
    "stock tools": "openssl dgst -sha256 @@.age >@@.sums && age -d -i @@.key -o @@.plain @@.age && "
    "openssl dgst -sha256 @@.plain >>@@.sums && mkdir @@.out && tar -xf @@.plain -C @@.out && "
    "find @@.out -type f -exec openssl dgst -sha256 {} + >>@@.sums && find @@.out -type f -exec sync {} +",
}


class Hall(Stage):
    """The stage of the tests with bids of the size that is measured."""

    size = 0

    def compete(self, number: int) -> str:
        """A bidder of that number with an organisation, certificate and keys of their own submits; their letter."""
        letter = f"bidder-{number:03}"
        first, key = self.bidder("a"), factories.SigningKey.create()
        with self.platform.act(SYSTEM) as act:
            own = factories.organisation(act, 1000 + number)
            person = factories.person(act, Role.BIDDER, login=letter, organisation=own)
            name, identifier = own.name, own.identifier
            certificate = self.authority.issue(
                key.public, name=name, identifier=identifier, person=person.name, at=self.clock.now(), days=365
            )
            accounts.register_certificate(act, person, certificate)
            actor = actor_for(act.session, letter)
        keys = BidderKeys(new_identity(), self.platform.chance(32), certificate, key.sign)
        facts = {**first.facts, "bidder": {**first.facts["bidder"], "name": name, "uscc": identifier}}
        self.bidders[letter] = Bidder(letter, actor, keys, facts, first.price_fen + number)
        self.submit(letter)
        return letter

    def _envelopes(self, bidder: Bidder, version: int, schedule: bytes | None) -> dict[str, list[Enclosure]]:
        envelopes = super()._envelopes(bidder, version, schedule)
        large = self.folder / f"files-{bidder.letter}-{version}" / "large.pdf"
        seed = hashlib.shake_256(bidder.letter.encode()).digest(1 << 20)
        with large.open("wb") as file:
            for _ in range(self.size >> 20):
                file.write(seed)
        envelopes["technical"].append(Enclosure("drawings", large))
        return envelopes

    def commit(self, sealed: Any, actor: Any) -> Any:
        """As the stage does; the machine's own copies are not needed any more."""
        submission = super().commit(sealed, actor)
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        return submission


def main(argv: list[str] | None = None) -> int:
    """Print the figures; the last line has the ratio against age -d. 0 only where it reaches the target."""
    parser = argparse.ArgumentParser(prog="benchmarks.opening", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bids", type=int, default=50)
    parser.add_argument("--size-mb", type=int, default=50, help="content of each bid's large envelope")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="3 bids of 1 MB, one round: shows that it runs")
    given = parser.parse_args(argv)
    if given.short:
        given.bids, given.size_mb, given.rounds = 3, 1, 1
    if shutil.which("age") is None:
        print("opening: not measured, the age program is not installed", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(dir=".") as folder:
        return _measure(Path(folder), given.bids, given.size_mb, given.rounds)


def _measure(folder: Path, bids: int, size_mb: int, rounds: int) -> int:
    start = time.perf_counter()
    platform = _platform(folder / "platform")
    hall = _played(platform, folder / "machines", bids, size_mb)
    ready = _waiting(hall)
    files = _laid_out(platform, ready, folder / "age")
    sealed = sum(path.stat().st_size for path in (folder / "age").glob("*.age"))
    print(
        f"{len(ready)} bids, {len(files)} sealed files, {sealed / 1e6:.0f} MB; made in {time.perf_counter() - start:.0f} s"
    )
    before = set(platform.store.held())
    walls: dict[str, list[float]] = {"ours": [], "serial": [], **{name: [] for name in PEERS}}
    memory = 0
    for number in range(rounds):
        for name in walls:
            _forget(platform, folder / "age", before)
            if name == "serial" and number:
                continue
            os.sync()
            with _resident() as grown:
                begun = time.perf_counter()
                if name == "ours":
                    unsealed = list(services.unseal_all(platform.store, ready))
                elif name == "serial":
                    one_by_one = [services.unseal(platform.store, one) for one in ready]
                else:
                    _peer(files, PEERS[name])
                walls[name].append(time.perf_counter() - begun)
            if refused := [one.refusal for one in unsealed if one.refusal is not None]:
                raise SystemExit(f"a bid did not open: {refused[0]}")
            if name == "ours":
                memory = max(memory, grown[0])
            elif name == "serial" and one_by_one != unsealed:
                raise SystemExit("many at once gave something else than one by one")
            if name in PEERS and not all(path.with_suffix(".plain").exists() for path in files):
                raise SystemExit(f"{name} left files out")
    _forget(platform, folder / "age", before)
    begun = time.perf_counter()
    kept = _opened_for_real(hall)
    whole = time.perf_counter() - begun
    for name, seconds in walls.items():
        rates = ", ".join(f"{sealed / 1e6 / one:.0f}" for one in seconds)
        print(
            f"{name:>11}: {statistics.median(seconds):6.2f} s  {sealed / 1e6 / statistics.median(seconds):5.0f} MB/s  ({rates})"
        )
    print(f"with an act per bid (ledger, database): {whole:.2f} s, {kept} bids opened")
    print(f"memory above the baseline: {memory} MB (limit {MEMORY_LIMIT} MB)")

    def ratio(peer: str) -> float:
        return statistics.median(b / a for a, b in zip(walls["ours"], walls[peer], strict=True))

    plain, synced, same = (ratio(name) for name in PEERS)
    print(
        f"opening: {plain:.2f}× age -d on {os.cpu_count()} cores without fsync (target ≥ {TARGET}), "
        f"{synced:.2f}× age -d with the same fsync, {same:.2f}× the same checks by stock tools"
    )
    return 0 if plain >= TARGET and kept == bids and memory <= MEMORY_LIMIT else 1


def _platform(folder: Path) -> Platform:
    load_tables()
    database = Database(f"sqlite:///{folder / 'sunbid.db'}", folder=folder)
    Base.metadata.create_all(database.engine)
    clock = StoppedClock(START)
    return Platform(database, ObjectStore(folder / "objects"), clock, platform_signer("sunbid.bench", bytes(range(32))))


def _played(platform: Platform, folder: Path, bids: int, size_mb: int) -> Hall:
    """A section of so many bids, as far as the window with every secret handed in."""
    hall = Hall(platform, folder)
    hall.folder.mkdir(parents=True, exist_ok=True)
    hall.size = size_mb << 20
    names = [hall.compete(number) for number in range(bids)]
    del hall.bidders["a"]
    hall.to_window()
    for name in names:
        hall.release(name)
    hall.peel("tenderee")
    return hall


def _waiting(hall: Stage) -> list[services.Unsealing]:
    with hall.platform.reading() as session:
        return services.ready_to_unseal(session, queries.opening(session, bidding.section(session, hall.code)))


def _laid_out(platform: Platform, ready: list[services.Unsealing], folder: Path) -> list[Path]:
    """Every sealed file under a name of its own (a hard link) with its released key beside it."""
    folder.mkdir()
    paths = []
    for number, one in enumerate(ready):
        for envelope, released in one.released.items():
            path = folder / f"{number}-{envelope}"
            os.link(platform.store.path(one.content["envelopes"][envelope]["bulk"]["sha256"]), path.with_suffix(".age"))
            path.with_suffix(".key").write_text(released.secret)
            paths.append(path)
    return paths


def _peer(files: list[Path], command: str) -> None:
    subprocess.run(
        ["xargs", "-P", str(os.cpu_count()), "-I@@", "sh", "-c", command],
        input="\n".join(map(str, files)),
        text=True,
        check=True,
    )


def _forget(platform: Platform, folder: Path, before: set[str]) -> None:
    """Remove what was opened, so that everybody writes anew."""
    for path in folder.glob("*.plain"):
        path.unlink()
    for path in folder.glob("*.out"):
        shutil.rmtree(path)
    for name in set(platform.store.held()) - before:
        platform.store.path(name).unlink()


def _opened_for_real(hall: Stage) -> int:
    """What the tick does with bids that are ready."""
    for unsealed in services.unseal_all(hall.platform.store, _waiting(hall)):
        with hall.platform.act(SYSTEM) as act:
            services.keep_opened(act, queries.opening(act.session, bidding.section(act.session, hall.code)), unsealed)
    with hall.platform.reading() as session:
        found = queries.opening(session, bidding.section(session, hall.code))
        return sum(bid.state in OPENED for bid in queries.bids(session, found))


@contextmanager
def _resident() -> Iterator[list[int]]:
    """How many megabytes this process grew at most inside, watched every 20 ms."""
    page = resource.getpagesize()

    def now() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * page >> 20

    start, grown, ended = now(), [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            grown[0] = max(grown[0], now() - start)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield grown
    finally:
        ended.set()
        watcher.join()


if __name__ == "__main__":
    sys.exit(main())
