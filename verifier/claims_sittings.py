"""The claim about two sittings: prices only of who passed, and after the scores; the others stay sealed."""

from itertools import pairwise
from typing import Any

from .canonical import need, same
from .claims_ledger import Said
from .verdict import Case, Findings


def _layers(case: Case, at: int, admitted: set[str], out: Findings) -> None:
    subjects = [f"opening:{case.section}", f"opening:{case.section}:2"]
    for entry in case.entries:
        if entry.get("kind") not in ("opening.peel", "opening.peel_fault") or entry.get("subject") not in subjects:
            continue
        facts = entry["facts"]
        with out.at(f"ledger entry {entry['index']}"):
            later = facts["package"] in case.later
            need((entry["subject"] == subjects[1]) == later, "场次不符", "a layer of another sitting")
            if later:
                need(entry["index"] > at, "第二信封在第二次开标前被剥开", "a second envelope before its sitting")
                need(facts["submission"] in admitted, "未通过者的第二信封被剥开", "a second envelope of who failed")


def _scored(case: Case, committee: str, ends: list[int]) -> None:
    """Scores stand before an end of the stage; after one, only where the committee was sent back in between."""
    kinds = ("committee.roll_back_review", "committee.roll_back_scoring")
    back = [entry["index"] for kind in kinds for entry in case.told(kind, committee)]
    marks = sorted([(end, "end") for end in ends] + [(place, "back") for place in back])
    scores = [e["index"] for e in case.entries if e.get("kind") == "sheet.lock"]
    need(scores and min(scores) < ends[0], "没有第一阶段的评分", "no score in the first stage")
    for place in scores:
        before = [what for at, what in marks if at < place]
        held = (not before or before[-1] == "back") and place < ends[-1]
        need(held, "评分晚于第一阶段结束", "a sheet was locked after the first stage")
    for at, after in pairwise(ends):
        need(any(at < place < after for place in back), "第一阶段重复结束", "the first stage ended twice")


def _sealed(bid: dict[str, Any], later: list[str]) -> None:
    need(bid["state"] == "returned", "未通过者的状态不是退还", "the state of who failed is not returned")
    need(bid["price_fen"] is None and bid["schedule"] is None, "未通过者有报价", "who failed has a price")
    need(
        not set(bid["envelopes"]) & set(later),
        "未通过者的第二信封有私钥",
        "a secret of a second envelope of who failed",
    )


def sittings(case: Case, out: Findings) -> Said:
    """One sitting: nothing of a second. Two: the order of the ledger, who was admitted, and what stayed sealed."""
    first, second = f"opening:{case.section}", f"opening:{case.section}:2"
    committee = f"committee:{case.section}"
    if not case.later:
        need(not case.told("opening.convene_second", second), "多出第二次开标", "there is a second sitting")
        return "一次开启", "one sitting"
    ends = case.told("committee.conclude_first", committee)
    need(ends, "第一信封评审没有结束", "the first stage never ended")
    begun = [e for e in case.told("committee.begin_scoring", committee) if e["index"] < ends[0]["index"]]
    need(begun, "第一信封没有评审", "no review before the first stage ended")
    decided = begun[-1]["facts"]["conformity"]["bids"]
    passed = [bid["number"] for bid in decided if not bid["rejected"]]
    failed = [bid["number"] for bid in decided if bid["rejected"]]
    bids = {bid["number"]: bid for bid in case.archive.rows("bids.json")}
    with out.at("opening.convene"):
        held = same(case.only("opening.convene", first)["facts"]["later"], case.later)
        need(held, "留待第二次的信封与公告不同", "later is not what the notice says")
    convened = case.only("opening.convene_second", second)
    admitted = {bids[number]["submission_digest"] for number in passed}
    with out.at("opening.convene_second"):
        told = [[one["number"], one["submission_digest"]] for one in convened["facts"]["admitted"]]
        held = same(told, [[number, bids[number]["submission_digest"]] for number in passed])
        need(held, "参加第二次开标的不是通过者", "admitted are not those who passed")
        need(same(convened["facts"]["returned"], failed), "退还的不是未通过者", "returned are not those who failed")
        last = case.archive.json("evaluation.json")["conformity"]["bids"]
        held = {bid["number"] for bid in last if not bid["rejected"]} <= set(passed)
        need(held, "未开启第二信封者被评为通过", "passed later, with the second envelope returned")
        steps = [ends[0], case.only("opening.admit", first), convened]
        places = [step["index"] for step in steps]
        need(places == sorted(places), "先后不对", "the steps are out of order")
        need(same(steps[1]["facts"]["passed"], passed), "公布的通过者不符", "opening.admit names others")
        _scored(case, committee, [end["index"] for end in ends])
        locks = case.told("committee.lock", committee)
        need(locks and locks[0]["index"] > places[2], "锁定早于第二次开标", "locked before the second sitting")
    _layers(case, convened["index"], admitted, out)
    for number in failed:
        with out.at(f"bids.json {number}"):
            _sealed(bids[number], case.later)
    return (
        f"两次开启：{len(passed)} 家开启第二信封，{len(failed)} 家原封退还",
        f"two sittings: {len(passed)} second envelopes opened, {len(failed)} returned sealed",
    )
