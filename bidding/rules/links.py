"""Clause-to-page links (条款关联): which file and pages a bidder says to answer a criterion or clause with.

`links.json` lies in the slot `links` of each envelope and speaks of that envelope's files only (docs/spec/links.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.errors import Invalid
from core.seal import canonical, read_canonical

TYPE = "sunbid-links/v1"
SLOT, FILE = "links", "links.json"
MAX_LINKS = 500
MAX_PAGE = 100_000
MAX_BYTES = 256 * 1024
MOST_PLACE = 80
_KEYS = {"clause", "slot", "file", "from", "to", "place"}

Json = Mapping[str, Any]


def clauses_of(preparation: Json, group: str) -> dict[str, str]:
    """Code → name of what files of that group can answer; the review's clauses stand with the qualification."""
    found = {item["code"]: item["name"] for item in preparation["criteria"] if item["group"] == group}
    if group == "qualification":
        found |= {item["code"]: item["text"] for item in preparation["review"]}
    return found


def broken(link: Json, files: Sequence[Json]) -> tuple[str, str, str]:
    """(code, expected, found) of what is wrong with a draft's link, empty texts when nothing is.

    The file must be one of the draft's; pages are whole numbers in order, within the file's pages where those are
    known; without pages a place in words must be given (a Word file has no fixed pages).
    """
    file = next(
        (file for file in files if all(file[key] == link.get(name) for key, name in _FILE.items())),
        None,
    )
    if file is None:
        return "links.file", "", str(link.get("file") or "")
    first, last = link.get("from"), link.get("to")
    if first is None and last is None:
        return ("", "", "") if str(link.get("place") or "").strip() else ("links.empty", "", file["name"])
    if type(first) is not int or type(last) is not int or not 1 <= first <= last <= MAX_PAGE:
        return "links.range", "", f"{first}–{last}"
    pages = file.get("pages")
    if pages is not None and last > pages:
        return "links.pages", str(pages), str(last)
    return "", "", ""


_FILE = {"envelope": "envelope", "slot": "slot", "name": "file"}


def build_links(section: str, envelope: str, links: Iterable[Json]) -> bytes | None:
    """The canonical bytes of an envelope's links.json; None where no link speaks of its files.

    Invalid("links.malformed") for a draft's link that no reader would take.
    """
    own = [
        {
            "clause": link["clause"],
            "slot": link["slot"],
            "file": link["file"],
            "from": link.get("from"),
            "to": link.get("to"),
            "place": str(link.get("place") or "").strip()[:MOST_PLACE],
        }
        for link in links
        if link["envelope"] == envelope
    ]
    if not own:
        return None
    data = canonical({"type": TYPE, "section": section, "envelope": envelope, "links": own})
    read_links(data, section=section, envelope=envelope)
    return data


def read_links(data: bytes, *, section: str, envelope: str) -> list[dict[str, Any]]:
    """The links of an opened envelope's links.json; Invalid("links.malformed") naming the place."""
    try:
        value = read_canonical(data, MAX_BYTES)
    except Invalid:
        raise Invalid("links.malformed", field="links", place="json") from None
    whole = set(value) == {"type", "section", "envelope", "links"} and value["type"] == TYPE
    if not whole or value["section"] != section or value["envelope"] != envelope:
        raise Invalid("links.malformed", field="links", place="type")
    links = value["links"]
    if not isinstance(links, list) or not 0 < len(links) <= MAX_LINKS:
        raise Invalid("links.malformed", field="links", place="links")
    for number, link in enumerate(links, 1):
        if not _is_link(link):
            raise Invalid("links.malformed", field="links", place=f"links.{number}")
    return links


def _is_link(link: Any) -> bool:
    if not isinstance(link, dict) or set(link) != _KEYS:
        return False
    texts = all(isinstance(link[key], str) and len(link[key]) <= 255 for key in ("clause", "slot", "file", "place"))
    if not texts or not link["place"].isprintable() or len(link["place"]) > MOST_PLACE:
        return False
    first, last = link["from"], link["to"]
    if first is None and last is None:
        return bool(link["place"])
    return type(first) is int and type(last) is int and 1 <= first <= last <= MAX_PAGE
