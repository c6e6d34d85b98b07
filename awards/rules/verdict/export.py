"""The verdict on an export: the leaves, what is hidden and what is not, the files, the log, the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import rfc8785

from awards.rules.container import Container
from awards.rules.disclosure import CLASSES, PARTY, PUBLIC, commitment, is_personal, may_see, note_body, root_of
from awards.rules.export import EXPORT, TYPE
from awards.rules.verdict.filing import check_note
from awards.rules.verdict.told import need
from core.errors import Invalid, Missing, Refusal
from core.ledger import merkle
from core.ledger.log import facts_digest
from core.ledger.notes import Verifier, open_head

ENTRIES = "ledger.json#/entries/"
SHAPES = (
    {"type", "section", "platform_key", "class", "note", "leaves"},
    {"class", "place", "commitment"},
    {"class", "place", "salt", "value"},
)


class Shown:
    """What an export shows."""

    def __init__(self, container: Container, key: Verifier | None) -> None:
        self.container = container
        self.told: dict[str, Any] = container.json(EXPORT)
        need(
            set(self.told) - {"bid"} == SHAPES[0] and self.told["type"] == TYPE,
            "archive.type",
            found=str(self.told.get("type")),
        )
        bid = self.told.get("bid")
        need("bid" not in self.told or (type(bid) is int and self.told["class"] == PARTY), "archive.type", found="bid")
        need(self.told["class"] in CLASSES, "archive.type", found=str(self.told["class"])[:20])
        self.verifier = Verifier.parse(str(self.told["platform_key"]))
        same = key is None or str(key) == str(self.verifier)
        need(same, "archive.key", expected=str(key), found=str(self.verifier))
        for leaf in self.told["leaves"]:
            need(set(leaf) in SHAPES[1:], "archive.disclosure", place=str(leaf.get("place"))[:80])

    @cached_property
    def opened(self) -> dict[str, Any]:
        """What every opened leaf says, by its place."""
        return {leaf["place"]: leaf["value"] for leaf in self.told["leaves"] if "value" in leaf}

    def rows(self, stem: str) -> Iterator[tuple[str, Any]]:
        """The public part of every row of a list, with the place before its class."""
        for place, value in self.opened.items():
            if place.startswith(stem) and place.endswith(f":{PUBLIC}"):
                yield place.removesuffix(PUBLIC), value


def check_leaves(shown: Shown) -> dict[str, Any]:
    """Every leaf, opened or hidden, stands under the root that the platform signed when it sealed the file."""
    leaves = [
        leaf if "commitment" in leaf else {**leaf, "commitment": commitment(leaf["salt"], leaf["value"])}
        for leaf in shown.told["leaves"]
    ]
    body = note_body(shown.told["section"], len(leaves), root_of(leaves))
    check_note(shown.verifier, shown.told["note"], body)
    return {"leaves": len(leaves)}


def check_redactions(shown: Shown) -> dict[str, Any]:
    """Nothing the class may see is hidden, nothing else is opened, no personal data is public."""
    klass, bid, hidden = shown.told["class"], shown.told.get("bid"), 0
    for leaf in shown.told["leaves"]:
        open_ = "value" in leaf
        hidden += not open_
        may = may_see(klass, bid, str(leaf["class"]))
        need(open_ or not may, "archive.over_redacted", place=leaf["place"])
        need(not open_ or may, "archive.under_redacted", place=leaf["place"])
        bare = open_ and leaf["class"] == PUBLIC and is_personal(leaf["value"])
        need(not bare, "archive.personal", place=leaf["place"])
    return {"class": shown.told["class"], "hidden": hidden}


def check_files(shown: Shown) -> dict[str, Any]:
    """Every opened file is there with its hash and size, and no other."""
    meant = {value["sha256"]: value["size"] for place, value in shown.opened.items() if place.startswith("objects#")}
    held = {path: one for path, one in shown.container.members.items() if path != EXPORT}
    for sha256, size in meant.items():
        one = held.get(f"objects/{sha256}")
        need(one is not None and (one.sha256, one.size) == (sha256, size), "archive.object", sha256=sha256)
    order = [EXPORT, *(f"objects/{sha256}" for sha256 in sorted(meant))]
    need(list(shown.container.members) == order, "archive.order", listed=len(meant), present=len(held))
    return {"files": len(meant)}


def check_entries(shown: Shown) -> dict[str, Any]:
    """Every entry shown is in the log under the platform's head; facts shown are those it committed to."""
    log = shown.opened["ledger.json#:public"]
    final, closing = open_head(log["checkpoint"], shown.verifier), open_head(log["closing"], shown.verifier)
    steps = [bytes.fromhex(step) for step in log["consistency"]]
    grew = merkle.verify_consistency(closing.size, final.size, closing.root, final.root, steps)
    need(grew, "archive.consistency", old=closing.size, new=final.size)
    count = 0
    for stem, entry in shown.rows(ENTRIES):
        count += 1
        row = rfc8785.dumps({name: entry[name] for name in ("at", "digest", "index", "kind", "subject")})
        proof = [bytes.fromhex(step) for step in entry["proof"]]
        held = merkle.verify_inclusion(merkle.leaf_hash(row), entry["index"], final.size, proof, final.root)
        need(held, "archive.entry_inclusion", index=entry["index"], kind=entry["kind"])
        facts = shown.opened.get(f"{stem}facts")
        same = facts is None or facts_digest(facts["salt"], facts["facts"]) == entry["digest"]
        need(same, "archive.entry_facts", index=entry["index"], kind=entry["kind"])
    return {"entries": count}


