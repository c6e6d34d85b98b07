"""The closing: at the barrier every handle's last word is resolved and the set is frozen (PROOF, decision 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import rfc8785

from bidding import queries, rules
from bidding.models import Section, Submission
from core.act import Act
from core.clock import iso
from core.errors import Conflict, Untimely
from core.ledger import merkle
from core.machine import advance


@dataclass(frozen=True)
class ClosedSet:
    """What counts at the closing, in the order of the log, and the Merkle root over it (RFC 6962, hex).

    A leaf is the canonical JSON of one item {submission_digest, leaf_index, received_at}.
    """

    items: list[dict[str, Any]]
    root: str


def close_section(act: Act, section: Section) -> ClosedSet:
    """Close a section for submissions; afterwards each one is sealed, superseded or withdrawn and the set is final.

    The caller enters `rules.turnstile(section.code)` alone, so that whoever was stamped before the deadline has
    committed. Safe twice: a closed section gives its set again. Raises Untimely("section.close_early") before the
    deadline (R-250), Conflict("clock.diverged") while clocks are apart, Conflict("section.state") for a draft,
    Conflict("section.suspended") while an objection to the documents is open (R-135), Conflict("section.stale") when
    another act was first.
    """
    if section.state in queries.AFTER_CLOSING:
        return closed_set(act, section)
    if section.state == "suspended":
        raise Conflict("section.suspended", section=section.code)
    if section.state != "submission_open":
        raise Conflict("section.not_open", section=section.code, state=section.state)
    if not rules.is_late(act.now, section.closing_at):
        raise Untimely("section.close_early", deadline=section.closing_at, at=act.now)
    if act.reading is not None and act.reading.dissent:
        # A deadline is closed once; with clocks apart nobody could say whether too early (PROOF T5).
        raise Conflict("clock.diverged", section=section.code, dissent=list(act.reading.dissent))
    chains: dict[str, list[Submission]] = {}
    for row in queries.submissions(act.session, section):
        chains.setdefault(row.handle, []).append(row)
    section.closed_at = act.now
    # The section first: whoever comes second finds another epoch and touches no submission.
    advance(act, section, "close", deadline=iso(section.closing_at), submissions=sum(map(len, chains.values())))
    for rows in chains.values():
        _resolve(act, sorted(rows, key=lambda row: row.sequence))
    return closed_set(act, section)


def closed_set(act: Act, section: Section) -> ClosedSet:
    """The set that was frozen at the closing; unmasked decoys stay in it, for the root was signed with them."""
    if section.state not in queries.AFTER_CLOSING:
        raise Conflict("section.not_closed", section=section.code)
    items: list[dict[str, Any]] = [
        {"submission_digest": row.digest, "leaf_index": row.leaf_index, "received_at": iso(row.received_at)}
        for row in queries.submissions(act.session, section)
        if row.state in queries.COUNTED
    ]
    leaves = [merkle.leaf_hash(rfc8785.dumps(item)) for item in items]
    return ClosedSet(items, merkle.root(merkle.nodes_of(leaves), len(leaves)).hex())


def _resolve(act: Act, rows: list[Submission]) -> None:
    """The last row before the deadline counts; a withdrawal takes all with it: 撤回, which costs no bond (R-206)."""
    last = rows[-1]
    if last.kind == "withdraw":
        for row in rows:
            advance(act, row, "withdraw")
        return
    for row in rows[:-1]:
        advance(act, row, "supersede")
    advance(act, last, "seal", leaf_index=last.leaf_index)
