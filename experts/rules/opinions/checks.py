"""What a passage shows of what a clause asks: grades, dates, numbers, denials, blanks, mere mentions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from experts.rules.opinions.passages import Passage

GRADES = {"特": 4, "一": 3, "壹": 3, "甲": 3, "二": 2, "贰": 2, "乙": 2, "三": 1, "叁": 1, "丙": 1}
DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"两": 2}
TRADE = re.compile("([\u4e00-\u9fff]{2,6}?)工程(?:施工)?(?:总承包|专业承包|专业|监理|设计|勘察)")
"""What a certificate is for: the words before 工程施工总承包 and the like; 市政公用工程 → 市政公用."""
GRADE = re.compile("([特一二三壹贰叁甲乙丙])级")
DAYS = re.compile(r"([0-9０-９]{1,4}|[一二三四五六七八九十百零两]{1,6}) ?个?(?:日历天|天|日)(?!期|常)")
UNTIL = re.compile(
    r"(?:有效期[^。；\n]{0,14}?至|至|截止|止于|到期日?[：:]?) ?((?:19|20)\d{2}) ?[年./-] ?(\d{1,2})"
    r" ?(?:[月./-] ?(\d{1,2})?)?"
)
DENIED = re.compile(
    r"(?:未(?:提供|附|具备|取得|办理|递交|缴纳|列出|提交|盖章|签字|签署)|没有(?:提供|附|取得|办理)|暂(?:无|缺|未)|不具备|尚未|无此|已过期|已失效|已注销|被?吊销|遗失|不响应|不满足|负偏离|待补|正在(?:办理|申请))"
)
LISTED = re.compile("(?:被|已)列入[^。；\n]{0,16}(?:失信|名单)|存在[^。；\n]{0,8}失信|尚在[^。；\n]{0,6}(?:禁止|限制)")
BLANK = re.compile(r"_{3,}|＿{2,}|□|（?此处(?:粘贴|附)|（略）|待填|\bTBD\b|XX+|××+")
ELSEWHERE = re.compile("(?:详?见|参见|附于|另附|另册|随后)[^。；\n]{0,16}(?:附件|附录|另册|后附|目录|补充)")
LIST = re.compile(r"[.．…·]{4,} ?\d{1,4}$|\d{1,4}$")
ASKED = re.compile(
    "(?:招标文件|招标人|本次招标|须知|前附表)[^。；\n]{0,10}(?:要求|规定)[^。；\n]{0,8}(?:投标人|须|应|具有|具备|提供|不得|资质)"
    "|(?:见|按|符合|满足)[^。；已\n]{0,6}(?:前附表|招标文件|公告)[^。；\n]{0,6}(?:规定|要求)"
    "|投标人(?:应|须|应当|必须)|(?:如|若)[^。；\n]{0,12}(?:未|不)[^。；\n]{0,14}(?:否决|无效)|投标将被否决"
    "|我们理解|拟?(?:于|在)?中标后(?:再|将|另)?(?:提供|办理|补)"
)
CONCRETE = re.compile(
    r"[A-Z0-9][A-Z0-9\-]{7,}|(?:19|20)\d{2} ?[年.-] ?\d{1,2}|[0-9][0-9,.]* ?(?:万元|亿元|元)|（?电子(?:印|签)章"
    r"|编号[：: ]?\w"
)


@dataclass(frozen=True)
class Kind:
    """A family of clauses, how it is told, and what answers it."""

    name: str
    asks: re.Pattern[str]
    topic: re.Pattern[str]
    evidence: tuple[re.Pattern[str], ...]
    grade: bool = False
    number: str = ""
    negation_is_good: bool = False
    subject: re.Pattern[str] | None = None


@cache
def kinds() -> tuple[Kind, ...]:
    """The families of clauses known, from kinds.json."""
    told = json.loads((Path(__file__).parent / "kinds.json").read_text(encoding="utf-8"))
    return tuple(
        Kind(
            name, re.compile(one["asks"]), re.compile(one["topic"]), tuple(re.compile(e) for e in one["evidence"]),
            one.get("grade", False), one.get("number", ""), one.get("negation_is_good", False),
            re.compile(one["subject"]) if "subject" in one else None,
        )
        for name, one in told.items()
    )  # fmt: skip


def kind_of(clause: str) -> Kind | None:
    """The family of a clause: the first whose words stand in it; None where no family speaks of it."""
    return next((kind for kind in kinds() if kind.asks.search(clause)), None)


def number_of(text: str) -> int | None:
    """A whole number in Arabic or Chinese digits under a thousand."""
    plain = text.translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    if plain.isdigit():
        return int(plain)
    total, digit = 0, 0
    for char in text:
        if char in DIGITS:
            digit = DIGITS[char]
        elif char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
        else:
            return None
    return total + digit


def grade_in(text: str) -> int:
    """The highest grade named, 0 where none is: 特 4, 一甲 3, 二乙 2, 三丙 1."""
    return max((GRADES[one] for one in GRADE.findall(text)), default=0)


def asked_grade(clause: str) -> int:
    """The lowest grade that is enough for the clause, 0 where it names none."""
    return min((GRADES[one] for one in GRADE.findall(clause)), default=0)


def trades_in(text: str) -> set[str]:
    """The trades named, without what stands before them in the sentence: 市政公用, 水利水电."""
    return {re.split("[有备为持取得：或者、和及与是于低]", one)[-1] for one in TRADE.findall(text)} - {""}


def days_in(text: str) -> list[int]:
    """The numbers of days named, in order."""
    return [number for found in DAYS.findall(text) if (number := number_of(found)) is not None and number > 0]


def days_about(text: str, topic: re.Pattern[str]) -> list[int]:
    """The numbers of days that stand right after a word of the topic, or right before one."""
    found: list[int] = []
    for match in topic.finditer(text):
        after = days_in(text[match.start() : match.end() + 18])[:1]
        found += after or days_in(text[max(0, match.start() - 12) : match.start()])[-1:]
    return found


def expired(text: str, deadline: date) -> str:
    """The date until which something holds if that is before the deadline; empty where none is."""
    for year, month, day in UNTIL.findall(text):
        try:
            until = date(int(year), min(max(int(month), 1), 12), 1)
            until = until.replace(day=int(day)) if day else until.replace(day=28)
        except ValueError:
            continue
        if until < deadline:
            return until.isoformat() if day else until.isoformat()[:7]
    return ""


def signs(clause: str, kind: Kind | None, passage: Passage, deadline: date) -> dict[str, Any]:
    """What the passage shows of the clause: facts for the model, and for the reasons shown."""
    text, whole = passage.text, f"{passage.where} {passage.before} {passage.text}"
    found: dict[str, Any] = {"topic": 0.0, "evidence": 0.0, "fits": 0.0, "misfits": 0.0, "expired": "", "misfit": ""}
    if kind is not None:
        near = bool(kind.topic.search(passage.before) or kind.topic.search(passage.where))
        found["topic"] = float(bool(kind.topic.search(text))) or 0.6 * near
        if kind.subject is not None and not kind.subject.search(whole):
            found["topic"] *= 0.5
        hits = sum(bool(one.search(text)) for one in kind.evidence)
        found["evidence"] = hits / len(kind.evidence)
        least = asked_grade(clause) if kind.grade else 0
        if least and (grade := grade_in(text)):
            found["fits" if grade >= least else "misfits"] = 1.0
            found["misfit"] = "" if grade >= least else "grade"
        asked, held = (trades_in(clause), trades_in(text)) if kind.grade else (set(), set())
        if asked and held and not asked & held:
            found["fits"], found["misfits"], found["misfit"] = 0.0, 1.0, "trade"
        if kind.number and (wanted := days_in(clause)) and (stated := days_about(text, kind.topic)):
            good = any(one >= wanted[0] if kind.number == "least" else one <= wanted[0] for one in stated)
            found["fits" if good else "misfits"] = 1.0
            found["misfit"] = "" if good else "number"
    denied = bool(DENIED.search(text))
    if kind is not None and kind.negation_is_good:
        denied = bool(LISTED.search(text)) and not kind.evidence[0].search(text)
    found["denied"] = float(denied)
    found["expired"] = expired(text, deadline)
    found["late"] = float(
        bool(found["expired"]) and (kind is None or kind.name not in ("performance", "finance", "credit"))
    )
    found["blank"] = float(bool(BLANK.search(text)))
    found["elsewhere"] = float(bool(ELSEWHERE.search(text)))
    found["list"] = float(bool(LIST.search(text)) and len(text) < 60 and not CONCRETE.search(text))
    found["asked"] = float(bool(ASKED.search(text)))
    found["concrete"] = float(bool(CONCRETE.search(text)))
    return found
