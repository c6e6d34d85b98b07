"""Claims about complaints: text, steps and decisions as told, none open, nothing moved while an order stood."""

from datetime import datetime
from typing import Any

from .canonical import digest, instant, need, same
from .claims_ledger import Said
from .verdict import Case, Findings

STOPPED = {"publicity.award", "publicity.end", "publicity.renew", "contract.conclude"}
FROZEN = STOPPED | {
    "section.begin_evaluation", "section.call_final", "section.deliver_report", "section.mark_opened",
    "section.archive", "section.publish_candidates", "section.award",
    "opening.publish_names", "opening.open_decryption", "opening.resume", "opening.fall_back",
    "opening.close_decryption", "opening.draw_coefficients", "opening.read_prices", "opening.ask_confirmation",
    "opening.sign_record", "opening.hand_over", "opening.convene_second", "opening.reconvene",
    "committee.request", "committee.candidates", "committee.draw", "committee.begin_scoring",
    "committee.conclude_first", "committee.lock", "committee.lock_blind", "committee.report", "committee.deliver",
    "bid_clarification.ask", "bid_clarification.answer", "bid_clarification.refuse", "bid_clarification.lapse",
}  # fmt: skip


def complaints(case: Case, out: Findings) -> Said:
    """As archive.md says under complaints."""
    rows = case.archive.rows("complaints.json") if "complaints.json" in case.archive.members else []
    with out.at("complaints.json"):
        names = [f"complaint:{case.section}:{row['number']}" for row in rows]
        filed = [entry["subject"] for entry in case.entries if entry.get("kind") == "complaint.file"]
        need(same(names, filed), "投诉与日志所载不同", "the complaints are not those the ledger tells")
        for row, name in zip(rows, names, strict=True):
            with out.at(name):
                one(case, row, name)
    upheld = sum(1 for row in rows if (row.get("decision") or {}).get("outcome") == "upheld")
    return f"{len(rows)} 件，成立 {upheld} 件", f"{len(rows)} complaints, {upheld} upheld"


def one(case: Case, row: dict[str, Any], name: str) -> None:
    """One complaint against what is told of it."""
    begun = sorted(case.told("complaint.file", name) + case.told("complaint.file_again", name), key=index)
    text = {"content": row["content"], "files": row["files"]}
    need(digest(text) == begun[-1]["facts"]["content_sha256"], "内容与指纹不符", "the text has another digest")
    need(row["state"] in ("decided", "refused", "withdrawn"), "没有办结", "it is still open")
    for file in [*row["files"], *(file for step in row["steps"] for file in step["files"])]:
        case.archive.has(file["sha256"])
    entries = case.told("complaint.step", name)
    told = [[e["facts"][part] for part in ("number", "step", "text", "files")] for e in entries]
    here = [[s["number"], s["step"], s["text"], [file["sha256"] for file in s["files"]]] for s in row["steps"]]
    need(same(here, told), "处理记录与日志不同", "the steps are not those told")
    decided = case.told("complaint.decide", name)
    need(same([e["facts"]["decision"] for e in decided], [row["decision"]] if row["state"] == "decided" else []),
         "处理决定与日志不同", "the decision is not the one told")  # fmt: skip
    if row["decision"] and row["decision"]["remedy"]:
        about = f"publicity:{case.section}"
        after = [e for verb in ("revoke", "lapse") for e in case.told(f"publicity.{verb}", about)]
        need(any(index(e) > index(decided[0]) for e in after), "处理决定没有执行", "the decision changed nothing")
    orders = [e for e in entries if e["facts"]["step"] in ("suspend", "resume")]
    need([e["facts"]["step"] for e in orders] == ["suspend", "resume"] * (len(orders) // 2),
         "责令暂停没有结束", "an order did not end")  # fmt: skip
    for start, stop in zip(orders[::2], orders[1::2], strict=True):
        until, where = start["facts"].get("until"), start["facts"].get("stands")
        stopped = STOPPED if where is None else FROZEN
        if where == "suspended":
            stopped = stopped | {"section.close"}
            need(_suspended(case, index(start), index(stop)), "责令暂停未使招标暂停", "the order suspended nothing")
        broken = [
            e for e in case.entries
            if e.get("kind") in stopped and index(start) < index(e) < index(stop)
            and (until is None or instant(e["at"]) < instant(until))
        ]  # fmt: skip
        need(not broken, "责令暂停期间仍有推进", "something moved while the order stood")


def _suspended(case: Case, start: int, stop: int) -> bool:
    """The section was suspended, at the latest by the entry after the order, and went on after the order's end."""
    about = f"section:{case.section}"
    pairs = zip(case.told("section.suspend", about), case.told("section.resume", about), strict=False)
    return any(index(first) <= start + 1 and index(last) > stop for first, last in pairs)


def later(case: Case, began: datetime, due: datetime) -> datetime:
    """A time limit with all the time added for which orders that say where the section stood made it stand still."""
    running: set[str] = set()
    since, spans = began, []
    for entry in case.entries:
        facts, name = entry.get("facts", {}), str(entry.get("subject"))
        if entry.get("kind") != "complaint.step" or not name.startswith(f"complaint:{case.section}:"):
            continue
        if facts["step"] == "suspend" and facts.get("stands"):
            since = since if running else instant(entry["at"])
            running.add(name)
        elif facts["step"] == "resume" and name in running:
            running.remove(name)
            if not running:
                spans.append((since, instant(entry["at"])))
    for first, last in spans:
        if first < due and last > began:
            due += last - max(first, began)
    return due


def index(entry: dict[str, Any]) -> int:
    """Where a told entry stands."""
    return int(entry["index"])
