"""Sealing and opening against the age program: the same bytes, in turns, medians; in memory, and on disk until durable.

    python -m benchmarks.seal [--size-mb 256] [--rounds 5] [--short]

Our side does the whole job: two readings of every file, manifest, archive, commitment, hash of the sealed file, key and
identity packages, self-test; opening checks the hash, the manifest, every file and the commitment. Peers: `age` alone on
the archive that already lies there (the target); the same job by the stock-tools recipe of
docs/seal-with-stock-tools.sh (sha256sum, tar, age); the three SHA-256 passes that the format demands, alone on all
cores (the floor of any program for it); pyrage, which does it where there is no `age`.

In memory nothing waits for a disk, and fsync costs neither side anything. On disk our `seal` returns when all is on the
disk; there `age` is timed with an fsync of its output too. (Opening leaves durability to the store it fills.)
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
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core import seal as sealing
from core.seal import BidderKeys, Enclosure

TARGET = 0.8
FILES = 8
RECIPE = Path(__file__).resolve().parents[1] / "docs/seal-with-stock-tools.sh"
MEMORY = Path("/dev/shm")


def main(argv: list[str] | None = None) -> int:
    """Print the figures; the last line has the ratios seal ÷ age and open ÷ age -d. 0 only where both hold."""
    parser = argparse.ArgumentParser(prog="benchmarks.seal", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size-mb", type=int, default=256, help="size of the sealed archive, a step of the ladder")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is timed, in turns")
    parser.add_argument("--short", action="store_true", help="8 MB, one round: shows that it runs, measures nothing")
    given = parser.parse_args(argv)
    size, rounds = (8 << 20, 1) if given.short else (given.size_mb << 20, given.rounds)
    if size not in sealing.LADDER:
        parser.error("not a step of the size ladder: 1, 2, 4, 8, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, …, 256, …")
    if shutil.which("age") is None:
        print("seal: not measured, the age program is not installed", file=sys.stderr)
        return 1
    enough = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 8 * size
    with tempfile.TemporaryDirectory(dir=MEMORY if enough else None) as folder:
        print("in memory" if enough else "on disk, /dev/shm has no room")
        seal, opened = _measure(Path(folder), size, rounds, durable=not enough)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        print("on disk, sealed until durable")
        disk, _ = _measure(Path(folder), size, rounds, durable=True)
    print(
        f"seal: {seal:.2f}× seal, {opened:.2f}× open against the age command (target ≥ {TARGET} both); "
        f"{disk:.2f}× seal on disk until durable"
    )
    return 0 if min(seal, opened) >= TARGET else 1


class Times:
    """Wall and CPU seconds of each act, round by round."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}

    def clock(self, name: str, act: Callable[[], object]) -> None:
        """Do it once and note its seconds, those of its child processes included."""
        cpu, start = _cpu(), time.perf_counter()
        act()
        self.wall.setdefault(name, []).append(time.perf_counter() - start)
        self.cpu.setdefault(name, []).append(_cpu() - cpu)

    def tell(self, size: int) -> None:
        """Print every act's median speed, CPU seconds and single values."""
        for name, seconds in self.wall.items():
            rates = ", ".join(f"{size / 1e6 / one:.0f}" for one in seconds)
            cpu = statistics.median(self.cpu[name])
            print(f"{name:>9}: {size / 1e6 / statistics.median(seconds):5.0f} MB/s  {cpu:5.2f} s CPU  ({rates})")

    def ratio(self, ours: str, peer: str) -> float:
        """Median over the rounds of peer time ÷ our time: each round compares neighbours in time."""
        return statistics.median(b / a for a, b in zip(self.wall[ours], self.wall[peer], strict=True))


