"""The programs the server sends to the browser for sealing: which files they are, and their fingerprints."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from posixpath import dirname, join, normpath

FOLDERS = ("seal", "vendor")
LOOSE = ("sunbid.js",)
_IMPORT = re.compile(r"""^\s*(?:import|export)\b[^"';]*["'](\.[^"']+)["']""", re.M)


@dataclass(frozen=True)
class ServedFile:
    """One file as it is served: its address, size in bytes, SHA-256 in hex, SHA-384 as browsers compare it (SRI)."""

    path: str
    size: int
    sha256: str
    sha384: str
    imports: tuple[str, ...]
    """Addresses of the modules it imports at once."""


def served_code(static: str | Path) -> list[ServedFile]:
    """Every script that takes part in sealing, by address; `static` is the folder the server serves as /static."""
    root = Path(static)
    paths = [root / name for name in LOOSE]
    paths += [path for folder in FOLDERS for path in (root / folder).glob("*.js")]
    return [_served(root, path, path.stat().st_mtime_ns) for path in sorted(paths)]


def module_graph(served: list[ServedFile], entry: str) -> list[ServedFile]:
    """The files that a page loading `entry` loads with it, itself included."""
    by_path = {file.path: file for file in served}
    found: dict[str, ServedFile] = {}
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path not in found and path in by_path:
            found[path] = by_path[path]
            waiting += by_path[path].imports
    return [found[path] for path in sorted(found)]


@lru_cache(256)
def _served(root: Path, path: Path, changed: int) -> ServedFile:
    content = path.read_bytes()
    address = f"/static/{path.relative_to(root).as_posix()}"
    imports = tuple(normpath(join(dirname(address), found)) for found in _IMPORT.findall(content.decode("utf-8")))
    return ServedFile(
        path=address,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        sha384="sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode(),
        imports=imports,
    )
