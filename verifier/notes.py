"""C2SP signed notes and checkpoints, and the spelling of a verifier key."""

import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .canonical import Wrong, need, sha256, unbase64

NAME = re.compile(r"[^\s+]+")
SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True)
class Key:
    """A verifier key: its name, its id and the Ed25519 public key."""

    spelled: str
    name: str
    key_id: bytes
    public: bytes

    @classmethod
    def read(cls, spelled: object) -> "Key":
        """A key from `name+hex(key id)+base64(0x01 ‖ key)`."""
        parts = spelled.split("+", 2) if isinstance(spelled, str) else []
        need(len(parts) == 3 and NAME.fullmatch(parts[0]), "公钥写法不对", "is not a spelled key")
        raw = unbase64(parts[2])
        need(len(raw) == 33 and raw[0] == 1, "公钥写法不对", "is not a spelled Ed25519 key")
        key_id = sha256(parts[0].encode() + b"\n" + raw)[:4]
        need(parts[1] == key_id.hex(), "公钥编号不符", "the key id is not that of the key")
        return cls(str(spelled), parts[0], key_id, raw[1:])

    def signed(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made this signature."""
        return ed25519(self.public, signature, message)


def ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature holds."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def open_note(note: object, key: Key, *, alone: bool = False) -> str:
    """The body of a signed note that the key signed; `alone`: with no other signature line."""
    if not isinstance(note, str) or any((c < " " and c != "\n") or c == "\x7f" for c in note):
        raise Wrong("不是签名文本", "is not a signed note")
    body, gap, tail = note.rpartition("\n\n")
    need(gap and tail.endswith("\n"), "不是签名文本", "is not a signed note")
    body += "\n"
    lines = tail[:-1].split("\n")
    need(len(lines) == 1 or not alone, "签名多于一行", "has more than one signature line")
    held = False
    for line in lines:
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] == "—" and NAME.fullmatch(parts[1]), "签名行写法不对", "bad signature line")
        raw = unbase64(parts[2])
        need(len(raw) > 4, "签名行写法不对", "bad signature line")
        if parts[1] == key.name and raw[:4] == key.key_id:
            need(key.signed(raw[4:], body.encode()), "平台签名不成立", "the platform's signature does not hold")
            held = True
    need(held, "没有平台签名", "is not signed by the platform key")
    return body


def open_head(note: object, key: Key) -> tuple[int, bytes]:
    """Size and root of a signed head whose origin is the key's name."""
    lines = open_note(note, key).split("\n")
    need(len(lines) == 4 and not lines[3], "日志头不是三行", "the head does not have three lines")
    need(lines[0] == key.name, "日志头来源不符", "the origin is not the key's name")
    need(SIZE.fullmatch(lines[1]), "日志头条数不对", "the size is not a number")
    root = unbase64(lines[2])
    need(len(root) == 32, "日志头根不对", "the root is not 32 bytes")
    return int(lines[1]), root
