"""Uploads of ciphertext: resumable, bound to nobody, checked for being ciphertext, moved whole into the store."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

from bidding import queries
from bidding.models import Upload
from bidding.rules.uploads import MAX_LENGTH, check_head, refused
from bidding.services.lock import lock_commits
from core.act import PUBLIC, Act, Platform
from core.calendar import day_of, end_of_day
from core.errors import Conflict, Invalid, Missing, Refusal
from core.store import ObjectStore

LIFETIME = timedelta(days=14)
RESERVE = 1 << 30
HEAD = 4096


def create_upload(act: Act, *, length: int, sha256: str) -> tuple[Upload, str]:
    """Open an upload of `length` bytes that must hash to `sha256`; return it with its capability token.

    The token is the only way to it and is stored as a hash; no person, no section, no instant finer than a day is
    kept. An object the store already holds needs no bytes: the upload is complete at once.
    """
    if not 0 < length <= MAX_LENGTH:
        raise Invalid("upload.length", field="Upload-Length", limit=MAX_LENGTH, found=length)
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise Invalid("form.digest", field="sha256")
    complete = act.store.has(sha256) and act.store.size(sha256) == length
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
    act.session.flush()
    return upload, token


def append_upload(platform: Platform, token: str, offset: int, chunks: Iterable[bytes]) -> int:
    """Append the bytes in `chunks` at `offset`; the new offset, durable on disk before it is returned.

    Outside any act, because bytes come at the client's pace: the row is read and written in short acts of its own.
    A source that breaks off (an exception from `chunks`) keeps what was received; the exception passes on. At the end
    the whole is hashed, synced and moved into the store. Anything that is not sealed ciphertext is deleted at once and
    refused with the reason (R-202): bid.not_encrypted, bid.torn, object.hash and the codes of core.seal.lint.
    Raises Missing("upload.unknown"), Conflict("upload.offset"), Conflict("upload.busy"), Invalid("upload.too_long").
    """
    name = digest_of(token)
    _offset(platform, name, offset)
    with _locked(platform.store, name) as file:
        length, expected = _offset(platform, name, offset)
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
    with platform.reading() as session:
        upload = queries.upload(session, digest_of(token))
        _need_open(upload, platform.clock.now())
        return _received(platform.store, upload), upload.length


def sweep_uploads(act: Act) -> int:
    """Forget expired uploads and their bytes; ciphertext that no submission names goes too. How many were swept."""
    swept = 0
    lock_commits(act)
    for upload in act.session.scalars(select(Upload).where(Upload.expires_at <= act.now)):
        if not upload.is_complete:
            partial_file(act.store, upload.token_digest).unlink(missing_ok=True)
        elif not queries.sealed_object(act.session, upload.expected_sha256):
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


def _need_open(upload: Upload, now: datetime) -> None:
    if upload.expires_at <= now:
        raise Missing("upload.unknown")


def _received(store: ObjectStore, upload: Upload) -> int:
    """How much is held: all of it also when the object was stored and the row was not told before a crash."""
    whole = store.has(upload.expected_sha256) and store.size(upload.expected_sha256) == upload.length
    return upload.length if whole else upload.received


def _offset(platform: Platform, name: str, offset: int) -> tuple[int, str]:
    """(length, expected hash) of the upload, if it stands at `offset` and is not complete."""
    with platform.reading() as session:
        upload = queries.upload(session, name)
        _need_open(upload, platform.clock.now())
        received = _received(platform.store, upload)
        if received == upload.length or offset != received:
            raise Conflict("upload.offset", offset=received, given=offset)
        return upload.length, upload.expected_sha256


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
    file.truncate(offset)
    received, checked = offset, offset >= min(HEAD, length)
    try:
        for chunk in chunks:
            if received + len(chunk) > length:
                raise Invalid("upload.too_long", field="body", length=length)
            file.write(chunk)
            received += len(chunk)
            if not checked:
                checked = _check_head(file, received, length)
    finally:
        file.flush()
        os.fsync(file.fileno())
        if received > offset and received < length:
            _record(platform, name, received)
    if received == length:
        platform.store.adopt(partial_file(platform.store, name), expected=expected)
        _record(platform, name, received, complete=True)
    return received


def _check_head(file: BinaryIO, received: int, length: int) -> bool:
    file.flush()
    head = os.pread(file.fileno(), HEAD, 0)
    return check_head(head, received=received, length=length)


def _record(platform: Platform, name: str, received: int, *, complete: bool = False) -> None:
    with platform.act(PUBLIC) as act:
        upload = queries.upload(act.session, name)
        upload.received = received
        upload.is_complete = complete


def _forget(platform: Platform, name: str) -> None:
    partial_file(platform.store, name).unlink(missing_ok=True)
    with platform.act(PUBLIC) as act:
        act.session.delete(queries.upload(act.session, name))
