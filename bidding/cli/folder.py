"""The folder of a sealed bid on the bidder's machine: what was sealed, where it goes, how far it is, the receipt."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accounts.cli import write_private
from core.errors import Invalid
from core.seal import PRIVATE_FILE, SUBMISSION_FILE, bulk_file, canonical, identity_file, key_file, submission_digest
from core.trust import NOBODY, Trust, read_trust

POLICY_FILE = "policy.json"
DESTINATION_FILE = "destination.json"
UPLOADS_FILE = "uploads.json"
RECEIPT_FILE = "receipt.json"


@dataclass(frozen=True)
class Object:
    """One file to upload: its place in the submission, where it lies, what it must be."""

    place: str
    path: Path
    sha256: str
    size: int


@dataclass(frozen=True)
class BidFolder:
    """A folder that `sunbid seal` made; everything added later is written 0600 and whole or not at all."""

    path: Path

    @property
    def submission(self) -> dict[str, Any]:
        """The sealed submission; Invalid("client.no_submission") where there is none."""
        return self._read(SUBMISSION_FILE)

    @property
    def policy(self) -> dict[str, Any]:
        """The policy it was sealed for."""
        return self._read(POLICY_FILE)

    @property
    def private(self) -> dict[str, Any]:
        """What only the bidder may know: leaf salt, salts, nonces."""
        return self._read(PRIVATE_FILE)

    @property
    def destination(self) -> dict[str, Any]:
        """The server it was sealed for and the platform key pinned then; empty when sealed from a policy file."""
        return self._read(DESTINATION_FILE) if (self.path / DESTINATION_FILE).exists() else {}

    @property
    def platform_key(self) -> str:
        """The platform's key as pinned when it was sealed, or that of the receipt; empty where there is neither."""
        told = self.destination.get("platform_key") or (self.receipt["platform_key"] if self.has_receipt else "")
        return str(told)

    @property
    def later(self) -> list[str] | None:
        """The envelopes kept for a second sitting, as pinned when it was sealed; None where that was not pinned."""
        return self.destination.get("later")

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The tender documents it was made for, each with slot, version and hash; empty where none were pinned."""
        return list(self.destination.get("documents") or [])

    @property
    def trust(self) -> Trust:
        """Who vouches for the log from outside, as pinned when it was sealed; nobody when nothing was."""
        told = self.destination.get("trust")
        return read_trust(told) if told else NOBODY

    @property
    def receipt(self) -> dict[str, Any]:
        """The receipt; Invalid("client.no_receipt") before the submission."""
        if not (self.path / RECEIPT_FILE).exists():
            raise Invalid("client.no_receipt", folder=str(self.path))
        return self._read(RECEIPT_FILE)

    @property
    def has_receipt(self) -> bool:
        """Whether it has been submitted."""
        return (self.path / RECEIPT_FILE).exists()

    @property
    def digest(self) -> str:
        """The submission's digest."""
        return submission_digest(self.submission)

    @property
    def identity(self) -> dict[str, bytes]:
        """Trustee set → identity package."""
        found = {}
        for path in sorted(self.path.glob("identity.*.age")):
            names = path.name.removeprefix("identity.").removesuffix(".age")
            assert path.name == identity_file(names)  # noqa: S101 - the two spellings come from one function
            found[names] = path.read_bytes()
        return found

    @property
    def packages(self) -> dict[str, str]:
        """Trustee set → SHA-256 of its identity package."""
        return {names: hashlib.sha256(package).hexdigest() for names, package in self.identity.items()}

    def objects(self) -> Iterator[Object]:
        """Every file to upload, small ones first: what is wrong shows before the gigabytes."""
        found = []
        for name, parts in self.submission.get("envelopes", {}).items():
            found.append(_object(f"{name}.bulk", self.path / bulk_file(name), parts["bulk"]))
            for names, blob in parts["keys"].items():
                found.append(_object(f"{name}.keys.{names}", self.path / key_file(name, names), blob))
        yield from sorted(found, key=lambda item: (item.size, item.place))

    def uploads(self) -> dict[str, str]:
        """Object hash → where its upload goes on."""
        return self._read(UPLOADS_FILE) if (self.path / UPLOADS_FILE).exists() else {}

    def keep(self, file: str, content: Mapping[str, Any]) -> None:
        """Write a file of the folder so that it is whole at any instant."""
        temp = self.path / f".{file}.new"
        write_private(temp, json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")
        os.replace(temp, self.path / file)

    def keep_policy(self, policy: Mapping[str, Any]) -> None:
        """Keep the policy beside what was sealed for it."""
        write_private(self.path / POLICY_FILE, canonical(policy))

    def _read(self, file: str) -> dict[str, Any]:
        try:
            content = json.loads((self.path / file).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise Invalid("client.no_submission", folder=str(self.path)) from None
        if not isinstance(content, dict):
            raise Invalid("client.no_submission", folder=str(self.path))
        return content


def _object(place: str, path: Path, blob: Mapping[str, Any]) -> Object:
    return Object(place, path, blob["sha256"], blob["size"])
