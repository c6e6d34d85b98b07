"""Credit facts in a file with a history: told before 0.9 and withdrawn since, kept, restored and kept again."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from awards.rules.verdict.facts import TOLD, check_facts
from awards.rules.verdict.told import Told
from core.errors import Invalid
from tests.awards.test_order_claims import SECTION, Story, entry
from verifier.claims_facts import facts
from verifier.verdict import Case, Findings

PARTY, BOND = "91110000000000001X", "bond:A1:3"


def fact(index: int, number: int, kind: str, source: str, withdraws: int | None = None, **told: Any) -> dict[str, Any]:
    """A fact, or one that withdraws another, as the log tells it."""
    said: dict[str, Any] = dict.fromkeys(TOLD, "") | {
        "number": number, "kind": kind, "identifier": PARTY, "source": source, "decision": "渝发改〔2026〕3号",
        "decided_on": "2026-10-09", "rule": {"key": f"credit.fact.{kind}", "value": "lead"}, "withdraws": withdraws,
        "facts": {"reason": "理由", **told},
    }  # fmt: skip
    return entry(index, "credit.fact" if withdraws is None else "credit.fact_withdrawn", f"09T{index:02}") | {
        "facts": said
    }


def before(index: int) -> dict[str, Any]:
    """A fact as platforms before 0.9 told it: without its number."""
    return entry(index, "credit.fact", f"09T{index:02}", identifier=PARTY, actor="supervisor:1")


def keep(index: int) -> dict[str, Any]:
    """A decision that keeps the bond of bid 1."""
    said = {"number": 1, "cause": "revoked", "kept_fen": 5, "document": "渝发改〔2026〕3号", "fact": "bond_forfeited"}
    return entry(index, "bond.forfeit", f"09T{index:02}", BOND, **said)


def kept(index: int, number: int, source: str) -> dict[str, Any]:
    """The fact that such a decision makes."""
    return fact(index, number, "bond_forfeited", source, kept_fen=5, cause="revoked")


def judged(told: Story, joint: Sequence[dict[str, str]] = ()) -> bool:
    """Whether both verifiers hold the file's facts for those of its log; they never differ.

    The bidder wrote its own code in small letters. Seen red: with its code as it stands in the bid.
    """
    rows = [
        {**one["facts"], "recorded_at": one["at"]} for one in told
        if one["kind"].startswith("credit.fact") and "number" in one["facts"]
    ]  # fmt: skip
    bids = [{"number": 1, "identifier": PARTY.lower()}]
    ours = SimpleNamespace(
        project={"section": {"code": "A1"}}, ledger={"entries": told}, credit_facts=rows, bids=bids,
        consortia={1: list(joint)}, container=SimpleNamespace(members={"credit_facts.json"}),
    )  # fmt: skip
    archive = SimpleNamespace(
        members={"credit_facts.json"}, rows=lambda path: rows if path == "credit_facts.json" else bids
    )
    theirs = SimpleNamespace(
        section="A1", entries=told, consortia={1: list(joint)}, archive=archive,
        told=lambda kind, about: [one for one in told if (one["kind"], one["subject"]) == (kind, about)],
    )  # fmt: skip
    found = Findings()
    facts(cast(Case, theirs), found)
    try:
        check_facts(cast(Told, ours))
    except Invalid:
        assert found.problems
        return False
    assert not found.problems, found.problems
    return True


def test_a_fact_of_before_0_9_may_be_withdrawn() -> None:
    """The row of 0.8 is not in the file, what withdraws it is. Seen red: each verifier without the unnumbered ones."""
    assert SECTION == "section:A1"
    gone = fact(5, 9, "withdrawn", "credit.fact:2", withdraws=2)
    assert judged([before(1), gone])
    assert judged([before(1), keep(2), kept(3, 7, BOND), gone])


@pytest.mark.parametrize(
    "told",
    [
        [fact(5, 9, "withdrawn", "credit.fact:2", withdraws=2)],
        [before(1), *(fact(4 + n, 8 + n, "withdrawn", "credit.fact:2", withdraws=1 + n) for n in (1, 2))],
        [before(1), keep(2), kept(3, 7, BOND), fact(5, 9, "withdrawn", "credit.fact:8", withdraws=8)],
        [before(1), fact(5, 9, "withdrawn", "credit.fact:9", withdraws=9)],
        [entry(1, "credit.fact", "09T01", identifier="another"), fact(5, 9, "withdrawn", "x", withdraws=2)],
    ],
    ids=["none told", "more than told", "numbered like the new ones", "itself", "of another party"],
)
def test_nothing_else_is_withdrawn_by_that_way(told: Story) -> None:
    """Seen red: with any withdrawal of a party that has an unnumbered fact let through."""
    assert not judged(told)


def test_what_is_kept_again_is_a_fact_of_its_own() -> None:
    """Seen red: with the bond for the source of every decision."""
    first = [keep(1), kept(2, 7, BOND), fact(3, 8, "withdrawn", BOND, withdraws=7)]
    assert judged(first)
    assert judged([*first, keep(4), kept(5, 9, f"{BOND}:keep:2")])
    assert not judged([*first, keep(4)]), "the second decision left out"
    assert not judged([*first, keep(4), kept(5, 9, BOND)])
    assert not judged([*first, kept(5, 9, f"{BOND}:keep:2")]), "no second decision"


def test_a_member_is_named_as_its_code_is_kept() -> None:
    """A sealed code is any text: full-width, with spaces, of any length. Seen red: with its capitals alone."""
    joint = [{"uscc": PARTY}, {"uscc": f" {'９１' * 100} "}]
    both = [keep(1)]
    for index, code in enumerate((PARTY, "91" * 20), 2):
        both.append(kept(index, index, BOND))
        both[-1]["facts"] |= {"identifier": code, "rule": {"key": "credit.fact.bond_forfeited", "value": "each"}}
    assert judged(both, joint)
    assert not judged(both[:-1], joint), "a member left out"
