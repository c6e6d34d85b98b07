"""Claims about credit facts: as told, each from a decision in the log, of everybody it names, and none left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from accounts.rules import normalise_uscc
from awards.rules.verdict.told import Told, need, need_list
from core.calendar import day_of
from core.clock import from_iso

MEMBER = "credit_facts.json"
TOLD = (
    "number", "kind", "identifier", "name", "member_of", "source", "decision", "decided_on", "rule", "withdraws",
    "facts",
)  # fmt: skip
KINDS = ("credit.fact", "credit.fact_withdrawn")
AT_FAULT = ("refused_to_sign", "no_performance_bond")
FOUNDED = ("award_abandoned", "bond_forfeited", "contract_performed", "contract_broken", "collusion_confirmed")
"""Kinds whose decision stands among the told entries of the section."""
MUST_FROM = "2027-01-01"
"""From this day on a decision that makes a fact says so itself; platforms before 0.9 did not."""


def check_facts(told: Told) -> dict[str, Any]:
    """What the platform recorded of the parties here, and what of it was withdrawn; counts of both."""
    about = f"section:{told.project['section']['code']}"
    entries = [
        one for one in told.ledger["entries"]
        if one["subject"] == about and one["kind"] in KINDS and "number" in one["facts"]
    ]  # fmt: skip
    if MEMBER not in told.container.members:
        need(not entries, "archive.untold", what="facts")
        return {"facts": 0, "withdrawn": 0}
    rows = told.credit_facts
    need_list(rows, MEMBER)
    old = [
        one["facts"]["identifier"] for one in told.ledger["entries"]
        if one["subject"] == about and one["kind"] == KINDS[0] and "number" not in one["facts"]
    ]  # fmt: skip
    said = [[*(one["facts"][name] for name in TOLD), one["at"]] for one in entries]
    need([[*(row[name] for name in TOLD), row["recorded_at"]] for row in rows] == said, "archive.untold", what="facts")
    for row, entry in zip(rows, entries, strict=True):
        _wrong((entry["kind"] == KINDS[1]) == (row["withdraws"] is not None), row, "withdraws")
        _wrong(row["decided_on"] <= day_of(from_iso(row["recorded_at"])).isoformat(), row, "decided_on")
    first = [row for row in rows if row["withdraws"] is None]
    _check_withdrawals(rows, {row["number"]: row for row in first}, old)
    _check_reversals(told, rows)
    need(len({(row["kind"], row["identifier"], row["source"]) for row in first}) == len(first), "archive.untold",
         what="facts")  # fmt: skip
    _check_decisions(told, first)
    return {"facts": len(first), "withdrawn": len(rows) - len(first)}


def _wrong(holds: bool, row: dict[str, Any], what: str) -> None:
    need(holds, "archive.fact", number=row["number"], what=what)


def _check_withdrawals(rows: Iterable[dict[str, Any]], first: dict[int, dict[str, Any]], old: list[str]) -> None:
    """A withdrawal names an earlier fact of the same party, each once.

    `old`: the parties of facts that platforms before 0.9 told without a number: lower than any of these, each once.
    """
    gone: set[int] = set()
    for row in rows:
        number = row["withdraws"]
        if number is None:
            continue
        held = first.get(number)
        if held is None and row["identifier"] in old:
            old.remove(row["identifier"])
            same = number < min(first, default=row["number"])
        else:
            same = held is not None and held["identifier"] == row["identifier"]
        _wrong(same and number < row["number"] and number not in gone, row, "withdraws")
        gone.add(number)


def _check_reversals(told: Told, rows: Iterable[dict[str, Any]]) -> None:
    """Whatever a complaint's decision reversed is withdrawn by it, and nothing else is by its name."""
    head = f"complaint:{told.project['section']['code']}:"
    by = [(row["source"], row["withdraws"]) for row in rows if row["withdraws"] is not None]
    said = [
        (entry["subject"], number)
        for entry in told.ledger["entries"]
        if entry["kind"] == "complaint.decide"
        for number in entry["facts"]["decision"].get("withdraws", [])
    ]
    need(sorted(said) == sorted(one for one in by if one[0].startswith(head)), "archive.untold", what="facts")


