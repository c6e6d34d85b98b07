"""Checks of the file as a file: that it is complete by the list in force when it was sealed."""

from __future__ import annotations

from typing import Any

from awards.rules.completeness import LACKS, LATER, Required, digest_of, edition_at, editions, judge
from awards.rules.verdict.told import Told, need


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
