"""Bids made of labelled passages and other people's sentences, and the demo's bids with labels by hand."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from core.documents import extract
from experts.rules.opinions import Leaf
from portal.cli.demo.papers.write import write_papers

HERE = Path(__file__).parent
TEXTS = HERE.parents[1] / "portal" / "cli" / "demo" / "papers" / "texts"
DEADLINE = date(2026, 10, 1)
FILLERS = {"A": ("beichen", "changhe"), "B": ("dongqi", "hengji"), "C": ("jiangnan", "tianheng")}
STATES = {"found": 0.5, "against": 0.2, "mention": 0.12, "absent": 0.18}
SCANNED = 0.15
"""The share of bids of which a third of the pages are pictures without text."""


@dataclass(frozen=True)
class Asked:
    """One clause of one bid with what a careful reader would say; `readable`: whether the pages allow saying it."""

    clause: str
    family: str
    state: str
    label: str
    readable: bool = True


@dataclass(frozen=True)
class Case:
    """One bid: its pages and the clauses asked, by code; `answers`: the page on which each answer stands."""

    name: str
    leaves: list[Leaf]
    asked: dict[str, Asked]
    answers: dict[str, int]


ANSWERS = re.compile("工期 ?[0-9]|质量合格|有效期|建造师|业绩|承诺|合格率|质量目标|为合格|保修")
"""Sentences of the technical papers that would answer a clause are no filler: they would make labels wrong."""

Set = dict[str, dict[tuple[str, str], list[str]]]


def labelled() -> Set:
    """Family → (mark, wording) → passages, from labelled.txt."""
    found: Set = {}
    family = ""
    for line in (HERE / "labelled.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            family = line.strip("[]")
            found[family] = {}
        elif line[:1] in "?+-~" and line.strip():
            found[family].setdefault((line[0], line[1]), []).append(line[3:])
    return found


def made_cases(wording: str, count: int, seed: int) -> list[Case]:
    """`count` bids in one wording, the same for the same seed."""
    dice = random.Random(f"{wording}:{seed}")
    told = labelled()
    filler = _filler(FILLERS[wording])
    return [_case(f"{wording}{number}", wording, told, filler, dice) for number in range(count)]


def _case(name: str, wording: str, told: Set, filler: list[str], dice: random.Random) -> Case:
    pages = [[*dice.sample(filler, dice.randint(4, 9))] for _ in range(dice.randint(10, 24))]
    asked: dict[str, Asked] = {}
    answers: dict[str, int] = {}
    for family, texts in told.items():
        state = dice.choices(list(STATES), list(STATES.values()))[0]
        mark = {"found": "+", "against": "-", "mention": "~"}.get(state)
        if mark:
            page = dice.randrange(len(pages))
            pages[page].insert(dice.randint(0, len(pages[page])), dice.choice(texts[mark, wording]))
            answers[family] = page + 1
        if state == "found" and dice.random() < 0.35:
            pages[dice.randrange(len(pages))].insert(0, dice.choice(texts["~", wording]))
        clause = dice.choice(texts["?", wording])
        asked[family] = Asked(clause, family, state, "found" if state == "found" else "not_found")
    unread = set()
    if dice.random() < SCANNED:
        unread = set(dice.sample(range(1, len(pages) + 1), max(1, len(pages) // 3)))
    leaves = [
        Leaf("bid.pdf", number, None if number in unread else "\n".join(page)) for number, page in enumerate(pages, 1)
    ]
    for family, one in list(asked.items()):
        hidden = answers.get(family) in unread
        # With unread pages an absence cannot be known, and neither can what stands on them.
        known = not unread or (not hidden and one.state in ("found", "against"))
        if not known:
            asked[family] = Asked(one.clause, family, one.state, one.label, readable=False)
    return Case(name, leaves, asked, answers)


def _filler(bidders: tuple[str, ...]) -> list[str]:
    found = []
    for bidder in bidders:
        text = (TEXTS / f"technical_{bidder}.md").read_text(encoding="utf-8")
        for line in text.splitlines():
            if len(line) > 24 and line[0] not in "#!|[" and "{{" not in line:
                found += [
                    piece for piece in re.split(r"(?<=。)", line) if len(piece) > 12 and not ANSWERS.search(piece)
                ]
    return found


DEMO_CLAUSES = {
    "letter": "投标函有法定代表人或其授权人签字或单位盖章（实施条例第五十一条第一项）",
    "qualification": "具有市政公用工程施工总承包一级及以上资质",
    "special": "具有公路工程施工总承包特级资质",
    "safety": "具有安全生产许可证",
    "credit": "信用符合投标人须知第 3.7 条：未被列入严重失信主体名单",
    "authority": "提交法定代表人授权委托书",
    "bond": "按招标文件要求提交投标保证金",
    "validity": "投标有效期不少于 90 日",
    "validity_long": "投标有效期不少于 120 日",
    "duration": "工期不超过 540 日历天",
    "duration_short": "工期不超过 500 日历天",
    "quality": "质量标准合格",
    "performance": "近五年完成过类似工程业绩",
    "audited": "近三年财务报表经会计师事务所审计",
    "promise": "提交投标承诺书",
    "manager": "项目经理为一级注册建造师",
    "social": "提交管理人员社会保险缴费证明",
    "joint": "提交联合体协议书",
    "iso": "通过质量管理体系认证，提交认证证书",
}
BIDDERS = ("beichen", "changhe", "dongqi", "hengji", "jiangnan", "tianheng")
_NOBODY: tuple[str, ...] = ()
FOUND_IN: dict[str, tuple[str, ...]] = dict.fromkeys(DEMO_CLAUSES, BIDDERS) | {
    "special": _NOBODY, "validity_long": _NOBODY, "duration_short": _NOBODY, "joint": _NOBODY, "iso": _NOBODY,
    "credit": ("changhe", "jiangnan"), "audited": ("changhe",), "social": ("changhe", "dongqi"),
}  # fmt: skip
"""Whose bid answers the clause: read by hand in the papers' texts, before any opinion was computed on them."""


def demo_cases(folder: Path) -> list[Case]:
    """The demo's six bids, as their .docx and .pdf files are read: qualification file and letter."""
    write_papers(folder)
    cases = []
    for bidder in BIDDERS:
        leaves: list[Leaf] = []
        for file in sorted((folder / "bids" / bidder).rglob("*")):
            if file.name not in ("资信文件.docx", "资信文件.pdf", "投标函.pdf"):
                continue
            by_page: dict[int, list[str]] = {}
            for number, paragraph in enumerate(extract(file).paragraphs):
                by_page.setdefault(paragraph.page or number // 40 + 1, []).append(paragraph.text)
            leaves += [Leaf(file.name, page, "\n".join(lines)) for page, lines in by_page.items()]
        asked = {
            code: Asked(text, code, "", "found" if bidder in FOUND_IN[code] else "not_found")
            for code, text in DEMO_CLAUSES.items()
        }
        cases.append(Case(bidder, leaves, asked, {}))
    return cases
