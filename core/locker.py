"""The locker: values that lie encrypted in the database under a key of the installation that is not in it.

AES-256-GCM with a fresh nonce for every value and a key for every column (HKDF-SHA256), from `cryptography`. Equal
values are found by a keyed index (HMAC-SHA256). Whoever has the database, its log and its dumps but not the key file
reads nothing; whoever has both reads everything (docs/THREATS.md).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from core import canonical
from core.errors import Conflict

LOCKED = "lk1:"
NONCE = 12
OLDER = b"sunbid-locked/v1\n"
"""How a file begins that 0.7 locked, piece by piece (STREAM); none is written any more, those that lie are read."""
SALT, PIECE, TAG = 32, 65536, 16


def secret_file(path: Path) -> bytes:
    """The 32 secret bytes of the file, made at random and 0600 when absent; Conflict when others may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Written apart and linked: whoever starts at the same moment finds it whole or makes it, never half.
        made = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(made, path)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    if path.stat().st_mode & 0o077:
        raise Conflict("settings.open_secret", file=str(path))
    try:
        value = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        value = b""
    if len(value) != 32 or len(set(value)) < 8:
        raise Conflict("settings.default_secret", file=str(path))
    return value


class Locker:
    """Locks and unlocks the values of a database; `place` is the table and column a value lies in."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._ciphers: dict[str, AESGCM] = {}
        self._indexes: dict[str, bytes] = {}

    def lock(self, value: str, place: str) -> str:
        """The value encrypted for that place."""
        return LOCKED + base64.b64encode(self.lock_bytes(value.encode(), place)).decode("ascii")

    def unlock(self, held: str, place: str) -> str:
        """What was locked there, or as it stands what never was; Conflict("locker.unreadable") under another key."""
        if not held.startswith(LOCKED):
            return held
        try:
            return self.unlock_bytes(base64.b64decode(held[len(LOCKED) :], validate=True), place).decode()
        except ValueError:
            raise Conflict("locker.unreadable", place=place) from None

    def lock_bytes(self, raw: bytes, place: str) -> bytes:
        """The bytes encrypted for that place: nonce, then what AES-GCM made of them."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher(place).encrypt(nonce, raw, None)

    def unlock_bytes(self, held: bytes, place: str) -> bytes:
        """What was locked there; Conflict("locker.unreadable") where it is not as it was, or under another key."""
        try:
            if held.startswith(OLDER):
                return self._unlock_pieces(held[len(OLDER) :], place)
            return self._cipher(place).decrypt(held[:NONCE], held[NONCE:], None)
        except (InvalidTag, ValueError):
            raise Conflict("locker.unreadable", place=place) from None

    def index(self, value: str, place: str) -> str:
        """What stands for the value in an index: equal for equal values, nothing else can be told without the key."""
        key = self._indexes.get(place)
        if key is None:
            key = self._indexes[place] = self._derived(f"index {place}")
        return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:32]

    def _cipher(self, place: str) -> AESGCM:
        held = self._ciphers.get(place)
        if held is None:
            held = self._ciphers[place] = AESGCM(self._derived(f"value {place}"))
        return held

    def _unlock_pieces(self, held: bytes, place: str) -> bytes:
        """What 0.7 locked: under a key of the file's own, the nonce counts and says which piece is the last."""
        cipher, pieces = AESGCM(self._derived(f"file {place}", held[:SALT])), held[SALT:]
        starts = range(0, max(len(pieces), 1), PIECE + TAG)
        return b"".join(
            cipher.decrypt(
                number.to_bytes(NONCE - 1, "big") + bytes([start == starts[-1]]),
                pieces[start : start + PIECE + TAG],
                None,
            )
            for number, start in enumerate(starts)
        )

    def _derived(self, use: str, salt: bytes | None = None) -> bytes:
        return HKDF(SHA256(), 32, salt, f"sunbid-locker/v1 {use}".encode()).derive(self._key)


class Private(dict[str, Any]):
    """Facts that may lie in a column of the kind `LockedAtWill` only encrypted."""


class _Locked(TypeDecorator[Any]):
    """A column that cannot be compared in SQL: equal values are different bytes."""

    impl = Text
    cache_ok = True

    class comparator_factory(TypeDecorator.Comparator[Any]):
        """Refuses loudly what would silently find nothing."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            raise TypeError("a locked column cannot be compared; ask its index, or unlock and look")

        def reverse_operate(self, op: Any, other: Any, **kwargs: Any) -> Any:
            raise TypeError("a locked column cannot be compared; ask its index, or unlock and look")

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place


class LockedText(_Locked):
    """Text that lies encrypted."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else locker_of(dialect).lock(value, self.place)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else locker_of(dialect).unlock(value, self.place)


class LockedJson(_Locked):
    """A JSON value that lies encrypted, as canonical text (RFC 8785) inside."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else locker_of(dialect).lock(canonical.dumps(value).decode(), self.place)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(locker_of(dialect).unlock(value, self.place))


class LockedAtWill(TypeDecorator[Any]):
    """A JSON value that lies encrypted where it is `Private`, else in clear.

    What cannot be unlocked is told as such and not refused: an audit finds it to differ from its digest.
    """

    impl = Text
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        text = canonical.dumps(dict(value) if isinstance(value, Private) else value).decode()
        return locker_of(dialect).lock(text, self.place) if isinstance(value, Private) else text

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        if value is None or not value.startswith(LOCKED):
            return None if value is None else json.loads(value)
        try:
            return json.loads(locker_of(dialect).unlock(value, self.place))
        except Conflict:
            return {"unreadable": self.place}


class Blind(TypeDecorator[str]):
    """The keyed index of a locked text: give it the text, it keeps and compares what stands for it."""

    impl = String(32)
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else locker_of(dialect).index(value, self.place)


def locker_of(dialect: Dialect) -> Locker:
    """The locker of the database this statement goes to; `core.db.Database` puts it there."""
    held: Locker = dialect.locker  # type: ignore[attr-defined]
    return held
