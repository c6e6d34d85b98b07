"""The suite "age-x25519/1": the only file that touches pyrage and the keys it knows; another suite stands beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

import pyrage

from core.errors import Invalid
from core.seal.header import lint_package

SUITE = "age-x25519/1"

_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}", re.ASCII)
_IDENTITY = re.compile(r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}", re.ASCII)


class Reader(Protocol):
    """What a stream is read from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""


class Writer(Protocol):
    """What a stream is written to."""

    def write(self, data: bytes, /) -> int:
        """Take all of `data`."""

    def flush(self) -> None:
        """Nothing is held back."""


def new_identity() -> str:
    """A fresh X25519 identity, AGE-SECRET-KEY-1…, from the operating system's randomness."""
    return str(pyrage.x25519.Identity.generate())


def recipient_of(identity: str) -> str:
    """The public recipient, age1…, of an identity."""
    return str(_identity(identity).to_public())


def is_recipient(value: object) -> bool:
    """Whether `value` is a well-formed native recipient, age1…."""
    if not isinstance(value, str) or _RECIPIENT.fullmatch(value) is None:
        return False
    try:
        pyrage.x25519.Recipient.from_str(value)
    except pyrage.RecipientError:
        return False
    return True


def is_identity(value: object) -> bool:
    """Whether `value` is a well-formed native identity, AGE-SECRET-KEY-1…."""
    if not isinstance(value, str) or _IDENTITY.fullmatch(value) is None:
        return False
    try:
        pyrage.x25519.Identity.from_str(value)
    except pyrage.IdentityError:
        return False
    return True


def nest(payload: bytes, recipients: Sequence[str]) -> list[bytes]:
    """The layers of `payload` sealed to all `recipients` together, outermost recipient and outermost layer first."""
    layers: list[bytes] = []
    for recipient in reversed(recipients):
        payload = pyrage.encrypt(payload, [_recipient(recipient)])
        layers.insert(0, payload)
    return layers


def peel(package: bytes, identity: str) -> bytes:
    """What is inside the outermost layer of `package`, opened with `identity` (AGE-SECRET-KEY-1…).

    Raises the refusals of `lint_package`; seal.not_for_this_key where no stanza opens with this identity (another
    recipient, or a damaged stanza: without the right key the two look alike); seal.torn where the rest is damaged.
    """
    key = _identity(identity)
    lint_package(package)
    try:
        return bytes(pyrage.decrypt(package, [key]))
    except pyrage.DecryptError as error:
        raise _why(error) from error


def wrap_passphrase(payload: bytes, passphrase: str) -> bytes:
    """An age file that the passphrase opens (scrypt)."""
    return bytes(pyrage.passphrase.encrypt(payload, passphrase))


def unwrap_passphrase(package: bytes, passphrase: str) -> bytes:
    """What is inside; Invalid("keyfile.unreadable") for no such file, Invalid("keyfile.password") for another one's."""
    if not package.startswith(b"age-encryption.org/v1\n-> scrypt "):
        raise Invalid("keyfile.unreadable", field="file", place="age")
    try:
        return bytes(pyrage.passphrase.decrypt(package, passphrase))
    except pyrage.DecryptError as error:
        wrong = "Decryption failed" in str(error) or "No matching keys" in str(error)
        code = "keyfile.password" if wrong else "keyfile.unreadable"
        raise Invalid(code, field="passphrase", place="age") from None


def encrypt_stream(reader: Reader, writer: Writer, recipient: str) -> None:
    """Seal all of `reader` to one recipient into `writer`; memory does not grow with the size.

    What reader and writer raise passes through.
    """
    key, watched = _recipient(recipient), _Watched(reader, writer)
    try:
        pyrage.encrypt_io(watched, watched, [key])
    except BaseException as error:
        raise watched.failure or error from None


def decrypt_stream(reader: Reader, writer: Writer, identity: str) -> None:
    """Open the age file in `reader` into `writer`, chunk by authenticated chunk; memory does not grow with the size.

    Only authenticated bytes are written, but the end is authenticated last: what was written counts only after return.
    Raises seal.not_for_this_key and seal.torn; what reader and writer raise passes through.
    """
    key, watched = _identity(identity), _Watched(reader, writer)
    try:
        pyrage.decrypt_io(watched, watched, [key])
    except BaseException as error:
        if watched.failure is not None:
            raise watched.failure from None
        if isinstance(error, pyrage.DecryptError | OSError):  # a bad chunk comes as an OSError
            raise _why(error) from error
        raise


class _Watched:
    """Reader and writer in one, keeping what they raised: pyrage passes some of it on as its own errors.

    A broken disk must never look like a torn bid.
    """

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._read = reader.read
        self._write = writer.write
        self.flush = writer.flush
        self.failure: BaseException | None = None

    def read(self, size: int, /) -> bytes:
        try:
            return self._read(size)
        except BaseException as error:
            self.failure = error
            raise

    def write(self, data: bytes, /) -> int:
        try:
            return self._write(data)
        except BaseException as error:
            self.failure = error
            raise


def _why(error: Exception) -> Invalid:
    return Invalid("seal.not_for_this_key" if "No matching keys" in str(error) else "seal.torn")


def _identity(text: str) -> pyrage.x25519.Identity:
    if not is_identity(text):
        raise Invalid("seal.identity_malformed")  # without the text: it may be a secret with one letter mistyped
    return pyrage.x25519.Identity.from_str(text)


def _recipient(text: str) -> pyrage.x25519.Recipient:
    if not is_recipient(text):
        raise Invalid("seal.recipient_malformed", recipient=str(text)[:80])
    return pyrage.x25519.Recipient.from_str(text)