def _cpu() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _measure(folder: Path, size: int, rounds: int, *, durable: bool) -> tuple[float, float]:
    """Both ratios: seal against age, open against age -d."""
    trustees = {role: sealing.new_identity() for role in ("tenderee", "officer", "supervisor")}
    keys = _bidder()
    policy = _policy(trustees)
    source = folder / "in"
    # A little less than the step, for headers and manifest, so that our archive is exactly as large as the peers'.
    files = _files(source / "files/a", (size - 128 * 1024) // FILES)
    enclosures = {"schedule": [Enclosure("a", path) for path in files]}
    times = Times()
    (folder / "id").write_text(f"{trustees['officer']}\n")
    to = policy["recipients"]["officer"]  # type: ignore[index]
    recipient = pyrage.x25519.Recipient.from_str(to)
    archive, sealed, plain = folder / "archive", folder / "age", folder / "plain"
    bid, out = folder / "bid", folder / "out"

    def age() -> None:
        _run("age", "-r", to, "-o", sealed, archive)
        if durable:
            with sealed.open("rb") as file:
                os.fsync(file.fileno())

    def floor() -> None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(_hashed, (archive, archive, archive)))

    for number in range(rounds):
        for path in (bid, out):
            shutil.rmtree(path, ignore_errors=True)
        times.clock("seal", lambda: sealing.seal(policy, keys, _facts(), enclosures, bid))
        bulk, package = bid / "schedule.bulk.age", bid / "schedule.bidder+tenderee.key.age"
        submission = sealing.read_canonical((bid / "submission.json").read_bytes(), sealing.MAX_SUBMISSION)
        expected = sealing.expected(submission, "schedule")
        text = sealing.peel(sealing.peel(package.read_bytes(), keys.identity), trustees["tenderee"])
        released = sealing.release(text, expected.bid_recipient)
        if number == 0:
            pyrage.decrypt_file(str(bulk), str(archive), [pyrage.x25519.Identity.from_str(released.secret)])
            if archive.stat().st_size != size:
                raise SystemExit(f"archive of {archive.stat().st_size} bytes where {size} were meant")
        times.clock("age", age)
        times.clock("open", lambda: sealing.open_sealed(bulk, released, expected, out))  # noqa: B023
        times.clock("age -d", lambda: _run("age", "-d", "-i", folder / "id", "-o", plain, sealed))
        if _hashed(plain) != _hashed(archive) or [_hashed(out / "files/a" / file.name) for file in files] != [
            _hashed(file) for file in files
        ]:
            raise SystemExit("what was opened is not what was sealed")
        times.clock("3 sha256", floor)
        times.clock("pyrage", lambda: pyrage.encrypt_file(str(archive), str(folder / "pyrage"), [recipient]))
    shutil.rmtree(bid)
    times.clock("recipe", lambda: _recipe(source, folder / "by-recipe", policy, keys))
    times.tell(size)
    print(
        f"the same job by the stock-tools recipe takes {times.wall['recipe'][0] / times.wall['seal'][-1]:.1f} times as long"
    )
    print(f"three SHA-256 passes alone on {os.cpu_count()} cores ÷ age: {times.ratio('3 sha256', 'age'):.2f}×")
    return times.ratio("seal", "age"), times.ratio("open", "age -d")


def _hashed(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _run(*command: object, **environment: str) -> None:
    subprocess.run([str(part) for part in command], env=os.environ | environment, check=True)


def _recipe(source: Path, out: Path, policy: dict[str, object], keys: BidderKeys) -> None:
    recipients = {**policy["recipients"], "bidder": sealing.recipient_of(keys.identity)}  # type: ignore[dict-item]
    _run(
        "bash",
        RECIPE,
        "seal",
        source,
        out,
        SECTION="BENCH",
        POLICY_DIGEST=sealing.policy_digest(policy),
        HANDLE=sealing.handle_of(keys.secret, "BENCH"),
        ENVELOPE="schedule",
        RECIPIENTS="\n".join(f"{role} {key}" for role, key in recipients.items()),
        SETS=" ".join(sealing.policy_sets(policy)),
        TMPDIR=str(out.parent),
    )


def _files(folder: Path, size: int) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / f"{number}.pdf" for number in range(FILES)]
    for number, path in enumerate(paths):
        path.write_bytes(hashlib.shake_256(str(number).encode()).digest(size))
    return paths


def _policy(trustees: dict[str, str]) -> dict[str, object]:
    policy: dict[str, object] = {
        "type": "sunbid-policy/v1",
        "version": 1,
        "suite": sealing.SUITE,
        "section": "BENCH",
        "envelopes": ["schedule"],
        "recipients": {role: sealing.recipient_of(identity) for role, identity in trustees.items()},
        "threshold": 2,
        "deadline": "2026-03-20T01:30:00Z",
        "decrypt_minutes": 60,
        "failure": {"bidder_cause": "R-254"},
    }
    return policy | {"sets": sealing.policy_sets(policy)}


def _bidder() -> BidderKeys:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    return BidderKeys.from_pem(sealing.new_identity(), b"b" * 32, pem, private)


def _facts() -> dict[str, object]:
    return {
        "bidder": {"name": "甲", "uscc": "91330000MA27XL0X0T", "contact": "", "phone": ""},
        "operator": "乙",
        "device": dict.fromkeys(("mac", "disk", "cpu", "host", "tool"), ""),
        "bond": None,
        "prepared_at": "2026-03-01T00:00:00Z",
        "consortium": None,
    }


if __name__ == "__main__":
    sys.exit(main())
