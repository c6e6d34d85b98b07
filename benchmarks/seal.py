"""Sealing and opening against the age program: the same bytes, the same run, medians of three.

    python -m benchmarks.seal [--size-mb 256]

Our side does the whole job: two readings of every file, manifest, archive, commitment, hash of the sealed file, key and
identity packages, self-test; opening checks the hash, the manifest, every file and the commitment. Three peers:
`age` alone on the archive that already lies there (the target); the same job by the stock-tools recipe of
docs/seal-with-stock-tools.sh (sha256sum, tar, age); pyrage alone (our ceiling, since nothing here encrypts but pyrage).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
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
ROUNDS = 3
FILES = 8
RECIPE = Path(__file__).resolve().parents[1] / "docs/seal-with-stock-tools.sh"


def main(argv: list[str] | None = None) -> int:
    """Print the figures; the last line is `seal: <ratio>× age CLI (target ≥ 0.8)`. 0 only where the target holds."""
    parser = argparse.ArgumentParser(prog="benchmarks.seal", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size-mb", type=int, default=256, help="size of the sealed archive, a step of the ladder")
    size = parser.parse_args(argv).size_mb << 20
    if size not in sealing.LADDER:
        parser.error("not a step of the size ladder: 1, 2, 4, 8, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, …, 256, …")
    if shutil.which("age") is None:
        print("seal: not measured, the age program is not installed", file=sys.stderr)
        return 1
    # Memory, where there is enough of it: a disk's mood would be measured otherwise.
    memory = Path("/dev/shm")
    enough = memory.is_dir() and shutil.disk_usage(memory).free > 8 * size
    with tempfile.TemporaryDirectory(dir=memory if enough else None) as folder:
        return _measure(Path(folder), size)


def _measure(folder: Path, size: int) -> int:
    trustees = {role: sealing.new_identity() for role in ("tenderee", "officer", "supervisor")}
    keys = _bidder()
    policy = _policy(trustees)
    source = folder / "in"
    # A little less than the step, for headers and manifest, so that our archive is exactly as large as the peers'.
    files = _files(source / "files/a", (size - 128 * 1024) // FILES)
    enclosures = {"schedule": [Enclosure("a", path) for path in files]}
    rounds: dict[str, list[float]] = {}

    def clock(name: str, act: Callable[[], object]) -> None:
        start = time.perf_counter()
        act()
        rounds.setdefault(name, []).append(time.perf_counter() - start)

    (folder / "id").write_text(f"{trustees['officer']}\n")
    to = policy["recipients"]["officer"]  # type: ignore[index]
    archive = folder / "archive"
    for number in range(ROUNDS):
        for name in ("bid", "out", "by-recipe"):
            shutil.rmtree(folder / name, ignore_errors=True)
        clock("seal", lambda: sealing.seal(policy, keys, _facts(), enclosures, folder / "bid"))
        bulk, package = folder / "bid/schedule.bulk.age", folder / "bid/schedule.bidder+tenderee.key.age"
        submission = sealing.read_canonical((folder / "bid/submission.json").read_bytes(), sealing.MAX_SUBMISSION)
        expected = sealing.expected(submission, "schedule")
        text = sealing.peel(sealing.peel(package.read_bytes(), keys.identity), trustees["tenderee"])
        released = sealing.release(text, expected.bid_recipient)
        clock("open", lambda: sealing.open_sealed(bulk, released, expected, folder / "out"))  # noqa: B023
        if number == 0:
            pyrage.decrypt_file(str(bulk), str(archive), [pyrage.x25519.Identity.from_str(released.secret)])
            if archive.stat().st_size != size:
                raise SystemExit(f"archive of {archive.stat().st_size} bytes where {size} were meant")
        clock("age", lambda: _run("age", "-r", to, "-o", folder / "age", archive))
        clock("age -d", lambda: _run("age", "-d", "-i", folder / "id", "-o", folder / "plain", folder / "age"))
        clock("recipe", lambda: _recipe(source, folder / "by-recipe", policy, keys))
        recipient = pyrage.x25519.Recipient.from_str(to)
        clock("pyrage", lambda: pyrage.encrypt_file(str(archive), str(folder / "pyrage"), [recipient]))  # noqa: B023
    for name, seconds in rounds.items():
        rates = ", ".join(f"{size / 1e6 / one:.0f}" for one in seconds)
        print(f"{name:>7}: {size / 1e6 / statistics.median(seconds):5.0f} MB/s  ({rates})")

    def ratio(ours: str, peer: str) -> float:
        """Median over the rounds of peer time ÷ our time: each round compares neighbours in time."""
        return statistics.median(b / a for a, b in zip(rounds[ours], rounds[peer], strict=True))

    print(f"seal ÷ the same job by the stock-tools recipe: {ratio('seal', 'recipe'):.2f}×")
    print(f"pyrage alone ÷ age CLI, the ceiling of any sealing here: {ratio('pyrage', 'age'):.2f}×")
    print(f"open ÷ age -d: {ratio('open', 'age -d'):.2f}×")
    print(f"seal: {ratio('seal', 'age'):.2f}× age CLI (target ≥ {TARGET})")
    return 0 if ratio("seal", "age") >= TARGET else 1


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
    }


if __name__ == "__main__":
    sys.exit(main())
