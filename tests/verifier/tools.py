"""What the verifier's tests build with: a platform key, signed notes, small archives, inner archives."""

import base64
import hashlib
import io
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from verifier.canonical import canonical
from verifier.container import header

SECTION = "A1"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NAME = "platform.test"
RAW = b"\1" + PRIVATE.public_key().public_bytes_raw()
KEY_ID = hashlib.sha256(NAME.encode() + b"\n" + RAW).digest()[:4]
SPELLED = f"{NAME}+{KEY_ID.hex()}+{base64.b64encode(RAW).decode()}"
EMPTY: dict[str, Any] = {
    "award.json": {}, "bids.json": [], "credit.json": [], "documents.json": [], "draws.json": [], "evaluation.json": {},
    "ledger.json": {"checkpoint": "", "closing": "", "consistency": [], "entries": []}, "notices.json": [],
    "opening.json": {"closed_set": [], "decoys": []}, "policies.json": [], "project.json": {},
    "questions.json": {"questions": [], "clarifications": []}, "reports.json": [], "submissions.json": [],
    "trust.json": {"roots": [], "heads": []}, "warnings.json": {"scan": None, "warnings": []},
}  # fmt: skip


def sign_note(body: str) -> str:
    """A note signed by the test platform's key."""
    signature = base64.b64encode(KEY_ID + PRIVATE.sign(body.encode())).decode()
    return f"{body}\n— {NAME} {signature}\n"


def tar(members: list[tuple[str, bytes]]) -> bytes:
    """The archive's one spelling of these members."""
    parts = [header(name.encode(), len(data)) + data + bytes(-len(data) % 512) for name, data in members]
    return b"".join(parts) + bytes(1024)


def archive(contents: dict[str, Any] | None = None, objects: tuple[bytes, ...] = ()) -> bytes:
    """A signed archive with these JSON values and objects; the container and manifest lines hold of it."""
    members = {name: canonical(value) for name, value in (EMPTY if contents is None else contents).items()}
    members |= {f"objects/{hashlib.sha256(data).hexdigest()}": data for data in objects}
    rest = sorted(members.items())
    listed = [{"path": p, "sha256": hashlib.sha256(d).hexdigest(), "size": len(d)} for p, d in rest]
    manifest = canonical({
        "type": "sunbid-archive/v1", "section": SECTION, "platform_key": SPELLED,
        "built_at": "2026-11-13T06:00:00.000000Z", "members": listed,
    })  # fmt: skip
    digest = base64.b64encode(hashlib.sha256(manifest).digest()).decode()
    note = sign_note(f"sunbid-archive/v1\n{SECTION}\n{digest}\n").encode()
    return tar([("manifest.json", manifest), ("manifest.note", note), *rest])


def save(folder: Path, data: bytes) -> Path:
    """The bytes as a file."""
    path = folder / "a.tar"
    path.write_bytes(data)
    return path


def inner_header(name: bytes, size: int, kind: bytes = b"0") -> bytes:
    """A ustar header as sealing.md section 5 writes it."""
    head = b"".join((
        name.ljust(100, b"\0"), b"0000644\0", b"0000000\0" * 2, b"%011o\0" % size, b"00000000000\0", b" " * 8, kind,
        bytes(100), b"ustar\0", b"00", bytes(64), b"0000000\0" * 2, bytes(167),
    ))  # fmt: skip
    return head[:148] + b"%06o\0 " % sum(head) + head[156:]


def block(name: bytes, data: bytes, kind: bytes = b"0") -> bytes:
    """One member of an inner archive."""
    return inner_header(name, len(data), kind) + data + bytes(-len(data) % 512)


def inner(files: list[tuple[str, str, bytes]], manifest: dict[str, Any], size: int = 65536) -> bytes:
    """An inner archive, as the specification's writer makes it."""
    said = [{"slot": s, "name": n, "size": len(d), "sha256": hashlib.sha256(d).hexdigest()} for s, n, d in files]
    out = io.BytesIO()
    out.write(block(b"manifest.json", canonical(manifest | {"files": said})))
    for place, (slot, name, data) in enumerate(files):
        path = f"files/{slot}/{name}".encode()
        if len(path) > 100:
            record = b" path=" + path + b"\n"
            length = next(n for n in range(len(record), len(record) + 9) if n == len(record) + len(str(n)))
            out.write(block(b"pax/%04d" % place, str(length).encode() + record, b"x"))
            path = b"files/%04d" % place
        out.write(block(path, data))
    out.write(block(b"padding", bytes(size - out.tell() - 512 - 1024)))
    out.write(bytes(1024))
    return out.getvalue()


def spelled(value: object) -> bytes:
    """JSON, but not the canonical spelling."""
    return json.dumps(value, indent=1).encode()
