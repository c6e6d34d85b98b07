"""Which file names may travel in an envelope: those that mean the same on every machine that will unpack them."""

from __future__ import annotations

import unicodedata

from core.errors import Invalid
from core.seal.notation import is_name

MAX_NAME = 255

# Explicit code points, not Unicode categories: categories change with the Unicode version, a verdict must not.
_REFUSED = (
    *range(0x00, 0x20),
    *range(0x7F, 0xA0),
    ord("/"),
    ord("\\"),
    0x061C,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xFFFE, 0x10000),
)
_UNSAFE = frozenset(map(chr, _REFUSED))


def check_name(name: str) -> None:
    """Refuse a file name that is a path, hides characters, or cannot stand on a common file system.

    Refused: empty, "." and "..", slashes of both kinds, control, bidirectional, zero-width and tag characters, lone
    surrogates, a blank at either end (seal.name_unsafe); more than 255 bytes of UTF-8 (seal.name_too_long).
    """
    unsafe = (
        name in ("", ".", "..")
        or name != name.strip()
        or any(c in _UNSAFE or 0xD800 <= ord(c) <= 0xDFFF or 0xE0000 <= ord(c) <= 0xE007F for c in name)
    )
    if unsafe:
        raise Invalid("seal.name_unsafe", field="name", name=ascii(name)[1:-1])
    if len(name.encode("utf-8")) > MAX_NAME:
        raise Invalid("seal.name_too_long", field="name", name=name, limit=MAX_NAME)


def check_slot(slot: str) -> None:
    """Refuse a slot that is not a plain code (a–z first, then a–z 0–9 _, at most 32)."""
    if not is_name(slot):
        raise Invalid("seal.slot_invalid", field="slot", slot=ascii(slot)[1:-1])


def name_key(name: str) -> str:
    """What two names have in common when some file system would let one overwrite the other."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
