"""The claim about anonymous envelopes: labels follow from what was committed and drawn; nothing by name before them."""

from typing import Any

from .canonical import need, same, sha256, unbase64, unhex, whole
from .claims_draws import in_order
from .claims_ledger import Said
from .notes import open_head
from .verdict import Case, Findings

DOMAIN = b"sunbid-masks/v1\n"
CLAUSE = "identifying_marks"
VOTES = ("pass", "fail", "doubt")


def _labels(case: Case, number: int, told: dict[str, Any], commitments: list[str], bids: list[Any]) -> dict[str, str]:
    """The submissions of a round by label, after its signature, commitment, seed and order were re-computed."""
    need(whole(told["round"]) == number, "轮次不连续", "the rounds are not numbered in turn")
    signature = unbase64(told["signature"])
    message = DOMAIN + f"{case.section}\n{number}\n".encode()
    need(case.platform().signed(signature, message), "签名不是平台的", "not the platform's signature")
    secret = sha256(DOMAIN + signature)
    need(number <= len(commitments), "轮次多于承诺", "more rounds than were committed")
    need(sha256(secret).hex() == commitments[number - 1], "承诺打不开", "does not open the commitment")
    rows = [row for row in case.archive.rows("draws.json") if row["label"] == f"experts:{case.section}"]
    need(len(rows) == 1, "没有专家抽取", "no experts' draw")
    label = f"masks:{case.section}:{number}"
    parts = sorted([secret, unhex(rows[0]["seed"], 32)])
    seed = sha256(b"sunbid-draw/v1\n" + label.encode() + b"\n" + b"".join(parts))
    need(told["seed"] == seed.hex(), "种子不符", "the seed differs")
    numbers = {bid["submission"]: bid["number"] for bid in bids}
    order = in_order(seed, label, list(numbers))
    meant = [
        {"label": f"{place:02d}", "number": numbers[one], "submission_digest": one}
        for place, one in enumerate(order, 1)
    ]
    need(same(told["labels"], meant), "编号与投标的对应不符", "the labels are not those that follow")
    return {row["label"]: row["submission_digest"] for row in meant}


def _sheets(case: Case, seat: str, rounds: list[dict[str, Any]], labels: list[dict[str, str]]) -> dict[str, Any]:
    """The seat's last locked masked sheet of each submission; all of one round, before its labels were told."""
    subject = f"masked:{case.section}:{seat}:"
    own = [
        entry
        for entry in case.entries
        if entry.get("kind") == "masked_sheet.lock" and str(entry.get("subject")).startswith(subject)
    ]
    found: dict[str, Any] = {}
    used = set()
    for entry in own:
        facts = entry["facts"]
        number = whole(facts["round"], 1, len(rounds))
        used.add(number)
        need(entry["subject"] == f"{subject}{number}:{facts['label']}", "评分表编号不符", "another sheet's subject")
        need(
            entry["index"] < rounds[number - 1]["index"], "揭晓之后提交的暗标评分", "locked after its labels were told"
        )
        found[labels[number - 1][facts["label"]]] = facts
    need(len(used) == 1, f"{seat} 的暗标评分不在同一轮", f"{seat}: not in one round")
    need(set(found) == set(labels[0].values()), f"{seat} 的暗标评分不全", f"{seat}: a masked sheet is missing")
    return found


def masks(case: Case, out: Findings) -> Said:
    """None anonymous: no label at all. Else: commitment, labels, masked sheets, what was carried, and the order."""
    section, committee = f"section:{case.section}", f"committee:{case.section}"
    rounds = case.told("committee.lock_blind", committee)
    if not case.anonymous:
        kinds = {entry.get("kind") for entry in case.entries}
        need(
            not kinds & {"masks.commit", "committee.lock_blind", "masked_sheet.lock"},
            "没有暗标却有编号",
            "labels without an anonymous envelope",
        )
        return "没有暗标", "no anonymous envelope"
    result = case.archive.json("evaluation.json")
    bids, locked = result["bids"], dict[str, dict[str, Any]]()
    with out.at("masks.commit"):
        commit = case.only("masks.commit", section)
        reveals = [entry["index"] for entry in case.told("draw.reveal", f"draw:experts:{case.section}")]
        closing, _ = open_head(case.ledger()["closing"], case.platform())
        held = commit["index"] < min([closing, *reveals])
        need(held, "承诺晚于截标或抽取", "committed after the closing or the draw")
        need(rounds, "暗标评审没有锁定", "the blind round was never locked")
    with out.at("committee.lock_blind"):
        commitments = commit["facts"]["commitments"]
        need(len(set(commitments)) == len(commitments), "承诺重复", "a commitment stands twice")
        labels = [
            _labels(case, number, entry["facts"]["masks"], commitments, bids) for number, entry in enumerate(rounds, 1)
        ]
    with out.at("masked_sheet.lock"):
        locked = {member["label"]: _sheets(case, member["label"], rounds, labels) for member in result["members"]}
    with out.at("sheet.lock"):
        named = [entry["index"] for entry in case.entries if entry.get("kind") == "sheet.lock"]
        held = named and min(named) > rounds[0]["index"]
        need(held, "记名评分早于暗标评审锁定", "a named sheet before the blind round was locked")
        asked = [entry["index"] for entry in case.entries if entry.get("kind") == "bid_clarification.ask"]
        held = not asked or min(asked) > rounds[0]["index"]
        need(held, "暗标评审锁定前询问投标人", "a bidder was asked before the blind round was locked")
        begun = [entry["index"] for entry in case.told("committee.begin_scoring", committee)]
        held = min(begun) > rounds[0]["index"] and max(begun) > rounds[-1]["index"]
        need(held, "评分早于暗标评审锁定", "scoring began before the blind round was locked")
    digests = {bid["number"]: bid["submission"] for bid in bids}
    blind = sorted(c["code"] for c in result["method"]["criteria"] if c["group"] in case.anonymous)
    for sheet in result["sheets"]:
        with out.at(f"evaluation.json sheet {sheet['member']}/{sheet['number']}"):
            items = locked[sheet["member"]][digests[sheet["number"]]]["items"]
            need(sorted(items) == blind and blind, "暗标评分项不符", "not the blind criteria")
            held = all(items[code][0] == sheet["items"][code] for code in blind)
            need(held, "暗标得分与锁定的不同", "the blind scores are not those locked under the label")
    for bid in result["conformity"]["bids"]:
        with out.at(f"evaluation.json conformity {bid['number']}"):
            said = [locked[seat][digests[bid["number"]]]["finding"] for seat in result["conformity"]["members"]]
            votes = [clause for clause in bid["clauses"] if clause["clause"] == CLAUSE]
            held = len(votes) == 1 and all(votes[0][vote] == said.count(vote) for vote in VOTES)
            need(held, "暗标标记的票数不符", "the votes on marks are not those of the masked sheets")
    count = len(labels[0]) if not out.problems else 0
    return f"{count} 个编号，{len(rounds)} 轮，可重算", f"{count} labels in {len(rounds)} rounds follow"
