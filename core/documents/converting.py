"""A Word document as PDF, made by LibreOffice in a limited process; only where that program is installed.

The process has no network: where the kernel gives none of its own, nothing is converted and the text is shown instead.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from core.documents.apart import run_apart
from core.errors import Invalid

MAX_BYTES = 200 * 1024 * 1024
MEMORY_BYTES = 4 * 1024 * 1024 * 1024
"""Address space, of which LibreOffice touches some 300 MB."""
WALL_SECONDS = 60.0
PROGRAMS = ("soffice", "libreoffice")
UNCONVERTED = 3


def converter() -> str | None:
    """LibreOffice's program on this machine; None where it is not installed."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def convert_document(path: Path, name: str, into: Path) -> None:
    """Write the .docx at `path` as PDF to the new file `into`.

    Raises Invalid("document.unconverted") where LibreOffice is missing or gave no PDF, else as `ask_apart` does;
    `into` may then be left behind.
    """
    program = converter()
    if program is None:
        raise Invalid("document.unconverted", field=name)
    with path.open("rb") as source, into.open("xb") as answer:
        run_apart("core.documents.converting", program, source, answer, label=name, wall_seconds=WALL_SECONDS)
    with into.open("rb") as made:
        if made.read(5) != b"%PDF-":
            raise Invalid("document.unconverted", field=name)


def main(program: str) -> int:
    """Convert standard input to standard output; UNCONVERTED where it cannot be done."""
    from core.documents.extraction.__main__ import bind_hands

    bind_hands(memory=MEMORY_BYTES, answer=MAX_BYTES, files=1024)
    if {name for _, name in socket.if_nameindex()} - {"lo"}:
        return UNCONVERTED
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "document.docx"
        source.write_bytes(sys.stdin.buffer.read(MAX_BYTES))
        command = [
            program, "--headless", "--norestore", "--nolockcheck", "--nodefault", "--nologo",
            f"-env:UserInstallation=file://{folder}/profile", "--convert-to", "pdf:writer_pdf_Export",
            "--outdir", folder, str(source),
        ]  # fmt: skip
        subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
            timeout=WALL_SECONDS - 5, cwd=folder,
            env={"HOME": folder, "TMPDIR": folder, "LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", os.defpath),
                 "SAL_USE_VCLPLUGIN": "svp"},
        )  # fmt: skip
        made = source.with_suffix(".pdf")
        if not made.is_file():
            return UNCONVERTED
        with made.open("rb") as pdf:
            shutil.copyfileobj(pdf, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
