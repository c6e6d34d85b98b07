"""Claims about what followed: award, credit, warnings, reports."""

from datetime import timedelta
from typing import Any

from .canonical import decimal, digest, instant, need, same, unhex, whole
from .claims_ledger import LAG, Said
from .verdict import Case, Findings


def answered(objection: dict[str, Any]) -> bool:
    """Whether an objection has been answered: archive.md does not name the member, so any reply or answer counts."""
    return any(value for name, value in objection.items() if name.startswith(("repl", "answer")))


def result_notice(case: Case, said: dict[str, Any]) -> None:
    """Regime G: notice, then challenge, each at least the law's days long, and both over when the file was closed."""
    law = {rule["key"]: decimal(rule["value"]) for rule in case.archive.json("project.json")["law"]["rules"]
           if rule["key"] in ("result_notice_period", "challenge_within")}  # fmt: skip
    steps = [instant(said["began_at"]), instant(said["rule"]["notice_until"]), instant(said["ends_at"])]
    for place, key in enumerate(("result_notice_period", "challenge_within")):
        held = steps[place + 1] - steps[place] >= timedelta(days=1) * law[key].__ceil__()
        need(held, "公告期或质疑期不足", f"{key}: shorter than the rule")
    built = instant(case.archive.json("manifest.json")["built_at"])
    need(built >= steps[2], "质疑期未满即归档", "the file was closed before ends_at")


def rounds(case: Case, said: dict[str, Any]) -> set[int]:
    """Awards and what undid them alternate; who was set aside and what was upheld is as told. Returns who is out."""
    about = f"publicity:{case.section}"
    steps = {verb: [e["index"] for e in case.told(f"publicity.{verb}", about)]
             for verb in ("award", "lapse", "revoke", "renew")}  # fmt: skip
    need(steps["award"], "日志中没有定标", "no award is told")
    undone = sorted(steps["lapse"] + steps["revoke"])
    for place, index in enumerate(steps["award"]):
        later = steps["award"][place + 1 :]
        between = [one for one in undone if one > index and (not later or one < later[0])]
        need(
            bool(between) == bool(later),
            "两次定标之间没有撤销",
            "an award was not undone before the next, or the last was",
        )
    held = len(steps["revoke"]) == len(steps["renew"])
    turns = zip(steps["revoke"], steps["renew"], strict=False)
    need(held and all(a < b for a, b in turns), "撤销之后没有重新公示", "a revoked publicity was not renewed")
    counted = [row["round"] for row in said.get("earlier", [])] + [said.get("round", 1)]
    need(counted == list(range(1, len(steps["revoke"]) + 2)), "公示的轮次不符", "the rounds are not those told")
    rows = said.get("set_aside", [])
    names = ("number", "round", "reason", "evidence")
    tells = [[e["facts"][name] for name in names] for e in case.told("award.set_aside", about)]
    need(same([[row[name] for name in names] for row in rows], tells), "被撤销的中标人与日志不同",
         "who was set aside is not as told")  # fmt: skip
    filed = [[e["subject"], e["facts"]["text"]] for e in case.entries if e.get("kind") == "objection.file"]
    here = [[f"objection:{case.section}:{row['number']}", row["text"]] for row in said["objections"]]
    need(same(filed, here), "异议与日志不同", "the objections are not those filed")
    for objection in said["objections"]:
        entries = case.told("objection.answer", f"objection:{case.section}:{whole(objection['number'])}")
        answer = [[e["facts"].get(name) for name in ("answer", "outcome", "remedy")] for e in entries]
        mine = [objection.get(name) for name in ("answer", "outcome", "remedy")]
        need(same(answer, [mine]), "异议的答复与日志不同", "an objection was answered otherwise")
        if mine[1] == "upheld":
            followed = any(index > entries[0]["index"] for index in steps["revoke"])
            need(followed, "成立的异议没有执行", "an upheld objection changed nothing")
    return {whole(row["number"]) for row in rows}


def publicity(case: Case, said: dict[str, Any]) -> None:
    """Begun with the publication of these candidates, ended as told and not before its end."""
    about = f"section:{case.section}"
    begun, ended = (
        case.told("section.publish_candidates", about),
        case.told("publicity.end", f"publicity:{case.section}"),
    )
    need(begun and ended, "日志中没有候选人公示", "no publicity of candidates is told")
    began, at = instant(said["began_at"]), instant(begun[-1]["at"])
    held = same(begun[-1]["facts"]["candidates"], said["candidates"])
    held = held and began <= at <= began + LAG
    need(held, "公示的开始或候选人与日志不同", "it began otherwise, or with other candidates")
    last = ended[-1]
    held = last["index"] > begun[-1]["index"] and last["facts"]["ends_at"] == said["ends_at"]
    need(held and instant(last["at"]) >= instant(said["ends_at"]), "公示的结束与日志不同", "it ended otherwise")


