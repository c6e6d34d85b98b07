"""The test vectors printed in docs/spec/sealing.md are what the program computes: the format cannot drift unseen."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from core import seal as sealing
from core.seal import Enclosure
from core.seal.archive import archive_blocks, plan_archive, survey
from core.seal.submission import sign_submission
from tests.core.seal.reading import vector
from tests.core.seal.write_vectors import WRITERS

SPECIFICATION = Path(__file__).resolve().parents[3] / "docs/spec/sealing.md"


def test_the_specification_prints_what_we_compute(tmp_path: Path) -> None:
    """Seen red: with any domain line, header field or order of the archive changed."""
    printed = SPECIFICATION.read_text(encoding="utf-8").split("## 13. Test vectors")[1]
    secret = bytes(range(32))
    handle = sealing.handle_of(secret, "A1")
    (tmp_path / "f").write_bytes(b"hello\n")
    files = [survey(Enclosure("a", tmp_path / "f", name)) for name in ("报价.txt", "长" * 40 + ".txt")]
    bound = {"section": "A1", "policy_digest": "00" * 32, "handle": handle, "envelope": "schedule"}
    archive = b"".join(archive_blocks(plan_archive(bound, bytes(32), files)))
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


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "sealed"])
def test_the_vectors_in_files_are_what_we_compute(name: str) -> None:
    """What other programs are held to. Seen red: with another step of the ladder, a header field, a domain line."""
    assert vector(name) == json.loads(json.dumps(WRITERS[name]()))


def test_the_sealed_vector_opens_by_every_set(tmp_path: Path) -> None:
    """Seen red: with one letter of a package changed."""
    given = vector("sealed")
    submission = sealing.validate_submission(given["submission"], given["policy"])
    wanted = sealing.expected(submission, "schedule")
    (tmp_path / "bulk").write_bytes(base64.b64decode(given["bulk"]))
    for names, package in given["packages"].items():
        payload = base64.b64decode(package)
        for role in names.split("+"):
            payload = sealing.peel(payload, given["identities"][role])
        released = sealing.release(payload, wanted.bid_recipient)
        opened = sealing.open_sealed(tmp_path / "bulk", released, wanted, tmp_path / names)
        (file,) = given["files"]
        content = (opened.folder / "files" / file["slot"] / file["name"]).read_bytes()
        assert content == base64.b64decode(file["content"])
        assert opened.commit_checked
