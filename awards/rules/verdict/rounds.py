"""Claim about the round before final offers: told whole in the file of the last round, and recounted the same way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from awards.rules.container import Members
from awards.rules.verdict import bids, course, log, outsiders
from awards.rules.verdict.told import OPENED, Told, need
from core.errors import Invalid

MEMBER = "first_round.json"
CHECKS: tuple[Callable[[Told], dict[str, Any]], ...] = (
    log.check_heads,
    log.check_entries,
    outsiders.check_trust,
    log.check_policies,
    log.check_notices,
    bids.check_submissions,
    bids.check_closing,
    course.check_round,
    bids.check_identities,
    bids.check_originals,
)
"""What is asked of the first round as of any other."""


class _Round:
    """The archive as the file of its first round would be: that round's members, the same objects."""

    def __init__(self, container: Members, told: dict[str, Any]) -> None:
        self._container = container
        self._told = told
        self.members = {path: held for path, held in container.members.items() if path.startswith("objects/")}

    def json(self, path: str) -> Any:
        """A member of the round."""
        return self._told[path.removesuffix(".json")]

    def copy(self, path: str, to: Path) -> None:
        """Copy an object to a file."""
        self._container.copy(path, to)


def check_first_round(told: Told) -> dict[str, Any]:
    """Final offers are told with the round they follow, and whoever was opened in the last had been in the first."""
    section = told.project["section"]["code"]
    calls = told.facts_of("notice.final_offers", f"section:{section}")
    need((MEMBER in told.container.members) == bool(calls), "archive.first_round", what="member")
    if not calls:
        return {"rounds": 1, "submissions": 0, "opened": 0}
    first = Told(_Round(told.container, told.first_round), told.verifier)
    code = told.first_round["section"]
    need(
        code == calls[0]["content"]["first_round"] == first.project["section"]["code"], "archive.first_round", what=code
    )
    need(first.ledger["checkpoint"] == told.ledger["checkpoint"], "archive.first_round", what="checkpoint")
    found = dict[str, Any]()
    for check in CHECKS:
        try:
            found |= check(first)
        except Invalid as refusal:
            what = f"{check.__name__.removeprefix('check_')}: {refusal.code}"
            raise Invalid("archive.first_round", what=what) from refusal
    called = first.one_fact("section.call_final", f"section:{code}")
    need(called["final"] == section, "archive.first_round", what="call_final")
    opened = {bid["identifier"] for bid in first.bids if bid["state"] in OPENED}
    strangers = [bid["number"] for bid in told.bids if bid["state"] in OPENED and bid["identifier"] not in opened]
    need(not strangers, "archive.first_round", what=f"bids {strangers}")
    older: dict[str, Any] = {name: found[name] for name in ("how", "undated") if name in found}
    return {"rounds": 2, "submissions": len(first.submissions), "opened": len(opened), **older}
