"""Witness cosignatures after C2SP (tlog-cosignature/v1): who saw that the log only grew, and when."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.errors import Invalid
from core.ledger.notes import DASH

COSIGNATURE = b"\x04"
LATEST = 1 << 63


@dataclass(frozen=True)
class Cosigner:
    """A witness's public key by name; spelled `name+hash+key` as C2SP does, with the type byte 0x04."""

    name: str
    key: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name ‖ LF ‖ 0x04 ‖ key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + COSIGNATURE + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(COSIGNATURE + self.key).decode()}"

    @classmethod
    def parse(cls, spelled: str) -> Cosigner:
        """Read the C2SP spelling of a witness's key; Invalid("note.key") when it is not one."""
        name, _, rest = spelled.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except ValueError:
            raise Invalid("note.key", key=spelled[:200]) from None
        cosigner = cls(name, raw[1:])
        plain = bool(name) and not any(char.isspace() or char == "+" for char in name)
        if not plain or raw[:1] != COSIGNATURE or len(raw) != 33 or cosigner.key_id.hex() != key_id:
            raise Invalid("note.key", key=spelled[:200])
        return cosigner

    def signed_at(self, body: str, line: str) -> datetime:
        """When this witness cosigned the checkpoint `body` by the signature `line`; Invalid("cosignature.wrong")."""
        parts = line.strip("\n").split(" ")
        if len(parts) == 3 and parts[0] == DASH and parts[1] == self.name:
            try:
                raw = base64.b64decode(parts[2], validate=True)
                at = int.from_bytes(raw[4:12], "big")
                if raw[:4] == self.key_id and len(raw) == 76 and at < LATEST and _spelled(raw) == parts[2]:
                    Ed25519PublicKey.from_public_bytes(self.key).verify(raw[12:], message(body, at))
                    return datetime.fromtimestamp(at, UTC)
            except (ValueError, OverflowError, OSError, InvalidSignature):
                pass
        raise Invalid("cosignature.wrong", name=self.name)


class Witness:
    """A witness's own key: it cosigns checkpoints. It signs nothing else and opens no bid."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.cosigner = Cosigner(name, self._key.public_key().public_bytes_raw())

    def cosign(self, body: str, at: datetime) -> str:
        """The signature line over the checkpoint `body` at the instant, whole seconds; ended by a line feed."""
        seconds = int(at.timestamp())
        raw = self.cosigner.key_id + seconds.to_bytes(8, "big") + self._key.sign(message(body, seconds))
        return f"{DASH} {self.cosigner.name} {_spelled(raw)}\n"


def message(body: str, seconds: int) -> bytes:
    """What a cosignature signs: `cosignature/v1`, the second since 1970, and the checkpoint body."""
    return f"cosignature/v1\ntime {seconds}\n{body}".encode()


def signature_lines(note: str) -> list[str]:
    """The signature lines of a note, in their order, without line feeds."""
    _, separator, tail = note.partition(f"\n\n{DASH} ")
    return f"{DASH} {tail}".splitlines() if separator else []


def cosigners_of(note: str, body: str, known: list[Cosigner] | tuple[Cosigner, ...]) -> dict[str, datetime]:
    """Which of the known witnesses cosigned the note, and when; a wrong line of a known name is Invalid."""
    found: dict[str, datetime] = {}
    for line in signature_lines(note):
        parts = line.split(" ")
        for cosigner in known:
            if len(parts) == 3 and parts[1] == cosigner.name:
                found[cosigner.name] = cosigner.signed_at(body, line)
    return found


def _spelled(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
