"""Reference opinions that must not count, and whose texts are those the ledger told (scoring.md §9)."""

from .canonical import digest, exactly, need, unhex
from .verdict import Case


def check_opinions(case: Case) -> None:
    """No opinion without the notice, one at most for each bid, answers within the review, nothing in the result."""
    result = case.archive.json("evaluation.json")
    method = case.archive.json("project.json")["section"]["method"]
    seen = set[int]()
    clauses = {row["clause"] for bid in result["conformity"]["bids"] for row in bid["clauses"]}
    bids = {bid["number"] for bid in result["conformity"]["bids"]}
    ends = [e["index"] for e in case.told("committee.begin_scoring", f"committee:{case.section}")]
    for entry in case.entries:
        if entry.get("kind") in ("bid.opine", "opinion.answer"):
            need(method.get("reference_opinions"), "公告没有规定参考意见", "the notice provides for no opinions")
        if entry.get("kind") == "bid.opine":
            number = entry["facts"]["number"]
            need(number in bids and number not in seen, "参考意见重复或无此投标", "two opinions, or of no bid")
            seen.add(number)
            for name in ("opinions_sha256", "program_sha256"):
                unhex(entry["facts"][name], 32)
    for entry in case.entries:
        if entry.get("kind") == "opinion.answer":
            facts = entry["facts"]
            need(facts["number"] in seen and set(facts["answers"]) <= clauses, "表态没有对应的参考意见",
                 "an answer to no opinion")  # fmt: skip
            need(ends and entry["index"] < max(ends), "评审结束之后才表态", "answered after the review")
    need(not [key for key in result if "opinion" in key], "结果含有参考意见", "the result tells of opinions")
    _texts(case, clauses)


def _texts(case: Case, clauses: set[str]) -> None:
    """What is filed of opinions has the digests told, speaks of the review's clauses, quotes no other bid's file."""
    told = {e["facts"]["number"]: e["facts"] for e in case.entries if e.get("kind") == "bid.opine"}
    rows = case.archive.rows("opinions.json") if "opinions.json" in case.archive.members else []
    there = [row["number"] for row in rows]
    need(
        len(set(there)) == len(there) and set(there) <= set(told), "参考意见没有入账", "an opinion that was never told"
    )
    missing = [number for number, facts in told.items() if facts.get("filed") and number not in there]
    need(not missing, "参考意见的文本缺失", "the text of an opinion is missing")
    held = dict[int, set[str]]()
    for bid in case.archive.rows("bids.json") if rows else []:
        parts = (bid["envelopes"] or {}).values()
        held[bid["number"]] = {str(file["sha256"]) for part in parts for file in part["files"]}
    for row in rows:
        row, number = exactly(row, ("number", "content", "program_sha256", "made_at")), row["number"]
        facts, content = told[number], row["content"]
        need(digest(content) == facts["opinions_sha256"], "参考意见与指纹不符", "an opinion with another digest")
        need(row["program_sha256"] == facts["program_sha256"], "程序指纹不符", "another program")
        foreign = {one for other, files in held.items() if other != number for one in files} - held[number]
        for one in content["opinions"]:
            known = one["clause"] in clauses and one["verdict"] in ("found", "not_found", "unclear")
            need(known, "参考意见的条款或结论不识", "an opinion on no clause, or of no verdict")
            need(bool(one["file"]) == (one["page"] is not None), "引文没有页码", "a quotation without its page")
            need(one["sha256"] not in foreign, "引文出自他人的投标", "a quotation from another bid")
