"""The suite "age-x25519/1": keys and small packages, by pyrage, which no other file touches; `bulk` does the large."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyrage

from core.errors import Invalid
from core.seal.header import lint_package

SUITE = "age-x25519/1"

_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}", re.ASCII)
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_CHECKSUM = 6
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
    """What is inside; Invalid("keyfile.unreadable") for no such file, Invalid("keyfile.password") for another one's."""
    if not package.startswith(b"age-encryption.org/v1\n-> scrypt "):
        raise Invalid("keyfile.unreadable", field="file", place="age")
    try:
        return bytes(pyrage.passphrase.decrypt(package, passphrase))
    except pyrage.DecryptError as error:
        wrong = "Decryption failed" in str(error) or "No matching keys" in str(error)
        code = "keyfile.password" if wrong else "keyfile.unreadable"
        raise Invalid(code, field="passphrase", place="age") from None


def raw_recipient(recipient: str) -> bytes:
    """The 32 bytes of the X25519 public key that `recipient` (age1…) spells."""
    _recipient(recipient)
    return _unspelled(recipient)


def raw_identity(identity: str) -> bytes:
    """The 32 bytes of the X25519 private key that `identity` (AGE-SECRET-KEY-1…) spells."""
    _identity(identity)
    return _unspelled(identity.lower())


def _unspelled(text: str) -> bytes:
    """The bytes behind a bech32 text (BIP 173) whose alphabet, length and checksum pyrage has found right."""
    value = 0
    for letter in text.rpartition("1")[2][:-_CHECKSUM]:
        value = value << 5 | _BECH32.index(letter)
    return (value >> 4).to_bytes(32, "big")  # 52 letters of five bits are 32 bytes and four bits of filling


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
