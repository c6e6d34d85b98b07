"""R1: kill -9 at every kind of system call of a submission, from the first upload to the receipt; nothing may be lost.

Each point runs one submission in a child process under strace, which kills it at the N-th call of one system call.
Then the folder is opened as after a crash: the database is whole, the ledger passes its audit, every stored object is
what its name says, a receipt that was given is still true; the client comes back and gets exactly one submission.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bidding import queries, rules, services
from core.act import PUBLIC, Platform
from core.clock import SystemClock
from core.db import Base, Database
from core.errors import Conflict, Refusal
from core.ledger.log import audit, platform_signer
from core.seal import Sealed, package_hashes
from core.store import ObjectStore
from tests.bidding.stage import Bidder, Stage, request_of
from tests.conftest import load_tables

CALLS = ("fsync", "fdatasync", "pwrite64", "write", "rename", "openat")
SEED = bytes(range(32, 64))
PART = 40_000


def platform_of(folder: Path) -> Platform:
    """The platform in a folder, as a server opens it at start."""
    database = Database(f"sqlite:///{folder / 'sunbid.db'}", folder=folder)
    return Platform(database, ObjectStore(folder / "objects"), SystemClock(), platform_signer("sunbid.figure", SEED))


@dataclass(frozen=True)
class Scene:
    """A published section in a folder to copy, and one sealed bid."""

    folder: Path
    code: str
    sealed: Sealed

    @classmethod
    def build(cls, folder: Path) -> Scene:
        """Make it; the platform is closed afterwards, so that its folder can be copied."""
        load_tables()
        platform = platform_of(folder / "template")
        with platform.database.writing() as session:
            Base.metadata.create_all(session.connection())
        stage = Stage(platform).publish()
        Bidder("首家", folder / "first").seal(stage.policy())
        stage.commit(Bidder("邻家", folder / "neighbour").seal(stage.policy()))
        sealed = Bidder("甲", folder / "bidder").seal(stage.policy())
        platform.database.checkpoint()
        platform.database.close()
        return cls(folder / "template", stage.code, sealed)

    def objects(self) -> Iterator[bytes]:
        """Everything there is to upload."""
        for path in self.sealed.bulks.values():
            yield path.read_bytes()
        for keys in self.sealed.keys.values():
            for path in keys.values():
                yield path.read_bytes()


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
    request = request_of(scene.sealed, "k" * 32)
    with platform.act(PUBLIC, through=rules.turnstile(scene.code)) as act:
        section = queries.section(act.session, scene.code)
        _, receipt = services.commit_submission(
            act,
            section,
            request["submission"],
            request["identity"],
            request["idempotency_key"],
            leaf_commitment=request["leaf_commitment"],
        )
        early(receipt)
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
class Run:
    """One child: what it acknowledged, whether it was killed."""

    acknowledged: dict[str, Any] | None
    killed: bool


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


def child(scene: Scene, folder: Path, options: list[str], *, sabotage: str = "") -> Run:
    """Run a submission in a forked child under strace with `options`; the child waits until strace holds it."""
    ready_out, ready_in = os.pipe()
    answer_out, answer_in = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ready_in)
        os.close(answer_out)
        os.read(ready_out, 1)
        try:
            platform = platform_of(folder)

            def tell(receipt: Any) -> None:
                os.write(answer_in, json.dumps(receipt).encode() + b"\n")

            receipt = submit(scene, platform, {}, early=tell if sabotage == "early" else lambda _: None)
            if sabotage != "early":
                tell(receipt)
            platform.database.close()
        except BaseException as error:
            os.write(2, f"child: {error!r}\n".encode())
            os._exit(3)
        os._exit(0)
    os.close(ready_out)
    os.close(answer_in)
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", str(folder / "trace"), *options, "-p", str(pid)], stderr=subprocess.PIPE
    )
    _await_tracer(pid, tracer)
    os.write(ready_in, b"x")
    os.close(ready_in)
    with os.fdopen(answer_out, "rb") as stream:
        answer = stream.read()
    _, status = os.waitpid(pid, 0)
    tracer.wait(30)
    if not os.WIFSIGNALED(status) and os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"the child failed by itself: {status}")
    line = answer.partition(b"\n")
    return Run(json.loads(line[0]) if line[1] else None, os.WIFSIGNALED(status))


def _await_tracer(pid: int, tracer: subprocess.Popen[bytes]) -> None:
    for _ in range(2000):
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        if f"TracerPid:\t{tracer.pid}\n" in status:
            return
        if tracer.poll() is not None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            assert tracer.stderr is not None
            raise RuntimeError(f"strace cannot attach: {tracer.stderr.read().decode(errors='replace')}")
        time.sleep(0.005)
    raise RuntimeError("strace did not attach")


def count_calls(scene: Scene, folder: Path) -> Counter[str]:
    """How often an undisturbed submission makes each call: the kill points there are."""
    run = child(scene, folder, ["-e", f"trace={','.join(CALLS)}"])
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
            if session.execute(text("PRAGMA integrity_check")).scalar() != "ok":
                tally.torn += 1
                tally.words.append(f"{point}: the database is not whole")
            for fault in audit(session, platform.signer.verifier):
                tally.torn += 1
                tally.words.append(f"{point}: {fault}")
        tally.torn += _torn_objects(platform, tally, point)
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


def _check_acknowledged(scene: Scene, platform: Platform, receipt: dict[str, Any], tally: Tally, point: str) -> None:
    """What was acknowledged is there: the row, its receipt, every object it names."""
    with platform.reading() as session:
        section = queries.section(session, scene.code)
        held = queries.by_idempotency_key(session, section, "k" * 32)
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


def measure(points: int, *, seed: int = 1, sabotage: str = "") -> tuple[Tally, Counter[str]]:
    """Run `points` kill points and return what they showed, with the calls an undisturbed submission makes."""
    with tempfile.TemporaryDirectory(prefix="sunbid-r01-") as name:
        folder = Path(name)
        scene = Scene.build(folder)
        tally = Tally()

        def fresh(label: str) -> Path:
            target = folder / label
            shutil.copytree(scene.folder, target)
            return target

        calls = count_calls(scene, fresh("count"))
        for number, (call, nth) in enumerate(points_of(calls, points, seed)):
            place = fresh(f"point-{number}")
            inject = [f"trace={call}", f"inject={call}:signal=SIGKILL:when={nth}"]
            run = child(scene, place, [part for rule in inject for part in ("-e", rule)], sabotage=sabotage)
            tally.points += 1
            tally.killed += run.killed
            inspect(scene, place, run, tally, f"{call} {nth}")
            shutil.rmtree(place)
            if number % 50 == 49:
                print(f"{number + 1} points …", file=sys.stderr)
    return tally, calls


def main(argv: list[str]) -> int:
    """`--points N`: how many kill points (200), `--all`: every one; `--sabotage early` must turn the figure red."""
    parser = argparse.ArgumentParser(prog="R1", description=__doc__)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--long", action="store_true", help="the same as --all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sabotage", choices=("", "early"), default="", help="early: the receipt before the commit")
    options = parser.parse_args(argv)
    wanted = 10**9 if options.all or options.long else options.points
    tally, calls = measure(wanted, seed=options.seed, sabotage=options.sabotage)
    for word in tally.words[:20]:
        print(word)
    made = ", ".join(f"{name} {calls[name]}" for name in CALLS)
    print(f"a submission makes {sum(calls.values())} such calls ({made})")
    print(
        f"{tally.killed} killed, {tally.acknowledged} acknowledged before the kill, {tally.unresolved} not resolved by "
        f"coming back, {tally.orphans} temporary files left for the sweeper"
    )
    print(
        f"R1: {tally.points} points, {tally.lost} acknowledged lost, {tally.torn} torn, "
        f"{tally.bad_receipts} bad receipts"
    )
    return 0 if tally.holds and tally.killed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
