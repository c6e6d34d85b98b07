"""Shared pools: what a partner platform signed is what was frozen, no more and no less (shared-pools.md)."""

from typing import Any

from .canonical import canonical, digest, exactly, need, same, unbase64
from .notes import Key
from .verdict import Case

DOMAIN = b"sunbid-federation/v1\n"
ANSWER = "sunbid-federation/candidates-answer/v2"
OLDER = "sunbid-federation/candidates-answer/v1"
"""Its signer gave no word of its own on people who will not come."""
LEFT = "sunbid-federation/left/v1"
FIELDS = (
    "type", "id", "request_sha256", "at", "from", "to", "label", "candidates", "excluded", "health", "table_sha256",
)  # fmt: skip


def named(case: Case) -> list[str]:
    """The partners the committee was to draw from, in the order named."""
    committee = f"committee:{case.section}"
    pools = list(case.only("committee.request", committee)["facts"]["shape"].get("partners", []))
    for entry in case.told("committee.pools", committee):
        pools += [pool for pool in entry["facts"]["added"] if "/" in pool]
    return list(dict.fromkeys(pool.partition("/")[0] for pool in pools))


def check_partners(case: Case, rows: list[dict[str, Any]]) -> None:
    """Each experts' draw against the answers its partners signed, or the told reason to do without one."""
    committee = f"committee:{case.section}"
    for row in rows:
        label = row["label"]
        lists = [e for e in case.told("committee.candidates", committee) if e["facts"]["label"] == label]
        need(len(lists) == 1, f"{label} 冻结名单不止一份", f"{label}: not one frozen list")
        facts = lists[0]["facts"]
        need(sorted(row["candidates"]) == sorted(row["specialities"]),
             f"{label} 候选与专业不是同一批", f"{label}: candidates and specialities differ")  # fmt: skip
        told, shown = facts.get("partners", []), row["round"].get("partners", [])
        held = [one["code"] for one in told] == [one["code"] for one in shown] == named(case)
        need(held, f"{label} 的协作平台与申请不符", f"{label}: not the partners that were named")
        brought: dict[str, list[str]] = {}
        kept_out: list[dict[str, Any]] = []
        for said, one in zip(told, shown, strict=True):
            code = one["code"]
            need(all(said[name] == one[name] for name in ("key", "name")), f"{code} 的公钥不符", f"{code}: another key")
            if "answer" not in one:
                check_forgone(case, label, said, one)
                continue
            document = check_answer(case, label, said, one)
            check_left(case, label, one, document)
            brought.update({f"{code}/{name}": held for name, held in document["candidates"].items()})
            for left in document["excluded"]:
                kept_out.append({"candidate": f"{code}/{left['candidate']}", "reasons": left["reasons"]})
        guests = {name: held for name, held in row["specialities"].items() if "/" in name}
        need(
            same(guests, brought),
            f"{label} 的外库候选与对方签名的不同",
            f"{label}: not the candidates the partners signed",
        )
        out = [left for left in facts["excluded"] if "/" in left["candidate"]]
        need(
            same(out, kept_out),
            f"{label} 的外库回避与对方签名的不同",
            f"{label}: not the exclusions the partners signed",
        )


def check_answer(case: Case, label: str, said: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    """A partner's answer: its signature, for whom and to what it is, and when it came."""
    code, answer, key = one["code"], exactly(one["answer"], ("document", "signature")), Key.read(one["key"])
    document = exactly(answer["document"], FIELDS)
    signed = key.signed(unbase64(answer["signature"]), DOMAIN + canonical(document))
    need(signed, f"{code} 的签名不成立", f"{code}: the partner's signature does not hold")
    spoken = (document["label"], document["from"], document["to"])
    need(document["type"] in (ANSWER, OLDER) and spoken == (label, one["key"], case.platform().spelled),
         f"{code} 的答复不是给这次抽取的", f"{code}: the answer is to another draw or platform")  # fmt: skip
    subject = f"consultation:{label}:{code}"
    asked = case.told("consultation.ask", subject) + case.told("consultation.ask_again", subject)
    kept = case.told("consultation.answer", subject)
    need(asked and kept, f"{code} 的询问或答复不在日志", f"{code}: question or answer is not told")
    question = max(asked, key=lambda entry: int(entry["index"]))
    need(digest(answer) == said["answer_sha256"] == kept[-1]["facts"]["answer_sha256"],
         f"{code} 的答复与日志不符", f"{code}: another answer than the ledger's")  # fmt: skip
    need(document["request_sha256"] == question["facts"]["request_sha256"],
         f"{code} 答的不是最后的询问", f"{code}: the answer is to another question")  # fmt: skip
    commits = [entry["index"] for entry in case.told("draw.commit", f"draw:{label}")]
    freeze = case.only("draw.freeze", f"draw:{label}")["index"]
    held = max(commits) < question["index"] < kept[-1]["index"] < freeze
    need(held, f"{code} 的询问不在承诺与冻结之间", f"{code}: not asked between the commitments and the freeze")
    return document


def check_left(case: Case, label: str, one: dict[str, Any], document: dict[str, Any]) -> None:
    """A guest told to have declined has been given up by the lender itself, in its own signed word."""
    if document["type"] == OLDER:
        return
    code, key = one["code"], Key.read(one["key"])
    for invited in (entry for entry in case.entries if entry.get("kind") == "member.invite"):
        owner, _, name = str(invited["facts"].get("candidate") or "").partition("/")
        if owner != code or name not in document["candidates"]:
            continue
        for entry in case.told("member.decline", str(invited["subject"])):
            word = exactly(entry["facts"].get("word"), ("document", "signature"))
            said = exactly(word["document"], ("type", "from", "to", "label", "candidate", "state"))
            spoken = (said["type"], said["from"], said["to"], said["label"], said["candidate"])
            held = spoken == (LEFT, one["key"], case.platform().spelled, label, name)
            held = held and said["state"] in ("declined", "barred", "recalled")
            signed = key.signed(unbase64(word["signature"]), DOMAIN + canonical(said))
            need(held and signed, f"{code}/{name} 没有对方签名的放弃", f"{code}/{name}: the lender never gave it up")


def check_forgone(case: Case, label: str, said: dict[str, Any], one: dict[str, Any]) -> None:
    """Without a partner: only after it failed to answer, with a told reason, before the freeze."""
    code, subject = one["code"], f"consultation:{label}:{one['code']}"
    failed, decided = case.told("consultation.fail", subject), case.told("consultation.forgo", subject)
    need(failed and decided and failed[0]["index"] < decided[-1]["index"],
         f"{code} 未经询问即被略去", f"{code}: left out without having been asked")  # fmt: skip
    reason = decided[-1]["facts"]["reason"]
    need(
        str(reason).strip() and one["without"] == said["without"] == reason, f"{code} 缺理由", f"{code}: reason missing"
    )
    freeze = case.only("draw.freeze", f"draw:{label}")["index"]
    need(decided[-1]["index"] < freeze, f"{code} 的决定晚于冻结", f"{code}: decided after the freeze")
