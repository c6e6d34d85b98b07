"""Sealing: a bid that nobody can read before the opening and that always opens after it (docs/spec/sealing.md).

Five doors: `seal` (bidder's machine), `lint` (server, without keys), `peel` (each key holder), `release` and
`open_sealed` (server, after the opening). The rest are pure companions. Everything is an age v1 file or canonical JSON,
so stock tools can do and check all of it. No server, database or clock is needed here; every refusal is
`core.errors.Invalid` with a code "seal.…".
"""

from core.seal.age import SUITE, new_identity, peel, recipient_of
from core.seal.archive import Enclosure
from core.seal.backup import rebuild_archive
from core.seal.bidder import TYPES as IDENTITY_TYPES
from core.seal.bidder import message_of, package_hashes, read_identity, validate_facts
from core.seal.header import MAX_HEADER, MAX_PACKAGE, lint, lint_file, lint_package, lint_size
from core.seal.keys import BidderKeys, derive_nonce, handle_of
from core.seal.ladder import LADDER
from core.seal.manifest import Entry
from core.seal.notation import canonical, digest, read_canonical
from core.seal.opening import Opened, Released, open_archive, open_sealed, release
from core.seal.policy import policy_digest, policy_sets, trustee_sets, validate_policy
from core.seal.sealing import (
    PRIVATE_FILE,
    SUBMISSION_FILE,
    Sealed,
    bulk_file,
    identity_file,
    key_file,
    seal,
    seal_decoy,
)
from core.seal.submission import (
    MAX_SUBMISSION,
    Expected,
    check_fit,
    check_succession,
    expected,
    leaf_commitment,
    plain_commit,
    submission_digest,
    validate_submission,
)

__all__ = [
    "IDENTITY_TYPES",
    "LADDER",
    "MAX_HEADER",
    "MAX_PACKAGE",
    "MAX_SUBMISSION",
    "PRIVATE_FILE",
    "SUBMISSION_FILE",
    "SUITE",
    "BidderKeys",
    "Enclosure",
    "Entry",
    "Expected",
    "Opened",
    "Released",
    "Sealed",
    "bulk_file",
    "canonical",
    "check_fit",
    "check_succession",
    "derive_nonce",
    "digest",
    "expected",
    "handle_of",
    "identity_file",
    "key_file",
    "leaf_commitment",
    "lint",
    "lint_file",
    "lint_package",
    "lint_size",
    "message_of",
    "new_identity",
    "open_archive",
    "open_sealed",
    "package_hashes",
    "peel",
    "plain_commit",
    "policy_digest",
    "policy_sets",
    "read_canonical",
    "read_identity",
    "rebuild_archive",
    "recipient_of",
    "release",
    "seal",
    "seal_decoy",
    "submission_digest",
    "trustee_sets",
    "validate_facts",
    "validate_policy",
    "validate_submission",
]
