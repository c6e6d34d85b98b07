"""The test vectors printed in docs/spec/sealing.md are what the program computes: the format cannot drift unseen."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core import seal as sealing
from core.seal import Enclosure
from core.seal.archive import archive_blocks, plan_archive, survey
from core.seal.streams import Digester
from core.seal.submission import sign_submission

SPECIFICATION = Path(__file__).resolve().parents[3] / "docs/spec/sealing.md"


def test_the_specification_prints_what_we_compute(tmp_path: Path) -> None:
    """Seen red: with any domain line, header field or order of the archive changed."""
    printed = SPECIFICATION.read_text(encoding="utf-8").split("## 13. Test vectors")[1]
    secret = bytes(range(32))
    handle = sealing.handle_of(secret, "A1")
    (tmp_path / "f").write_bytes(b"hello\n")
    files = [survey(Enclosure("a", tmp_path / "f", name)) for name in ("报价.txt", "长" * 40 + ".txt")]
    bound = {"section": "A1", "policy_digest": "00" * 32, "handle": handle, "envelope": "schedule"}
    with Digester() as contents:
        archive = b"".join(archive_blocks(plan_archive(bound, bytes(32), files), contents))
    assert len(archive) == 65536
    inner = hashlib.sha256(archive).digest()
    withdrawal = {
        "type": "sunbid-submission/v1",
        "kind": "withdraw",
        "section": "A1",
        "policy_digest": "00" * 32,
        "handle": handle,
        "sequence": 2,
        "previous": "22" * 32,
    }
    signed = sealing.validate_submission(sign_submission(withdrawal, secret))
    digest = sealing.submission_digest(signed)
    packages = {"officer+supervisor": "44" * 32, "officer+tenderee": "55" * 32}
    computed = [
        handle,
        sealing.derive_nonce(secret, "experts"),
        inner.hex(),
        sealing.plain_commit(b"\x11" * 32, inner),
        signed["handle_signature"],
        digest,
        sealing.leaf_commitment(b"\x33" * 32, digest, packages),
    ]
    assert [f"| `{value}` |" in printed for value in computed] == [True] * len(computed)
