"""What an archive tells, read member by member when a check asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from awards.rules.container import Members
from core.errors import Invalid
from core.ledger.notes import Head, Verifier, open_head
from opening.rules import published_members

OPENED = frozenset({"opened_by_bidder", "opened_by_trustees", "opened_from_backup", "rejected"})


def need(holds: bool, code: str, **facts: Any) -> None:
    """Raise Invalid(code) unless the claim holds."""
    if not holds:
        raise Invalid(code, **facts)


class Told:
    """What the archive tells, member by member, read when a check asks for it."""

    def __init__(self, container: Members, verifier: Verifier) -> None:
        self.container = container
        self.verifier = verifier

    def __getattr__(self, name: str) -> Any:
        """`told.bids` is the content of bids.json."""
        value = self.container.json(f"{name}.json")
        setattr(self, name, value)
        return value

    @cached_property
    def final(self) -> Head:
        """The head under which every told entry stands."""
        return open_head(self.ledger["checkpoint"], self.verifier)

    @cached_property
    def closing(self) -> Head:
        """The head signed at the closing barrier."""
        return open_head(self.ledger["closing"], self.verifier)

    @cached_property
    def later(self) -> list[str]:
        """The envelopes that the published notice keeps sealed for a second sitting (双信封)."""
        notices = self.facts_of("notice.tender", f"section:{self.project['section']['code']}")
        told = notices[0]["content"].get("envelopes", []) if notices else []
        return [one["envelope"] for one in told if one["opens"] == "second"]

    @cached_property
    def clarified(self) -> list[dict[str, Any]]:
        """What the committee asked bidders; older archives have no such member."""
        rows: list[dict[str, Any]] = []
        if "bid_clarifications.json" in self.container.members:
            rows = self.container.json("bid_clarifications.json")
        return rows

    @cached_property
    def opined(self) -> list[dict[str, Any]]:
        """What the reference opinions said; older archives have no such member."""
        rows: list[dict[str, Any]] = []
        if "opinions.json" in self.container.members:
            rows = self.container.json("opinions.json")
        return rows

    @cached_property
    def anonymous(self) -> list[str]:
        """The envelopes whose author the published notice hides until the blind round is locked (暗标)."""
        notices = self.facts_of("notice.tender", f"section:{self.project['section']['code']}")
        told = notices[0]["content"].get("envelopes", []) if notices else []
        return [one["envelope"] for one in told if one["anonymous"]]

    @cached_property
    def consortia(self) -> dict[int, list[dict[str, Any]]]:
        """The members of each bid's consortium as published with the names, by the bid's number; empty: bids alone."""
        return {bid["number"]: published_members(bid["identity"], bid["faults"]) for bid in self.bids}

    @cached_property
    def entries(self) -> dict[int, dict[str, Any]]:
        """Every told entry by index."""
        return {entry["index"]: entry for entry in self.ledger["entries"]}

    def facts_of(self, kind: str, subject: str | None = None) -> list[Any]:
        """The facts of every told entry of a kind (and subject), oldest first."""
        return [
            entry["facts"]
            for entry in self.ledger["entries"]
            if entry["kind"] == kind and subject in (None, entry["subject"])
        ]

    def places(self, kind: str, subject: str) -> list[int]:
        """Where the told entries of a kind about a subject stand in the log, ascending."""
        return [e["index"] for e in self.ledger["entries"] if e["kind"] == kind and e["subject"] == subject]

    def one_fact(self, kind: str, subject: str | None = None) -> Any:
        """The facts of the one entry of that kind; archive.entry_missing when there is none or more than one."""
        found = self.facts_of(kind, subject)
        need(len(found) == 1, "archive.entry_missing", kind=kind, found=len(found))
        return found[0]


def need_list(value: Any, path: str) -> None:
    """Raise archive.json unless the value is a list: an empty object would say as little as an empty list."""
    need(isinstance(value, list), "archive.json", path=path)


def need_object(told: Told, sha256: str) -> None:
    """Raise archive.object unless the object of that hash is in the archive."""
    held = told.container.members.get(f"objects/{sha256}")
    need(held is not None and held.sha256 == sha256, "archive.object", sha256=sha256)


def need_consortia(told: Told, rows: Sequence[dict[str, Any]], what: str) -> None:
    """Raise archive.untold unless every row names, by its `number`, the whole consortium of the bid."""
    named = all((row.get("consortium") or []) == told.consortia[row["number"]] for row in rows)
    need(named, "archive.untold", what=what)
