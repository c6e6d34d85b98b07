"""The platform's certificate for papers: made once beside the ledger key, or the one an installation was issued."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from core.act import Platform
from core.errors import Conflict
from core.render.signing import PaperSeal, make_certificate

KEY, CERTIFICATE = "paper.key", "paper.pem"


def paper_seal(platform: Platform, folder: Path, name: str) -> PaperSeal:
    """The seal in `folder` (paper.key 0600, paper.pem), made when absent; Conflict("settings.paper_key") for no P-256.

    An installation that was issued a certificate puts key and certificate under these names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key_file, certificate_file = folder / KEY, folder / CERTIFICATE
    if not key_file.exists():
        key, certificate = make_certificate(name, at=platform.clock.now())
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
    loaded = serialization.load_pem_private_key(key_file.read_bytes(), None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey) or key_file.stat().st_mode & 0o077:
        raise Conflict("settings.paper_key", file=str(key_file))
    held = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    return PaperSeal.of(loaded, held, platform.signer, platform.trust.authority)
