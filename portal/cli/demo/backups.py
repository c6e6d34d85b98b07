"""Backups of the demo's keys: age files like anybody's, under passphrases all may know, and so quick to open.

A backup of somebody's own takes its second or more of work and a gigabyte (`KeyFile.wrapped`): here that would guard
nothing, keep whoever tries the page waiting, and fail on a small or busy machine.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.chance import Chance
from core.seal.keyfile import KeyFile

FACTOR = 14
"""scrypt with 2^14 rounds: 16 megabytes, some hundredths of a second."""
MARK = b"age-encryption.org/v1"
NONCE = bytes(12)


def backup_of(held: KeyFile, passphrase: str, chance: Chance) -> bytes:
    """The key file encrypted to the passphrase (age v1, scrypt); one chunk, so at most 64 KiB."""
    key, salt, nonce = chance(16), chance(16), chance(16)
    wrapping = hashlib.scrypt(passphrase.encode(), salt=MARK + b"/scrypt" + salt, n=1 << FACTOR, r=8, p=1, dklen=32)
    body = ChaCha20Poly1305(wrapping).encrypt(NONCE, key, None)
    head = MARK + b"\n-> scrypt " + plain(salt) + f" {FACTOR}\n".encode() + plain(body) + b"\n---"
    mac = hmac.digest(derived(key, b"", b"header"), head, "sha256")
    last = NONCE[:-1] + b"\x01"
    payload = ChaCha20Poly1305(derived(key, nonce, b"payload")).encrypt(last, held.text().encode("ascii"), None)
    return head + b" " + plain(mac) + b"\n" + nonce + payload


def derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    """A key of 32 bytes from the file's key."""
    return HKDF(hashes.SHA256(), 32, salt, info).derive(key)


def plain(raw: bytes) -> bytes:
    """Base64 without padding, as age has it."""
    return base64.b64encode(raw).rstrip(b"=")
