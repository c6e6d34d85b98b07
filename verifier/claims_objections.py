"""Claims about objections to the tender documents: all told, answered to all, and the section stood still meanwhile."""

import hashlib
from datetime import timedelta
from typing import Any

from .canonical import exactly, instant, need, same
from .verdict import Case

ROW = ("number", "text", "is_admissible", "raised_at", "answer_due_at", "answered_at")
DAY = timedelta(days=1)


def check_objections(case: Case, rows: list[Any]) -> None:
    """As archive.md says under notices (R-135)."""
    about = f"section:{case.section}"
    raised, answers = case.told("document_objection.raise", about), case.told("clarification.publish", about)
    for row in rows:
        exactly(row, ROW)
    here = [[row["number"], row["is_admissible"], hashlib.sha256(row["text"].encode()).hexdigest()] for row in rows]
    meant = [[e["facts"][name] for name in ("number", "is_admissible", "text_sha256")] for e in raised]
    need(same(here, meant), "异议与日志所载不同", "the objections are not those the ledger tells")
    published = {e["facts"]["objection"]["number"]: e["facts"]["objection"]["text"] for e in answers
                 if e["facts"].get("objection")}  # fmt: skip
    answered = {row["number"]: row["text"] for row in rows if row["answered_at"] is not None}
    need(published == answered, "异议的答复与日志所载不同", "the answered objections are not those published")
    stops, goes = case.told("section.suspend", about), case.told("section.resume", about)
    need(len(stops) == len(goes), "暂停没有恢复", "a suspension was not ended")
    pairs = list(zip(stops, goes, strict=True))
    for stop, going in pairs:
        stood = instant(going["at"]) - instant(stop["at"])
        days = stood // DAY + (1 if stood % DAY else 0)
        moved = instant(going["facts"]["deadline"]) - instant(stop["facts"]["deadline"])
        need(
            stood >= timedelta(0) and moved >= days * DAY,
            "截止时间未按暂停日数顺延",
            "moved by less than it stood still",
        )
        cut = [e for e in case.told("section.close", about) if stop["index"] < e["index"] < going["index"]]
        need(not cut, "暂停期间截标", "closed while suspended")
    law = {rule["key"] for rule in case.archive.json("project.json")["law"]["rules"]}
    if "doc_objection_before" in law:
        for entry in raised:
            still = any(stop["index"] - 1 <= entry["index"] < going["index"] for stop, going in pairs)
            need(
                still or entry["facts"]["is_admissible"] is False, "异议未使招标暂停", "an objection suspended nothing"
            )
