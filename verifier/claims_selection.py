"""Claims about 评定分离: the committee by the tender's rule, ballots as they were sealed, the winner counted again."""

import hashlib
from fractions import Fraction
from typing import Any

from .canonical import digest, need, same
from .claims_ledger import Said
from .verdict import Case, Findings


def selection(case: Case, out: Findings) -> Said:
    """As archive.md says under selection."""
    method = case.archive.json("project.json")["section"]["method"]
    plan, rounds = method.get("selection"), 0
    held: dict[str, Any] = {"sittings": [], "inspections": []}
    if "selection.json" in case.archive.members:
        held = case.archive.json("selection.json")
    with out.at("selection.json"):
        names = [f"selection:{case.section}:{one['number']}" for one in held["sittings"]]
        convened = [entry["subject"] for entry in case.entries if entry.get("kind") == "selection.convene"]
        need(same(names, convened) and (plan is not None or not names), "定标委员会与日志不同", "not the sittings told")
        inspections(case, held["inspections"])
        for one, name in zip(held["sittings"], names, strict=True):
            with out.at(name):
                sitting(case, one, name, plan)
        if plan is not None:
            last = held["sittings"][-1]
            need(last["state"] == "concluded", "没有结论", "it came to no result")
            rounds = len(last["result"]["rounds"])
            winner = case.archive.json("award.json")["winner"]
            need(same(winner, last["result"]["winner"]), "中标人不是定标委员会所定", "another one was awarded")
    if plan is None:
        return "由排名决定", "the ranking decided"
    return f"{plan['method']}，{rounds} 轮，可重算", f"{plan['method']}, {rounds} rounds, counted again"


def sitting(case: Case, one: dict[str, Any], name: str, plan: dict[str, Any]) -> None:
    """One sitting: who sat and why, and what their ballots make."""
    fact = case.only("selection.convene", name)["facts"]
    members = [{part: member[part] for part in ("seat", "login", "name")} for member in one["members"]]
    told = [fact["members"], fact["draw"], fact["candidates"]]
    need(same(told, [members, one["draw"], one["candidates"]]), "组成与日志不同", "it was convened otherwise")
    allowed = case.archive.json("evaluation.json")["candidates"]
    need(all(number in allowed for number in one["candidates"]), "候选人不符", "a candidate of its own")
    logins = [member["login"] for member in members]
    need(len(logins) == plan["size"] == len(set(logins)), "人数不符", "another number of members")
    if plan["forming"] == "drawn":
        drawn(case, one["draw"], logins, plan)
    result = one["result"]
    if result is None:
        return
    need(same(result["plan"], plan), "方法不是招标文件所定", "not the tender's method")
    need(same(result["candidates"], one["candidates"]), "候选人不符", "other candidates")
    need(same(result["members"], [{"seat": m["seat"], "name": m["name"]} for m in members]), "席位不符", "other seats")
    need(same(case.only("selection.conclude", name)["facts"]["result"], result), "结论与日志不同", "told otherwise")
    declared = {entry["facts"]["seat"] for entry in case.told("selection.declare", name)}
    need(declared == {member["seat"] for member in members}, "有人没有声明", "somebody did not declare")
    need(same([e["facts"] for e in case.told("selection.round", name)], result["rounds"]), "各轮与日志不同",
         "the rounds are not those told")  # fmt: skip
    sealed = sorted([e["facts"]["round"], e["facts"]["seat"], e["facts"]["sha256"]]
                    for e in case.told("selection.ballot", name))  # fmt: skip
    parts = ("round", "seat", "choice", "reason", "salt")
    opened = sorted([ballot["round"], ballot["seat"], digest({part: ballot[part] for part in parts})]
                    for held in result["rounds"] for ballot in held["ballots"])  # fmt: skip
    need(same(sealed, opened), "选票与密封时不同", "a ballot is not the one that was sealed")
    report(case, one, name)
    prices = {bid["number"]: bid["price_fen"] for bid in case.archive.rows("bids.json")}
    need(same(counted(result, prices), result["winner"]), "重算的中标人不同", "counting again makes another winner")


