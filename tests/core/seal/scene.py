"""What every sealing test needs: trustees, a policy, a bidder with a certificate, and files to seal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core import seal as sealing
from core.errors import Invalid
from core.seal import BidderKeys, Enclosure, Opened, Released, Sealed

SECTION = "E3301-2026-0017-01"


@contextmanager
def refused(code: str, **facts: Any) -> Iterator[None]:
    """The block must be refused with exactly this code, and with at least these facts."""
    with pytest.raises(Invalid) as caught:
        yield
    assert caught.value.code == code, caught.value
    assert facts.items() <= caught.value.facts.items(), caught.value


def make_chance(seed: str) -> Callable[[int], bytes]:
    """Seeded bytes: SHAKE-256 of the seed and a running number."""
    count = 0

    def chance(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(f"{seed}/{count}".encode()).digest(size)

    return chance


def make_bidder(name: str) -> BidderKeys:
    """A bidder with fresh keys and a self-signed P-256 certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return BidderKeys.from_pem(
        sealing.new_identity(),
        hashlib.sha256(name.encode()).digest(),
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def make_facts(name: str = "浙江甲乙建设有限公司") -> dict[str, Any]:
    """What an identity package tells about a bidder."""
    return {
        "bidder": {"name": name, "uscc": "91330000MA27XL0X0T", "contact": "张三", "phone": "0571-85000000"},
        "operator": "李四",
        "device": {"mac": "3c:52:82:11:22:33", "disk": "S4EVNX0M", "cpu": "BFEBFBFF", "host": "PC-01", "tool": "t/1"},
        "bond": {"form": "transfer", "account": "3301 0001", "payer": name, "amount_fen": 80_000_000},
        "prepared_at": "2026-03-01T02:03:04Z",
        "consortium": None,
    }


def make_members(name: str = "浙江甲乙建设有限公司") -> list[dict[str, Any]]:
    """A consortium of two, the bidder of `make_facts` leading."""
    return [
        {"name": name, "uscc": "91330000MA27XL0X0T", "role": "lead", "share": 6_000, "work": "土建工程"},
        {
            "name": "杭州丙丁机电有限公司",
            "uscc": "91330100MA2H000A1T",
            "role": "member",
            "share": 4_000,
            "work": "机电安装",
        },
    ]


def make_policy(trustees: dict[str, str], **changes: Any) -> dict[str, Any]:
    """A valid policy for these trustees (role → age identity), with changes."""
    policy: dict[str, Any] = {
        "type": "sunbid-policy/v1",
        "version": 1,
        "suite": sealing.SUITE,
        "section": SECTION,
        "envelopes": ["schedule", "qualification", "technical", "price"],
        "recipients": {role: sealing.recipient_of(identity) for role, identity in trustees.items()},
        "threshold": 2,
        "deadline": "2026-03-20T01:30:00Z",
        "decrypt_minutes": 60,
        "failure": {"bidder_cause": "R-254", "others": "R-255", "remedy": "R-256"},
    }
    policy |= changes
    policy.setdefault("sets", sealing.policy_sets(policy))
    return policy


@dataclass(frozen=True)
class Scene:
    """A section with its trustees and one bidder."""

    trustees: dict[str, str]
    policy: dict[str, Any]
    bidder: BidderKeys
    facts: dict[str, Any]
    envelopes: dict[str, list[Enclosure]]

    def identity(self, role: str) -> str:
        """The age identity of a role."""
        return self.bidder.identity if role == "bidder" else self.trustees[role]

    def seal(self, out: Path, **changes: Any) -> Sealed:
        """`seal` with this scene's arguments, or with `policy`, `bidder_keys`, `envelopes`, … in their place."""
        given = {
            "policy": self.policy,
            "bidder_keys": self.bidder,
            "bidder_facts": self.facts,
            "envelopes": self.envelopes,
        }
        return sealing.seal(out=out, **given | changes)

    def peel_all(self, package: bytes, names: str) -> bytes:
        """Peel a package as each member of the set in turn."""
        for role in names.split("+"):
            package = sealing.peel(package, self.identity(role))
        return package

    def released(self, sealed: Sealed, envelope: str, names: str = "bidder+tenderee") -> Released:
        """The secret of an envelope, released by this set."""
        text = self.peel_all(sealed.keys[envelope][names].read_bytes(), names)
        return sealing.release(text, sealed.submission["envelopes"][envelope]["bid_recipient"])

    def open(self, sealed: Sealed, envelope: str, out: Path, names: str = "bidder+tenderee") -> Opened:
        """Open an envelope by this set."""
        wanted = sealing.expected(sealed.submission, envelope)
        return sealing.open_sealed(sealed.bulks[envelope], self.released(sealed, envelope, names), wanted, out)
