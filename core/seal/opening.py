"""The doors `peel`, `release` and `open_sealed`: how a sealed envelope becomes files again."""

from __future__ import annotations

import hashlib
import re
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import Invalid
from core.seal.age import is_identity, recipient_of
from core.seal.archive import MANIFEST
from core.seal.bulk import Blocks, open_bulk
from core.seal.folder import whole_folder
from core.seal.header import lint_file
from core.seal.manifest import Entry
from core.seal.notation import Json, canonical
from core.seal.streams import BlockReader, Digester, Progress, file_digest
from core.seal.submission import Expected, plain_commit
from core.seal.unpack import Unpacker

_SALT = re.compile(r"# sunbid-salt: ([0-9a-f]{64})", re.ASCII)
_MAX_TEXT = 4096


@dataclass(frozen=True)
class Released:
    """The secret of one envelope (AGE-SECRET-KEY-1…) and the salt of its commitment (None: the package had none)."""

    secret: str = field(repr=False)
    salt: bytes | None = field(repr=False)


@dataclass(frozen=True)
class Opened:
    """An opened envelope: `folder` holds manifest.json and files/<slot>/<name>.

    `nonce` (32 bytes) feeds the coefficient draw. commit_checked is False only where the key package had no salt.
    """

    folder: Path
    manifest: Json
    entries: list[Entry]
    nonce: bytes
    archive_sha256: str
    commit_checked: bool


def release(identity_file: bytes, bid_recipient: str) -> Released:
    """Secret and salt out of a fully peeled key package, if the secret is the one committed as `bid_recipient`.

    The text is an age identity file: blank lines, `#` comments, one AGE-SECRET-KEY-1 line; one comment
    `# sunbid-salt: <64 hex>` gives the salt. Raises seal.garbage_key_package, seal.wrong_bid_key.
    """
    garbage = Invalid("seal.garbage_key_package")
    if len(identity_file) > _MAX_TEXT or not identity_file.isascii():
        raise garbage
    lines = [line.rstrip("\r") for line in identity_file.decode("ascii").split("\n")]
    secrets = [line for line in lines if line and not line.startswith("#")]
    salts = [found[1] for line in lines if (found := _SALT.fullmatch(line))]
    if len(secrets) != 1 or not is_identity(secrets[0]) or len(salts) > 1:
        raise garbage
    if recipient_of(secrets[0]) != bid_recipient:
        raise Invalid("seal.wrong_bid_key", expected=bid_recipient, given=recipient_of(secrets[0]))
    return Released(secrets[0], bytes.fromhex(salts[0]) if salts else None)


def open_sealed(
    bulk: Path, released: Released, expected: Expected, out: Path, progress: Progress | None = None
) -> Opened:
    """Open the sealed file at `bulk` into the folder `out`, if everything about it is as committed.

    Checked: hash and size of the file, its header, its key, every chunk, the manifest (section, policy, handle,
    envelope), every member and file, the commitment to the whole archive (where the salt is known). Memory does not
    grow with the file; `progress(done, total)` counts bytes of the sealed file. On any failure nothing is left.

    Raises seal.bulk_mismatch where the stored file is not the committed one (the keeper's fault), else, for a file that
    is what was committed (the bidder's fault): the refusals of `lint`, seal.wrong_bid_key, seal.torn,
    seal.commit_mismatch, and those of `Unpacker.run`.
    """
    if bulk.stat().st_size != expected.size:
        raise _mismatch(expected)
    if recipient_of(released.secret) != expected.bid_recipient:
        given = recipient_of(released.secret)
        raise Invalid("seal.wrong_bid_key", expected=expected.bid_recipient, given=given)
    with whole_folder(out, durable=False) as folder:
        try:
            lint_file(bulk)
            unpacker, archive_sha256, sha256 = _decrypt(
                bulk, released.secret, expected, folder, progress or (lambda done, total: None)
            )
        except Invalid as error:
            if file_digest(bulk).hex() != expected.sha256:
                raise _mismatch(expected) from error
            raise
        if sha256.hex() != expected.sha256:
            raise _mismatch(expected)
        if released.salt is not None and plain_commit(released.salt, archive_sha256) != expected.plain_commit:
            raise Invalid("seal.commit_mismatch", envelope=expected.envelope)
        (folder / MANIFEST).write_bytes(canonical(unpacker.manifest))
    return Opened(
        folder=out,
        manifest=unpacker.manifest,
        entries=unpacker.entries,
        nonce=bytes.fromhex(unpacker.manifest["nonce"]),
        archive_sha256=archive_sha256.hex(),
        commit_checked=released.salt is not None,
    )


def open_archive(archive: Path, salt: bytes, expected: Expected, out: Path) -> Opened:
    """Accept a plain backup archive in place of a sealed file that cannot be opened (R-256).

    Only if it is the very archive that was committed (seal.commit_mismatch); otherwise as `open_sealed`.
    """
    if plain_commit(salt, file_digest(archive)) != expected.plain_commit:
        raise Invalid("seal.commit_mismatch", envelope=expected.envelope)
    sha256 = hashlib.sha256()
    with whole_folder(out, durable=False) as folder:
        with archive.open("rb") as file:

            def take(size: int) -> bytes:
                block = file.read(size)
                sha256.update(block)
                return block

            unpacker = Unpacker(take, expected, folder)
            unpacker.run()
        if plain_commit(salt, sha256.digest()) != expected.plain_commit:
            raise Invalid("seal.commit_mismatch", envelope=expected.envelope)
        (folder / MANIFEST).write_bytes(canonical(unpacker.manifest))
    nonce = bytes.fromhex(unpacker.manifest["nonce"])
    return Opened(out, unpacker.manifest, unpacker.entries, nonce, sha256.hexdigest(), True)


def _decrypt(
    bulk: Path, secret: str, expected: Expected, folder: Path, progress: Progress
) -> tuple[Unpacker, bytes, bytes]:
    """Decrypt and unpack here, hash beside it; the unpacker, SHA-256 of the archive and of the sealed file."""
    done = 0
    with Digester() as sealed, Digester() as archive, bulk.open("rb", buffering=0) as file:

        def read_into(view: memoryview) -> int:
            nonlocal done
            came: int = file.readinto(view)
            sealed.feed(view[:came])
            done += came
            progress(done, expected.size)
            return came

        def plain() -> Blocks:
            with closing(open_bulk(read_into, secret)) as blocks:
                for block in blocks:
                    archive.feed(block)
                    yield block

        with closing(plain()) as opened:  # what reads the file and feeds the hashes has ended before they do
            unpacker = Unpacker(BlockReader(opened).read, expected, folder)
            unpacker.run()
        return unpacker, archive.digest(), sealed.digest()


def _mismatch(expected: Expected) -> Invalid:
    return Invalid("seal.bulk_mismatch", envelope=expected.envelope)
