"""Two versions of a tender document side by side: what changed, for everybody and from every change to the next."""

from __future__ import annotations

from typing import Any

from flask import render_template

from accounts.access import public, reading
from bidding import queries
from bidding.routes.blueprint import blueprint, frame_of
from bidding.rules.differences import Change, Row, changes_in


@blueprint.get("/sections/<code>/documents/<slot>/<int:old>/<int:new>")
@public
def document_changes(code: str, slot: str, old: int, new: int) -> str:
    """What changed between two published versions of a document: the same page for all, who reads it is not kept."""
    with reading() as session:
        section = queries.section(session, code)
        older = queries.document_version(session, section, slot, old)
        newer = queries.document_version(session, section, slot, new)
        rows = queries.differences(session, older, newer)
        return render_template(
            "bidding/document_changes.html",
            older=older,
            newer=newer,
            blocks=blocks_of(rows) if rows is not None else None,
            count=changes_in(rows) if rows is not None else 0,
            replaced=[one for one in queries.replacements(session, section) if one.newer.slot == slot],
            **frame_of(session, section),
        )


def blocks_of(rows: list[Row]) -> list[dict[str, Any]]:
    """Changes with their numbers, and between them stretches that stayed: their ends shown, the middle folded."""
    blocks: list[dict[str, Any]] = []
    number = 0
    for row in rows:
        if row.change is not Change.SAME:
            number += 1
            blocks.append({"number": number, "row": row})
        elif blocks and "same" in blocks[-1]:
            blocks[-1]["same"].append(row)
        else:
            blocks.append({"same": [row]})
    for place, block in enumerate(blocks):
        if "same" in block:
            stayed, before, after = block.pop("same"), place > 0, place < len(blocks) - 1
            head, tail = stayed[: 1 if before else 0], stayed[len(stayed) - 1 if after else len(stayed) :]
            if len(stayed) <= len(head) + len(tail):
                head, tail = stayed, []
            folded = stayed[len(head) : len(stayed) - len(tail)]
            block |= {"head": head, "folded": folded, "tail": tail}
    return blocks
