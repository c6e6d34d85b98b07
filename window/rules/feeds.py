"""Feeds as text: notices as Atom (RFC 4287), dates of sections as iCalendar (RFC 5545); pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import escape

from core.clock import iso


@dataclass(frozen=True)
class Item:
    """One entry of a feed: what it is called, where it is, when it came, its kind in words."""

    title: str
    address: str
    at: datetime
    kind: str


@dataclass(frozen=True)
class Date:
    """One date of a section: a lasting name, what happens, when, where to read more, when it was last set."""

    uid: str
    title: str
    at: datetime
    address: str
    set_at: datetime


def atom(title: str, address: str, own: str, items: Iterable[Item], *, now: datetime, author: str) -> str:
    """An Atom feed, newest first; `own` is its own address."""
    items = list(items)
    updated = max((item.at for item in items), default=now)
    entries = "".join(
        f"<entry><id>{escape(item.address)}</id><title>{escape(_clean(item.title))}</title>"
        f'<link href="{escape(item.address)}"/><published>{iso(item.at)}</published><updated>{iso(item.at)}</updated>'
        f'<category term="{escape(item.kind)}"/></entry>'
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f'<id>{escape(own)}</id><title>{escape(_clean(title))}</title><link rel="self" href="{escape(own)}"/>'
        f'<link href="{escape(address)}"/><updated>{iso(updated)}</updated>'
        f"<author><name>{escape(author)}</name></author>{entries}</feed>\n"
    )


def calendar(name: str, dates: Iterable[Date]) -> str:
    """A calendar of single instants, in UTC; lines folded at 75 octets, no reminder forced on anybody."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Sunbid//zh", "CALSCALE:GREGORIAN", f"X-WR-CALNAME:{_text(name)}",
    ]  # fmt: skip
    for date in dates:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_text(date.uid)}",
            f"DTSTAMP:{_utc(date.set_at)}",
            f"DTSTART:{_utc(date.at)}",
            f"DTEND:{_utc(date.at)}",
            f"SUMMARY:{_text(date.title)}",
            f"URL:{date.address}",
            "END:VEVENT",
        ]
    return "".join(_folded(line) for line in [*lines, "END:VCALENDAR"])


def _clean(text: str) -> str:
    """Text without what XML 1.0 does not allow."""
    return re.sub(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def _text(text: str) -> str:
    for sign, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        text = text.replace(sign, written)
    return text


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _folded(line: str) -> str:
    """The line in pieces of at most 75 octets, never within a character, each but the first after a space."""
    pieces: list[str] = []
    piece = ""
    for sign in line:
        if len((piece + sign).encode()) > 74 + (not pieces):
            pieces.append(piece)
            piece = ""
        piece += sign
    return "\r\n ".join([*pieces, piece]) + "\r\n"
