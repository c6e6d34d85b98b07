"""Recounts a section's bonds from their record: last days, interest, late fees, accounts, two persons, the books (R27).

    python -m verifier.refunds bonds.json

A program of its own: it shares no code with the platform and reckons with other arithmetic. Exit 0 when nothing
differs, 1 with every difference named, 2 for a file that cannot be read.
"""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from typing import Any

Json = dict[str, Any]
RULES = {
    "withdrawal": "bond_refund_after_withdrawal",
    "contract": "bond_refund_after_contract",
    "notice": "bond_refund_losers_after_notice",
    "termination": "bond_refund_after_termination",
    "refused": "bond_refund_after_refusal",
}
Found = list[tuple[str, str]]
"""Differences, each in Chinese and in English."""
NAMES = {"principal": "本金", "interest": "利息", "late fee": "逾期费用", "account": "账户"}


def recount(record: Json) -> Found:
    """Every difference found; empty when the record says what it must."""
    if record.get("type") != "sunbid-bonds/v1":
        return [("不是保证金记录", "not a record of bonds")]
    found = []
    for one in record["bonds"]:
        found += [(f"保证金 {one['id']}：{zh}", f"bond {one['id']}: {en}") for zh, en in bond(record, one)]
    return [*found, *books(record)]


def bond(record: Json, bond: Json) -> Found:
    """What differs within one bond."""
    found: Found = []
    payments = {one["id"]: one for one in bond["payments"]}
    if bond["basis"] in RULES and bond["due_on"]:
        day = last_day(record, bond["basis"], date.fromisoformat(bond["since"]))
        if day.isoformat() != bond["due_on"]:
            found.append((f"最后期限 {bond['due_on']}，重算为 {day}", f"last day {bond['due_on']}, recounted {day}"))
    gone: dict[int, int] = {}
    for refund in bond["refunds"]:
        if refund["state"] not in ("approved", "paid"):
            continue
        payment = payments.get(refund["payment"])
        if payment is None or payment["direction"] != "in":
            found.append(("退还没有对应的来款", "a refund of no payment"))
            continue
        gone[payment["id"]] = gone.get(payment["id"], 0) + 1
        for name, said, counted in (
            ("principal", refund["principal_fen"], back(bond, payment)),
            ("interest", refund["interest_fen"], interest(record, bond, payment, refund)),
            ("late fee", refund["fee_fen"], late_fee(record, bond, payment, refund)),
            ("account", refund["account"], payment["account"]),
        ):
            if said != counted:
                found.append((f"{NAMES[name]} {said}，重算为 {counted}", f"{name} {said}, recounted {counted}"))
        if refund["approved_by"] is None or refund["approved_by"] == refund["prepared_by"]:
            found.append(("退还只经一人之手", "a refund by one person"))
        if refund["state"] == "paid":
            total = refund["principal_fen"] + refund["interest_fen"] + refund["fee_fen"]
            out = [one for one in bond["payments"] if one["reference"] == refund["reference"]]
            if [(one["direction"], one["fen"], one["account"]) for one in out] != [("out", total, refund["account"])]:
                found.append((f"付出 {total}，银行流水不符", f"paid {total}, the bank's line says otherwise"))
    for key, times in gone.items():
        if times > 1:
            found.append((f"来款 {key} 退还了 {times} 次", f"payment {key} went back {times} times"))
    if bond["state"] == "returned":
        for key, one in payments.items():
            if one["direction"] == "in" and back(bond, one) and not gone.get(key):
                found.append((f"称已退清，{one['reference']} 的 {one['fen']} 仍在",
                              f"returned, but {one['fen']} of {one['reference']} is still there"))  # fmt: skip
    part = kept(bond)
    booked = [p["fen"] for p in record["postings"] if p["bond"] == bond["id"] and p["account"] == "kept"]
    if part and booked != [-part]:
        found.append((f"不退 {part}，账上 {booked}", f"{part} is kept, the books say {booked}"))
    return found


