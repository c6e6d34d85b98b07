"""What the committee asked bidders: told, signed, in time; what follows for clauses and prices (scoring.md §6)."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from .canonical import canonical, decimal, exactly, instant, need, same, sha256, unbase64, whole
from .claims_complaints import later
from .verdict import Case, Findings

NEEDS = {"T5a": "low_price", "G8": "low_price", "T8": "content", "G10": "content", "T9": "correction",
         "G9": "correction"}  # fmt: skip
ENDS = {"answered": "answer", "refused": "refuse", "lapsed": "lapse"}
LINES = {"low_price_of_mean": "of_mean", "low_price_of_second": "of_second", "low_price_of_maximum": "of_maximum"}
QUESTION = ("type", "section", "number", "submission", "kind", "clause", "text", "basis", "asked_at", "due_at")
STEP = ("what", "rule", "from_fen", "to_fen")


REVIEWS = ("committee.begin_scoring", "committee.reseat", "committee.roll_back_review")


def standing(case: Case, kind: str, *undoing: str) -> dict[str, Any]:
    """The last told entry of a kind on the committee: each earlier one was undone before the next, none after it."""
    about = f"committee:{case.section}"
    found = case.told(kind, about)
    need(found, f"日志中没有 {kind}", f"no told {kind}")
    at = [whole(entry["index"]) for entry in found]
    back = [whole(entry["index"]) for one in undoing for entry in case.told(one, about)]
    for before, after in pairwise(at):
        need(any(before < b < after for b in back), f"{kind} 重复而未撤销", f"two {kind} with nothing undone between")
    need(not any(b > at[-1] for b in back), f"{kind} 之后已撤销", f"undone after the last {kind}")
    return found[-1]


def rows_of(case: Case) -> list[dict[str, Any]]:
    """The questions in their order; archives from before there were any have no such member."""
    if "bid_clarifications.json" not in case.archive.members:
        return []
    return case.archive.rows("bid_clarifications.json")


def _signed(certificate: str, signature: str, digest: bytes) -> bool:
    public = load_pem_x509_certificate(certificate.encode()).public_key()
    if not isinstance(public, EllipticCurvePublicKey):
        return False
    try:
        public.verify(unbase64(signature), b"sunbid-answer/v1\n" + digest, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _row(case: Case, number: int, row: dict[str, Any], bid: dict[str, Any]) -> None:
    question = exactly(row["question"], QUESTION)
    about = f"bid_clarification:{case.section}:{number}"
    entries = [entry for entry in case.entries if entry.get("subject") == about]
    need(len(entries) == 2, "日志中的问与答不成对", "the ledger does not hold one question and one end")
    asked, ended = entries
    digest = sha256(canonical(question))
    held = asked["kind"] == "bid_clarification.ask" and same(asked["facts"]["question"], question)
    held = held and asked["facts"]["question_sha256"] == digest.hex() and same(asked["facts"]["bid"], bid["number"])
    held = held and question["number"] == number and question["section"] == case.section
    need(held, "问题与日志不同", "not the question the ledger tells")
    need(ended["kind"] == f"bid_clarification.{ENDS[row['state']]}", "结局与日志不同", "not the end the ledger tells")
    if case.later and question["kind"] != "content":
        second = case.only("opening.convene_second", f"opening:{case.section}:2")
        need(asked["index"] > second["index"], "第二次开标之前问及报价", "asked about a price before its sitting")
        until = standing(case, "committee.lock", "committee.roll_back_scoring", "committee.roll_back_review")
    else:
        until = standing(case, *REVIEWS)
    need(ended["index"] < until["index"], "评审结束之后才答复", "ended after the review")
    due, at = later(case, instant(question["asked_at"]), instant(question["due_at"])), instant(ended["at"])
    if row["state"] == "lapsed":
        need(row["answer"] is None and at >= due, "未到期即视为未答复", "lapsed before it was due")
        return
    answer = exactly(row["answer"], ("type", "question_sha256", "text", "accepts", "files"))
    need(at < due, "期满之后答复", "answered too late")
    need(same(ended["facts"]["answer"], answer), "答复与日志不同", "not the answer the ledger tells")
    need(answer["question_sha256"] == digest.hex(), "答非所问", "answers another question")
    accepts = False if row["state"] == "refused" else True if question["kind"] == "correction" else None
    need(answer["accepts"] is accepts, "接受与否与结局不符", "accepts is not what the end says")
    made = _signed(str(bid["identity"]["certificate"]), row["signature"], sha256(canonical(answer)))
    need(made, "答复的签名不成立", "the answer's signature does not hold")
    for file in answer["files"]:
        case.archive.has(file["sha256"], file["size"])


def _corrected(question: dict[str, Any], bid: dict[str, Any]) -> int:
    """The corrected price as it follows from the price read out, step by step."""
    basis, at = question["basis"], whole(bid["price_fen"], 1)
    need(same(basis["read_fen"], at) and basis["steps"], "修正的起点不符", "does not begin at the price read out")
    for step in basis["steps"]:
        exactly(step, STEP)
        need(same(step["from_fen"], at), "修正的步骤不连续", "a step does not begin where the last one ended")
        if step["what"] == "units":
            moved = sum(whole(line["to_fen"]) - whole(line["from_fen"]) for line in basis["lines"])
            total = whole(bid["contents"]["bill"]["total_fen"]) + moved
            need(same(step["to_fen"], total), "不是按单价计算的合计", "is not the sum by unit prices")
        at = whole(step["to_fen"], 1)
    need(same(basis["price_fen"], at), "修正的结果不符", "the corrected price is not where the steps end")
    return at


def lines_of(law: list[dict[str, Any]], method: dict[str, Any]) -> dict[str, Fraction]:
    """The percentages that start a review of low prices: the law's, raised by the notice up to the law's cap."""
    values = {rule["key"]: rule["value"] for rule in law}
    found = {which: decimal(values[key]) for key, which in LINES.items() if key in values}
    for which, text in (method.get("low_price") or {}).items():
        raised, cap = decimal(text), decimal(values.get("low_price_share_cap", "100"))
        need(which in found and found[which] <= raised <= cap, "低价界线超出规定", "a low price line the law forbids")
        found[which] = raised
    return found


def below(prices: dict[int, int], maximum: int, lines: dict[str, Fraction]) -> set[int]:
    """The bids whose price lies strictly below a line."""
    found: set[int] = set()
    order = sorted(prices, key=lambda n: (prices[n], n))
    for n in order:
        if "of_mean" in lines and 100 * len(prices) * prices[n] < lines["of_mean"] * sum(prices.values()):
            found.add(n)
        if "of_maximum" in lines and 100 * prices[n] < lines["of_maximum"] * maximum:
            found.add(n)
    if "of_second" in lines and len(order) > 1:
        lowest, second = order[:2]
        if 100 * prices[lowest] < lines["of_second"] * prices[second]:
            found.add(lowest)
    return found


def clarified(case: Case, result: dict[str, Any], out: Findings) -> tuple[dict[int, int], dict[int, set[str]]]:
    """The accepted corrected prices, and the clauses that answers brought to the review, both by bid number."""
    bids = {bid["submission_digest"]: bid for bid in case.archive.rows("bids.json")}
    prices: dict[int, int] = {}
    further: dict[int, set[str]] = {}
    accepted: dict[int, dict[str, Any]] = {}
    asked: dict[int, list[dict[str, Any]]] = {}
    refused: dict[int, bool] = {}
    rows = rows_of(case)
    told = [e for e in case.entries if e.get("kind") == "bid_clarification.ask"]
    need(len(told) == len(rows), "澄清与日志数目不同", "not every question of the ledger is here")
    for number, row in enumerate(rows, 1):
        with out.at(f"bid_clarifications.json {number}"):
            question, bid = row["question"], bids[row["question"]["submission"]]
            n = whole(bid["number"])
            asked.setdefault(n, []).append(question)
            _row(case, number, row, bid)
            if question["kind"] == "correction":
                at = _corrected(question, bid)
                accepted.pop(n, None)
                refused[n] = row["state"] != "answered"
                if refused[n]:
                    further.setdefault(n, set()).add("correction")
                else:
                    accepted[n] = {"number": n, "clarification": number, "read_fen": bid["price_fen"], "price_fen": at}
                    prices[n] = at
            if question["kind"] == "low_price":
                further.setdefault(n, set()).add("low_price")
    stated = sorted(result.get("corrections", []), key=lambda one: int(one["number"]))
    need(same(stated, [accepted[n] for n in sorted(accepted)]), "修正的报价不符", "corrections is not what follows")
    priced = result["price_review"]["bids"] if case.later else result["conformity"]["bids"]
    if case.later:
        _grounds(result["conformity"]["bids"], asked, {})
    _grounds(priced, asked, refused)
    _low(case, result, priced, prices, asked)
    return prices, further


def _grounds(
    decided: list[dict[str, Any]], asked: dict[int, list[dict[str, Any]]], refused: dict[int, bool]
) -> None:  # fmt: skip
    for bid in decided:
        n = bid["number"]
        failed = {clause["clause"] for clause in bid["clauses"] if clause["decision"] == "fail"}
        held = not refused.get(n) or "correction" in failed
        need(held, f"{n} 号未接受修正而未否决", f"bid {n}: the correction was not accepted, yet it was not rejected")
        for ground in bid.get("grounds", []):
            wanted = NEEDS.get(ground["ground"])
            about = [question for question in asked.get(n, []) if question["kind"] == wanted]
            if wanted == "content":
                about = [question for question in about if question["clause"] in (None, ground["clause"])]
            need(wanted is None or about, f"{n} 号未经澄清即否决", f"bid {n}: rejected without having been asked")


def _low(case: Case, result: dict[str, Any], decided: list[dict[str, Any]], corrected: dict[int, int],
         asked: dict[int, list[dict[str, Any]]]) -> None:  # fmt: skip
    read = {bid["number"]: bid["price_fen"] for bid in result["bids"]}
    most = whole(result["control_price_fen"])
    passed = {}
    for bid in decided:
        n = bid["number"]
        price = corrected.get(n, whole(read[n], 1))
        if case.later and price > most:
            continue
        if {clause["clause"] for clause in bid["clauses"] if clause["decision"] == "fail"} <= {"low_price"}:
            passed[n] = price
    lines = lines_of(case.archive.json("project.json")["law"]["rules"], result["method"])
    explained = {n for n, questions in asked.items() if any(one["kind"] == "low_price" for one in questions)}
    unasked = sorted(below(passed, whole(result["control_price_fen"]), lines) - explained)
    need(not unasked, f"{unasked} 号低价未要求说明", f"bids {unasked}: far too low, and not asked to explain")
