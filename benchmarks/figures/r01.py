"""R1: kill -9 anywhere in a submission, from the first upload to the receipt, on SQLite and PostgreSQL; nothing is lost.

Each point runs one submission in a child process that is killed: under strace at the N-th call of one system call, or
after a random time. The commit shares its transaction with two others. Then the installation is opened as after a crash: the database is whole, the ledger passes its
audit, every stored object is what its name says, a receipt that was given is still true; the client comes back and gets
exactly one submission.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks.figures.killing import Run, child
from benchmarks.figures.scene import Scene, place, platform_of
from bidding import queries, rules, services
from bidding.services.submissions import commit_submissions
from core.act import PUBLIC, Platform
from core.errors import Conflict, Refusal
from core.ledger.log import audit
from core.seal import package_hashes
from tests.bidding.stage import commit_of, request_of
from tests.cluster import postgresql_programs

CALLS = ("fsync", "fdatasync", "pwrite64", "write", "rename", "openat", "sendto")
PART = 40_000


def submit(scene: Scene, platform: Platform, tokens: dict[str, str], *, early: Callable[[Any], None]) -> dict[str, Any]:
    """What a server does for one bidder: uploads in parts, then the commit. `tokens` is what the client remembers."""
    for content in scene.objects():
        sha256 = hashlib.sha256(content).hexdigest()
        offset = _known_offset(platform, tokens.get(sha256))
        if offset is None:
            with platform.act(PUBLIC) as act:
                upload, token = services.create_upload(act, length=len(content), sha256=sha256)
                offset = upload.received
            tokens[sha256] = token
        while offset < len(content):
            part = content[offset : offset + PART]
            offset = services.append_upload(platform, tokens[sha256], offset, iter([part]))
    requests = [request_of(scene.sealed, "k" * 32), *map(request_of, scene.others)]
    with platform.stamp(rules.turnstile(scene.code)) as stamp, platform.acts(PUBLIC, [stamp] * len(requests)) as acts:
        answers = commit_submissions(acts, [commit_of(scene.code, request) for request in requests])
        for answer in answers:
            if not isinstance(answer, dict):
                raise answer
        early(answers[0])
    receipt: dict[str, Any] = answers[0]  # type: ignore[assignment]
    return receipt


def _known_offset(platform: Platform, token: str | None) -> int | None:
    from bidding.services.uploads import upload_state

    if token is None:
        return None
    try:
        return upload_state(platform, token)[0]
    except Refusal:
        return None


@dataclass
class Tally:
    """What all points together showed."""

    points: int = 0
    killed: int = 0
    acknowledged: int = 0
    lost: int = 0
    torn: int = 0
    bad_receipts: int = 0
    unresolved: int = 0
    orphans: int = 0
    words: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, torn, wrong or doubled."""
        return not (self.lost or self.torn or self.bad_receipts or self.unresolved)


def play(scene: Scene, folder: Path, tell: Callable[[Any], None], sabotage: str = "") -> None:
    """What the child does: open the installation, submit, and only then tell the receipt; sabotaged, tell it too early."""
    platform = platform_of(folder)
    receipt = submit(scene, platform, {}, early=tell if sabotage == "early" else lambda _: None)
    if sabotage != "early":
        tell(receipt)
    platform.database.close()


def count_calls(scene: Scene, folder: Path) -> Counter[str]:
    """How often an undisturbed submission makes each call: the kill points there are."""
    run = child(lambda tell: play(scene, folder, tell), folder, ["-e", f"trace={','.join(CALLS)}"])
    if run.acknowledged is None:
        raise RuntimeError("an undisturbed submission gave no receipt")
    found: Counter[str] = Counter()
    for line in (folder / "trace").read_text(encoding="utf-8", errors="replace").splitlines():
        name = line.split(maxsplit=1)[-1].partition("(")[0]
        if name in CALLS:
            found[name] += 1
    return found


def points_of(calls: Counter[str], wanted: int, seed: int) -> list[tuple[str, int]]:
    """Kill points, all or an even sample: every kind of call, its first and last among them."""
    every = [(name, number) for name in CALLS for number in range(1, calls[name] + 1)]
    if wanted >= len(every):
        return every
    edges = [(name, number) for name in CALLS if calls[name] for number in sorted({1, calls[name]})]
    rest = sorted(set(every) - set(edges))
    return (edges + random.Random(seed).sample(rest, max(0, wanted - len(edges))))[:wanted]


def inspect(scene: Scene, folder: Path, run: Run, tally: Tally, point: str) -> None:
    """Open the folder as after a crash and tell what is wrong; then let the client come back."""
    platform = platform_of(folder)
    try:
        with platform.reading() as session:
            if scene.cluster is None and session.execute(text("PRAGMA integrity_check")).scalar() != "ok":
                tally.torn += 1
                tally.words.append(f"{point}: the database is not whole")
            for fault in audit(session, platform.signer.verifier):
                tally.torn += 1
                tally.words.append(f"{point}: {fault}")
        tally.torn += _torn_objects(platform, tally, point) + _torn_group(scene, platform, tally, point)
        if run.acknowledged is not None:
            tally.acknowledged += 1
            _check_acknowledged(scene, platform, run.acknowledged, tally, point)
        _come_back(scene, platform, run.acknowledged, tally, point)
        tally.orphans += len(list((folder / "objects" / "temp").iterdir()))
    finally:
        platform.database.close()


def _torn_objects(platform: Platform, tally: Tally, point: str) -> int:
    torn = 0
    for sha256 in platform.store.held():
        if hashlib.sha256(platform.store.read(sha256)).hexdigest() != sha256:
            torn += 1
            tally.words.append(f"{point}: object {sha256[:12]} is torn")
    return torn


