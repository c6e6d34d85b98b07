"""A reader of age v1 files for one X25519 identity, as a stream; with the bech32 spelling of its keys."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .canonical import Wrong, need, unbase64

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
VERSION = b"age-encryption.org/v1\n"
CHUNK = 65536
TAG = 16
HEADER_LIMIT = 4096
STANZA = re.compile(rb"-> [\x21-\x7e]+(?: [\x21-\x7e]+)*\n")
BODY = re.compile(rb"([A-Za-z0-9+/]{0,64})\n")
MAC = re.compile(rb"--- ([A-Za-z0-9+/]{43})\n")


class Source(Protocol):
    """Something to read bytes from."""

    def read(self, size: int) -> bytes:
        """At most so many bytes; fewer only at the end."""


def _polymod(values: list[int]) -> int:
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= generator if top >> i & 1 else 0
    return state


def bech32(text: object, prefix: str) -> bytes:
    """The bytes of a bech32 text (BIP 173, of any length) with this lower-case prefix, in one case throughout."""
    if not isinstance(text, str) or not text.isascii() or text not in (text.lower(), text.upper()):
        raise Wrong("不是 bech32", "is not bech32")
    hrp, one, tail = text.lower().rpartition("1")
    need(one and hrp == prefix and len(tail) >= 6 and set(tail) <= set(CHARSET), "不是 bech32", "is not bech32")
    values = [CHARSET.index(c) for c in tail]
    expanded = [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]
    need(_polymod(expanded + values) == 1, "bech32 校验和不符", "the bech32 checksum does not hold")
    bits, count, out = 0, 0, bytearray()
    for value in values[:-6]:
        bits, count = (bits << 5 | value) & 0xFFF, count + 5
        if count >= 8:
            count -= 8
            out.append(bits >> count & 0xFF)
    need(count < 5 and not bits & ((1 << count) - 1), "bech32 余位不为零", "the bech32 padding is not zero")
    return bytes(out)


def read_recipient(text: object) -> bytes:
    """The public key of `age1…`."""
    key = bech32(text, "age")
    need(len(key) == 32 and str(text).islower(), "不是 age 收件公钥", "is not an age recipient")
    return key


def read_identity(text: object) -> X25519PrivateKey:
    """The private key of `AGE-SECRET-KEY-1…`."""
    key = bech32(text, "age-secret-key-")
    need(len(key) == 32 and str(text).isupper(), "不是 age 私钥", "is not an age identity")
    return X25519PrivateKey.from_private_bytes(key)


@dataclass(frozen=True)
class Stanza:
    """One recipient stanza of a header."""

    words: list[bytes]
    body: bytes


@dataclass(frozen=True)
class Header:
    """A parsed age header; `signed` is what its MAC covers, `rest` what was read beyond it."""

    stanzas: list[Stanza]
    signed: bytes
    mac: bytes
    rest: bytes


def _line(pattern: re.Pattern[bytes], data: bytes, at: int) -> re.Match[bytes]:
    match = pattern.match(data, at)
    if match is None:
        raise Wrong("age 文件头语法不对", "the age header breaks the grammar")
    return match


def read_header(source: Source) -> Header:
    """The header at the beginning of an age file, at most 4096 bytes of it."""
    data = source.read(HEADER_LIMIT)
    need(data.startswith(VERSION), "不是 age 文件", "is not an age file")
    at, stanzas = len(VERSION), []
    while data[at : at + 3] == b"-> ":
        line = _line(STANZA, data, at)
        at, body = line.end(), b""
        while True:
            part = _line(BODY, data, at)
            at, body = part.end(), body + part[1]
            if len(part[1]) < 64:
                break
        stanzas.append(Stanza(line[0][3:-1].split(b" "), unbase64(body.decode(), padded=False)))
    end = _line(MAC, data, at)
    need(stanzas, "age 文件头没有收件人", "the age header has no stanza")
    return Header(stanzas, data[: at + 3], unbase64(end[1].decode(), padded=False), data[end.end() :])


def _derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(secret)


def file_key(header: Header, identity: X25519PrivateKey) -> bytes:
    """The file key that the one X25519 stanza holds for this identity; the header's MAC is checked with it."""
    mine = [stanza for stanza in header.stanzas if stanza.words[0] == b"X25519"]
    odd = [s for s in header.stanzas if s.words[0] != b"X25519" and not s.words[0].endswith(b"-grease")]
    need(len(mine) == 1 and not odd, "不是恰好一个 X25519 收件人", "has not exactly one X25519 stanza")
    stanza = mine[0]
    need(len(stanza.words) == 2 and len(stanza.body) == 32, "X25519 收件人写法不对", "bad X25519 stanza")
    share = unbase64(stanza.words[1].decode(), padded=False)
    need(len(share) == 32, "X25519 收件人写法不对", "bad X25519 stanza")
    try:
        shared = identity.exchange(X25519PublicKey.from_public_bytes(share))
        wrap = _derive(shared, share + identity.public_key().public_bytes_raw(), b"age-encryption.org/v1/X25519")
        key = ChaCha20Poly1305(wrap).decrypt(bytes(12), stanza.body, None)
    except (InvalidTag, ValueError) as error:
        raise Wrong("私钥打不开此密文", "the identity does not open this file") from error
    mac = hmac.digest(_derive(key, b"", b"header"), header.signed, hashlib.sha256)
    need(hmac.compare_digest(mac, header.mac), "age 文件头校验不符", "the age header's MAC does not hold")
    return key


def decrypt(source: Source, identity: X25519PrivateKey) -> Iterator[bytes]:
    """The plain chunks of an age file; each is authenticated, and the last must be marked as last."""
    header = read_header(source)
    key = file_key(header, identity)
    buffer = bytearray(header.rest)

    def more(size: int) -> bytes:
        while len(buffer) < size:
            piece = source.read(size - len(buffer))
            if not piece:
                break
            buffer.extend(piece)
        data = bytes(buffer[:size])
        del buffer[:size]
        return data

    nonce = more(16)
    need(len(nonce) == 16, "age 密文中断", "the age file breaks off")
    cipher = ChaCha20Poly1305(_derive(key, nonce, b"payload"))
    counter, sealed = 0, more(CHUNK + TAG)
    while True:
        following = more(CHUNK + TAG)
        last = not following
        whole = len(sealed) > TAG or (last and counter == 0 and len(sealed) == TAG)
        need(whole, "age 密文中断", "the age file breaks off")
        try:
            yield cipher.decrypt(counter.to_bytes(11, "big") + bytes([last]), sealed, None)
        except InvalidTag as error:
            raise Wrong(f"密文第 {counter} 块不成立", f"chunk {counter} does not authenticate") from error
        if last:
            return
        counter, sealed = counter + 1, following
