"""What was kept as a Chinese sentence (a scan, a log of the past), told again in the reader's language for showing only.

What is stored stays as it was hashed and signed. A sentence is recognised by the msgid it was made from, the one with
most words of its own where several fit; what nobody translated, quoted text above all, stays as it is.
"""

from __future__ import annotations

import re
from functools import cache

from flask_babel import get_translations  # type: ignore[import-untyped]

HOLE = re.compile(r"%\((\w+)\)[-+ #0]*\d*(?:\.\d+)?[a-z]|%%")
LEAST = 3
"""Signs of its own a msgid with holes must have to be recognised."""

Pattern = tuple[int, re.Pattern[str], str]


def retold(text: str) -> str:
    """The sentence in the reader's language, or as it is."""
    catalogue = getattr(get_translations(), "_catalog", {})
    if not catalogue or not isinstance(text, str) or not text:
        return text
    whole = catalogue.get(text)
    if isinstance(whole, str) and whole:
        return whole
    for _, pattern, msgid in _patterns().get(text[:1], []) + _patterns().get("", []):
        found = pattern.fullmatch(text)
        if found is not None and catalogue.get(msgid):
            return _filled(catalogue[msgid], found.groupdict())
    return text


def _filled(msgstr: str, facts: dict[str, str]) -> str:
    return HOLE.sub(lambda hole: "%" if hole[0] == "%%" else facts[hole[1]], msgstr)


@cache
def _patterns() -> dict[str, list[Pattern]]:
    """Every msgid with holes as an expression, under its first sign ("" where a hole comes first), longest first."""
    made: dict[str, list[Pattern]] = {}
    for msgid in getattr(get_translations(), "_catalog", {}):
        if not isinstance(msgid, str) or HOLE.search(msgid) is None:
            continue
        own, seen, parts, at = 0, set[str](), [], 0
        for hole in HOLE.finditer(msgid):
            own += hole.start() - at
            parts.append(re.escape(msgid[at : hole.start()]))
            parts.append("%" if hole[0] == "%%" else f"(?P={hole[1]})" if hole[1] in seen else f"(?P<{hole[1]}>.+?)")
            seen |= {hole[1]} if hole[1] else set()
            at = hole.end()
        own += len(msgid) - at
        if own >= LEAST:
            pattern = re.compile("".join([*parts, re.escape(msgid[at:])]), re.DOTALL)
            made.setdefault("" if msgid.startswith("%(") else msgid[0], []).append((own, pattern, msgid))
    return {first: sorted(patterns, key=lambda one: -one[0]) for first, patterns in made.items()}