def check_result(shown: Shown) -> dict[str, Any]:
    """Notices are those of the log; the winner is a candidate of the evaluation, with a price told for all ranked."""
    told = {entry["index"]: stem for stem, entry in shown.rows(ENTRIES)}
    notices = 0
    for stem, row in shown.rows("notices.json#/"):
        need(row["leaf_index"] in told, "archive.notice", number=row["number"])
        facts = shown.opened.get(f"{told[row['leaf_index']]}facts")
        content = shown.opened.get(f"{stem}content")
        if facts is not None and content is not None:
            stated = {name: row[name] for name in ("number", "title", "attachments")} | content
            need(stated == facts["facts"], "archive.notice", number=row["number"])
            notices += 1
    award, result = shown.opened["award.json#:public"], shown.opened["evaluation.json#:public"]
    need(award["winner"] in award["candidates"], "archive.winner", found=award["winner"], expected=award["candidates"])
    need(sorted(award["candidates"]) == sorted(result["candidates"]), "archive.candidates")
    prices = {row["number"]: row["price_fen"] for _, row in shown.rows("bids.json#/")}
    ranked = [row["number"] for row in result["ranking"]] if "ranking" in result else result["candidates"]
    for number in ranked:
        need(prices.get(number) is not None, "archive.price", number=number)
    return {"notices": notices, "winner": award["winner"]}


CHECKS: tuple[tuple[str, Callable[[Shown], dict[str, Any]]], ...] = (
    ("leaves", check_leaves),
    ("redactions", check_redactions),
    ("files", check_files),
    ("shown_entries", check_entries),
    ("shown_result", check_result),
)


def verify_export(container: Container, key: Verifier | None) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """Each check with whether it holds and what was counted or found wrong; never raises on bad exports."""
    shown: Shown | None = None
    for name, check in CHECKS:
        try:
            shown = shown or Shown(container, key)
            yield name, True, check(shown)
        except (Refusal, Missing, Invalid) as refusal:
            yield name, False, {"code": refusal.code, **refusal.facts}
        except Exception as error:  # the export is hostile input
            yield name, False, {"code": "archive.malformed", "found": f"{type(error).__name__}: {error}"[:200]}
