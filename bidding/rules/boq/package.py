"""The guarded door into an .xlsx: what is not a plain workbook is named, what could swell is never inflated."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib

from bidding.rules.boq.spelling import cut
from bidding.rules.boq.stated import BillFinding

MAX_FILE = 20 * 1024 * 1024
MAX_ENTRIES = 2_000
MAX_PART = 16 * 1024 * 1024
MAX_TOTAL = 40 * 1024 * 1024
MAX_RATIO = 200
RATIO_FREE = 1024 * 1024
MAX_CELLS = 200_000
MAX_ROWS = 12_000
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_KEPT = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/_rels/workbook\.xml\.rels|xl/workbook\.xml|xl/sharedStrings\.xml"
    r"|xl/styles\.xml|xl/worksheets/[^/]+\.xml"
)
"""The parts in which a bill's cells live. Drawings, comments, themes and links of sheets are never opened."""
_LINKS = ("xl/externalLinks/", "xl/connections.xml", "xl/queryTables/")


class Unreadable(Exception):
    """The file is no workbook we open; `finding` says why."""

    def __init__(self, code: str, *, expected: object = "", found: object = "") -> None:
        super().__init__(code)
        self.finding = BillFinding(code, expected=cut(expected), found=cut(found))


def plain_workbook(data: bytes) -> tuple[io.BytesIO, dict[str, bytes]]:
    """The workbook with nothing in it but cells, strings and styles, stored uncompressed, and its parts by name.

    Raises Unreadable with the reason; inflates no byte more than the directory announces, and that only within limits.
    """
    if len(data) > MAX_FILE:
        raise Unreadable("boq.too_big", expected=f"{MAX_FILE >> 20} MB", found=f"{len(data) / (1 << 20):.1f} MB")
    if data.startswith(_OLE):
        raise Unreadable("boq.encrypted" if _ENCRYPTED_PACKAGE in data else "boq.old_format")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            _check_directory(entries)
            out, parts = io.BytesIO(), {}
            with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as plain:
                for entry in entries:
                    if _KEPT.fullmatch(entry.filename):
                        content = parts[entry.filename] = package.read(entry)
                        if entry.filename.startswith("xl/worksheets/"):
                            _check_sheet(content)
                        plain.writestr(entry.filename, content)
            out.seek(0)
            return out, parts
    except BROKEN as error:
        raise Unreadable("boq.not_xlsx", found=type(error).__name__) from error


def _check_directory(entries: list[zipfile.ZipInfo]) -> None:
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" not in names:
        raise Unreadable("boq.not_xlsx", found="xl/workbook.xml")
    if len(entries) > MAX_ENTRIES or len(names) != len(entries):
        raise Unreadable("boq.bomb", expected=MAX_ENTRIES, found=len(entries))
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable("boq.encrypted")
    kept = [entry for entry in entries if _KEPT.fullmatch(entry.filename)]
    for entry in kept:
        swells = entry.file_size > RATIO_FREE and entry.file_size > MAX_RATIO * max(1, entry.compress_size)
        if swells or entry.file_size > MAX_PART:
            raise Unreadable("boq.bomb", expected=f"{MAX_PART >> 20} MB", found=f"{entry.file_size / (1 << 20):.0f} MB")
    whole = sum(entry.file_size for entry in kept)
    if whole > MAX_TOTAL:
        raise Unreadable("boq.bomb", expected=f"{MAX_TOTAL >> 20} MB", found=f"{whole / (1 << 20):.0f} MB")
    if "xl/vbaProject.bin" in names:
        raise Unreadable("boq.macros")
    if any(name.startswith(_LINKS) for name in names):
        raise Unreadable("boq.external_links")


def _check_sheet(content: bytes) -> None:
    # Counted in the raw bytes, before any object is made of them.
    rows, cells = content.count(b"<row"), content.count(b"<c ") + content.count(b"<c>")
    if rows > MAX_ROWS or cells > MAX_CELLS:
        raise Unreadable("boq.too_many_rows", expected=MAX_ROWS, found=max(rows, cells // 16))
