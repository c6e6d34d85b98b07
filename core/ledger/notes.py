"""Signed notes and checkpoints after C2SP (signed-note, tlog-checkpoint): a tree head anyone can check."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.errors import Invalid

ED25519 = b"\x01"
DASH = "\u2014"


@dataclass(frozen=True)
class Head:
    """A tree head: the log's origin, its size in leaves, the root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The checkpoint body: origin, size and base64 root, one line each."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class Verifier:
    """A named public key that checks note signatures; spelled `name+hash+key` as C2SP does."""

    name: str
    key: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name ‖ LF ‖ 0x01 ‖ key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.key).decode()}"

    @classmethod
    def parse(cls, spelled: str) -> Verifier:
        """Read the C2SP spelling; Invalid("note.key") when it is not one."""
        name, _, rest = spelled.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except ValueError:
            raise Invalid("note.key", key=spelled) from None
        verifier = cls(name, raw[1:])
        if raw[:1] != ED25519 or len(raw) != 33 or verifier.key_id.hex() != key_id:
            raise Invalid("note.key", key=spelled)
        return verifier

    def check(self, note: str) -> str:
        """Return the signed text of `note`; Invalid("note.signature") unless this key signed it."""
        body, separator, signatures = note.partition(f"\n\n{DASH} ")
        if separator:
            body += "\n"
            for line in f"{DASH} {signatures}".splitlines():
                parts = line.split(" ")
                if len(parts) == 3 and parts[1] == self.name and self._signed(body, parts[2]):
                    return body
        raise Invalid("note.signature", name=self.name)

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether this key made the raw signature (Ed25519) over `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, message)
        except (ValueError, InvalidSignature):
            return False
        return True

    def _signed(self, body: str, encoded: str) -> bool:
        try:
            raw = base64.b64decode(encoded, validate=True)
            # Base64 can spell the same bytes in more than one way; a signature has one spelling here.
            if raw[:4] != self.key_id or base64.b64encode(raw).decode() != encoded:
                return False
            Ed25519PublicKey.from_public_bytes(self.key).verify(raw[4:], body.encode())
        except (ValueError, InvalidSignature):
            return False
        return True


class Signer:
    """A named Ed25519 key that signs notes: the platform's ledger key. It opens no bid."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    def note(self, body: str) -> str:
        """Return the signed note over `body`, which ends with a line feed."""
        verifier = self.verifier
        signature = base64.b64encode(verifier.key_id + self._key.sign(body.encode())).decode()
        return f"{body}\n{DASH} {verifier.name} {signature}\n"

    def sign(self, message: bytes) -> bytes:
        """Sign raw bytes (Ed25519)."""
        return self._key.sign(message)


def parse_head(body: str) -> Head:
    """Read a checkpoint body; Invalid("note.head") when malformed."""
    lines = body.split("\n")
    try:
        root = base64.b64decode(lines[2], validate=True)
        head = Head(lines[0], int(lines[1]), root)
    except (IndexError, ValueError):
        raise Invalid("note.head") from None
    if len(root) != 32 or head.size < 0 or lines[1] != str(head.size):
        raise Invalid("note.head")
    return head


def open_head(note: str, verifier: Verifier) -> Head:
    """Return the head in a signed checkpoint; Invalid unless `verifier` signed it and the origin is its name."""
    head = parse_head(verifier.check(note))
    if head.origin != verifier.name:
        raise Invalid("note.origin", origin=head.origin, expected=verifier.name)
    return head
