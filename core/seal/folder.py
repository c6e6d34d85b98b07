"""A result folder that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Invalid


@contextmanager
def whole_folder(out: Path, *, durable: bool) -> Iterator[Path]:
    """A private folder beside `out` that becomes `out` when the block ends well and vanishes when it does not.

    `out` must not exist, or be an empty folder (seal.place_taken). With `durable`, content and name have reached the
    disk before `out` appears. After a crash only a hidden ".….partial" folder can remain.
    """
    out = Path(os.path.abspath(out))
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise Invalid("seal.place_taken", field="out", name=out.name)
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name[:100]}.", suffix=".partial", dir=out.parent))
    try:
        yield folder
        if durable:
            _flush(folder)
        if out.exists():
            out.rmdir()
        folder.rename(out)
        if durable:
            _flush_one(out.parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _flush(folder: Path) -> None:
    for base, _, names in os.walk(folder, topdown=False):
        for name in names:
            _flush_one(Path(base, name))
        _flush_one(Path(base))


def _flush_one(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot flush a folder
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
