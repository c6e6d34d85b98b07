"""Reads the words of scanned pages by tesseract, where it is installed: a limited process of its own, page by page."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from core.documents.apart import _opened, ask_apart
from core.documents.document import Document, Paragraph

MEMORY_BYTES = 1_500 * 1024 * 1024
MOST_PAGES = 40
"""Scanned pages read per document: a page takes some seconds."""
SECONDS_A_PAGE = 15.0
DOTS_PER_INCH = 200
LANGUAGES = ("chi_sim", "eng")
GAP = re.compile(r"(?<=[⺀-鿿，。；：、！？（）“”]) +(?=[⺀-鿿，。；：、！？（）“”])")


@lru_cache(maxsize=1)
def program() -> tuple[str, str] | None:
    """Give path and version of a tesseract that knows Chinese; None where there is none."""
    path = shutil.which("tesseract")
    if path is None:
        return None
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True)
        known = subprocess.run([path, "--list-langs"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    if LANGUAGES[0] not in known.stdout.split():
        return None
    return path, (told.stdout or told.stderr).splitlines()[0].strip()


def recognised(path: Path, document: Document) -> tuple[Paragraph, ...]:
    """Give the paragraphs of a PDF's scanned pages, at most MOST_PAGES of them; nothing without the program.

    Raises Invalid as `core.documents.extract` does. Words are as good as the scan.
    """
    found = []
    number = max((paragraph.number for paragraph in document.paragraphs), default=0)
    for page, parts in parts_of(path, document.file, document.scanned).items():
        for text in parts:
            number += 1
            found.append(Paragraph(text, number, page))
    return tuple(found)


def parts_of(path: Path, name: str, pages: Sequence[int]) -> dict[int, list[str]]:
    """Give what stands on these pages (from 1) of a PDF, paragraph by paragraph: of the first MOST_PAGES of them.

    A page that could not be read is left out, every page without the program. Raises Invalid as `recognised` does.
    """
    held = program()
    pages = pages[:MOST_PAGES]
    if held is None or not pages:
        return {}
    argument = f"{held[0]}|{','.join(map(str, pages))}"
    with _opened(path, name) as source:
        wall = 20 + SECONDS_A_PAGE * len(pages)
        answer = ask_apart("core.documents.recognition", argument, source, label=name, wall_seconds=wall)
    found: dict[int, list[str]] = {}
    for page in pages:
        text = answer.get(str(page))
        if isinstance(text, str):
            joined = (GAP.sub("", "".join(line.strip() for line in part.splitlines())) for part in text.split("\n\n"))
            found[page] = [part for part in joined if part]
    return found


def _read(tesseract: str, pages: Sequence[int]) -> dict[str, str]:
    import pypdfium2 as pdfium

    pdf = pdfium.PdfDocument(sys.stdin.buffer.read())
    found = {}
    for page in pages:
        image = pdf[page - 1].render(scale=DOTS_PER_INCH / 72, grayscale=True).to_pil()
        with io.BytesIO() as held:
            image.save(held, "PNG")
            command = [tesseract, "stdin", "stdout", "-l", "+".join(LANGUAGES), "--dpi", str(DOTS_PER_INCH)]
            try:
                done = subprocess.run(
                    command,
                    input=held.getvalue(),
                    capture_output=True,
                    timeout=SECONDS_A_PAGE,
                    check=True,
                    env={"OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"},
                )
            except (OSError, subprocess.SubprocessError):
                continue
        found[str(page)] = done.stdout.decode("utf-8", "replace")
    return found


def main(argument: str) -> int:
    """Read the pages of the PDF on standard input; print page → text as JSON."""
    from core.documents.extraction.__main__ import bind_hands

    bind_hands(memory=MEMORY_BYTES)
    tesseract, _, pages = argument.partition("|")
    answer = json.dumps(_read(tesseract, [int(page) for page in pages.split(",")]), ensure_ascii=False).encode()
    view = memoryview(answer)
    while view:
        view = view[os.write(1, view) :]
    return 0


if __name__ == "__main__":
    os._exit(main(sys.argv[1]))
