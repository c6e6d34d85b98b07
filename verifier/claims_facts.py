"""Claims about credit facts: as told, founded on a decision in the log, of all it names, withdrawn and never gone."""

from datetime import UTC, timedelta
from typing import Any
from unicodedata import normalize

from .canonical import instant, need, same
from .claims_ledger import Said
from .verdict import Case, Findings

FILE = "credit_facts.json"
PARTS = ("number", "kind", "identifier", "name", "member_of", "source", "decision", "decided_on", "rule", "withdraws",
         "facts")  # fmt: skip
SAYS_SO_FROM = "2027-01-01"
Entry = dict[str, Any]
Row = dict[str, Any]


def facts(case: Case, out: Findings) -> Said:
    """As archive.md says under facts."""
    about = f"section:{case.section}"
    told = [
        entry for entry in case.entries
        if entry.get("subject") == about and entry.get("kind") in ("credit.fact", "credit.fact_withdrawn")
        and "number" in (entry.get("facts") or {})
    ]  # fmt: skip
    if FILE not in case.archive.members:
        need(not told, f"缺少 {FILE}", f"{FILE} is missing")
        return "早于本项，未载", "older than this claim"
    rows = case.archive.rows(FILE)
    with out.at(FILE):
        there = [[*(row[part] for part in PARTS), row["recorded_at"]] for row in rows]
        logged = [[*(entry["facts"][part] for part in PARTS), entry["at"]] for entry in told]
        need(same(there, logged), "与日志所载不同", "not those the ledger tells")
    standing: dict[int, Row] = {}
    taken: set[int] = set()
    unnumbered = [
        entry["facts"]["identifier"] for entry in case.told("credit.fact", about) if "number" not in entry["facts"]
    ]
    lowest = min((row["number"] for row in rows if row["withdraws"] is None), default=None)
    for row, entry in zip(rows, told, strict=False):
        with out.at(f"{FILE} {row['number']}"):
            day = (instant(row["recorded_at"]).astimezone(UTC) + timedelta(hours=8)).date().isoformat()
            need(row["decided_on"] <= day, "决定晚于记录", "decided after it was recorded")
            back = row["withdraws"]
            need((back is None) == (entry["kind"] == "credit.fact"), "撤销与日志不同", "withdrawn otherwise")
            if back is None:
                standing[row["number"]] = row
            else:
                if back not in standing and row["identifier"] in unnumbered:
                    unnumbered.remove(row["identifier"])
                    held = back < (row["number"] if lowest is None else lowest)
                else:
                    held = back in standing and same(standing[back]["identifier"], row["identifier"])
                need(held and back not in taken, "撤销了不存在或已撤销的记录", "withdraws none that stands")
                taken.add(back)
    with out.at(FILE):
        marks = {(row["kind"], row["identifier"], row["source"]) for row in standing.values()}
        need(len(marks) == len(standing), "同一决定记了两次", "one decision twice")
        mark = f"complaint:{case.section}:"
        undone = [[row["source"], row["withdraws"]] for row in rows if row["withdraws"] is not None]
        undone = [pair for pair in undone if pair[0].startswith(mark)]
        ordered = [
            [entry["subject"], number]
            for entry in case.entries
            if entry.get("kind") == "complaint.decide"
            for number in entry["facts"]["decision"].get("withdraws", [])
        ]
        need(same(sorted(undone), sorted(ordered)), "撤销的不是投诉处理决定所撤销的", "not what complaints reversed")
    decisions(case, out, list(standing.values()))
    count, gone = len(standing), len(taken)
    return f"{count} 条，撤销 {gone} 条", f"{count} facts, {gone} withdrawn"


