"""`sunbid trustee backup | restore`: a section's key as one encrypted file, to the page and back."""

from __future__ import annotations

from pathlib import Path

import click

from accounts.cli.keyfiles import file_in, file_out, folder_in, new_passphrase, passphrase_of_it
from core.errors import Invalid
from core.seal.keyfile import KeyFile
from opening.cli.holder import trustee
from opening.cli.keyring import Keyring


@trustee.command()
@folder_in
@file_out
@click.option("--section", required=True, help="the section's code")
@new_passphrase
def backup(folder: Path, file: Path, section: str, passphrase: str) -> None:
    """Write the section's key from FOLDER to FILE, encrypted to a passphrase; the page and `age -d` read it."""
    ring = Keyring(folder)
    held = KeyFile(ring.key_of(section), ring.secret_of(section), section=section)
    held.keep(file, passphrase)
    click.echo(f"✓ {section} · {file} · opened again and compared")


@trustee.command()
@file_in
@folder_in
@passphrase_of_it
def restore(file: Path, folder: Path, passphrase: str) -> None:
    """Put a section's key from a backup, the page's or your own, into FOLDER. Nothing is overwritten."""
    held = KeyFile.unwrap(file.read_bytes(), passphrase)
    if held.section is None:
        raise Invalid("keyfile.unreadable", field="file", place="section")
    Keyring(folder).keep_key(held.section, held.identity, held.secret)
    click.echo(f"✓ {held.section} · {folder}")
