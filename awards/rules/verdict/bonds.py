"""Claims about bonds: every state, last day, refund and posting as told and as reckoned anew, to the fen (R-155)."""

from __future__ import annotations

from datetime import date
from typing import Any

from awards.rules.verdict.told import Told, need
from bidding.rules.bonds import masked, shares
from bidding.rules.bonds.recount import recounted
from bidding.rules.bonds.refunds import KEYS
from core.calendar import Calendar, day_of
from core.clock import from_iso

GONE = ("approved", "paid")


def check_bonds(told: Told) -> dict[str, Any]:
    """What the section's bonds were, where each fen of them went, and when; counts of bonds, refunds, late ones."""
    entries = [one for one in told.ledger["entries"] if str(one["subject"]).startswith("bond:")]
    if "bonds.json" not in told.container.members:
        need(not entries, "archive.untold", what="bonds")
        return {"bonds": 0, "refunds": 0, "late": 0, "open": 0}
    record = told.bonds
    subjects = {f"bond:{record['section']}:{bond['id']}" for bond in record["bonds"]}
    need({one["subject"] for one in entries} <= subjects, "archive.untold", what="bonds")
    _check_law(told, record)
    of_bids = sum(bond["kind"] == "bid" and bond["number"] is not None for bond in record["bonds"])
    for fact in told.facts_of("bond.release", f"section:{record['section']}"):
        need(fact["bonds"] == of_bids, "archive.untold", what="bonds")
    concluded = [one["at"] for one in told.ledger["entries"] if one["kind"] == "contract.conclude"]
    late = 0
    for bond in record["bonds"]:
        own = [one for one in entries if one["subject"] == f"bond:{record['section']}:{bond['id']}"]
        _check_state(record, bond, own, _day(max(concluded)) if concluded else None)
        late += sum(_check_refund(record, bond, refund, own) for refund in bond["refunds"] if refund["state"] in GONE)
        _check_gone(record, bond, own)
    _check_books(record)
    refunds = sum(refund["state"] == "paid" for bond in record["bonds"] for refund in bond["refunds"])
    still = sum(bond["state"] not in ("returned", "forfeited", "converted", "waived") for bond in record["bonds"])
    return {"bonds": len(record["bonds"]), "refunds": refunds, "late": late, "open": still}


def _wrong(holds: bool, bond: dict[str, Any], what: str, said: Any = "", found: Any = "") -> None:
    need(holds, "archive.bond", bond=bond["id"], what=what, said=str(said), found=str(found))


def _day(at: str) -> date:
    return day_of(from_iso(at))


def _check_law(told: Told, record: dict[str, Any]) -> None:
    """The rules the project froze are those that were used; what it did not hold yet may stand beside them."""
    for rule in told.project["law"]["rules"]:
        if "bond" in rule["key"]:
            need(record["law"].get(rule["key"]) == rule["value"], "archive.untold", what="bonds")
        if "bond_refund" in rule["key"]:
            need(record["units"].get(rule["key"]) == rule["unit"], "archive.untold", what="bonds")


def _check_state(
    record: dict[str, Any], bond: dict[str, Any], own: list[dict[str, Any]], concluded: date | None
) -> None:
    moves = [one["facts"]["to"] for one in own if one["kind"].startswith("bond.") and "to" in one["facts"]]
    state = moves[-1] if moves else "declared"
    _wrong(bond["state"] == state, bond, "state", bond["state"], state)
    made = [one for one in own if one["kind"] == "bond.make_due"]
    if not made:
        _wrong(bond["basis"] is None and bond["due_on"] is None, bond, "due_on", bond["due_on"])
        return
    for name in ("basis", "since", "due_on"):
        _wrong(bond[name] == made[-1]["facts"][name], bond, name, bond[name], made[-1]["facts"][name])
    since = date.fromisoformat(bond["since"])
    _wrong(since <= _day(made[-1]["at"]), bond, "since", since, made[-1]["at"])
    if bond["basis"] == "contract" and concluded is not None:
        _wrong(since <= concluded, bond, "since", since, concluded)
    if bond["basis"] in KEYS:
        last = _last_day(record, KEYS[bond["basis"]], since)
        _wrong(bond["due_on"] == last.isoformat(), bond, "due_on", bond["due_on"], last)


def _last_day(record: dict[str, Any], key: str, since: date) -> date:
    days = {name: frozenset(map(date.fromisoformat, record["calendar"][name])) for name in ("holidays", "workdays")}
    years = frozenset(day.year for day in days["holidays"])
    calendar = Calendar(days["holidays"], days["workdays"], years, str(record["calendar"]["version"]))
    count = int(record["law"][key])
    if record["units"][key] == "working_days":
        return calendar.end_of_working_days(since, count).on
    return calendar.end_of_days(since, count).on


