"""Claims of an export: the leaves under the platform's signed root, the class, personal data, the log's entries."""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .canonical import canonical, digest, exactly, need, sha256
from .notes import open_head, open_note
from .tree import extends, includes, root
from .verdict import Case, Findings

CLASSES = ("public", "party", "supervisor")
EDITIONS = (
    ("2026-10-01", "931ae988b768e9b1060880c1f8c257d7d668bacbc2c429244c57b5252d58dee8"),
    ("2026-12-01", "0f3b4a2370cbddd8d80eeeacf8dd771b03a060398404067aa35b2040d3f944a2"),
    ("2026-12-02", "3e10714cd017d58ce582b259646a35b268630630fe7fe53ecad7409135202fb7"),
)
"""First day and SHA-256 of the canonical JSON of every edition of the classes, as archive.md prints them."""
PERSONAL = re.compile(
    r"(?<![0-9A-Za-z.])1[3-9][0-9](?:[- ]?[0-9]{4}){2}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])0[0-9]{2,3}-[0-9]{7,8}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])[1-8][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx](?![0-9A-Za-z])"
)
LEAF = ("at", "digest", "index", "kind", "subject")
Said = tuple[str, str]


def personal(value: object) -> bool:
    """Whether any text in it shows a phone or an identity number."""
    match value:
        case str():
            return bool(PERSONAL.search(value))
        case dict():
            return any(personal(key) or personal(one) for key, one in value.items())
        case list():
            return any(personal(one) for one in value)
    return False


def check_root(note: object, case: Case, section: str, leaves: Iterable[Mapping[str, Any]]) -> int:
    """The platform signed the root of exactly these leaves; returns how many."""
    rows = [canonical({name: leaf[name] for name in ("class", "commitment", "place")}) for leaf in leaves]
    body = open_note(note, case.platform(), alone=True)
    meant = f"sunbid-disclosure/v1\n{section}\n{len(rows)}\n{base64.b64encode(root(rows)).decode()}\n"
    need(body == meant, "签名的不是这些叶子", "what is signed is not the root of these leaves")
    return len(rows)


def committed(leaf: Mapping[str, Any]) -> dict[str, Any]:
    """A leaf as it stands in the tree, its commitment computed where it is opened."""
    if "commitment" in leaf:
        return exactly(leaf, ("class", "place", "commitment"))
    held = exactly(leaf, ("class", "place", "salt", "value"))
    return {**held, "commitment": digest({"salt": held["salt"], "value": held["value"]})}


def told(case: Case) -> dict[str, Any]:
    """`export.json`."""
    held = case.archive.json("export.json")
    parts = ("type", "section", "platform_key", "class", "note", "leaves")
    held = exactly(held, (*parts, "bid") if "bid" in held else parts)
    need("bid" not in held or (type(held["bid"]) is int and held["class"] == "party"), "格式不识", "unknown bid")
    need(held["type"] == "sunbid-export/v1", "格式不识", "unknown type")
    need(held["class"] in CLASSES, "类别不识", "unknown class")
    return held


def opened(case: Case) -> dict[str, Any]:
    """What every opened leaf says, by its place."""
    return {leaf["place"]: leaf["value"] for leaf in told(case)["leaves"] if "value" in leaf}


def leaves(case: Case, out: Findings) -> Said:
    """Every leaf, opened or hidden, stands under the root that the platform signed when it sealed the file."""
    held = told(case)
    need(case.key is None or case.key.spelled == held["platform_key"], "平台公钥不是所给的", "not the key given")
    count = check_root(held["note"], case, held["section"], map(committed, held["leaves"]))
    return f"{count} 个叶子，均在平台签名的根之下", f"{count} leaves under the root the platform signed"


