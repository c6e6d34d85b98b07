"""Whether a draft is complete: one pure function over the whole draft, its rules as data, the same in the page.

`static/seal/completeness.js` computes the same from the same data; `tests/vectors/completeness.json` binds the two.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from bidding.rules.consortia import check_typed, is_joint
from bidding.rules.links import broken, clauses_of
from core import money
from core.errors import Invalid

DRAFT = "sunbid-draft/v1"
TODO, DOING, FIX, DONE = "todo", "doing", "fix", "done"
STATES = (TODO, DOING, FIX, DONE)
"""未开始, 进行中, 需修改, 已完成."""
NEED, WRONG, ADVICE = "need", "fix", "advise"
"""What is still missing, what is there and wrong, and what would only be better."""
MOST_TEXT = 200
_COUNT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing about a task: its code (sentences.json), how grave, the field or file it is about, facts."""

    code: str
    level: str
    field: str
    expected: str = ""
    found: str = ""

    def as_json(self) -> dict[str, str]:
        """The lack as data."""
        return {
            "code": self.code,
            "level": self.level,
            "field": self.field,
            "expected": self.expected,
            "found": self.found,
        }


@dataclass(frozen=True, slots=True)
class Task:
    """One task with its state and everything found about it."""

    task: str
    state: str
    lacks: tuple[Lack, ...]

    def as_json(self) -> dict[str, Any]:
        """The task as data."""
        return {"task": self.task, "state": self.state, "lacks": [lack.as_json() for lack in self.lacks]}


@cache
def _rules() -> str:
    return Path(__file__).with_suffix(".json").read_text(encoding="utf-8")


def tasks() -> list[dict[str, Any]]:
    """The rules: each task with its steps; a fresh copy."""
    found: list[dict[str, Any]] = json.loads(_rules())
    return found


def completeness(preparation: Json, draft: Json) -> list[Task]:
    """The state of every task of the draft, in order.

    需修改 as soon as anything given is wrong; 已完成 when nothing is missing; 进行中 when something is given; or else
    未开始. `preparation` is what the section asks (with its `tasks`). `draft` holds texts as typed under `schedule`,
    `bond`, `authorisation`, `consortium`, the `links`, the `files` by envelope and slot, and what the check of the
    `bill` came to.
    """
    return [_task(task, preparation, draft) for task in preparation["tasks"]]


def is_complete(found: list[Task]) -> bool:
    """Whether every task is done."""
    return all(task.state == DONE for task in found)


def _task(task: Json, preparation: Json, draft: Json) -> Task:
    if "only_if" in task and not preparation.get(task["only_if"]):
        return Task(task["task"], DONE, (Lack("draft.not_asked", ADVICE, task["task"]),))
    lacks: list[Lack] = []
    touched = False
    for step in task["steps"]:
        given, found = _CHECKS[step["check"]](step, preparation, draft)
        touched = touched or given
        lacks.extend(found)
    levels = {lack.level for lack in lacks}
    state = FIX if WRONG in levels else DONE if NEED not in levels else DOING if touched else TODO
    return Task(task["task"], state, tuple(lacks))


Found = tuple[bool, list[Lack]]


def _typed(draft: Json, field: str) -> str:
    group, _, name = field.partition(".")
    value = (draft.get(group) or {}).get(name, "")
    return value.strip() if isinstance(value, str) else ""


def plain_blanks(text: str) -> str:
    """The text with blanks of every width (Zs) as plain ones, none at its ends: 王　工 was copied from a table."""
    return "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in text).strip()


def _text(step: Json, preparation: Json, draft: Json) -> Found:
    field = step["field"]
    value = plain_blanks(_typed(draft, field))
    if not value:
        return False, [Lack("draft.text", NEED, field)]
    if len(value) > MOST_TEXT or not value.isprintable():
        return True, [Lack("draft.text_long", WRONG, field, str(MOST_TEXT), str(len(value)))]
    return True, []


def _choice(step: Json, preparation: Json, draft: Json) -> Found:
    value = _typed(draft, step["field"])
    if not value:
        return False, [Lack("draft.choice", NEED, step["field"])]
    return True, [] if value in step["options"] else [Lack("draft.choice_unknown", WRONG, step["field"], found=value)]


def _agreed(step: Json, preparation: Json, draft: Json) -> Found:
    group, _, name = step["field"].partition(".")
    given = (draft.get(group) or {}).get(name) is True
    # A box alone is not a beginning: people tick it last.
    return given, [] if given else [Lack("draft.confirm", NEED, step["field"])]


