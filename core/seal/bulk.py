"""The bulk of a bid as an age v1 file for one X25519 recipient, block by block, several times as fast as pyrage.

pyrage holds the interpreter lock while it works, and its ChaCha20 is slower than OpenSSL's; so the header and chunks of
the format (https://age-encryption.org/v1) are put together here of the primitives in `cryptography`, which release the
lock. Small packages stay with pyrage (`core.seal.age`). Tests hold this against pyrage, the age command and the
verifier's own reader, on honest and on hostile files.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import Invalid
from core.seal.age import raw_identity, raw_recipient
from core.seal.header import CHUNK, MAX_HEADER, NONCE, TAG, VERSION, lint
from core.seal.streams import BLOCK, ReadInto

_SEALED_CHUNK = CHUNK + TAG
_CHUNKS = BLOCK // CHUNK
_FILE_KEY = 16
_MAC = 43
_STANZA = re.compile(rb"^-> X25519 (\S{43})\n(\S{43})\n", re.MULTILINE)


def seal_bulk(blocks: Iterable[memoryview], recipient: str) -> Iterator[memoryview]:
    """The age file of `blocks` for `recipient`, header first, in blocks of its own that are never written to again.

    Every block but the last must hold BLOCK bytes. File key, ephemeral key and nonce are fresh from the system's
    randomness each time, so no key ever meets the same counter twice. What `blocks` raises passes through.
    """
    file_key, nonce = os.urandom(_FILE_KEY), os.urandom(NONCE)
    yield memoryview(_header(file_key, raw_recipient(recipient)) + nonce)
    cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
    source = iter(blocks)
    counter, block = 0, next(source, memoryview(b""))
    while True:
        following = next(source, None)
        if following is not None and len(block) != BLOCK:
            raise ValueError("a short block may only be the last one")
        yield _sealed(cipher, block, counter, ends=following is None)
        if following is None:
            return
        counter, block = counter + _CHUNKS, following


def open_bulk(read_into: ReadInto, identity: str) -> Iterator[memoryview]:
    """The plain blocks of the age file that `read_into` gives (0 bytes only at its end), opened with `identity`.

    Every byte is authenticated before it is handed out, but that the end is the end is known last: what came counts
    only once the iterator is exhausted. Raises the refusals of `lint`, seal.not_for_this_key (another key, or a damaged
    stanza: the two look alike) and seal.torn; what `read_into` raises passes through. Each memoryview given to
    `read_into` is of memory that is not written to again.
    """
    head = memoryview(bytearray(MAX_HEADER))
    head = head[: _fill(read_into, head)]
    length = lint(bytes(head))
    file_key = _file_key(bytes(head[:length]), identity)
    begun = bytes(head[length:])
    if len(begun) < NONCE:
        more = memoryview(bytearray(NONCE - len(begun)))
        begun += bytes(more[: _fill(read_into, more)])
    cipher = ChaCha20Poly1305(_derived(file_key, begun[:NONCE], b"payload"))
    counter, block = 0, _block(read_into, begun[NONCE:])
    while True:
        following = _block(read_into, b"")
        yield _opened(cipher, block, counter, ends=not following)
        if not following:
            return
        counter, block = counter + _CHUNKS, following


def _sealed(cipher: ChaCha20Poly1305, block: memoryview, counter: int, *, ends: bool) -> memoryview:
    pieces = max(1, -(-len(block) // CHUNK))
    out = memoryview(bytearray(len(block) + pieces * TAG))
    for piece in range(pieces):
        plain = block[piece * CHUNK : (piece + 1) * CHUNK]
        place = piece * _SEALED_CHUNK
        nonce = _nonce(counter + piece, last=ends and piece == pieces - 1)
        cipher.encrypt_into(nonce, plain, None, out[place : place + len(plain) + TAG])
    return out


def _opened(cipher: ChaCha20Poly1305, block: memoryview, counter: int, *, ends: bool) -> memoryview:
    pieces = max(1, -(-len(block) // _SEALED_CHUNK))
    rest = len(block) - (pieces - 1) * _SEALED_CHUNK
    if rest < TAG or (rest == TAG and counter + pieces > 1):
        raise Invalid("seal.torn")
    out = memoryview(bytearray(len(block) - pieces * TAG))
    for piece in range(pieces):
        sealed = block[piece * _SEALED_CHUNK : (piece + 1) * _SEALED_CHUNK]
        place = piece * CHUNK
        nonce = _nonce(counter + piece, last=ends and piece == pieces - 1)
        try:
            cipher.decrypt_into(nonce, sealed, None, out[place : place + len(sealed) - TAG])
        except InvalidTag as error:
            raise Invalid("seal.torn") from error
    return out


def _nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + bytes([last])


def _block(read_into: ReadInto, begun: bytes) -> memoryview:
    """The next sealed chunks, as many as make a block of plaintext, beginning with `begun`; fewer at the end."""
    block = memoryview(bytearray(_CHUNKS * _SEALED_CHUNK))
    block[: len(begun)] = begun
    return block[: len(begun) + _fill(read_into, block[len(begun) :])]


def _fill(read_into: ReadInto, view: memoryview) -> int:
    """Read until `view` is full or the source has ended; how much came."""
    place = 0
    while place < len(view) and (came := read_into(view[place:])):
        place += came
    return place


def _header(file_key: bytes, recipient: bytes) -> bytes:
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    wrap = _wrapping_key(ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient)), share, recipient)
    body = ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None)
    signed = VERSION + b"-> X25519 " + _base64(share) + b"\n" + _base64(body) + b"\n---"
    return signed + b" " + _base64(_mac_of(file_key, signed)) + b"\n"


def _file_key(header: bytes, identity: str) -> bytes:
    """The file key out of a header that has passed the lint, if the one stanza is for `identity` and the MAC holds."""
    stanza = _STANZA.search(header)
    if stanza is None:
        raise Invalid("seal.stanza_count", count=0)
    share, body = b64decode(stanza[1] + b"="), b64decode(stanza[2] + b"=")
    key = X25519PrivateKey.from_private_bytes(raw_identity(identity))
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(share))
        wrap = _wrapping_key(shared, share, key.public_key().public_bytes_raw())
        file_key = ChaCha20Poly1305(wrap).decrypt(bytes(12), body, None)
    except (InvalidTag, ValueError) as error:  # ValueError: a share of low order, which no honest program writes
        raise Invalid("seal.not_for_this_key") from error
    signed, mac = header[: -_MAC - 2], header[-_MAC - 1 : -1]  # between them the space after "---"
    if not hmac.compare_digest(_base64(_mac_of(file_key, signed)), mac):
        raise Invalid("seal.torn")
    return file_key


def _wrapping_key(shared: bytes, share: bytes, recipient: bytes) -> bytes:
    return _derived(shared, share + recipient, b"age-encryption.org/v1/X25519")


def _mac_of(file_key: bytes, signed: bytes) -> bytes:
    return hmac.digest(_derived(file_key, b"", b"header"), signed, hashlib.sha256)


def _derived(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(secret)


def _base64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")