def _torn_group(scene: Scene, platform: Platform, tally: Tally, point: str) -> int:
    """All who shared the transaction are there, or nobody is."""
    with platform.reading() as session:
        section = queries.section(session, scene.code)
        handles = [bid.submission["handle"] for bid in (scene.sealed, *scene.others)]
        held = [len(queries.chain(session, section.id, handle)) for handle in handles]
    if held in ([0, 0, 0], [1, 1, 1]):
        return 0
    tally.words.append(f"{point}: of one transaction {held} are there")
    return 1


def _check_acknowledged(scene: Scene, platform: Platform, receipt: dict[str, Any], tally: Tally, point: str) -> None:
    """What was acknowledged is there: the row, its receipt, every object it names."""
    with platform.reading() as session:
        section = queries.section(session, scene.code)
        held = queries.by_idempotency_keys(session, {(section.id, "k" * 32)}).get((section.id, "k" * 32))
        whole = held is not None and held.receipt == receipt
        if held is not None:
            whole = whole and all(
                platform.store.has(blob["sha256"]) and platform.store.size(blob["sha256"]) == blob["size"]
                for blob in queries.objects_of(held.content).values()
            )
    if not whole:
        tally.lost += 1
        tally.words.append(f"{point}: an acknowledged submission is lost")


def _come_back(scene: Scene, platform: Platform, receipt: dict[str, Any] | None, tally: Tally, point: str) -> None:
    """The client repeats everything: one submission, the same receipt if one was given, and it proves itself."""
    try:
        again = submit(scene, platform, {}, early=lambda _: None)
    except Conflict as refusal:
        tally.unresolved += 1
        tally.words.append(f"{point}: the client cannot come back: {refusal}")
        return
    with platform.reading() as session:
        section = queries.section(session, scene.code)
        rows = queries.chain(session, section.id, scene.sealed.submission["handle"])
    if len(rows) != 1 or (receipt is not None and again != receipt):
        tally.unresolved += 1
        tally.words.append(f"{point}: {len(rows)} submissions after coming back")
    try:
        rules.verify_receipt(
            again,
            key=str(platform.signer.verifier),
            private={"leaf_salt": scene.sealed.leaf_salt.hex(), "submission_digest": scene.sealed.digest},
            packages=package_hashes(scene.sealed.identity),
        )
        with platform.reading() as session:
            queries.check_logged(session, again, rules.verify_receipt(again))
    except Refusal as refusal:
        tally.bad_receipts += 1
        tally.words.append(f"{point}: {refusal}")


def measure(points: int, *, seed: int = 1, sabotage: str = "", database: str = "sqlite") -> tuple[Tally, Counter[str]]:
    """Run `points` kill points and return what they showed, with the calls an undisturbed submission makes.

    Every call of the submission is a point once; what is wanted beyond that is killed after a random time.
    """
    with place("sunbid-r01-", database) as (folder, cluster):
        scene = Scene.build(folder, cluster)
        tally = Tally()
        calls = count_calls(scene, scene.copy(folder / "count"))
        chance = random.Random(seed)
        whole = child(lambda tell: play(scene, folder / "timed", tell), scene.copy(folder / "timed"), None)
        at_calls = points_of(calls, points, seed)
        for number in range(points if points < 10**9 else len(at_calls)):
            copy = scene.copy(folder / f"point-{number}")
            call, nth = at_calls[number] if number < len(at_calls) else ("time", 0)
            if call == "time":
                wait = chance.uniform(0, whole.seconds * 1.1)
                run, point = child(_bound(scene, copy, sabotage), copy, None, kill_after=wait), f"after {wait:.4f} s"
            else:
                inject = [f"trace={call}", f"inject={call}:signal=SIGKILL:when={nth}"]
                options = [part for rule in inject for part in ("-e", rule)]
                run, point = child(_bound(scene, copy, sabotage), copy, options), f"{call} {nth}"
            tally.points += 1
            tally.killed += run.killed
            inspect(scene, copy, run, tally, point)
            scene.drop(copy)
            if number % 50 == 49:
                print(f"{number + 1} points …", file=sys.stderr)
    return tally, calls


def _bound(scene: Scene, place: Path, sabotage: str) -> Callable[[Callable[[Any], None]], None]:
    return lambda tell: play(scene, place, tell, sabotage)


def main(argv: list[str]) -> int:
    """`--points N` (200), `--all` calls once, `--long` 10,000; `--sabotage early` must turn the figure red."""
    parser = argparse.ArgumentParser(prog="R1", description=__doc__)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--long", action="store_true", help="10,000 points")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sabotage", choices=("", "early"), default="", help="early: the receipt before the commit")
    options = parser.parse_args(argv)
    wanted = 10**9 if options.all else 10_000 if options.long else options.points
    if options.database == "postgresql" and postgresql_programs() is None:
        print("R1: PostgreSQL is not installed (apt-get install postgresql)")
        return 1
    tally, calls = measure(wanted, seed=options.seed, sabotage=options.sabotage, database=options.database)
    for word in tally.words[:20]:
        print(word)
    made = ", ".join(f"{name} {calls[name]}" for name in CALLS if calls[name])
    print(f"a submission makes {sum(calls.values())} such calls ({made})")
    print(
        f"{tally.killed} killed, {tally.acknowledged} acknowledged before the kill, {tally.unresolved} not resolved by "
        f"coming back, {tally.orphans} temporary files left for the sweeper"
    )
    print(
        f"R1 on {options.database}: {tally.points} points, {tally.lost} acknowledged lost, {tally.torn} torn, "
        f"{tally.bad_receipts} bad receipts"
    )
    return 0 if tally.holds and tally.killed else 1
