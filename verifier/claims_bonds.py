"""Claims about bonds: as told, and every last day, fen, account and posting recounted; who paid late is counted."""

from datetime import UTC, date, timedelta
from typing import Any

from . import refunds
from .canonical import exactly, instant, need, same
from .claims_ledger import Said
from .verdict import Case, Findings

PARTS = ("type", "section", "law", "units", "calendar", "bonds", "postings")
BEIJING = timedelta(hours=8)
Entry = dict[str, Any]


def bonds(case: Case, out: Findings) -> Said:
    """As archive.md says under bonds."""
    told = [entry for entry in case.entries if str(entry.get("subject")).startswith("bond:")]
    if "bonds.json" not in case.archive.members:
        need(not told, "缺少 bonds.json", "bonds.json is missing")
        return "早于本项，未载", "older than this claim"
    record = exactly(case.archive.json("bonds.json"), PARTS)
    late = back = 0
    with out.at("bonds.json"):
        need(record["type"] == "sunbid-bonds/v1", "类型不对", "another type")
        whole(case, record, told)
        signed = [day(entry["at"]) for entry in case.entries if entry.get("kind") == "contract.conclude"]
        for bond in record["bonds"]:
            name = f"bond:{record['section']}:{bond['id']}"
            own = [entry for entry in told if entry["subject"] == name]
            with out.at(name):
                moves(bond, own, max(signed, default=None))
            with out.at(name):
                late += came_back(bond, own)
                parted(bond, own)
                if bond["state"] == "forfeited":
                    kept(record, bond, own)
            for zh, en in refunds.bond(record, bond):
                out.add(name, zh, en)
            back += sum(refund["state"] == "paid" for refund in bond["refunds"])
        for zh, en in refunds.books(record):
            out.add("bonds.json postings", zh, en)
    count = len(record["bonds"])
    return f"{count} 笔，退还 {back} 笔，其中逾期 {late} 笔", f"{count} bonds, {back} refunds, {late} of them late"


def day(at: object) -> date:
    """The Beijing day of an instant."""
    return (instant(at).astimezone(UTC) + BEIJING).date()


def whole(case: Case, record: dict[str, Any], told: list[Entry]) -> None:
    """Every bond the ledger speaks of is here, under the rules that were frozen."""
    ids = [bond["id"] for bond in record["bonds"]]
    names = {f"bond:{record['section']}:{one}" for one in ids}
    need(len(names) == len(ids), "编号重复", "an id twice")
    missing = sorted({str(entry["subject"]) for entry in told} - names)
    need(not missing, f"未载 {'、'.join(missing)}", f"left out: {', '.join(missing)}")
    for rule in case.archive.json("project.json")["law"]["rules"]:
        held = "bond" not in rule["key"] or same(record["law"].get(rule["key"]), rule["value"])
        need(held, f"{rule['key']} 与冻结的规则不同", f"{rule['key']} is not the frozen rule")
        held = "bond_refund" not in rule["key"] or same(record["units"].get(rule["key"]), rule["unit"])
        need(held, f"{rule['key']} 的单位不同", f"{rule['key']} has another unit")
    given = sum(bond["kind"] == "bid" and bond["number"] is not None for bond in record["bonds"])
    for entry in case.told("bond.release", f"section:{record['section']}"):
        need(same(entry["facts"]["bonds"], given), "笔数与公布姓名时所记不同", "not as many as told with the names")
    lines = [one["id"] for bond in record["bonds"] for one in bond["payments"]]
    need(len(set(lines)) == len(lines), "来款编号重复", "a payment twice")


def moves(bond: dict[str, Any], own: list[Entry], signed: date | None) -> None:
    """Its state and what made it due, as the ledger tells."""
    states = [e["facts"]["to"] for e in own if str(e["kind"]).startswith("bond.") and "to" in (e["facts"] or {})]
    need(same(bond["state"], ["declared", *states][-1]), "状态与日志不同", "its state is not the one told")
    made = [entry for entry in own if entry["kind"] == "bond.make_due"]
    if not made:
        need(bond["basis"] is None and bond["due_on"] is None, "没有到期的依据", "due without a ground")
        return
    parts = ("basis", "since", "due_on")
    facts = [made[-1]["facts"][part] for part in parts]
    need(same([bond[part] for part in parts], facts), "到期与日志不同", "due otherwise than told")
    since = date.fromisoformat(bond["since"])
    need(since <= day(made[-1]["at"]), "起算日晚于登记", "counted from a later day than it was told")
    held = bond["basis"] != "contract" or signed is None or since <= signed
    need(held, "起算日晚于合同签订", "counted from a later day than the contract")