def decisions(case: Case, out: Findings, rows: list[Row]) -> None:
    """Every decision that makes a fact has all of them; no fact of these kinds is without one."""
    kinds = {"award_abandoned", "bond_forfeited", "contract_performed", "contract_broken", "collusion_confirmed"}
    left = [row for row in rows if row["kind"] in kinds]
    times: dict[str, int] = {}
    for entry in case.entries:
        with out.at(f"ledger {entry.get('index')}"):
            kind = makes(entry)
            stated = (entry.get("facts") or {}).get("fact")
            need(stated is None or stated == kind, "所称的信用事实与决定不符", "the fact it names is not what it makes")
            if kind is None or (stated is None and str(entry["at"]) < SAYS_SO_FROM):
                continue
            source = origin(entry)
            if kind == "bond_forfeited" and not source.startswith(f"bond:{case.section}:"):
                continue
            if kind == "bond_forfeited":
                times[source] = times.get(source, 0) + 1
                source = source if times[source] == 1 else f"{source}:keep:{times[source]}"
            own = [row for row in left if row["kind"] == kind and row["source"] == source]
            left = [row for row in left if row not in own]
            need(own, f"{source} 没有信用事实", f"no fact of {source}")
            named(case, own, entry)
            for row in own:
                held(row, entry)
    for row in left:
        out.add(f"{FILE} {row['number']}", "日志中没有作出它的决定", "no decision in the ledger makes it")


def makes(entry: Entry) -> str | None:
    """Which kind of fact a told entry makes."""
    said = entry.get("facts") or {}
    match entry.get("kind"):
        case "award.set_aside" if said["reason"] in ("refused_to_sign", "no_performance_bond"):
            return "award_abandoned"
        case "award.judge_abandonment" if said["at_fault"] is True:
            return "award_abandoned"
        case "bond.forfeit":
            return "bond_forfeited"
        case "bond.make_due" if said.get("kept_fen"):
            return "bond_forfeited"
        case "contract.complete":
            return "contract_performed"
        case "contract.terminate" if said["ending"].get("fault", "none") != "none":
            return "contract_broken"
        case "warning.confirm":
            return "collusion_confirmed"
    return None


def origin(entry: Entry) -> str:
    """The source that the facts of a decision name."""
    if str(entry["kind"]).startswith("award."):
        return f"{entry['subject']}:set_aside:{entry['facts']['set_aside']}"
    return str(entry["subject"])


def held(row: Row, entry: Entry) -> None:
    """The row says what the decision says."""
    own, said = row["facts"], entry["facts"]
    need(row["recorded_at"] >= entry["at"], "早于决定", "earlier than its decision")
    need(row["rule"]["key"] in (f"credit.fact.{row['kind']}", "credit.fact.other"), "依据不符", "another rule")
    match row["kind"]:
        case "award_abandoned":
            need(same(own["number"], said["number"]), "不是被撤销的投标", "not the bid that was set aside")
        case "bond_forfeited":
            kept = said.get("claimed_fen") or said["kept_fen"]
            need(same([own["kept_fen"], own["cause"]], [kept, said["cause"]]), "与决定不同", "not as decided")
            need("document" not in said or same(row["decision"], said["document"]), "文号不同", "another document")
        case "contract_broken":
            ending = [said["ending"]["fault"], said["ending"]["document"]]
            need(same([own["party"], row["decision"]], ending), "责任或文书不同", "another fault or document")


def named(case: Case, rows: list[Row], entry: Entry) -> None:
    """The parties the decision's facts name are those its rule says."""
    kind, bids = rows[0]["kind"], case.archive.rows("bids.json")
    names = {row["identifier"] for row in rows}
    if kind == "collusion_confirmed":
        need(names <= {code(bid["identifier"]) for bid in bids}, "不是投标人", "no bidder")
        return
    if kind == "contract_broken" and rows[0]["facts"]["party"] == "tenderee":
        need(
            names == {code(case.archive.json("project.json")["tenderee"]["identifier"])},
            "不是招标人",
            "not the tenderee",
        )
        return
    number = entry["facts"].get("number")
    if kind in ("contract_performed", "contract_broken"):
        versions = case.archive.rows("contracts.json")
        number = next(one["bid"] for one in versions if entry["subject"] == f"contract:{case.section}:{one['number']}")
    wanted = {code(next(bid["identifier"] for bid in bids if bid["number"] == number))}
    if rows[0]["rule"]["value"] == "each":
        wanted |= {code(one["uscc"]) for one in case.consortia[number]}
    need(names == wanted, "所记的单位不对", "other parties than it names")


def code(text: str) -> str:
    """A code as it stands in a fact."""
    return normalize("NFKC", text).strip().upper()[:40]
