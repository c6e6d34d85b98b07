"""A supplement to a closed file: a layer that names the bytes it stands on, asked by one, approved by another."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any, BinaryIO

import rfc8785

from awards.rules.container import END, Container, Source, header, open_container
from core.errors import Invalid
from core.ledger import merkle
from core.ledger.log import facts_digest
from core.ledger.notes import Signer, Verifier, open_head

TYPE = "sunbid-layer/v1"
LAYER, NOTE = "layer.json", "layer.note"


def note_body(section: str, number: int, raw: bytes) -> str:
    """What the platform signs: type, section, number, base64 SHA-256 of `layer.json`, one line each."""
    return f"{TYPE}\n{section}\n{number}\n{base64.b64encode(hashlib.sha256(raw).digest()).decode()}\n"


def write_layer(out: BinaryIO, told: dict[str, Any], signer: Signer, files: Iterable[Source]) -> None:
    """Write `layer.json`, its note, then the files as objects by hash."""
    raw = rfc8785.dumps({"type": TYPE, "platform_key": str(signer.verifier), **told})
    note = signer.note(note_body(told["section"], told["number"], raw)).encode()
    for source in [Source(LAYER, raw), Source(NOTE, note), *sorted(files, key=lambda one: one.path)]:
        size = source.size()
        out.write(header(source.path, size))
        for chunk in source.chunks():
            out.write(chunk)
        out.write(bytes(-size % 512))
    out.write(END)


def check_layer(
    file: BinaryIO, *, number: int, previous: str, section: str, key: Verifier, after: int = 0
) -> dict[str, Any]:
    """`{"number", "files"}` of a layer that stands on the bytes with the hash `previous`; Invalid where it does not.

    `after`: the size of the log when those bytes were sealed.

    Container, signature, order in the row of layers, exactly its files, two different people, and both their acts in
    the log under the platform's head.
    """
    held = open_container(file)
    told = held.json(LAYER)
    stands = (told["type"], told["section"], told["number"], told["previous"], told["platform_key"])
    if stands != (TYPE, section, number, previous, str(key)):
        raise Invalid("archive.layer", number=number, what="previous")
    body = note_body(section, number, held.read(LAYER))
    note = held.read(NOTE).decode("utf-8", errors="replace")
    try:
        signed = key.check(note)
    except Invalid:
        signed = ""
    if signed != body or note.count("\n") != body.count("\n") + 2 or not note.endswith("\n"):
        raise Invalid("archive.layer", number=number, what="signature")
    _check_files(held, told, number)
    _check_people(told, number, key)
    if told["entries"][0]["index"] < after:
        raise Invalid("archive.layer", number=number, what="ledger")
    return {"number": number, "files": len(told["files"])}


def _check_files(held: Container, told: dict[str, Any], number: int) -> None:
    listed = {f"objects/{row['sha256']}": row for row in told["files"]}
    order = [LAYER, NOTE, *sorted(listed)]
    whole = list(held.members) == order and all(
        (held.members[path].sha256, held.members[path].size) == (row["sha256"], row["size"])
        for path, row in listed.items()
    )
    if not whole:
        raise Invalid("archive.layer", number=number, what="files")


def _check_people(told: dict[str, Any], number: int, key: Verifier) -> None:
    head = open_head(told["checkpoint"], key)
    asked, approved = told["entries"]
    subject = f"supplement:{told['section']}:{number}"
    meant = {name: told[name] for name in ("item", "reason", "files")}
    for entry, kind in ((asked, "supplement.ask"), (approved, "supplement.approve")):
        leaf = {name: entry[name] for name in ("at", "digest", "index", "kind", "subject")}
        steps = [bytes.fromhex(step) for step in entry["proof"]]
        row = merkle.leaf_hash(rfc8785.dumps(leaf))
        holds = (
            (entry["kind"], entry["subject"]) == (kind, subject)
            and facts_digest(entry["salt"], entry["facts"]) == entry["digest"]
            and merkle.verify_inclusion(row, entry["index"], head.size, steps, head.root)
        )
        if not holds:
            raise Invalid("archive.layer", number=number, what="ledger")
    facts = asked["facts"]
    same = {name: facts[name] for name in meant} == meant and asked["index"] < approved["index"]
    if not same or approved["facts"]["previous"] != told["previous"]:
        raise Invalid("archive.layer", number=number, what="ledger")
    if facts["by"] == approved["facts"]["by"] or (facts["by"], approved["facts"]["by"]) != (
        told["by"],
        told["approved_by"],
    ):
        raise Invalid("archive.layer", number=number, what="people")
