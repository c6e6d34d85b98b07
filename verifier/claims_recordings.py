"""The claim about the index of recordings: each entry as the ledger told it, by hash and place (archive.md)."""

from collections import Counter
from typing import Any

from .canonical import exactly, instant, need, same, unhex, whole
from .claims_ledger import Said, soon
from .verdict import Case, Findings

TOLD = ("number", "room", "site", "title", "media", "began_at", "ended_at", "sha256", "size", "location", "custody",
        "reason", "keep", "by")  # fmt: skip
ROOMS = ("opening", "evaluation", "selection")
NOTHING = ("media", "began_at", "ended_at", "sha256", "size")
YEARS = 15


def recordings(case: Case, out: Findings) -> Said:
    """As archive.md says under recordings."""
    start = f"recording:{case.section}:"
    entries = [entry for entry in case.entries if str(entry.get("subject") or "").startswith(start)]
    if "recordings.json" not in case.archive.members:
        need(not entries, "缺少 recordings.json", "recordings.json is missing")
        return "未载", "none"
    held = exactly(case.archive.json("recordings.json"), ("places", "rows"))
    named = case.told("committee.sites", f"committee:{case.section}")
    sites = [[site["code"] for site in entry["facts"]["sites"]] for entry in named]
    with out.at("recordings.json places"):
        now = {"opening": [""], "evaluation": sites[-1] if sites else [""], "selection": [""]}
        need(same(held["places"], now), "场地与日志不同", "not the places the ledger tells")
    ever = {code for one in sites for code in one} or {""}
    by_subject: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        by_subject.setdefault(str(entry["subject"]), []).append(entry)
    wanted = [f"{start}{number}" for number in range(1, len(held["rows"]) + 1)]
    need(list(by_subject) == wanted, "目录与日志条数或次序不同", "not the entries the ledger tells, one after another")
    for row, subject in zip(held["rows"], wanted, strict=True):
        with out.at(subject):
            entry_of(exactly(row, (*TOLD, "registered_at", "state", "withdrawn")), by_subject[subject])
            allowed = ever if row["room"] == "evaluation" else {""}
            need(row["room"] in ROOMS and row["site"] in allowed, "场所不对", "no such room or site")
    counts = Counter(row["sha256"] for row in held["rows"] if row["state"] == "standing")
    missing = counts.pop(None, 0)
    need(all(count == 1 for count in counts.values()), "同一份登记了两次", "one file stands twice")
    gone = len(held["rows"]) - missing - len(counts)
    return (
        f"登记 {len(counts)} 份，缺失说明 {missing} 份，撤销 {gone} 份",
        f"{len(counts)} registered, {missing} noted as missing, {gone} withdrawn",
    )


def entry_of(row: dict[str, Any], told: list[dict[str, Any]]) -> None:
    """One row against its own entries: made once, withdrawn once at most."""
    first, *later = told
    need(same({name: row[name] for name in TOLD}, first["facts"]), "与日志所载不同", "the ledger tells otherwise")
    need(first["subject"].endswith(f":{whole(row['number'], 1)}"), "编号不对", "another number")
    soon(row["registered_at"], first["at"])
    if later:
        need(len(later) == 1 and later[0]["kind"] == "recording.withdraw", "多出的条目", "entries of another kind")
        ending = ["withdrawn", later[0]["facts"]["reason"]]
    else:
        ending = ["standing", None]
    need(same([row["state"], row["withdrawn"]], ending), "撤销与日志不同", "withdrawn otherwise than told")
    keep = exactly(row["keep"], ("rule", "years"))
    need(int(keep["years"]) >= YEARS and keep["rule"] == "R-560", "保存年限不足", "kept for too short a time")
    if first["kind"] == "recording.miss":
        need(all(row[name] is None for name in NOTHING) and row["reason"], "缺失没有理由", "missing without a reason")
        return
    need(first["kind"] == "recording.register", "条目种类不对", "an entry of another kind")
    unhex(row["sha256"], 32)
    whole(row["size"], 1)
    need(row["media"] in ("video", "audio", "screen"), "种类不对", "no such medium")
    need(row["location"] and row["custody"] and row["reason"] == "", "没有存放处或保管人", "no place or no keeper")
    span = [instant(row[name]) for name in ("began_at", "ended_at", "registered_at")]
    need(span[0] < span[1] <= span[2], "起止时刻不对", "it ends before it begins, or after it was registered")
