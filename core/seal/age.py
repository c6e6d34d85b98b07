"""The suite "age-x25519/1": keys and packages by pyrage, which no other file touches; `bulk` chooses for the large."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import BinaryIO

import pyrage

from core.errors import Invalid
from core.seal.header import lint_package

SUITE = "age-x25519/1"

_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}", re.ASCII)
_IDENTITY = re.compile(r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}", re.ASCII)


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
    """What is inside.

    Invalid("keyfile.unreadable") for no such file, ("keyfile.password") for another passphrase's, ("keyfile.work") for
    one that asks for far more work than this machine would do now: who made it had a faster one, or this one is busy.
    """
    if not package.startswith(b"age-encryption.org/v1\n-> scrypt "):
        raise Invalid("keyfile.unreadable", field="file", place="age")
    try:
        return bytes(pyrage.passphrase.decrypt(package, passphrase))
    except pyrage.DecryptError as error:
        wrong = "Decryption failed" in str(error) or "No matching keys" in str(error)
        code = "keyfile.password" if wrong else "keyfile.unreadable"
        if "Excessive work" in str(error):
            code = "keyfile.work"
        raise Invalid(code, field="passphrase", place="age") from None


def seal_whole(payload: bytes, recipient: str) -> bytes:
    """The age file of `payload` for `recipient`, in memory."""
    return bytes(pyrage.encrypt(payload, [_recipient(recipient)]))


def open_whole(sealed: bytes, identity: str) -> bytes:
    """What is inside an age file, in memory; seal.not_for_this_key and seal.torn as `peel`."""
    key = _identity(identity)
    try:
        return bytes(pyrage.decrypt(sealed, [key]))
    except (pyrage.DecryptError, OSError) as error:
        raise _why(error) from error


def seal_stream(plain: BinaryIO, sealed: BinaryIO, recipient: str) -> None:
    """Read `plain` to its end and write its age file for `recipient`."""
    pyrage.encrypt_io(plain, sealed, [_recipient(recipient)])


def open_stream(sealed: BinaryIO, plain: BinaryIO, identity: str) -> None:
    """Read an age file to its end and write what is inside; the refusals of `open_whole`."""
    key = _identity(identity)
    try:
        pyrage.decrypt_io(sealed, plain, [key])
    except (pyrage.DecryptError, OSError) as error:
        raise _why(error) from error


def check_identity(text: str) -> None:
    """Refuse (seal.identity_malformed) what is no identity."""
    _identity(text)


def check_recipient(text: str) -> None:
    """Refuse (seal.recipient_malformed) what is no recipient."""
    _recipient(text)


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