def _money(step: Json, preparation: Json, draft: Json) -> Found:
    field = step["field"]
    value = _typed(draft, field)
    if not value:
        return False, [Lack("draft.money", NEED, field)]
    try:
        fen = money.parse(value)
    except Invalid as refusal:
        return True, [Lack(refusal.code, WRONG, field, found=value)]
    most, least = preparation.get(step.get("most_of", "")), preparation.get(step.get("least_of", ""), step.get("least"))
    if most is not None and fen > most:
        return True, [Lack(step["over"], WRONG, field, money.plain(most), money.plain(fen))]
    if least is not None and fen < least:
        return True, [Lack(step.get("under", "draft.money_zero"), WRONG, field, money.plain(least), money.plain(fen))]
    usual = preparation.get(step.get("usual_of", ""))
    if usual is not None and fen < usual:
        return True, [Lack(step["below"], ADVICE, field, money.plain(usual), money.plain(fen))]
    return True, []


def _count(step: Json, preparation: Json, draft: Json) -> Found:
    field = step["field"]
    value = unicodedata.normalize("NFKC", _typed(draft, field))
    if not value:
        return False, [Lack("draft.count", NEED, field)]
    if _COUNT.fullmatch(value) is None:
        return True, [Lack("draft.count_malformed", WRONG, field, found=value)]
    most = preparation.get(step.get("most_of", ""))
    if most and int(value) > most:
        return True, [Lack(step["over"], WRONG, field, str(most), value)]
    return True, []


def _slots(step: Json, preparation: Json, draft: Json) -> Found:
    envelope = step["envelope"]
    files = [file for file in draft.get("files", []) if file["envelope"] == envelope]
    asked = [slot for slot in preparation["slots"] if slot["envelope"] == envelope]
    lacks = [
        Lack("draft.file_missing", NEED, f"{envelope}/{slot['slot']}", slot["name"])
        for slot in asked
        if slot["required"] and not any(file["slot"] == slot["slot"] for file in files)
    ]
    for file in files:
        place = f"{envelope}/{file['slot']}"
        if not file["size"]:
            lacks.append(Lack("draft.file_empty", WRONG, place, found=file["name"]))
        if all(file["slot"] != slot["slot"] for slot in asked):
            lacks.append(Lack("draft.slot_unknown", ADVICE, place, found=file["name"]))
    return bool(files), lacks


def _links(step: Json, preparation: Json, draft: Json) -> Found:
    clauses = clauses_of(preparation, step["group"])
    links = [link for link in draft.get("links", []) if str(link.get("clause")) in clauses]
    lacks = []
    for link in links:
        code, expected, found = broken(link, draft.get("files", []))
        if code:
            lacks.append(Lack(code, WRONG, f"links.{link['clause']}", expected, found))
    for code, name in clauses.items():
        scored = any(item["code"] == code for item in preparation["criteria"])
        if scored and all(link["clause"] != code for link in links):
            lacks.append(Lack("draft.link_missing", ADVICE, f"links.{code}", name))
    return bool(links), lacks


def _bill(step: Json, preparation: Json, draft: Json) -> Found:
    if not preparation.get("boq"):
        return False, []
    bill = draft.get("bill")
    if not bill:
        return False, [Lack("draft.bill_missing", NEED, "bill")]
    if bill["errors"]:
        return True, [Lack("draft.bill_errors", WRONG, "bill", found=str(bill["errors"]))]
    return True, []


def _bill_price(step: Json, preparation: Json, draft: Json) -> Found:
    """The price and the bill's total are one number, once both are there."""
    bill, value = draft.get("bill"), _typed(draft, step["field"])
    if not preparation.get("boq") or not bill or bill["total_fen"] is None or not value:
        return False, []
    try:
        fen = money.parse(value)
    except Invalid:
        return False, []
    if fen == bill["total_fen"]:
        return False, []
    return False, [Lack("draft.bill_price", WRONG, step["field"], money.plain(bill["total_fen"]), money.plain(fen))]


def _consortium(step: Json, preparation: Json, draft: Json) -> Found:
    return is_joint(draft.get("consortium")), [Lack(*said) for said in check_typed(preparation, draft)]


_CHECKS: dict[str, Callable[[Json, Json, Json], Found]] = {
    "text": _text,
    "choice": _choice,
    "agreed": _agreed,
    "money": _money,
    "count": _count,
    "slots": _slots,
    "links": _links,
    "bill": _bill,
    "bill_price": _bill_price,
    "consortium": _consortium,
}


def below(price_fen: int, control_fen: int) -> Decimal:
    """By how many per cent the price lies below the control price, two decimals rounded half up (negative above)."""
    return (Decimal(control_fen - price_fen) * 100 / control_fen).quantize(Decimal("0.01"), "ROUND_HALF_UP")


def lacks_of(found: list[Task]) -> Iterator[tuple[Task, Lack]]:
    """Every lack with its task."""
    for task in found:
        for lack in task.lacks:
            yield task, lack
