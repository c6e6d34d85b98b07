"""Checks of the file as a file: that it is complete by the list in force when it was sealed."""

from __future__ import annotations

import re
from typing import Any

from awards.rules import disclosure as classes
from awards.rules.completeness import LACKS, LATER, Required, digest_of, edition_at, editions, judge
from awards.rules.disclosure import MEMBER
from awards.rules.export import json_paths, object_sizes
from awards.rules.verdict.told import Told, need
from core.errors import Invalid
from core.ledger.notes import Verifier

SALT = re.compile(r"[0-9a-f]{64}")


def check_completeness(told: Told) -> dict[str, Any]:
    """The list is the edition in force when the file was sealed, its rows follow from the file, and nothing lacks."""
    built_at = told.container.json("manifest.json")["built_at"]
    if "completeness.json" not in told.container.members:
        need(built_at[:10] < editions()[0]["from"], "archive.missing", path="completeness.json")
        return {"there": 0, "later": 0}
    held = told.completeness
    same = digest_of(held["edition"]) == digest_of(edition_at(built_at))
    need(same, "archive.edition", found=str(held["edition"].get("edition"))[:20])
    rows = judge(
        held["edition"],
        regime=told.project["regime"],
        procedure=told.project["procedure"],
        told=[entry["kind"] for entry in told.ledger["entries"]],
        member=told.container.json,
        objects=sum(path.startswith("objects/") for path in told.container.members),
    )
    lacking = [row["code"] for row in rows if row["state"] == LACKS]
    need(
        not lacking,
        "archive.incomplete",
        codes=[Required(code) for code in lacking],
        files=[],
        section=told.project["section"]["code"],
    )
    need(rows == held["rows"], "archive.completeness")
    return {"there": len([row for row in rows if row["found"]]), "later": sum(row["state"] == LATER for row in rows)}


def check_disclosure(told: Told) -> dict[str, Any]:
    """Every part of the file is a salted leaf of the class that the list gives it, under a root the platform signed."""
    built_at = told.container.json("manifest.json")["built_at"]
    if MEMBER not in told.container.members:
        need(built_at[:10] < classes.editions()[0]["from"], "archive.missing", path=MEMBER)
        return {"leaves": 0}
    held = told.disclosure
    same = digest_of(held["edition"]) == digest_of(classes.edition_at(built_at))
    need(same, "archive.edition", found=str(held["edition"].get("edition"))[:20])
    found = classes.parts(
        held["edition"], json_paths(told.container), told.container.json, object_sizes(told.container)
    )
    salts = held["salts"]
    fresh = len(salts) == len(found) == len(set(salts)) and all(SALT.fullmatch(salt) for salt in salts)
    need(fresh, "archive.disclosure", place="salts")
    leaves = classes.leaves_of(found, salts)
    body = classes.note_body(told.project["section"]["code"], len(leaves), classes.root_of(leaves))
    check_note(told.verifier, held["note"], body)
    return {"leaves": len(leaves)}


def check_note(verifier: Verifier, note: str, body: str) -> None:
    """The note is the platform's over exactly this body, with no other line."""
    try:
        signed = verifier.check(note)
    except Invalid:
        raise Invalid("archive.disclosure", place="note") from None
    alone = note.count("\n") == body.count("\n") + 2 and note.endswith("\n")
    need(signed == body and alone, "archive.disclosure", place="note")
