"""Uploads of ciphertext: resumable, bound to nobody, checked for being ciphertext, moved whole into the store."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Protocol

from sqlalchemy import select, update

from bidding import queries
from bidding.models import Upload
from bidding.rules.uploads import MAX_LENGTH, check_head, check_object, refused
from bidding.services.lock import lock_commits
from core.act import PUBLIC, Act, Platform
from core.calendar import day_of, end_of_day
from core.errors import Conflict, Invalid, Missing, Refusal
from core.seal import MAX_HEADER, MAX_PACKAGE
from core.store import ObjectStore, Stored

LIFETIME = timedelta(days=14)
RESERVE = 1 << 30
HEAD = 4096


State = tuple[int, ...]


class Digest(Protocol):
    """A SHA-256 under way."""

    def update(self, data: bytes, /) -> None:
        """Append."""

    def hexdigest(self) -> str:
        """Of all that came."""


class _Hashes:
    """SHA-256 of uploads between two of their parts, in memory only, so that the whole need not be read again.

    Each is of a file in one state (`state_of`): whatever another process has written makes it worthless. A part that
    comes to another process, or after others have pushed its hash out, costs that second reading.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._held: OrderedDict[str, tuple[State, Digest]] = OrderedDict()

    def take(self, name: str, state: State) -> Digest | None:
        """The hash of the file in that state, which nobody else has then; None where it is not known."""
        with self._lock:
            at, digest = self._held.pop(name, ((), None))
        if state[1] == 0:
            return hashlib.sha256()
        return digest if at == state else None

    def keep(self, name: str, state: State, digest: Digest | None) -> None:
        """Remember the hash of the file in that state for a while."""
        if digest is None:
            return
        with self._lock:
            self._held[name] = (state, digest)
            while len(self._held) > self._most:
                self._held.popitem(last=False)


running = _Hashes(4096)


def create_upload(act: Act, *, length: int, sha256: str) -> tuple[Upload, str]:
    """Open an upload of `length` bytes that must hash to `sha256`; return it with its capability token.

    The token is the only way to it and is stored as a hash; no person, no section, no instant finer than a day is
    kept. Ciphertext the store already holds needs no bytes: the upload is complete at once.
    """
    if not 0 < length <= MAX_LENGTH:
        raise Invalid("upload.length", field="Upload-Length", limit=MAX_LENGTH, found=length)
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise Invalid("form.digest", field="sha256")
    complete = _is_held(act.store, sha256, length)
    if not complete and shutil.disk_usage(act.store.root).free < length + RESERVE:
        raise Conflict("upload.no_space", length=length)
    token = act.chance(32).hex()
    upload = Upload(
        token_digest=digest_of(token),
        length=length,
        received=length if complete else 0,
        expected_sha256=sha256,
        expires_at=_expiry(act.now),
        is_complete=complete,
    )
    act.session.add(upload)
    return upload, token


@dataclass(frozen=True)
class Begun:
    """An upload as whoever opened it knows it: the token is shown to nobody else and once."""

    token: str
    received: int
    expires_at: datetime


def open_upload(platform: Platform, length: int, sha256: str) -> Begun:
    """`create_upload` as nobody, in one transaction with whatever else waits; outside any act. Refusals are its own."""

    def go(works: Sequence[tuple[int, str]]) -> list[Begun | Refusal]:
        with platform.act(PUBLIC) as act:
            return [_begun(act, *work) for work in works]

    begun: Begun = platform.crowd("uploads").bring((length, sha256), go, order=lambda work: 0)
    return begun


def _begun(act: Act, length: int, sha256: str) -> Begun | Refusal:
    try:
        upload, token = create_upload(act, length=length, sha256=sha256)
    except Refusal as refusal:
        return refusal
    return Begun(token, upload.received, upload.expires_at)