def came_back(bond: dict[str, Any], own: list[Entry]) -> int:
    """Its refunds as told; how many were paid after the last day."""
    late = 0
    for payment in bond["payments"]:
        need(day(payment["at"]).isoformat() == payment["day"], "来款的日期不符", "the day of a payment is another")
    for refund in bond["refunds"]:
        if refund["state"] in ("approved", "paid"):
            prepared = one(own, "refund.prepare", refund)
            named = {part: refund[part] for part in ("principal_fen", "interest_fen", "fee_fen", "pay_on")}
            named["account"] = f"****{refund['account'][-4:]}"
            facts = {part: prepared["facts"][part] for part in named}
            need(same(named, facts), "退还与第一人所填不同", "the refund is not as it was prepared")
            approved = one(own, "refund.approve", refund)
            need(approved["index"] > prepared["index"], "先批后填", "approved before it was prepared")
            need(day(approved["at"]).isoformat() <= refund["pay_on"], "批准晚于付款日", "approved after its day")
    paid = [refund for refund in bond["refunds"] if refund["state"] == "paid"]
    ids = sorted(refund["id"] for refund in paid)
    need(same(ids, sorted(e["facts"]["refund"] for e in own if e["kind"] == "refund.pay")),
         "付出的退还与日志不同", "the refunds paid are not those told")  # fmt: skip
    for refund in paid:
        facts = one(own, "refund.pay", refund)["facts"]
        total = refund["principal_fen"] + refund["interest_fen"] + refund["fee_fen"]
        held = same([facts["reference"], facts["total_fen"]], [refund["reference"], total])
        need(held, "付出与日志不同", "it was paid otherwise than told")
        lines = [line for line in bond["payments"] if line["reference"] == refund["reference"]]
        need(same([line["at"] for line in lines], [facts["paid_at"]]), "付款时间与日志不同", "paid at another time")
        late += any(line["day"] > bond["due_on"] for line in lines)
    return late


def parted(bond: dict[str, Any], own: list[Entry]) -> None:
    """Of a performance bond in money a part may be kept when the contract ends, as told when the rest became due."""
    part = refunds.kept(bond)
    told = [entry["facts"].get("kept_fen", 0) for entry in own if entry["kind"] == "bond.make_due"]
    need(same(part, [0, *told][-1]), "不退的部分与日志不同", "another part is kept than was told")
    if part:
        came = sum(line["fen"] for line in bond["payments"] if line["direction"] == "in")
        lawful = bond["kind"] == "performance" and bond["decision"]["cause"] == "terminated" and 0 < part < came
        need(lawful, "不得部分不退", "no part of it may be kept")


def kept(record: dict[str, Any], bond: dict[str, Any], own: list[Entry]) -> None:
    """A bond that was kept: nothing went back, and the cause is the one told and one of the law."""
    none = not any(refund["state"] in ("approved", "paid") for refund in bond["refunds"])
    causes = [entry["facts"]["cause"] for entry in own if entry["kind"] == "bond.forfeit"]
    held = causes and same(causes[-1], bond["decision"]["cause"])
    need(none and held, "不退还的决定不符", "kept otherwise than told")
    lawful = "terminated" if bond["kind"] == "performance" else record["law"]["bond_forfeit_causes"]
    need(causes[-1] in lawful.split(), "法律没有这一事由", "kept for no cause of the law")


def one(own: list[Entry], kind: str, refund: dict[str, Any]) -> Entry:
    """The one entry of that kind about the refund."""
    found = [entry for entry in own if entry["kind"] == kind and same(entry["facts"]["refund"], refund["id"])]
    need(len(found) == 1, f"{kind} 有 {len(found)} 条", f"{len(found)} told {kind}")
    return found[0]