def kept(bond: Json) -> int:
    """What the end of a contract keeps of a bond in money whose rest goes back."""
    decision = bond.get("decision")
    return int(decision["kept_fen"]) if decision and bond["state"] != "forfeited" else 0


def back(bond: Json, payment: Json) -> int:
    """What of a payment goes back: what is kept is taken from the newest payments first."""
    whole: int = payment["fen"]
    if not kept(bond):
        return whole
    place = (payment["at"], payment["id"])
    newer: int = sum(p["fen"] for p in bond["payments"] if p["direction"] == "in" and (p["at"], p["id"]) > place)
    return max(whole - max(kept(bond) - newer, 0), 0)


def books(record: Json) -> Found:
    """What differs between postings and the bank's lines."""
    moves: dict[tuple[str, int | None], int] = {}
    bank = 0
    for one in record["postings"]:
        key = (one["move"], one["bond"])
        moves[key] = moves.get(key, 0) + one["fen"]
        bank += one["fen"] if one["account"] == "bank" else 0
    found = [
        (f"{move} 的分录合计 {fen}", f"postings of {move} add up to {fen}") for (move, _), fen in moves.items() if fen
    ]
    lines = [one for bond in record["bonds"] for one in bond["payments"]]
    balance = sum(one["fen"] if one["direction"] == "in" else -one["fen"] for one in lines)
    if bank != balance:
        found.append(
            (f"银行流水余额 {balance}，账上 {bank}", f"the bank's lines come to {balance}, the books to {bank}")
        )
    return found


def last_day(record: Json, basis: str, since: date) -> date:
    """The last day by the law and calendar in the record: the first day not counted, a rest day moves the end."""
    key = RULES[basis]
    days, unit = int(record["law"][key]), record["units"][key]
    day = since
    if unit == "working_days":
        for _ in range(days):
            day += timedelta(days=1)
            while not _works(record, day):
                day += timedelta(days=1)
        return day
    day += timedelta(days=days)
    while not _works(record, day):
        day += timedelta(days=1)
    return day


def _works(record: Json, day: date) -> bool:
    name = day.isoformat()
    return name in record["calendar"]["workdays"] or (
        day.isoweekday() <= 5 and name not in record["calendar"]["holidays"]
    )


def interest(record: Json, bond: Json, payment: Json, refund: Json) -> int:
    """Deposit interest in fen."""
    law = record["law"]
    if "bond_interest_pct" not in law or bond["basis"] not in law.get("bond_interest_on", "").split():
        return 0
    return _fen(back(bond, payment), Decimal(law["bond_interest_pct"]), _days(payment["day"], refund["pay_on"]), law)


def late_fee(record: Json, bond: Json, payment: Json, refund: Json) -> int:
    """The fee for days after the last one, in fen."""
    law = record["law"]
    if "bond_late_pct" not in law or not bond["due_on"]:
        return 0
    rate = Decimal(law["bond_late_pct"]) * Decimal(law["bond_late_factor"])
    return _fen(back(bond, payment), rate, _days(bond["due_on"], refund["pay_on"]), law)


def _days(earlier: str, later: str) -> int:
    return max((date.fromisoformat(later) - date.fromisoformat(earlier)).days, 0)


def _fen(fen: int, rate: Decimal, days: int, law: Json) -> int:
    with localcontext(prec=60):
        exact = Decimal(fen) * rate * days / 100 / Decimal(law["bond_interest_year"])
        return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def main(arguments: list[str]) -> int:
    """The program."""
    try:
        record = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        found = recount(record)
    except (IndexError, OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"无法读取 / cannot be read: {type(error).__name__}: {error}\n")
        return 2
    said = [f"✗ {zh} / {en}" for zh, en in found]
    counts = [len(record["bonds"]), sum(len(bond["refunds"]) for bond in record["bonds"]), len(found)]
    said.append("保证金 {} 笔，退还 {} 笔，差异 {} 处 / {} bonds, {} refunds, {} differences".format(*counts, *counts))
    sys.stdout.buffer.write("\n".join([*said, ""]).encode(errors="backslashreplace"))
    sys.stdout.flush()
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