def named(case: Case) -> None:
    """Notices of candidates, of the award and of who was set aside name a consortium whole."""
    for notice in case.archive.rows("notices.json"):
        content, kind = notice["content"], notice["kind"]
        rows = content["candidates"] if kind == "candidates" else []
        rows = [content["winner"]] if kind == "award" else [content["set_aside"]] if kind == "set_aside" else rows
        for row in rows:
            held = same(row.get("consortium", []), case.consortia[whole(row["number"])])
            need(held, f"{notice['number']} 未载明联合体全部成员", f"{notice['number']} names another consortium")


def award(case: Case, out: Findings) -> Said:
    """Candidates, publicity, objections and winner follow from the evaluation and are as told."""
    said, winner = case.archive.json("award.json"), ""
    with out.at("award.json"):
        candidates = case.archive.json("evaluation.json")["candidates"]
        unranked = "selection" in case.archive.json("project.json")["section"]["method"]
        candidates = sorted(candidates) if unranked else candidates
        need(same(said["candidates"], candidates), "候选人不是评标所推荐", "candidates are not those of the evaluation")
        began, ends = instant(said["began_at"]), instant(said["ends_at"])
        government = case.archive.json("project.json")["regime"] == "G"
        if government:
            result_notice(case, said)
        else:
            law = {rule["key"]: rule for rule in case.archive.json("project.json")["law"]["rules"]}
            meant = law["candidate_publicity_min"]
            days, cite = decimal(meant["value"]), said["rule"]["cite"]
            held = same(cite, {"rule": meant["id"], **{n: meant[n] for n in ("key", "value", "unit", "source")}})
            need(held, "公示期所引法规不符", "the publicity cites another law")
            publicity(case, said)
            held = ends - began >= timedelta(seconds=1) * (days * 86400).__ceil__()
            need(held, "公示期不足", "the publicity was shorter than the rule")
        for place, objection in enumerate(said["objections"], 1):
            need(answered(objection), f"第 {place} 件异议未答复", f"objection {place} is not answered")
        number = whole(said["winner"])
        need(number in candidates, "中标人不是候选人", "the winner is no candidate")
        lost = rounds(case, said)
        named(case)
        need(number not in lost, "中标人已被撤销", "the winner was set aside")
        with out.at("publicity.award"):
            entry = case.told("publicity.award", f"publicity:{case.section}")[-1]
            need(same(entry["facts"]["winner"], number), "中标人与日志不同", "told another winner")
            if government:
                told = [entry["facts"]["notice_until"], entry["facts"]["challenge_until"], entry["at"]]
                held = same(told, [said["rule"]["notice_until"], said["ends_at"], said["began_at"]])
                need(held, "公告与质疑期限与日志不同", "told other periods")
            else:
                need(instant(entry["at"]) >= ends, "早于公示期满", "the award is earlier than ends_at")
            passed = [row["number"] for row in entry["facts"]["passed_over"]]
            held = same(passed, [] if unranked else candidates[: candidates.index(number)])
            need(held, "越过的候选人不符", "passed_over is not what follows")
        winner = next(bid["name"] for bid in case.archive.rows("bids.json") if bid["number"] == number)
        if government:
            return f"中标人 {winner}（{number} 号），质疑期满", f"winner {winner} (bid {number}), past the challenges"
        return f"中标人 {winner}（{number} 号），公示期满", f"winner {winner} (bid {number}), after the publicity"
    return "", ""


def credit(case: Case, out: Findings) -> Said:
    """Every check has the digest of its evidence; every bid without faults was checked."""
    rows, checked = case.archive.rows("credit.json"), set()
    for place, row in enumerate(rows):
        with out.at(f"credit.json [{place}] {row.get('name')} {row.get('source')}"):
            need(digest(row["evidence"]) == row["evidence_sha256"], "证据与指纹不符", "the evidence has another digest")
            checked.add(row["identifier"])
    with out.at("credit.json"):
        names = ("stage", "identifier", "source", "outcome", "decision", "evidence_sha256")
        told = [entry["facts"] for entry in case.told("credit.check", f"section:{case.section}")]
        here, there = (sorted([str(row[name]) for name in names] for row in part) for part in (rows, told))
        need(here == there, "核查与日志所载不同", "not the checks that the ledger tells")
    for bid in case.archive.rows("bids.json"):
        with out.at(f"bids.json {bid.get('number')}"):
            need(bid["faults"] or bid["identifier"] in checked, "未经信用核查", "was not checked")
    return f"{len(rows)} 次，证据与指纹一致", f"{len(rows)} checks, each with its evidence"


