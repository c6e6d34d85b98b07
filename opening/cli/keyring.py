"""A key holder's folder: one fresh age key per section, each with a tested backup, and what was pinned at rehearsal."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accounts.cli import AGE, KEY, SECRET, Identity, write_private
from core.errors import Conflict, Forbidden, Invalid, Missing
from core.seal import new_identity, peel, recipient_of
from core.seal.age import nest

BACKUP = "backup-folder"
FILES = (KEY, AGE, SECRET)


@dataclass(frozen=True)
class Keyring:
    """The folder of a trustee: signing identity, secret for draws, `sections/<code>.age`, `pinned/<code>.json`.

    Every section has its own key, so that a layer taken off for one section can never be one of another.
    """

    folder: Path

    @classmethod
    def create(cls, folder: Path, backup: Path, **names: str) -> Keyring:
        """Make the signing identity and the secret, copy them to `backup`, and prove that the copy works.

        Raises Conflict("identity.exists"), Invalid("key.no_backup") for a backup in the same place.
        """
        if _inside(backup, folder) or _inside(folder, backup):
            raise Invalid("key.no_backup", field="backup")
        own = Identity.create(folder, **names)
        ring = cls(folder)
        write_private(folder / BACKUP, (str(backup.resolve()) + "\n").encode())
        for file in FILES:
            ring._copy(Path(file))
        if Identity(backup).recipient != own.recipient or Identity(backup).secret != own.secret:
            raise Conflict("key.restore")
        return ring

    @property
    def identity(self) -> Identity:
        """The signing identity; Missing("key.missing") where the folder holds none, Forbidden where others may read."""
        for file in FILES:
            path = self.folder / file
            if not path.exists():
                raise Missing("key.missing", folder=str(self.folder))
            check_private(path)
        return Identity(self.folder)

    @property
    def secret(self) -> bytes:
        """The 32 bytes the nonces of draws come from."""
        return self.identity.secret

    def key_of(self, section: str) -> str:
        """The age identity for the section; Missing("key.missing") where none was registered from here."""
        path = self._section(section)
        if not path.exists():
            raise Missing("key.missing", folder=str(path))
        check_private(path)
        return path.read_text(encoding="ascii").strip()

    def secret_of(self, section: str) -> bytes:
        """The secret of the section's draw nonce: its own where the key came from elsewhere, else the folder's."""
        path = self._section(section).with_suffix(".secret")
        return bytes.fromhex(path.read_text(encoding="ascii").strip()) if path.exists() else self.secret

    def keep_key(self, section: str, key: str, secret: bytes) -> None:
        """Take in a section's key made elsewhere, with its backup; Conflict("identity.exists") where another one is."""
        path = self._section(section)
        if path.exists() and path.read_text(encoding="ascii").strip() != key:
            raise Conflict("identity.exists", file=str(path))
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_private(path, f"{key}\n".encode())
        write_private(path.with_suffix(".secret"), f"{secret.hex()}\n".encode())
        for file in (path, path.with_suffix(".secret")):
            self._copy(file.relative_to(self.folder))

    def make_key(self, section: str) -> str:
        """Make the section's key, with its backup opened once as a test; the same key when it was made before."""
        path = self._section(section)
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_private(path, (new_identity() + "\n").encode())
        self._copy(path.relative_to(self.folder))
        key = self.key_of(section)
        restored = (self._backup() / path.relative_to(self.folder)).read_text(encoding="ascii").strip()
        if peel(nest(b"restore test", [recipient_of(key)])[0], restored) != b"restore test":
            raise Conflict("key.restore")
        return key

    def pin(self, section: str, terms: dict[str, Any]) -> None:
        """Keep the platform's key and the policies seen at the rehearsal; the platform's key never changes silently.

        Raises Conflict("peel.client.proof") when another platform key was pinned before.
        """
        held = self.pinned(section)
        if held and held["platform_key"] != terms["platform_key"]:
            raise Conflict("peel.client.proof", place="platform_key")
        path = self._pins(section)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_private(path, json.dumps(terms, ensure_ascii=False, indent=1).encode())

    def pinned(self, section: str) -> dict[str, Any]:
        """What was pinned for the section; empty when nothing was."""
        path = self._pins(section)
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}

    def _section(self, section: str) -> Path:
        return self.folder / "sections" / f"{_file(section)}.age"

    def _pins(self, section: str) -> Path:
        return self.folder / "pinned" / f"{_file(section)}.json"

    def _backup(self) -> Path:
        try:
            return Path((self.folder / BACKUP).read_text(encoding="utf-8").strip())
        except OSError:
            raise Invalid("key.no_backup", field="backup") from None

    def _copy(self, file: Path) -> None:
        target = self._backup() / file
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = (self.folder / file).read_bytes()
        if target.exists() and target.read_bytes() != content:
            raise Conflict("identity.exists", file=str(target))
        write_private(target, content)


def check_private(path: Path) -> None:
    """Refuse a key file that others may read: Forbidden("key.open")."""
    if os.name != "nt" and path.stat().st_mode & 0o077:
        raise Forbidden("key.open", file=str(path))


def _inside(path: Path, other: Path) -> bool:
    return path.resolve().is_relative_to(other.resolve())


def _file(section: str) -> str:
    if not section or any(not (char.isascii() and (char.isalnum() or char in "._:-")) for char in section):
        raise Invalid("form.choice", field="section", found=section, options=[])
    return section.replace(":", "_").lstrip(".")
