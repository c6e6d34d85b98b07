"""How many pages a stranger's PDF has, counted in the limited process."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from core.documents.apart import ask_apart
from core.errors import Invalid

MAX_BYTES = 200 * 1024 * 1024


def count_pages(path: Path) -> int | None:
    """The PDF's pages; None for what is no PDF or cannot be opened. Reads no page's content."""
    try:
        with path.open("rb") as source:
            pages = ask_apart("core.documents.pages", "count", source, label=path.name).get("pages")
    except (OSError, Invalid):
        return None
    return pages if type(pages) is int and pages > 0 else None


def main() -> int:
    """Count the pages of the PDF on standard input; null where it cannot be opened."""
    from core.documents.extraction.__main__ import bind_hands

    bind_hands()
    import pypdfium2

    pages = None
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(data) <= MAX_BYTES and b"%PDF-" in data[:1024]:
        try:
            pages = len(pypdfium2.PdfDocument(data))
        except pypdfium2.PdfiumError:
            pages = None
    os.write(1, json.dumps({"pages": pages}).encode())
    return 0


if __name__ == "__main__":
    os._exit(main())
