"""The guarded door into a zip container and its XML parts: counts what it inflates, trusts no header."""

from __future__ import annotations

import contextlib
import stat
import struct
import unicodedata
import zipfile
import zlib
from typing import Any, BinaryIO

from lxml import etree

from core.errors import Invalid

MAX_ENTRIES = 2_000
MAX_RATIO = 100
RATIO_FREE_BYTES = 256 * 1024
MAX_TAGS = 1_500_000
UTF8_NAME = 0x800
MAX_ENTRY_BYTES = 48 * 1024 * 1024
MAX_TOTAL_BYTES = 160 * 1024 * 1024
ENCRYPTED = 0x1
LOCAL_HEADER = 30
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    NotImplementedError,
)


class Parts:
    """A container whose directory passed the guards; `read` inflates one part under the remaining budget."""

    def __init__(self, source: BinaryIO) -> None:
        """Check the directory: count, names, links, encryption, overlap, ratio, method (PROOF T12). Raises Invalid."""
        try:
            self._container = zipfile.ZipFile(source)
        except BROKEN as error:
            raise Invalid("document.unreadable", reason="zip") from error
        entries = self._container.infolist()
        self._budget = MAX_TOTAL_BYTES
        if len(entries) > MAX_ENTRIES:
            raise Invalid("document.bomb", reason="entries", entries=len(entries))
        names: set[str] = set()
        for entry in entries:
            _check_name(entry)
            if entry.filename in names:
                raise Invalid("document.names", reason="duplicate")
            names.add(entry.filename)
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise Invalid("document.link", reason="entry")
            if entry.flag_bits & ENCRYPTED:
                raise Invalid("document.encrypted")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Invalid("document.unreadable", reason="method")
            if entry.file_size > RATIO_FREE_BYTES and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
                raise Invalid("document.bomb", reason="ratio")
        _check_overlap(entries)
        if sum(entry.file_size for entry in entries) > MAX_TOTAL_BYTES:
            raise Invalid("document.bomb", reason="total")
        self.names = frozenset(names)

    def read(self, name: str) -> bytes:
        """Inflate one part; refuses when it is larger than announced or the budget is spent."""
        entry = self._container.getinfo(name)
        limit = min(MAX_ENTRY_BYTES, self._budget, entry.file_size)
        try:
            with self._container.open(entry) as stream:
                data = stream.read(limit + 1)
        except BROKEN as error:
            raise Invalid("document.unreadable", reason="part") from error
        if len(data) > limit:
            raise Invalid("document.bomb", reason="larger than announced")
        if len(data) > RATIO_FREE_BYTES and len(data) > MAX_RATIO * max(1, entry.compress_size):
            raise Invalid("document.bomb", reason="ratio")
        self._budget -= len(data)
        return data

    def xml(self, name: str) -> Any:
        """Parse one XML part: no DOCTYPE, no entities, no network, bounded depth. Raises Invalid."""
        return parse_xml(self.read(name))


def parse_xml(data: bytes) -> Any:
    """Parse XML that must carry no DOCTYPE in any encoding; raises Invalid `document.doctype` or `.unreadable`."""
    # Looked for before parsing so that a billion laughs is never even tokenised; again after, for UTF-16 and its kin.
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or "<!DOCTYPE".encode("utf-16-le") in data:
        raise Invalid("document.doctype")
    if "<!DOCTYPE".encode("utf-16-be") in data:
        raise Invalid("document.doctype")
    if data.count(b"<") > MAX_TAGS:
        raise Invalid("document.bomb", reason="nodes")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Invalid("document.unreadable", reason="xml") from error
    if root.getroottree().docinfo.doctype:
        raise Invalid("document.doctype")
    return root


def _check_name(entry: zipfile.ZipInfo) -> None:
    raw = entry.orig_filename
    pieces = raw.replace("\\", "/").split("/")
    if raw.startswith(("/", "\\")) or ".." in pieces or "\\" in raw or (len(raw) > 1 and raw[1] == ":") or not raw:
        raise Invalid("document.names", reason="path")
    # Cc: NUL and controls; Cf: right-to-left overrides and zero-width characters that disguise a name.
    shown = raw
    if not entry.flag_bits & UTF8_NAME:
        with contextlib.suppress(UnicodeError):
            shown = raw + raw.encode("cp437").decode("utf-8")
    if any(unicodedata.category(c) in ("Cc", "Cf") for c in shown):
        raise Invalid("document.names", reason="character")


def _check_overlap(entries: list[zipfile.ZipInfo]) -> None:
    end = 0
    for entry in sorted(entries, key=lambda e: e.header_offset):
        if entry.header_offset < end:
            raise Invalid("document.bomb", reason="overlap")
        end = entry.header_offset + LOCAL_HEADER + len(entry.filename.encode("utf-8", "replace")) + entry.compress_size
