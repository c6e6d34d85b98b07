"""`sunbid account backup | restore | import | export`: the folder's keys as one encrypted file, and back, and .p12."""

from __future__ import annotations

import secrets
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from accounts.cli.commands import account
from accounts.cli.folder import Identity, write_private
from core.errors import Conflict, Invalid
from core.seal.age import new_identity
from core.seal.keyfile import KeyFile

new_passphrase = click.option(
    "--passphrase",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    envvar="SUNBID_PASSPHRASE",
    help="asked for if absent",
)
passphrase_of_it = click.option(
    "--passphrase", prompt=True, hide_input=True, envvar="SUNBID_PASSPHRASE", help="asked for if absent"
)
folder_in = click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
folder_out = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
file_in = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
file_out = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@account.command()
@folder_in
@file_out
@new_passphrase
def backup(folder: Path, file: Path, passphrase: str) -> None:
    """Write the keys of FOLDER to FILE, encrypted to a passphrase; the page and `age -d` read it."""
    Identity(folder).key_file.keep(file, passphrase)
    click.echo(f"✓ {file} · opened again and compared")


@account.command()
@file_in
@folder_out
@passphrase_of_it
def restore(file: Path, folder: Path, passphrase: str) -> None:
    """Make FOLDER of a backup, the page's or your own. Nothing is overwritten."""
    own = Identity.restore(folder, KeyFile.unwrap(file.read_bytes(), passphrase))
    click.echo(f"✓ {folder} · {own.recipient}")


@account.command("import")
@file_in
@folder_out
@passphrase_of_it
def import_p12(file: Path, folder: Path, passphrase: str) -> None:
    """Make FOLDER of a certificate in a .p12 FILE, also an old one (3DES), with a new age identity and secret."""
    key, certificate = read_p12(file.read_bytes(), passphrase)
    own = Identity.restore(folder, KeyFile(new_identity(), secrets.token_bytes(32), certificate, key))
    click.echo(f"✓ {folder} · {own.recipient}")


@account.command("export")
@folder_in
@file_out
@new_passphrase
def export_p12(folder: Path, file: Path, passphrase: str) -> None:
    """Write the certificate of FOLDER with its signing key to a .p12 FILE, for browsers and other programs."""
    if file.exists():
        raise Conflict("identity.exists", file=str(file))
    write_private(file, p12_of(Identity(folder).key_file, passphrase))
    click.echo(f"✓ {file}")


def read_p12(content: bytes, password: str) -> tuple[bytes, str]:
    """Key (PKCS #8) and certificate (PEM) of a PKCS #12 file.

    Raises Invalid with p12.password (or a damaged file: the format cannot tell them apart), p12.empty,
    certificate.algorithm.
    """
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(content, password.encode())
    except ValueError:
        raise Invalid("p12.password", field="passphrase") from None
    if key is None or certificate is None:
        raise Invalid("p12.empty", field="file")
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Invalid("certificate.algorithm", field="file")
    plain = serialization.NoEncryption()
    return (
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, plain),
        certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"),
    )


def p12_of(held: KeyFile, password: str) -> bytes:
    """A PKCS #12 file (AES-256, PBKDF2) of the signing key and its certificate."""
    if held.key is None or held.certificate is None:
        raise Invalid("keyfile.unsigned", field="file")
    key = serialization.load_der_private_key(held.key, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Invalid("certificate.algorithm", field="file")
    certificate = x509.load_pem_x509_certificate(held.certificate.encode("ascii"))
    lock = serialization.BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(b"sunbid", key, certificate, None, lock)
