"""The plain archive of an envelope made again from the bidder's own files: the backup that R-256 lets them hand in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import Invalid
from core.seal.archive import Enclosure, archive_blocks, check_enclosures, plan_archive, survey
from core.seal.submission import expected, plain_commit


def rebuild_archive(
    submission: Mapping[str, Any], private: Mapping[str, Any], envelope: str, enclosures: list[Enclosure], out: Path
) -> Path:
    """Write to `out` the very archive that was sealed, byte for byte, from the same files and what was kept privately.

    `private`: the bidder's private.json (nonces and salts). Raises Invalid("seal.commit_mismatch") where the result is
    not what the submission commits to: another file, another name, another slot.
    """
    wanted = expected(submission, envelope)
    bound = {key: submission[key] for key in ("section", "policy_digest", "handle")} | {"envelope": envelope}
    files = [survey(enclosure) for enclosure, _ in check_enclosures(enclosures)]
    plan = plan_archive(bound, bytes.fromhex(private["nonces"][envelope]), files)
    digest = hashlib.sha256()
    with out.open("wb") as file:
        for block in archive_blocks(plan):
            digest.update(block)
            file.write(block)
    if plain_commit(bytes.fromhex(private["salts"][envelope]), digest.digest()) != wanted.plain_commit:
        out.unlink()
        raise Invalid("seal.commit_mismatch", envelope=envelope)
    return out
