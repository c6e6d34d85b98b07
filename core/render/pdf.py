"""HTML to PDF: the only door to WeasyPrint, with the shipped face, embedded data and no way out to the network."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

from core.errors import Forbidden, Missing

FACE = Path(__file__).parent / "fonts" / "SunbidSong-Regular.otf"
FAMILY = "Sunbid Song"
LIBRARIES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
"""Debian packages WeasyPrint loads at run time; no wheel carries them."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attachment:
    """A file carried inside the PDF: the data the pages were written from. `at` is its instant of making."""

    name: str
    content: bytes
    description: str
    at: datetime


@dataclass(frozen=True)
class Rendering:
    """A finished PDF (PDF/A-3u) and the characters for which no font had a glyph, in order of appearance."""

    pdf: bytes
    missing_glyphs: str


def render_pdf(html: str, *, base_url: str | None = None, attachments: Sequence[Attachment] | None = None) -> bytes:
    """Return `html` as PDF bytes; see `render_document`."""
    return render_document(html, base_url=base_url, attachments=attachments).pdf


def render_document(
    html: str, *, base_url: str | None = None, attachments: Sequence[Attachment] | None = None
) -> Rendering:
    """Return `html` as PDF/A-3u with embedded fonts, and what could not be written.

    The same input on the same fonts gives the same bytes. Only `data:` URLs and files below `base_url` (a file URL or
    a path) are read: anything else is Forbidden render.outside_resource. Without WeasyPrint's libraries: Missing
    render.pdf_libraries. A character without a glyph never stops a record; it is logged and returned.
    """
    weasyprint = _weasyprint()
    from weasyprint.text.fonts import FontConfiguration

    roots = [FACE.parent] + ([_folder(base_url)] if base_url else [])
    fetcher = _fetcher(weasyprint, roots)
    fonts = FontConfiguration()
    weasyprint.CSS(  # reading it is what makes `fonts` know the face
        string=f'@font-face {{ font-family: "{FAMILY}"; src: url("{FACE.as_uri()}") }}',
        font_config=fonts,
        url_fetcher=fetcher,
    )
    with _missing_glyphs() as missing:
        try:
            document = weasyprint.HTML(string=html, base_url=base_url, url_fetcher=fetcher).render(font_config=fonts)
            document.metadata.attachments.extend(
                weasyprint.Attachment(
                    string=item.content,
                    name=item.name,
                    description=item.description,
                    created=item.at,
                    modified=item.at,
                    relationship="Data",
                )
                for item in attachments or ()
            )
            pdf: bytes = document.write_pdf(pdf_variant="pdf/a-3u")
        except weasyprint.urls.FatalURLFetchingError as stopped:
            raise Forbidden("render.outside_resource", url=str(stopped)) from None
    if missing:
        _log.warning("no glyph for %s", " ".join(f"U+{ord(sign):04X}" for sign in missing))
    return Rendering(pdf, "".join(missing))


def _weasyprint() -> ModuleType:
    try:
        import weasyprint
        import weasyprint.urls
    except OSError as reason:
        raise Missing("render.pdf_libraries", packages=LIBRARIES, reason=str(reason).splitlines()[0]) from None
    return weasyprint  # type: ignore[no-any-return]


def _folder(base_url: str) -> Path:
    path = Path(unquote(urlsplit(base_url).path)) if base_url.startswith("file:") else Path(base_url)
    return path if path.is_dir() else path.parent


def _fetcher(weasyprint: ModuleType, roots: Sequence[Path]) -> Any:
    allowed = [root.resolve() for root in roots]

    class Fenced(weasyprint.urls.URLFetcher):  # type: ignore[name-defined, misc]
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            parts = urlsplit(url)
            if parts.scheme == "file" and parts.netloc in ("", "localhost"):
                path = Path(unquote(parts.path)).resolve()
                if any(path.is_relative_to(root) for root in allowed):
                    return super().fetch(url, headers)
            elif parts.scheme == "data":
                return super().fetch(url, headers)
            # Fatal, because WeasyPrint swallows every other refusal and prints a page with a hole.
            raise weasyprint.urls.FatalURLFetchingError(url)

    return Fenced()


@contextmanager
def _missing_glyphs() -> Iterator[list[str]]:
    """Collect what WeasyPrint, on this thread, reports as drawn with the .notdef glyph."""
    missing: list[str] = []
    mine = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == mine and str(record.msg).startswith(".notdef glyph") and isinstance(record.args, tuple):
                missing.extend(sign for sign in str(record.args[0]) if sign not in missing)

    listener = Listener(logging.WARNING)
    logger = logging.getLogger("weasyprint")
    logger.addHandler(listener)
    try:
        yield missing
    finally:
        logger.removeHandler(listener)
