"""The backup of a person's keys: one age identity file with the other keys in its comments, wrapped by a passphrase.

Because it is an identity file, stock `age -d -i FILE` opens layers with it as it is, encrypted or not (docs/KEYS.md).
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from core.errors import Conflict, Invalid
from core.seal.age import is_identity, new_identity, recipient_of, unwrap_passphrase, wrap_passphrase
from core.seal.keys import SECRET_SIZE

TYPE = "# sunbid-keys/v1"
LEAST = 12
"""Characters of a passphrase."""
MOST = 20_000
"""Bytes of a file somebody sends: a key file is a few hundred."""

_LINE = re.compile(r"# sunbid-(secret|section|certificate|key): (\S+)", re.ASCII)
_SECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,79}", re.ASCII)


@dataclass(frozen=True)
class KeyFile:
    """What a key file holds. certificate: PEM; key: PKCS #8, both absent in a trustee's; section: a trustee's only."""

    identity: str = field(repr=False)
    secret: bytes = field(repr=False)
    certificate: str | None = None
    key: bytes | None = field(default=None, repr=False)
    section: str | None = None

    def text(self) -> str:
        """The file's text."""
        lines = [TYPE, f"# sunbid-secret: {self.secret.hex()}"]
        if self.section is not None:
            lines.append(f"# sunbid-section: {self.section}")
        if self.certificate is not None:
            der = x509.load_pem_x509_certificate(self.certificate.encode("ascii")).public_bytes(
                serialization.Encoding.DER
            )
            lines.append(f"# sunbid-certificate: {base64.b64encode(der).decode('ascii')}")
        if self.key is not None:
            lines.append(f"# sunbid-key: {base64.b64encode(self.key).decode('ascii')}")
        return "\n".join([*lines, self.identity, ""])

    @classmethod
    def read(cls, text: str) -> KeyFile:
        """The keys in the text; Invalid("keyfile.unreadable") naming the place."""
        lines = [line for line in text.splitlines() if line]
        if not lines or lines[0] != TYPE:
            raise _unreadable("type")
        found: dict[str, str] = {}
        for line in lines[1:]:
            known = _LINE.fullmatch(line)
            place, value = known.groups() if known else ("identity", line)
            if place in found or (place == "identity" and not is_identity(value)):
                raise _unreadable(place)
            found[place] = value
        try:
            secret = bytes.fromhex(found["secret"])
            certificate = None
            if "certificate" in found:
                der = base64.b64decode(found["certificate"], validate=True)
                certificate = x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM).decode()
            key = base64.b64decode(found["key"], validate=True) if "key" in found else None
            identity = found["identity"]
        except (KeyError, ValueError, binascii.Error) as error:
            raise _unreadable(str(error.args[0])[:40]) from None
        if len(secret) != SECRET_SIZE or not _SECTION.fullmatch(found.get("section", "x")):
            raise _unreadable("secret")
        return cls(identity, secret, certificate, key, found.get("section"))

    def wrapped(self, passphrase: str) -> bytes:
        """The file encrypted to the passphrase; Invalid("keyfile.passphrase") below 12 characters."""
        if len(passphrase) < LEAST:
            raise Invalid("keyfile.passphrase", field="passphrase", least=LEAST)
        return wrap_passphrase(self.text().encode("ascii"), passphrase)

    @classmethod
    def unwrap(cls, content: bytes, passphrase: str) -> KeyFile:
        """The keys in an encrypted file; Invalid("keyfile.password") or ("keyfile.unreadable")."""
        try:
            return cls.read(unwrap_passphrase(content, passphrase).decode("ascii"))
        except UnicodeDecodeError:
            raise _unreadable("type") from None

    @classmethod
    def sent(cls, upload: Any, passphrase: str) -> KeyFile:
        """The keys in an uploaded file (None: there was none), of which no more is read than a key file has.

        Raises Invalid("keyfile.absent"), ("form.length") beyond MOST bytes, and as `unwrap` does.
        """
        content = bytes(upload.read(MOST + 1)) if upload is not None else b""
        if not content:
            raise Invalid("keyfile.absent", field="file")
        if len(content) > MOST:
            raise Invalid("form.length", field="file", most=MOST, least=1, found=len(content))
        return cls.unwrap(content, passphrase)

    def keep(self, file: Path, passphrase: str) -> None:
        """The keys, encrypted, in a new file of its owner's, which is then opened and compared; on disk afterwards.

        Raises Conflict("identity.exists") for a file that is there, Conflict("key.restore") where the copy differs:
        what cannot be restored is no backup.
        """
        there = Conflict("identity.exists", file=str(file))
        if file.exists():
            raise there  # before the passphrase is stretched, which takes its time
        content = self.wrapped(passphrase)
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise there from None
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        if KeyFile.unwrap(file.read_bytes(), passphrase) != self:
            raise Conflict("key.restore")


def make_key_file(file: Path, passphrase: str) -> str:
    """A new key that signs nothing, kept in a new file (see `KeyFile.keep`); its public part is returned."""
    identity = new_identity()
    KeyFile(identity, secrets.token_bytes(SECRET_SIZE)).keep(file, passphrase)
    return recipient_of(identity)


def _unreadable(place: str) -> Invalid:
    return Invalid("keyfile.unreadable", field="file", place=place)
