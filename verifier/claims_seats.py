"""Who came to sit: seats left to draw, supplementary walks, direct selections, the cause of every invitation."""

from collections import Counter
from typing import Any

from .canonical import need, same, whole
from .verdict import Case

GONE = {"member.decline": "declined", "member.avoid": "avoided", "member.miss": "absent"}


def selections(case: Case) -> dict[int, dict[str, Any]]:
    """The approved direct selections by number: two people of two units, ground, reason, rule as the law has it."""
    project = case.archive.json("project.json")
    law = [rule for rule in project["law"]["rules"] if rule["key"] == "direct_selection"]
    found: dict[int, dict[str, Any]] = {}
    for entry in case.entries:
        if entry.get("kind") != "direct.approve":
            continue
        subject, facts = str(entry["subject"]), entry["facts"]
        head, _, tail = subject.rpartition(":")
        need(
            head == f"direct:{case.section}" and tail.isdigit(), "直接确定的标签不对", "bad label of a direct selection"
        )
        proposal = case.only("direct.propose", subject)
        need(proposal["index"] < entry["index"], "先核准后提议", "approved before it was proposed")
        kept = {name: facts.get(name) for name in proposal["facts"]}
        need(same(kept, proposal["facts"]), "核准的不是所提议的", "what was approved is not what was proposed")
        who = [facts["proposer"], facts["approver"]]
        need(all(one["login"] and one["unit"] for one in who), "缺提议人或核准人", "proposer or approver is missing")
        apart = who[0]["login"] != who[1]["login"] and who[0]["unit"] != who[1]["unit"]
        need(apart, "提议与核准出自同一人或同一单位", "proposed and approved by one person or unit")
        need(len(law) == 1, "项目所适用的法规没有这项例外", "the project's law has no such exception")
        need(facts["rule"]["key"] == law[0]["key"] and facts["rule"]["value"] == law[0]["value"],
             "依据不符", "another rule is cited")  # fmt: skip
        need(facts["ground"] in law[0]["value"].split(), "情形不合法", "not a ground of the law")
        need(len(str(facts["reason"]).strip()) >= 20, "理由不足", "the reason is too short")
        if project["regime"] == "G":
            need(str(facts["document"]).strip(), "缺主管预算单位同意文件", "the approval's number is missing")
        found[int(tail)] = {"seats": facts["seats"], "fills": facts["replacement"], "index": entry["index"]}
    return found


def seats_to_draw(case: Case) -> list[dict[str, Any]]:
    """The request's seats without those that approved selections fill."""
    asked = case.only("committee.request", f"committee:{case.section}")["facts"]["shape"]["seats"]
    left = {row["speciality"]: whole(row["count"]) for row in asked}
    for chosen in selections(case).values():
        for row in [] if chosen["fills"] else chosen["seats"]:
            left[row["speciality"]] = left.get(row["speciality"], 0) - whole(row["count"])
    need(all(count >= 0 for count in left.values()), "直接确定多于席位", "more selected directly than there are seats")
    return [{"count": count, "speciality": name} for name, count in left.items() if count]


def in_turn(case: Case, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The experts' draws in the order in which they were held."""
    first = f"experts:{case.section}"
    numbered: dict[int, dict[str, Any]] = {}
    for row in rows:
        label = str(row.get("label"))
        if label == first or label.startswith(first + ":"):
            tail = label[len(first) + 1 :] or "1"
            need(tail.isdigit() and int(tail) not in numbered, "抽取的次序不对", "bad number of a draw")
            numbered[int(tail)] = row
    need(sorted(numbered) == list(range(1, len(numbered) + 1)), "补抽不连续", "a supplementary draw is missing")
    return [numbered[number] for number in sorted(numbered)]


def invitations(case: Case) -> dict[str, dict[str, Any]]:
    """The told invitations by the seat's subject."""
    return {str(entry["subject"]): entry for entry in case.entries if entry.get("kind") == "member.invite"}


def left_by(case: Case, index: int, names: list[str]) -> dict[str, str]:
    """Of these candidates, who had left before that entry, and how."""
    found: dict[str, str] = {}
    for subject, invited in invitations(case).items():
        for kind, word in GONE.items():
            if invited["facts"].get("candidate") in names:
                for entry in case.told(kind, subject):
                    if entry["index"] < index:
                        found[invited["facts"]["candidate"]] = word
    return found


def check_sitting(case: Case, rows: list[dict[str, Any]]) -> None:
    """Every invitation follows from a concluded draw or an approved selection; every sheet is by such a member."""
    chosen, used = selections(case), Counter[int]()
    since = {name: case.only("draw.conclude", f"draw:{row['label']}")["index"]
             for row in in_turn(case, rows) for name in row["outcome"]["order"]}  # fmt: skip
    known = invitations(case)
    for subject, entry in known.items():
        facts = entry["facts"]
        if "direct" in facts:
            number = whole(facts["direct"])
            need(number in chosen and chosen[number]["index"] < entry["index"],
                 f"{subject} 未经核准", f"{subject}: no approved selection")  # fmt: skip
            used[number] += 1
        else:
            name = facts["candidate"]
            need(name in since and since[name] < entry["index"], f"{subject} 不是抽取所得", f"{subject}: not drawn")
    for number, count in used.items():
        need(count == sum(whole(row["count"]) for row in chosen[number]["seats"]),
             f"直接确定 {number} 的人数不对", f"direct selection {number}: another number of people")  # fmt: skip
    known_labels = {subject.rpartition(":")[2] for subject in known}
    known_labels |= {str(e["subject"]).rpartition(":")[2] for e in case.entries if e.get("kind") == "member.name"}
    for sheet in case.archive.json("evaluation.json")["sheets"]:
        need(sheet["member"] in known_labels, f"席位 {sheet['member']} 来历不明", f"seat {sheet['member']}: no cause")
