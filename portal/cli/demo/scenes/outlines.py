"""What a scene's tender is about, and the few papers its parties write: short, each in its own hand."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import docx

from core.money import grouped
from portal.cli.demo.papers.authors import authors
from portal.cli.demo.papers.blocks import Block, parse
from portal.cli.demo.papers.dates import TenderDates, chinese_day, chinese_instant
from portal.cli.demo.papers.page import write_pdf
from portal.cli.demo.papers.parties import AGENT, TENDERER, Bidder, Party
from portal.cli.demo.papers.pricing import chinese_amount

VOICES: dict[str, list[list[str]]] = json.loads((Path(__file__).parent / "voices.json").read_text(encoding="utf-8"))
SEED = 7


@dataclass(frozen=True)
class Item:
    """One scoring item: technical or qualification."""

    name: str
    group: str
    points: int
    text: str
    objective: bool = False


WORKS_ITEMS = (
    Item("总体部署", "technical", 12, "部署与既有设施运行协调：优 10～12 分，良 7～9.9 分，一般 0～6.9 分。"),
    Item("关键技术措施", "technical", 15, "针对性强、参数有依据：优 12～15 分，良 8～11.9 分，一般 0～7.9 分。"),
    Item("质量安全环保", "technical", 13, "目标分解、措施到位：优 11～13 分，良 7～10.9 分，一般 0～6.9 分。"),
    Item("类似业绩", "qualification", 10, "近五年同类业绩每项得 2 分，最高 10 分。", True),
)
REVIEW = (
    "投标函签字盖章齐全（实施条例第五十一条第一项）",
    "资格条件满足公告要求（实施条例第五十一条第三项）",
    "投标报价不高于最高投标限价（实施条例第五十一条第五项）",
    "★ 实质性响应招标文件（实施条例第五十一条第六项）",
)


@dataclass(frozen=True)
class Outline:
    """A tender in a few lines; amounts in yuan, `offers` the bidders' prices by sign-in name."""

    project: str
    name: str
    lot: str
    yuan: int
    ceiling: int
    days: int
    scope: str
    scale: str
    qualification: str
    category: str = "works"
    regime: str = "T"
    procedure: str = "open"
    ground: str = ""
    is_mandatory: bool = True
    funding: str = "财政资金"
    bond: int = 0
    formula: str = "lowest-first/v1"
    price_points: int = 50
    items: tuple[Item, ...] = WORKS_ITEMS
    review: tuple[str, ...] = REVIEW
    offers: tuple[tuple[str, int], ...] = ()
    tenderee: Party = TENDERER

    @property
    def section(self) -> str:
        """The section's code."""
        return f"{self.project}-01"

    @property
    def title(self) -> str:
        """Project and lot."""
        return f"{self.name}{self.lot}"


