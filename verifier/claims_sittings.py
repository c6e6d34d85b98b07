"""The claim about two sittings: prices only of who passed, and after the scores; the others stay sealed."""

from itertools import pairwise
from typing import Any

from .canonical import need, same
from .claims_ledger import Said
from .verdict import Case, Findings

RULE = "wrong_failure_after_prices"


def _layers(case: Case, sat: dict[str, tuple[int, set[str]]], out: Findings) -> None:
    """A layer of a second envelope is taken off in the sitting that admitted the bid, and of a first one before."""
    first = f"opening:{case.section}"
    start = min(at for at, _ in sat.values())
    for entry in case.entries:
        if entry.get("kind") not in ("opening.peel", "opening.peel_fault"):
            continue
        facts = entry["facts"]
        with out.at(f"ledger entry {entry['index']}"):
            later = facts["package"] in case.later
            need((entry["subject"] in sat) == later, "场次不符", "a layer of another sitting")
            if later:
                at, admitted = sat[entry["subject"]]
                need(entry["index"] > at, "第二信封在第二次开标前被剥开", "a second envelope before its sitting")
                need(facts["submission"] in admitted, "未通过者的第二信封被剥开", "a second envelope of who failed")
            else:
                need(entry["subject"] == first and entry["index"] < start, "场次不符", "a layer of another sitting")


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


def _reviewed(case: Case, committee: str, end: int) -> tuple[list[int], list[int]]:
    """Who passed and who failed, as decided when the stage that ended there had begun."""
    begun = [e for e in case.told("committee.begin_scoring", committee) if e["index"] < end]
    need(begun, "第一信封没有评审", "no review before the first stage ended")
    decided = begun[-1]["facts"]["conformity"]["bids"]
    return [one["number"] for one in decided if not one["rejected"]], [
        one["number"] for one in decided if one["rejected"]
    ]


def _published(case: Case, committee: str, ends: list[int], convened: int) -> None:
    """What each end of the stage before the prices published, and that all but the last was withdrawn."""
    about = f"opening:{case.section}"
    admits, taken = case.told("opening.admit", about), case.told("opening.withdraw_admission", about)
    held = len(admits) == len(ends) == len(taken) + 1
    need(held, "公布的次数与评审不符", "not as many results as ends of the stage")
    steps: list[int] = []
    for place, end in enumerate(ends):
        steps += [end, admits[place]["index"], taken[place]["index"] if place < len(taken) else convened]
        passed, _ = _reviewed(case, committee, end)
        need(same(admits[place]["facts"]["passed"], passed), "公布的通过者不符", "opening.admit names others")
    need(steps == sorted(steps), "先后不对", "the steps are out of order")


def _restored(case: Case, late: list[int], end: int, number: int) -> tuple[int, set[str]]:
    """Where the sitting of that number began, which opens what passed only when judged again; whom it admitted."""
    law = [rule["value"] for rule in case.archive.json("project.json")["law"]["rules"] if rule["key"] == RULE]
    need(law == ["open"], "法律依据中没有补充开标", "the law knows no later sitting")
    about = f"opening:{case.section}:{number - 1}"
    said = [e for e in case.told("opening.restore", about) if e["index"] > end]
    need(said and same(said[0]["facts"]["numbers"], late), "改评通过者未经更正", "not who was restored")
    convened = case.only("opening.convene_second", f"opening:{case.section}:{number}")
    announced = [e["index"] for e in case.told("opening.announce_supplement", about)]
    open_day = any(said[0]["index"] < one < convened["index"] for one in announced)
    need(open_day, "补充开标没有公告", "the later sitting was not announced")
    bids = {bid["number"]: bid["submission_digest"] for bid in case.archive.rows("bids.json")}
    stated = [[one["number"], one["submission_digest"]] for one in convened["facts"]["admitted"]]
    held = same(stated, [[one, bids[one]] for one in late]) and same(convened["facts"]["returned"], [])
    need(held, "补充开标的不是改评通过者", "the later sitting admits others")
    locks = [e["index"] for e in case.told("committee.lock", f"committee:{case.section}") if e["index"] > end]
    need(locks and locks[0] > convened["index"], "锁定早于补充开标", "locked before the later sitting")
    return convened["index"], {bids[one] for one in late}


def sittings(case: Case, out: Findings) -> Said:
    """One sitting: nothing of a second. Two: the order of the ledger, who was admitted, and what stayed sealed."""
    first, second = f"opening:{case.section}", f"opening:{case.section}:2"
    committee = f"committee:{case.section}"
    if not case.later:
        held = case.archive.json("opening.json").get("sittings", 1) == 1
        need(held and not case.told("opening.convene_second", second), "多出第二次开标", "there is a second sitting")
        return "一次开启", "one sitting"
    ends = [end["index"] for end in case.told("committee.conclude_first", committee)]
    need(ends, "第一信封评审没有结束", "the first stage never ended")
    convened = case.only("opening.convene_second", second)
    early = [end for end in ends if end < convened["index"]]
    need(early, "第一信封评审没有结束", "the first stage never ended")
    passed, failed = _reviewed(case, committee, early[-1])
    bids = {bid["number"]: bid for bid in case.archive.rows("bids.json")}
    with out.at("opening.convene"):
        held = same(case.only("opening.convene", first)["facts"]["later"], case.later)
        need(held, "留待第二次的信封与公告不同", "later is not what the notice says")
    sat = {second: (convened["index"], {bids[number]["submission_digest"] for number in passed})}
    entered = set(passed)
    with out.at("opening.convene_second"):
        told = [[one["number"], one["submission_digest"]] for one in convened["facts"]["admitted"]]
        held = same(told, [[number, bids[number]["submission_digest"]] for number in passed])
        need(held, "参加第二次开标的不是通过者", "admitted are not those who passed")
        need(same(convened["facts"]["returned"], failed), "退还的不是未通过者", "returned are not those who failed")
        _published(case, committee, early, convened["index"])
        _scored(case, committee, ends)
        locks = case.told("committee.lock", committee)
        need(locks and locks[0]["index"] > convened["index"], "锁定早于第二次开标", "locked before the second sitting")
    with out.at("opening.restore"):
        for end in ends[len(early) :]:
            late = sorted(set(_reviewed(case, committee, end)[0]) - entered)
            if late:
                number = len(sat) + 2
                sat[f"{first}:{number}"] = _restored(case, late, end, number)
                entered |= set(late)
        for kind, count in (("opening.convene_second", len(sat)), ("opening.restore", len(sat) - 1)):
            held = sum(entry.get("kind") == kind for entry in case.entries) == count
            need(held, "开标次数与评审不符", "more sittings than the reviews call for")
        last = case.archive.json("evaluation.json")["conformity"]["bids"]
        held = {bid["number"] for bid in last if not bid["rejected"]} <= entered
        need(held, "未开启第二信封者被评为通过", "passed later, with the second envelope returned")
    _layers(case, sat, out)
    out_of_it = sorted(set(failed) - entered)
    for number in out_of_it:
        with out.at(f"bids.json {number}"):
            _sealed(bids[number], case.later)
    return (
        f"{1 + len(sat)} 次开启：{len(entered)} 家开启第二信封，{len(out_of_it)} 家原封退还",
        f"{1 + len(sat)} sittings: {len(entered)} second envelopes opened, {len(out_of_it)} returned sealed",
    )
