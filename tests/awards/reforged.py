"""Rewriting a closed file's whole ledger the way its owner could: entries changed, heads, receipts, proofs made anew.

The strongest insider: whoever holds the ledger's key before anybody outside has seen a head writes a history that is
whole in itself. What is still wrong in it is what the file itself must tell.
"""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable
from typing import Any

import rfc8785

from awards.rules.completeness import judge
from awards.rules.container import open_container
from bidding.rules.receipt import build_receipt
from core.clock import from_iso
from core.ledger import merkle
from core.ledger.log import facts_digest
from core.ledger.notes import Head, Signer, open_head
from tests.awards.refiled import Members, members_of, packed

LEAF = ("at", "digest", "index", "kind", "subject")
Entry = dict[str, Any]


class History:
    """A closed file taken apart: its members as values, its entries; leaves that are not told may be used up."""

    def __init__(self, raw: bytes, signer: Signer) -> None:
        self.signer = signer
        manifest = open_container(io.BytesIO(raw)).json("manifest.json")
        self.section, self.built_at = manifest["section"], manifest["built_at"]
        kept = members_of(raw)
        self.members: dict[str, Any] = {path: json.loads(raw) for path, raw in kept.items() if path.endswith(".json")}
        self.objects: Members = {path: raw for path, raw in kept.items() if not path.endswith(".json")}
        self.ledger = self.members["ledger.json"]
        self.size = open_head(self.ledger["checkpoint"], signer.verifier).size
        self.closing = open_head(self.ledger["closing"], signer.verifier).size
        self.entries: list[Entry] = self.ledger["entries"]

    def of(self, kind: str, subject: str | None = None) -> list[Entry]:
        """The told entries of a kind."""
        return [e for e in self.entries if e["kind"] == kind and subject in (None, e["subject"])]

    def one(self, kind: str, subject: str | None = None) -> Entry:
        """The last told entry of a kind."""
        return self.of(kind, subject)[-1]

    def drop(self, entry: Entry) -> None:
        """Tell this entry no more: another's leaf stands in its place."""
        self.entries.remove(entry)

    def put(self, after: int, kind: str, subject: str, facts: Any, at: str | None = None) -> Entry:
        """Tell a new entry in the first place after `after` that is not told; entries behind move up by one if none is.

        `after`: an index. The instant is that of the entry before unless given.
        """
        before = max((e for e in self.entries if e["index"] <= after), key=lambda e: int(e["index"]))
        self.shift(after + 1)
        entry = {"at": at or before["at"], "digest": "", "index": after + 1, "kind": kind, "subject": subject,
                 "facts": facts, "salt": "5a" * 32, "proof": []}  # fmt: skip
        self.entries.append(entry)
        self.entries.sort(key=lambda e: int(e["index"]))
        return entry

    def shift(self, start: int) -> None:
        """Make room for one leaf at `start`: every index, size and place behind it is one more."""

        def moved(value: Any, name: str = "") -> Any:
            if isinstance(value, dict):
                return {key: moved(held, key) for key, held in value.items()}
            if isinstance(value, list):
                return [moved(held) for held in value]
            is_place = name in ("leaf_index", "index", "closing_size") and type(value) is int
            return value + 1 if is_place and value >= start else value

        for path in list(self.members):
            self.members[path] = moved(self.members[path])
        self.ledger = self.members["ledger.json"]
        self.entries = self.ledger["entries"]
        self.size += 1
        self.closing += self.closing > start

    def sealed(self) -> bytes:
        """The file again: digests, closed root, tree, proofs, heads, receipts, leaves, manifest; all signed."""
        self._close()
        leaves = [merkle.leaf_hash(rfc8785.dumps(["not told", index])) for index in range(self.size)]
        for entry in self.entries:
            if entry["kind"] != "commitment":
                entry["digest"] = facts_digest(entry["salt"], entry["facts"])
            leaves[entry["index"]] = merkle.leaf_hash(rfc8785.dumps({name: entry[name] for name in LEAF}))
        node = merkle.nodes_of(leaves)

        def head(size: int) -> str:
            return self.signer.note(Head(self.signer.verifier.name, size, merkle.root(node, size)).text())

        def grown(size: int) -> list[str]:
            return [step.hex() for step in merkle.consistency_proof(node, size, self.size)]

        for entry in self.entries:
            entry["proof"] = [step.hex() for step in merkle.inclusion_proof(node, entry["index"], self.size)]
        self.ledger["checkpoint"], self.ledger["closing"] = head(self.size), head(self.closing)
        self.ledger["consistency"] = grown(self.closing)
        for row in self.members["trust.json"]["heads"]:
            size = open_head(row["checkpoint"], self.signer.verifier).size
            row["checkpoint"], row["consistency"] = head(size), grown(size)
        told = {entry["index"]: entry for entry in self.entries}
        for row in self.members["submissions.json"]:
            index, old = row["leaf_index"], row["receipt"]
            if index not in told:
                continue
            row["receipt"] = build_receipt(
                section=old["section"], kind=old["kind"], submission_digest=row["digest"],
                leaf_commitment=row["leaf_commitment"], received_at=from_iso(row["received_at"]),
                leaf={name: told[index][name] for name in LEAF}, checkpoint=head(index + 1),
                inclusion_proof=[step.hex() for step in merkle.inclusion_proof(node, index, index + 1)],
                platform_key=str(self.signer.verifier), sign=self.signer.sign,
            )  # fmt: skip
        self._judge()
        raw = {path: rfc8785.dumps(value) for path, value in self.members.items()}
        return packed(raw | self.objects, self.section, self.built_at, self.signer)

    def _judge(self) -> None:
        """The list of what must be there, counted again."""
        held = self.members.get("completeness.json")
        if held is None:
            return
        held["rows"] = judge(
            held["edition"],
            regime=self.members["project.json"]["regime"],
            procedure=self.members["project.json"]["procedure"],
            told=[entry["kind"] for entry in self.entries],
            member=self.members.__getitem__,
            objects=len(self.objects),
        )

    def _close(self) -> None:
        """What was convened has the root of what it names."""
        for entry in self.of("opening.convene"):
            items = [merkle.leaf_hash(rfc8785.dumps(item)) for item in entry["facts"]["closed_set"]]
            entry["facts"]["closed_root"] = merkle.root(merkle.nodes_of(items), len(items)).hex()


def rewritten(raw: bytes, signer: Signer, lie: Callable[[History], None]) -> bytes:
    """The file with this lie told through all of it."""
    history = History(raw, signer)
    lie(history)
    return history.sealed()


def copy_of(value: Any) -> Any:
    """A deep copy of a JSON value."""
    return copy.deepcopy(value)