def write_tender(outline: Outline, dates: TenderDates, path: Path, *more: str) -> Path:
    """The tender document as the agent writes it; `more` are further clauses at its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    paper = docx.Document()
    paper.core_properties.author = AGENT.contact
    paper.add_heading(f"{outline.title} 招标文件", 0)
    facts = (
        ("招标人", outline.tenderee.name),
        ("招标代理机构", AGENT.name),
        ("预算或估算价", f"{outline.yuan:,} 元"),
        ("最高投标限价", f"{outline.ceiling:,} 元"),
        ("工期或服务期", f"{outline.days} 日历天"),
        ("投标截止时间", chinese_instant(dates.deadline_at)),
        ("投标保证金", f"{outline.bond:,} 元" if outline.bond else "不收取"),
    )
    table = paper.add_table(rows=0, cols=2)
    for label, value in facts:
        row = table.add_row()
        row.cells[0].text, row.cells[1].text = label, value
    clauses = (
        ("第一章 范围与要求", outline.scope, outline.scale),
        ("第二章 投标人资格", outline.qualification, "不以地区、所有制、注册地设置任何差别条件。"),
        ("第三章 评审", *outline.review, *(f"{one.name}（{one.points} 分）：{one.text}" for one in outline.items)),
        (
            "第四章 递交与开标",
            "投标文件在投标人自己的电脑上加密，经本平台递交；开标在网上大厅公开进行，投标人自行解密。",
        ),
        ("第五章 合同", "合同主要条款由招标文件与中标人的投标文件确定，不得另行协商实质性内容。", *more),
    )
    for heading, *lines in clauses:
        paper.add_heading(heading, 1)
        for line in lines:
            paper.add_paragraph(line)
    paper.save(str(path))
    return path


def write_list(outline: Outline, dates: TenderDates, path: Path) -> Path:
    """The list of quantities that goes with the document."""
    rows = f"| 序号 | 名称 | 单位 | 数量 |\n| 1 | {outline.scope} | 项 | 1 |\n| 2 | 验收、移交与质保服务 | 项 | 1 |"
    _write(path, "agent", f"!center {outline.title} 工程量（货物、服务）清单\n{rows}", "清单", dates)
    return path


def write_bid(outline: Outline, bidder: Bidder, yuan: int, dates: TenderDates, base: Path) -> None:
    """The bidder's three papers in their slots below `base`."""
    paragraphs = "\n".join(
        f"# {heading}\n{text.format(scope=outline.scope, days=outline.days)}" for heading, text in VOICES[bidder.key]
    )
    _write(
        base / "technical/technical/技术标.pdf", bidder.key, f"!center {outline.title}\n{paragraphs}", "技术标", dates
    )
    team = "\n".join(f"| {one.role} | {one.name} | {one.title} | {one.years} 年 |" for one in bidder.team)
    done = "\n".join(
        f"| {one.name} | {one.employer} | {one.amount:,} 万元 | {one.finished} |" for one in bidder.contracts
    )
    facts = f"""!center 资信文件
# 投标人
{bidder.name}，统一社会信用代码 {bidder.uscc}，{bidder.qualification}，安全生产许可证 {bidder.safety_licence}。
# 项目班子
| 岗位 | 姓名 | 职称 | 从业 |
{team}
# 已完成的项目
| 项目 | 业主 | 金额 | 完工 |
{done}"""
    _write(base / "qualification/qualification/资信文件.pdf", bidder.key, facts, "资信文件", dates)
    letter = f"""!center 投 标 函
致：{outline.tenderee.name}
我方已全部阅读{outline.title}招标文件及其澄清，愿按下列条件投标，有效期内不撤回。
| 项目 | 内容 |
| 投标总报价（小写） | ￥{grouped(yuan * 100)} 元 |
| 投标总报价（大写） | {chinese_amount(Decimal(yuan))} |
| 工期或服务期 | {outline.days} 日历天 |
| 负责人 | {bidder.manager.name} |
!right {bidder.name}
!right {chinese_day(dates.deadline_at)}"""
    _write(base / "price/price/投标函.pdf", bidder.key, letter, "投标函", dates)


def _write(path: Path, key: str, source: str, title: str, dates: TenderDates) -> None:
    author = authors()[key]
    persona = replace(author.persona, header=title, chapter_page=False, contents_depth=0)
    blocks: list[Block] = parse(source, {})
    what = {"技术标": "technical", "资信文件": "qualification"}.get(title, "letter")
    write_pdf(path, blocks, persona, author.traces(what, title, dates, SEED))


def dates_of(notice_at: datetime, deadline_at: datetime) -> TenderDates:
    """The dates of a tender from its notice to its deadline, the ones between in order."""
    span = deadline_at - notice_at
    return TenderDates(
        notice_at=notice_at,
        documents_until_at=notice_at + span * 3 / 4,
        questions_until_at=notice_at + span / 2,
        clarification_until_at=notice_at + span * 2 / 3,
        deadline_at=deadline_at,
    )