def append_upload(
    platform: Platform, token: str, offset: int, chunks: Iterable[bytes], *, opened: tuple[int, str] | None = None
) -> int:
    """Append the bytes in `chunks` at `offset`; the new offset, durable on disk before it is returned.

    Outside any act, because bytes come at the client's pace: the row is read and written in short acts of its own.
    A source that breaks off (an exception from `chunks`) keeps what was received; the exception passes on. At the end
    the whole, hashed as it came, is moved into the store. Anything that is not sealed ciphertext is deleted at once and
    refused with the reason (R-202): bid.not_encrypted, bid.torn, object.hash and the codes of core.seal.lint.
    `opened`: (length, hash) where the upload was opened by this very request; nobody else knows its token yet, so its
    row is not asked.
    Raises Missing("upload.unknown"), Conflict("upload.offset"), Conflict("upload.busy"), Invalid("upload.too_long").
    """
    name = digest_of(token)
    if opened is None and not partial_file(platform.store, name).exists():
        _offset(platform, name, offset)  # or a token that nobody was given would leave a file
    with _locked(platform.store, name) as file:
        length, expected = opened or _offset(platform, name, offset)
        if os.fstat(file.fileno()).st_size < offset:
            # Power was lost before the file's name was durable: what was acknowledged is asked for again.
            _record(platform, name, 0)
            raise Conflict("upload.offset", offset=0, given=offset)
        try:
            return _receive(platform, name, file, offset, length, expected, chunks)
        except Refusal as refusal:
            _forget(platform, name)
            raise refused(refusal) from refusal


def upload_state(platform: Platform, token: str) -> tuple[int, int]:
    """(offset, length) of an upload that has not expired; Missing otherwise."""
    received, length, _ = _standing(platform, digest_of(token))
    return received, length


def sweep_uploads(act: Act) -> int:
    """Forget expired uploads and their bytes; ciphertext that no submission names goes too. How many were swept.

    Whoever may bid names any hash in an upload: an object that is not such ciphertext is none of its business.
    """
    swept = 0
    lock_commits(act)
    for upload in act.session.scalars(select(Upload).where(Upload.expires_at <= act.now)):
        partial_file(act.store, upload.token_digest).unlink(missing_ok=True)
        named = queries.sealed_object(act.session, upload.expected_sha256) or _awaited(act, upload)
        if not named and _is_held(act.store, upload.expected_sha256, upload.length):
            act.store.path(upload.expected_sha256).unlink(missing_ok=True)
        act.session.delete(upload)
        swept += 1
    act.session.flush()
    known = set(act.session.scalars(select(Upload.token_digest)))
    folder = partial_folder(act.store)
    for orphan in list(folder.iterdir()) if folder.is_dir() else []:
        if orphan.name not in known:
            orphan.unlink(missing_ok=True)
            swept += 1
    return swept


def digest_of(token: str) -> str:
    """What is stored of a capability token."""
    return hashlib.sha256(token.encode()).hexdigest()


def partial_folder(store: ObjectStore) -> Path:
    """Where unfinished uploads lie: on the store's own file system, so that finishing one is a rename."""
    return store.root / "uploads"


def partial_file(store: ObjectStore, name: str) -> Path:
    """Where an unfinished upload's bytes lie."""
    return partial_folder(store) / name


def _expiry(now: datetime) -> datetime:
    return end_of_day(day_of(now + LIFETIME))


def _awaited(act: Act, upload: Upload) -> bool:
    """Whether another upload of the same content has not expired."""
    same = select(Upload.id).where(Upload.expected_sha256 == upload.expected_sha256, Upload.expires_at > act.now)
    return act.session.scalar(same.limit(1)) is not None


def _received(store: ObjectStore, length: int, received: int, expected: str) -> int:
    """How much is held: the store knows when all of it is; the row counts what is durable before that."""
    return length if _is_held(store, expected, length) else received


