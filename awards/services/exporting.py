"""Exports of a closed file by access class, made once and kept beside the object store."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from awards.models import Archive
from awards.rules.container import open_container
from awards.rules.export import write_export
from core.store import ObjectStore

FOLDER = "archive-exports"


def export_archive(store: ObjectStore, held: Archive, klass: str, bid: int | None = None) -> Path:
    """The export's file; whoever makes it gets the same bytes, so that two makers at once do no harm."""
    folder = store.root.parent / FOLDER
    target = folder / f"{held.sha256}.{klass}{'' if bid is None else f'-{bid}'}.tar"
    if not target.is_file():
        folder.mkdir(exist_ok=True)
        temp = folder / f"{secrets.token_hex(16)}.part"
        try:
            with store.open(held.sha256) as file, temp.open("xb") as out:
                write_export(out, open_container(file), klass, bid)
            os.replace(temp, target)
        finally:
            temp.unlink(missing_ok=True)
    return target