def redactions(case: Case, out: Findings) -> Said:
    """Nothing the class may see is hidden, nothing else is opened, no personal data is public."""
    held = told(case)
    see = {*CLASSES[: CLASSES.index(held["class"]) + 1], *([f"bid:{held['bid']}"] if "bid" in held else [])}
    hidden = 0
    for leaf in held["leaves"]:
        place, shown, klass = str(leaf["place"]), "value" in leaf, str(leaf["class"])
        may = klass in see or (held["class"] == "supervisor" and klass.startswith("bid:"))
        hidden += not shown
        if not shown and may:
            out.add(place, "本类别可见而被遮盖", "may be seen in this class and is hidden")
        if shown and not may:
            out.add(place, "本类别不可见而被公开", "may not be seen in this class and is opened")
        if shown and leaf["class"] == "public" and personal(leaf["value"]):
            out.add(place, "公开部分含有电话或身份证号", "a public part shows a phone or identity number")
    zh, en = (
        f"类别 {held['class']}，遮盖 {hidden} 处，恰如其分",
        f"class {held['class']}, {hidden} hidden, exactly as due",
    )
    return zh, en


def files(case: Case, out: Findings) -> Said:
    """Every opened file is there with its hash and size, and no other."""
    meant = {value["sha256"]: value["size"] for place, value in opened(case).items() if place.startswith("objects#")}
    for sha, size in meant.items():
        with out.at(str(sha)):
            case.archive.has(sha, size)
    for path in case.archive.order:
        if path != "export.json" and path.removeprefix("objects/") not in meant:
            out.add(path, "没有对应的叶子", "no opened leaf names it")
    return f"{len(meant)} 个文件在档", f"{len(meant)} files are there"


def entries(case: Case, out: Findings) -> Said:
    """Every entry shown is in the log under the platform's head; facts shown are those it committed to."""
    shown = opened(case)
    log = shown["ledger.json#:public"]
    size, top = open_head(log["checkpoint"], case.platform())
    first, first_root = open_head(log["closing"], case.platform())
    grew = extends(first, first_root, size, top, log["consistency"])
    need(grew, "日志不是只增未改", "the log did not only grow")
    count = 0
    for place, entry in shown.items():
        if not place.startswith("ledger.json#/entries/") or not place.endswith(":public"):
            continue
        count += 1
        with out.at(f"entry {entry['index']}"):
            row = canonical({name: entry[name] for name in LEAF})
            need(includes(row, entry["index"], size, entry["proof"], top), "不在日志之中", "is not in the log")
            facts = shown.get(place.removesuffix("public") + "facts")
            if facts is not None:
                made = b"sunbid-facts/v1\n" + facts["salt"].encode() + b"\n" + canonical(facts["facts"])
                same = sha256(made).hex() == entry["digest"]
                need(same, "内容与承诺不符", "its facts are not those it committed to")
    return f"{count} 条存证均在日志之中", f"{count} entries, all in the log"


def result(case: Case, out: Findings) -> Said:
    """Notices are those of the log; the winner is a candidate, and the ranking's."""
    shown = opened(case)
    by_index = {
        value["index"]: place
        for place, value in shown.items()
        if place.startswith("ledger.json#/entries/") and place.endswith(":public")
    }
    notices = 0
    for place, row in shown.items():
        if not place.startswith("notices.json#/") or not place.endswith(":public"):
            continue
        content = shown.get(place.removesuffix("public") + "content")
        with out.at(f"notice {row['number']}"):
            at = by_index.get(row["leaf_index"])
            need(at, "日志中没有此公告", "the log does not tell it")
            facts = shown.get(str(at).removesuffix("public") + "facts")
            if facts is not None and content is not None:
                stated = {name: row[name] for name in ("number", "title", "attachments")} | content
                need(canonical(stated) == canonical(facts["facts"]), "与日志所载不同", "is not what the log tells")
                notices += 1
    award, ranking = shown["award.json#:public"], shown["evaluation.json#:public"]
    with out.at("award.json"):
        need(award["winner"] in award["candidates"], "中标人不是候选人", "the winner is no candidate")
        same = sorted(award["candidates"]) == sorted(ranking["candidates"])
        need(same, "候选人与评审结果不同", "the candidates are not the evaluation's")
    bids = [value for place, value in shown.items() if place.startswith("bids.json#/") and place.endswith(":public")]
    prices = {bid["number"]: bid["price_fen"] for bid in bids}
    for number in [row["number"] for row in ranking.get("ranking", ())] or ranking["candidates"]:
        with out.at(f"bid {number}"):
            need(prices.get(number) is not None, "没有报价", "no price is told")
    winner = award["winner"]
    return f"公告 {notices} 份与日志一致，中标人 {winner} 号", f"{notices} notices as the log tells, winner {winner}"