def _is_held(store: ObjectStore, sha256: str, length: int) -> bool:
    """Whether the store holds this object, of this size, and it is sealed as uploads are."""
    try:
        if not store.has(sha256) or store.size(sha256) != length:
            return False
        with store.open(sha256) as file:
            check_object(file.read(length if length <= MAX_PACKAGE else MAX_HEADER), length)
    except Refusal:
        return False
    return True


def _offset(platform: Platform, name: str, offset: int) -> tuple[int, str]:
    """(length, expected hash) of the upload, if it stands at `offset` and is not complete."""
    received, length, expected = _standing(platform, name)
    if received == length or offset != received:
        raise Conflict("upload.offset", offset=received, given=offset)
    return length, expected


def _standing(platform: Platform, name: str) -> tuple[int, int, str]:
    """(held bytes, length, expected hash) of an upload that has not expired; Missing otherwise."""
    columns = (Upload.length, Upload.received, Upload.expected_sha256, Upload.expires_at)
    with platform.reading() as session:
        row = session.execute(select(*columns).where(Upload.token_digest == name)).one_or_none()
    if row is None or row.expires_at <= platform.clock.now():
        raise Missing("upload.unknown")
    return _received(platform.store, row.length, row.received, row.expected_sha256), row.length, row.expected_sha256


@contextmanager
def _locked(store: ObjectStore, name: str) -> Iterator[BinaryIO]:
    partial_folder(store).mkdir(exist_ok=True)
    with partial_file(store, name).open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict("upload.busy") from None
        yield file


def _receive(
    platform: Platform,
    name: str,
    file: BinaryIO,
    offset: int,
    length: int,
    expected: str,
    chunks: Iterable[bytes],
) -> int:
    # Bytes beyond the recorded offset were never acknowledged: they may be torn by a crash.
    if os.fstat(file.fileno()).st_size != offset:
        file.truncate(offset)
    received, checked = offset, offset >= min(HEAD, length)
    digest, hashed = running.take(name, state_of(file)), offset
    try:
        for chunk in chunks:
            if received + len(chunk) > length:
                raise Invalid("upload.too_long", field="body", length=length)
            file.write(chunk)
            received += len(chunk)
            if not checked:
                checked = _check_head(file, received, length)
            if digest is not None:
                digest.update(chunk)
                hashed = received
    finally:
        file.flush()
        if received < length:  # the whole is synced by the store
            os.fsync(file.fileno())
        if offset < received < length:
            _record(platform, name, received)
            if hashed == received:
                running.keep(name, state_of(file), digest)
    if received == length:
        _settle(platform.store, name, length, expected, digest)
    return received


def state_of(file: BinaryIO) -> State:
    """What tells whether a file has been written to: its number, size and instant of the last writing."""
    found = os.fstat(file.fileno())
    return found.st_ino, found.st_size, found.st_mtime_ns


def _settle(store: ObjectStore, name: str, length: int, expected: str, digest: Digest | None) -> None:
    """Move the whole into the store; no row is told, because what the store holds is complete by that."""
    path = partial_file(store, name)
    if digest is None:
        store.adopt(path, expected=expected)
    elif digest.hexdigest() != expected:
        raise Invalid("object.hash", expected=expected, found=digest.hexdigest())
    else:
        store.adopt_hashed([(path, Stored(expected, length))])


def _check_head(file: BinaryIO, received: int, length: int) -> bool:
    file.flush()
    head = os.pread(file.fileno(), HEAD, 0)
    return check_head(head, received=received, length=length)


def _record(platform: Platform, name: str, received: int) -> None:
    told = update(Upload).where(Upload.token_digest == name).values(received=received)
    with platform.act(PUBLIC) as act:
        if act.session.execute(told, execution_options={"synchronize_session": False}).rowcount != 1:  # type: ignore[attr-defined]
            raise Missing("upload.unknown")


def _forget(platform: Platform, name: str) -> None:
    partial_file(platform.store, name).unlink(missing_ok=True)
    with platform.act(PUBLIC) as act:
        act.session.delete(queries.upload(act.session, name))