def report(case: Case, one: dict[str, Any], name: str) -> None:
    """The written report is there and signed by everybody who sat; sittings of earlier versions wrote none."""
    told = [entry["facts"]["report_sha256"] for entry in case.told("selection.report", name)]
    sha = one.get("report_sha256")
    need(same(told, [] if sha is None else [sha]), "定标报告与日志不同", "not the report told")
    if sha is None:
        return
    case.archive.has(sha)
    papers = [row["sha256"] for row in case.archive.rows("reports.json") if row.get("kind") == "selection_report"]
    need(sha in papers, "定标报告不在报告之列", "the report is not among the papers")
    told = [[e["facts"]["seat"], e["facts"]["report_sha256"], e["facts"]["dissent"]]
            for e in case.told("selection.sign", name)]  # fmt: skip
    here = [[made["seat"], made["report_sha256"], made["dissent"]] for made in one["signatures"]]
    need(same(here, told), "签署与日志不同", "the signatures are not those told")
    need(all(made[1] == sha for made in here), "签署的不是这份报告", "another report was signed")
    if one["state"] != "dissolved":
        seats = sorted(member["seat"] for member in one["members"])
        need(same(sorted(made[0] for made in here), seats), "定标报告没有签齐", "a member did not sign")


def drawn(case: Case, draw: dict[str, Any], logins: list[str], plan: dict[str, Any]) -> None:
    """The roll is the one the tender told by its hash; the seats follow from the experts' draw's seed."""
    roll = {"roll": sorted(draw["roll"]), "salt": draw["salt"]}
    need(digest(roll) == plan["roll"]["sha256"], "名单不是招标文件所定", "not the roll the tender told")
    seeds = [one["seed"] for one in case.archive.rows("draws.json") if one["label"] == draw["from"]]
    need(len(seeds) == 1 and draw["from"].startswith("experts:"), "没有这次抽取", "no such draw")
    prefix = bytes.fromhex(seeds[0]) + f"selection:{case.section}\n".encode()
    fit = [login for login in draw["roll"] if login not in draw["unfit"]]
    order = sorted(fit, key=lambda login: hashlib.sha256(prefix + login.encode()).digest())
    need(same(order[: plan["size"]], logins), "席位不是抽出的", "the seats are not those drawn")


def counted(result: dict[str, Any], prices: dict[int, int]) -> int:
    """The winner by the ballots, the opinions or the prices."""
    plan, among = result["plan"], sorted(result["candidates"])
    if plan["method"] == "price":
        among = cheapest(plan["price_rule"], {number: prices[number] for number in among})
        need(
            same(result["price"], {"rule": plan["price_rule"], "leaders": among}), "价格排序不符", "other price leaders"
        )
        if len(among) == 1:
            need(not result["rounds"] and result["decision"] is None, "不应投票", "nobody had to vote")
            return among[0]
    seats = [member["seat"] for member in result["members"]]
    for place, held in enumerate(result["rounds"], 1):
        need(same([held["round"], held["among"]], [place, among]), "候选人或轮次不符", "another round")
        need(same([ballot["seat"] for ballot in held["ballots"]], seats), "选票不齐", "a ballot is missing")
        need(all(ballot["choice"] in among and ballot["reason"].strip() for ballot in held["ballots"]),
             "选票不合规", "a ballot without reason or for nobody")  # fmt: skip
        votes = [ballot["choice"] for ballot in held["ballots"]]
        if plan["method"] == "discussion":
            continue
        counts = {number: votes.count(number) for number in among}
        best = [number for number in among if counts[number] == max(counts.values())]
        if plan["win"] == "most":
            done, among = len(best) == 1, best
        else:
            done = 2 * counts[best[0]] > len(votes)
            left = [number for number in among if counts[number] > min(counts.values())]
            among = left if len(left) > 1 else among
        if done:
            need(place == len(result["rounds"]) and result["decision"] is None, "当选之后又投票", "voting went on")
            return int(best[0])
    need(plan["method"] == "discussion" and len(result["rounds"]) == 1, "没有人当选", "nobody was chosen")
    decision = result["decision"]
    need(decision["choice"] in result["candidates"] and decision["seat"] in seats, "决定不合规", "no such decision")
    return int(decision["choice"])


def cheapest(rule: str, prices: dict[int, int]) -> list[int]:
    """Whom the price rule puts first."""
    if rule == "lowest":
        return sorted(number for number in prices if prices[number] == min(prices.values()))
    mean = Fraction(sum(prices.values()), len(prices))
    below = [number for number in prices if prices[number] <= mean]
    return sorted(number for number in below if prices[number] == max(prices[one] for one in below))


def inspections(case: Case, rows: list[dict[str, Any]]) -> None:
    """What was inspected is as told, with its files."""
    parts = ("number", "place", "people", "findings")
    here = [[*(row[part] for part in parts), [file["sha256"] for file in row["files"]]] for row in rows]
    told = [[*(e["facts"][part] for part in parts), e["facts"]["files"]]
            for e in case.told("selection.inspect", f"publicity:{case.section}")]  # fmt: skip
    need(same(here, told), "考察记录与日志不同", "the inspections are not those told")
    for row in rows:
        for file in row["files"]:
            case.archive.has(file["sha256"])