def warnings(case: Case, out: Findings) -> Said:
    """Every scan has its digest and was told, in order; every warning was raised in the ledger once and decided."""
    said = case.archive.json("warnings.json")
    rows = said["warnings"]
    scans = said.get("earlier_scans", []) + ([said["scan"]] if said["scan"] else [])
    for scan in scans:
        with out.at("warnings.json scan"):
            need(digest(scan["result"]) == scan["result_sha256"], "结果与指纹不符", "the result has another digest")
    with out.at("warnings.json scan"):
        made = [e["facts"]["result_sha256"] for e in case.told("scan.make", f"warning:{case.section}")]
        held = made == [scan["result_sha256"] for scan in scans]
        need(held, "筛查与日志所载不同", "not the scans that the ledger tells")
    with out.at("warnings.json"):
        told = sorted(str(entry["subject"]) for entry in case.entries if entry.get("kind") == "warning.raise")
        held = told == sorted(f"warning:{row['code']}" for row in rows)
        need(held, "线索与日志所载不同", "the warnings are not those the ledger tells")
    for row in rows:
        about = f"warning:{row.get('code')}"
        with out.at(f"warnings.json {row.get('code')}"):
            case.only("warning.raise", about)
            need(isinstance(row["decision"], str) and row["decision"].strip(), "没有处置结论", "has no decision")
            ends = [e for verb in ("confirm", "dismiss", "refer") for e in case.told(f"warning.{verb}", about)]
            held = [[e["facts"]["reason"], e["facts"]["to"]] for e in ends] == [[row["decision"], row["state"]]]
            need(held, "处置结论与日志不同", "another decision is told")
            again = [entry["facts"] for entry in case.told("warning.rescan", about)]
            need(same(row.get("rescans", []), again), "再次筛查与日志不同", "scanned again otherwise than told")
    return f"{len(rows)} 条，均有处置结论", f"{len(rows)} warnings, each told and decided"


def signatures(case: Case, signed: dict[str, Any]) -> None:
    """Who signed the opening record is as told, the platform first, over the record's paper (opening.md)."""
    told = list(signed["facts"]["signatures"])
    told += [e["facts"]["cosignature"] for e in case.entries
             if e.get("kind") == "opening.cosign_record" and e["index"] > signed["index"]]  # fmt: skip
    held = same(case.archive.json("opening.json")["record_signatures"], told)
    need(held, "开标记录的签名与日志不同", "the record was signed by others than told")
    message = b"sunbid-record/v1\n" + unhex(signed["facts"]["record_sha256"], 32)
    held = case.platform().signed(unhex(told[0]["signature"], 64), message)
    need(held, "平台对开标记录的签名不成立", "the platform's signature of the record does not hold")


def reports(case: Case, out: Findings) -> Said:
    """The reports are objects here, the opening record and the evaluation report among them."""
    rows = case.archive.rows("reports.json")
    for row in rows:
        with out.at(f"reports.json {row.get('kind')}"):
            case.archive.has(row["sha256"])
    with out.at("opening.json evidence"):
        opening = case.archive.json("opening.json")
        before = [opening.get("first_sitting") or {}, *opening.get("later_sittings", [])]
        records = [opening["record"], *(one.get("record") for one in before)]
        named = [item["sha256"] for record in records if record for item in record["evidence"] if item["sha256"]]
        for sha256 in named:
            case.archive.has(sha256)
        told = [entry["facts"]["sha256"] for entry in case.entries if entry.get("kind") == "bid.evidence"]
        need(sorted(filter(None, told)) == sorted(named), "证据文件与日志不同", "not the evidence the ledger tells")
    for kind, verb, name in (("opening_record", "opening.sign_record", "record_sha256"),
                             ("evaluation_report", "committee.report", "report_sha256")):  # fmt: skip
        with out.at("reports.json"):
            here = [row["sha256"] for row in rows if row.get("kind") == kind]
            need(here, f"缺少 {kind}", f"{kind} is missing")
            entries = [entry for entry in case.entries if entry.get("kind") == verb]
            held = here == [entry["facts"][name] for entry in entries[-1:]]
            need(held, f"{kind} 与日志不同", f"{kind} is not the one told")
            if kind == "opening_record":
                record = digest(case.archive.json("opening.json")["record"])
                held = entries[-1]["facts"]["facts_sha256"] == record
                need(held, "开标记录与日志不同", "the opening record is not the one signed")
                signatures(case, entries[-1])
    return f"{len(rows)} 份在档", f"{len(rows)} reports"
