"""Labels of anonymous envelopes (暗标): secrets committed at publication, mixed with a draw nobody can steer.

The secret of a round is made from the platform's Ed25519 signature over a fixed text: it stands nowhere before it is
needed, whoever holds the database alone cannot make it, and its hash has been in the ledger since the publication. The
labels follow from the secret and the seed of the experts' draw by the one verifiable mechanism (docs/spec/scoring.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.draw import mechanism

DOMAIN = b"sunbid-masks/v1\n"
ROUNDS = 8
"""Rounds whose secrets are committed: one, and one more each time a member is replaced after labels were told."""

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Masks:
    """The labels of one round: the signature that makes them, the seed, and the submissions' digests in their order."""

    number: int
    signature: bytes
    seed: bytes
    order: tuple[str, ...]

    def label(self, digest: str) -> str:
        """The label of a submission: its place in the order."""
        return mask_label(self.order.index(digest) + 1)


def mask_label(place: int) -> str:
    """`暗标03` is shown for label `03`."""
    return f"{place:02d}"


def masks_message(section: str, number: int) -> bytes:
    """What the platform signs for the labels of a section's round."""
    return DOMAIN + f"{section}\n{number}\n".encode()


def masks_secret(signature: bytes) -> bytes:
    """The 32-byte secret: SHA-256("sunbid-masks/v1\\n" ‖ signature)."""
    return hashlib.sha256(DOMAIN + signature).digest()


def masks_label(section: str, number: int) -> str:
    """The label of a round's ordering, as draws have one."""
    return f"masks:{section}:{number}"


def masks_commitments(sign: Sign, section: str) -> list[str]:
    """What the ledger holds from the publication on: the hash of every round's secret."""
    signatures = (sign(masks_message(section, number)) for number in range(1, ROUNDS + 1))
    return [mechanism.nonce_commitment(masks_secret(signature)) for signature in signatures]


def masks_of(signature: bytes, section: str, number: int, drawn: bytes, digests: Iterable[str]) -> Masks:
    """The labels that follow from a round's signature and the seed of the experts' draw."""
    label = masks_label(section, number)
    seed = mechanism.seed(label, [masks_secret(signature), drawn])
    return Masks(number, signature, seed, tuple(mechanism.order(seed, label, digests)))
