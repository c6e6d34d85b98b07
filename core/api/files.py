"""A file sent as it is in the body of a request: received in parts, counted and hashed, gone unless it is kept."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.api.operations import DIGEST
from core.errors import Conflict, Invalid
from core.store import CHUNK, ObjectStore, Stored

RESERVE = 1 << 30
"""What stays free on the disk whatever is sent."""


@dataclass(frozen=True)
class Sent:
    """A file that has come whole: where it lies for now, what it is."""

    path: Path
    stored: Stored

    def keep(self, store: ObjectStore) -> Stored:
        """Move it into the store; it is not read again."""
        if not store.has(self.stored.sha256):
            store.adopt_hashed([(self.path, self.stored)])
        return self.stored


@contextmanager
def receive(store: ObjectStore, stream: IO[bytes], *, announced: int | None, digest: str, most: int) -> Iterator[Sent]:
    """The file in `stream`, whole and as its Content-Digest says; what is not kept is gone after the block.

    Invalid: digest.absent, digest.malformed, digest.other with both digests, file.empty, api.large beyond `most` bytes;
    Conflict("upload.no_space"). Nothing is read where the announced length or the digest's spelling refuses already.
    """
    expected = _digest(digest)
    if announced is not None and announced > most:
        raise Invalid("api.large", most=most)
    if shutil.disk_usage(store.root).free < (announced or most) + RESERVE:
        raise Conflict("upload.no_space", length=announced or most)
    path, hasher, size = store.temp / secrets.token_hex(16), hashlib.sha256(), 0
    try:
        with path.open("xb") as file:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > most:
                    raise Invalid("api.large", most=most)
                hasher.update(chunk)
                file.write(chunk)
        if hasher.digest() != expected:
            raise Invalid("digest.other", field="Content-Digest", expected=expected.hex(), found=hasher.hexdigest())
        if not size:
            raise Invalid("file.empty", field="body")
        yield Sent(path, Stored(hasher.hexdigest(), size))
    finally:
        path.unlink(missing_ok=True)


def _digest(text: str) -> bytes:
    if not text:
        raise Invalid("digest.absent", field="Content-Digest")
    if re.fullmatch(DIGEST, text) is None:
        raise Invalid("digest.malformed", field="Content-Digest", found=text[:80])
    return base64.b64decode(text.removeprefix("sha-256=:").removesuffix(":"))
