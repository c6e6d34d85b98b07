"""The export of a closed file for one class: what it may see opened, all else as its leaf; made offline by anybody."""

from __future__ import annotations

from typing import Any, BinaryIO

import rfc8785

from awards.rules.container import END, Container, Members, Source, header
from awards.rules.disclosure import MEMBER, commitment, may_see, parts
from core.errors import Invalid

TYPE = "sunbid-export/v1"
EXPORT = "export.json"


def exported(container: Container, klass: str, bid: int | None = None) -> tuple[dict[str, Any], list[str]]:
    """`export.json` for the class and the hashes of the objects that go with it; the same bytes whoever makes it.

    `bid`: the number of the bid whose bidder it is for, among the parties: their own parts are opened too.

    Invalid("archive.missing") for an older archive that has no leaves.
    """
    manifest, held = container.json("manifest.json"), container.json(MEMBER)
    found = parts(held["edition"], json_paths(container), container.json, object_sizes(container))
    if len(found) != len(held["salts"]):
        raise Invalid("archive.disclosure", place=MEMBER)
    leaves: list[dict[str, Any]] = []
    objects = []
    for part, salt in zip(found, held["salts"], strict=True):
        leaf: dict[str, Any] = {"class": part.klass, "place": part.place}
        if may_see(klass, bid, part.klass):
            leaf |= {"salt": salt, "value": part.value}
            if part.place.startswith("objects#"):
                objects.append(part.value["sha256"])
        else:
            leaf["commitment"] = commitment(salt, part.value)
        leaves.append(leaf)
    told = {
        "type": TYPE,
        "section": manifest["section"],
        "platform_key": manifest["platform_key"],
        "class": klass,
        "note": held["note"],
        "leaves": leaves,
        **({} if bid is None else {"bid": bid}),
    }
    return told, sorted(objects)


def json_paths(container: Members) -> list[str]:
    """The JSON members that have leaves."""
    return [path for path in container.members if path.endswith(".json") and path not in ("manifest.json", MEMBER)]


def object_sizes(container: Members) -> dict[str, int]:
    """Every object with its size."""
    return {
        path.removeprefix("objects/"): held.size
        for path, held in container.members.items()
        if path.startswith("objects/")
    }


def write_export(out: BinaryIO, container: Container, klass: str, bid: int | None = None) -> None:
    """Write the export as a canonical tar: `export.json`, then its objects by hash."""
    told, objects = exported(container, klass, bid)
    raw = rfc8785.dumps(told)
    _write(out, EXPORT, len(raw), Source(EXPORT, raw).chunks())
    for sha256 in objects:
        path = f"objects/{sha256}"
        _write(out, path, container.members[path].size, container.chunks(path))
    out.write(END)


def _write(out: BinaryIO, path: str, size: int, chunks: Any) -> None:
    out.write(header(path, size))
    for chunk in chunks:
        out.write(chunk)
    out.write(bytes(-size % 512))