def _check_decisions(told: Told, rows: list[dict[str, Any]]) -> None:
    """Each fact has its decision before it in the log, and each decision has its facts, of whom the rule names."""
    held: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        if row["kind"] in FOUNDED:
            held.setdefault((row["kind"], row["source"]), []).append(row)
    found = set()
    keeps: Counter[str] = Counter()
    for entry in told.ledger["entries"]:
        kind = _follows(entry)
        stated = (entry["facts"] or {}).get("fact")
        need(stated in (None, kind), "archive.untold", what="facts")
        if kind is None or (stated is None and entry["at"] < MUST_FROM):
            continue
        if kind == "bond_forfeited" and not _is_own(told, entry):
            continue
        source = _source(entry)
        if kind == "bond_forfeited":
            # Kept again, by another decision, after the one before was reversed.
            keeps[source] += 1
            source += f":keep:{keeps[source]}" if keeps[source] > 1 else ""
        key = (kind, source)
        need(key in held, "archive.fact_missing", source=key[1])
        found.add(key)
        for row in held[key]:
            _check_row(told, row, entry)
        _check_parties(told, held[key], entry)
    lacking = sorted(source for kind, source in held.keys() - found)
    need(not lacking, "archive.fact_unfounded", source="、".join(lacking))


def _follows(entry: dict[str, Any]) -> str | None:
    """The kind of fact that a told entry makes, by what it says."""
    facts = entry["facts"] or {}
    made: dict[str, tuple[str, bool]] = {
        "award.set_aside": ("award_abandoned", facts.get("reason") in AT_FAULT),
        "award.judge_abandonment": ("award_abandoned", facts.get("at_fault") is True),
        "bond.forfeit": ("bond_forfeited", True),
        "bond.make_due": ("bond_forfeited", bool(facts.get("kept_fen"))),
        "contract.complete": ("contract_performed", True),
        "contract.terminate": ("contract_broken", (facts.get("ending") or {}).get("fault", "none") != "none"),
        "warning.confirm": ("collusion_confirmed", True),
    }
    kind, holds = made.get(entry["kind"], ("", False))
    return kind if holds else None


def _source(entry: dict[str, Any]) -> str:
    subject = str(entry["subject"])
    return f"{subject}:set_aside:{entry['facts']['set_aside']}" if entry["kind"].startswith("award.") else subject


def _is_own(told: Told, entry: dict[str, Any]) -> bool:
    """A bond of the first round is a fact of that round's section, which a round of final offers does not tell."""
    return str(entry["subject"]).startswith(f"bond:{told.project['section']['code']}:")


def _check_row(told: Told, row: dict[str, Any], entry: dict[str, Any]) -> None:
    facts, said = row["facts"], entry["facts"]
    _wrong(row["recorded_at"] >= entry["at"], row, "recorded_at")
    _wrong(row["rule"]["key"] in (f"credit.fact.{row['kind']}", "credit.fact.other"), row, "rule")
    if row["kind"] == "award_abandoned":
        _wrong(facts["number"] == said["number"], row, "number")
    if row["kind"] == "bond_forfeited":
        kept = said.get("claimed_fen") or said["kept_fen"]
        _wrong(facts["kept_fen"] == kept and facts["cause"] == said["cause"], row, "kept_fen")
        _wrong(row["decision"] == said.get("document", row["decision"]), row, "decision")
    if row["kind"] == "contract_broken":
        ending = said["ending"]
        _wrong([facts["party"], row["decision"]] == [ending["fault"], ending["document"]], row, "decision")


def _check_parties(told: Told, rows: list[dict[str, Any]], entry: dict[str, Any]) -> None:
    """Whom the facts of one decision name: the lead, and where the rule says so everybody who bid with it."""
    row = rows[0]
    if row["kind"] == "collusion_confirmed":
        known = {_code(bid["identifier"]) for bid in told.bids}
        _wrong(all(one["identifier"] in known for one in rows), row, "identifier")
        return
    if row["kind"] == "contract_broken" and row["facts"]["party"] == "tenderee":
        wanted = {_code(told.project["tenderee"]["identifier"])}
    else:
        number = entry["facts"].get("number")
        if row["kind"].startswith("contract_"):
            number = next(one["bid"] for one in told.contracts if str(entry["subject"]).endswith(f":{one['number']}"))
        bid = next(one for one in told.bids if one["number"] == number)
        wanted = {_code(bid["identifier"])}
        if row["rule"]["value"] == "each":
            wanted |= {_code(one["uscc"]) for one in told.consortia[number]}
    _wrong({one["identifier"] for one in rows} == wanted, row, "identifier")


def _code(text: str) -> str:
    """A code as facts keep it."""
    return normalise_uscc(text)[:40]