def _check_refund(
    record: dict[str, Any], bond: dict[str, Any], refund: dict[str, Any], own: list[dict[str, Any]]
) -> bool:
    """One that was approved or paid; whether it was paid after the last day."""
    came = [one for one in bond["payments"] if one["id"] == refund["payment"] and one["direction"] == "in"]
    _wrong(len(came) == 1, bond, "payment", refund["payment"])
    payment = came[0]
    wanted = recounted(
        came_fen=_shares(bond)[payment["id"]],
        came_on=_day(payment["at"]),
        pay_on=date.fromisoformat(refund["pay_on"]),
        last=date.fromisoformat(bond["due_on"]),
        basis=bond["basis"],
        law=record["law"],
    )
    for name, fen in wanted.items():
        _wrong(refund[name] == fen, bond, name, refund[name], fen)
    _wrong(refund["account"] == payment["account"], bond, "account", masked(refund["account"]))
    _wrong(refund["approved_by"] not in (None, refund["prepared_by"]), bond, "two_persons", refund["prepared_by"])
    prepared = _one(own, bond, refund, "refund.prepare")
    said = {**{name: refund[name] for name in wanted}, "pay_on": refund["pay_on"], "account": masked(refund["account"])}
    for name, value in said.items():
        _wrong(prepared["facts"][name] == value, bond, name, value, prepared["facts"][name])
    approved = _one(own, bond, refund, "refund.approve")
    _wrong(approved["index"] > prepared["index"], bond, "two_persons")
    _wrong(_day(approved["at"]).isoformat() <= refund["pay_on"], bond, "pay_on", refund["pay_on"], approved["at"])
    if refund["state"] != "paid":
        return False
    total = sum(wanted.values())
    paid = _one(own, bond, refund, "refund.pay")["facts"]
    _wrong([paid["reference"], paid["total_fen"]] == [refund["reference"], total], bond, "paid", refund["reference"])
    out = [one for one in bond["payments"] if one["direction"] == "out" and one["reference"] == refund["reference"]]
    there = [(one["fen"], one["account"], one["at"]) for one in out]
    _wrong(there == [(total, refund["account"], paid["paid_at"])], bond, "paid", total)
    return bool(_day(out[0]["at"]).isoformat() > bond["due_on"])


def _one(own: list[dict[str, Any]], bond: dict[str, Any], refund: dict[str, Any], kind: str) -> dict[str, Any]:
    found = [one for one in own if one["kind"] == kind and one["facts"]["refund"] == refund["id"]]
    _wrong(len(found) == 1, bond, kind, refund["id"], len(found))
    return found[0]


def _check_gone(record: dict[str, Any], bond: dict[str, Any], own: list[dict[str, Any]]) -> None:
    """Each payment went back at most once, each of a returned bond did; one that was kept was kept for a cause."""
    for one in bond["payments"]:
        _wrong(_day(one["at"]).isoformat() == one["day"], bond, "day", one["day"], one["at"])
    gone = [refund["payment"] for refund in bond["refunds"] if refund["state"] in GONE]
    came = {one["id"] for one in bond["payments"] if one["direction"] == "in"}
    _wrong(len(gone) == len(set(gone)), bond, "twice")
    _check_part(record, bond, own)
    told = {one["facts"]["refund"] for one in own if one["kind"] == "refund.pay"}
    paid = {refund["id"] for refund in bond["refunds"] if refund["state"] == "paid"}
    _wrong(told == paid, bond, "paid", sorted(paid), sorted(told))
    if bond["state"] == "returned":
        left = {number for number, fen in _shares(bond).items() if fen} - set(gone)
        _wrong(not left and set(gone) <= came, bond, "left", len(left))
    if bond["state"] == "forfeited":
        cause = [one["facts"]["cause"] for one in own if one["kind"] == "bond.forfeit"]
        held = bond["decision"]["cause"]
        lawful = ["terminated"] if bond["kind"] == "performance" else record["law"]["bond_forfeit_causes"].split()
        _wrong(cause[-1:] == [held] and held in lawful, bond, "cause", held)
        _wrong(not gone, bond, "cause", held)


def _kept(bond: dict[str, Any]) -> int:
    """What a termination keeps of money the rest of which goes back."""
    decision = bond["decision"] if bond["state"] != "forfeited" else None
    return int(decision["kept_fen"]) if decision else 0


def _shares(bond: dict[str, Any]) -> dict[int, int]:
    came = sorted((one["at"], one["id"], one["fen"]) for one in bond["payments"] if one["direction"] == "in")
    return shares([(number, fen) for _, number, fen in came], _kept(bond))


def _check_part(record: dict[str, Any], bond: dict[str, Any], own: list[dict[str, Any]]) -> None:
    """A part is kept only of a performance bond, as its contract ends, as told when the rest became due, and booked."""
    kept = _kept(bond)
    made = [one["facts"].get("kept_fen", 0) for one in own if one["kind"] == "bond.make_due"]
    _wrong((made[-1] if made else 0) == kept, bond, "kept", kept, made[-1:])
    if bond["state"] == "forfeited" or not bond["decision"]:
        return
    came = sum(one["fen"] for one in bond["payments"] if one["direction"] == "in")
    lawful = bond["kind"] == "performance" and bond["decision"]["cause"] == "terminated" and 0 < kept < came
    _wrong(lawful, bond, "kept", kept, came)
    booked = [one["fen"] for one in record["postings"] if one["bond"] == bond["id"] and one["account"] == "kept"]
    _wrong(booked == [-kept], bond, "kept", kept, booked)


def _check_books(record: dict[str, Any]) -> None:
    moves: dict[tuple[str, Any], int] = {}
    for one in record["postings"]:
        key = (one["move"], one["bond"])
        moves[key] = moves.get(key, 0) + one["fen"]
    for (move, _), fen in moves.items():
        need(fen == 0, "archive.bond_books", what=move, fen=fen)
    lines = [one for bond in record["bonds"] for one in bond["payments"]]
    need(len({one["id"] for one in lines}) == len(lines), "archive.bond_books", what="payments", fen=0)
    bank = sum(one["fen"] for one in record["postings"] if one["account"] == "bank")
    balance = sum(one["fen"] if one["direction"] == "in" else -one["fen"] for one in lines)
    need(bank == balance, "archive.bond_books", what="bank", fen=bank - balance)
