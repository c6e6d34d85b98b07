"""The demo's papers, all of them: the tender document, the bill, six bids and the list of what was planted."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from bidding.rules.boq import write_workbook
from portal.cli.demo.papers import criteria
from portal.cli.demo.papers.authors import RIGGED, Author, authors
from portal.cli.demo.papers.blocks import QUOTE, Block, marked, parse
from portal.cli.demo.papers.copying import Copyist
from portal.cli.demo.papers.dates import DEFAULT_DATES, TenderDates, chinese_day, chinese_instant
from portal.cli.demo.papers.linking import Link, clause_links, letter_link
from portal.cli.demo.papers.page import write_pdf
from portal.cli.demo.papers.parties import AGENT, TENDERER, Bidder, bidders
from portal.cli.demo.papers.planted import LEFTOVER, Evidence, planted_facts
from portal.cli.demo.papers.pricing import (
    Item,
    Prices,
    amount,
    bill,
    chinese_amount,
    control_prices,
    laddered_prices,
    own_prices,
    tender_bill,
    total,
)
from portal.cli.demo.papers.sheet import write_sheet
from portal.cli.demo.papers.word import Cover, write_docx

TEXTS = Path(__file__).parent / "texts"
TOTALS = {
    "changhe": Decimal("160215880.00"),
    "jiangnan": Decimal("171430000.00"),
    "hengji": Decimal("168902350.66"),
    "dongqi": Decimal("175988100.00"),
    "tianheng": Decimal("172018500.00"),
}


@dataclass(frozen=True)
class Bid:
    """One bidder's folder: `files` by envelope (qualification, technical, price, schedule), the price in fen."""

    bidder: Bidder
    folder: Path
    files: dict[str, tuple[Path, ...]]
    schedule: Path
    price_fen: int
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Papers:
    """Everything `write_papers` wrote; bids by bidder key in the order of the story."""

    folder: Path
    tender_docx: Path
    tender_pdf: Path
    control_bill: Path
    tender_bill: Path
    bids: dict[str, Bid]
    planted: Path


def write_papers(folder: Path, *, seed: int = 2026, dates: TenderDates = DEFAULT_DATES) -> Papers:
    """Write the demo's documents under `folder` and say where they are.

    The same seed and dates give the same bytes; another seed moves unit prices, identifiers and clock times, never
    the prose or the totals. Honest bids share nothing but the tender's own words and innocent defaults; the rigged
    pair shares what `planted.json` lists, fact by fact with file and paragraph.
    """
    folder.mkdir(parents=True, exist_ok=True)
    hands = authors()
    items = bill()
    tender = _write_tender(folder, hands["agent"], items, dates, seed)
    quotes = marked(tender)
    control = folder / "控制价清单.xlsx"
    traces = hands["agent"].traces("price", "招标控制价工程量清单", dates, seed)
    write_sheet(control, items, control_prices(items), hands["agent"].look, traces)
    bill_file = folder / "招标工程量清单.xlsx"
    bill_file.write_bytes(write_workbook(tender_bill(items)))
    copyist = Copyist({})
    bids: dict[str, Bid] = {}
    prices: dict[str, Prices] = {}
    for bidder in bidders():
        if bidder.key == RIGGED[1]:
            prices[bidder.key] = laddered_prices(items, prices[RIGGED[0]])
        else:
            prices[bidder.key] = own_prices(items, bidder.key, TOTALS[bidder.key], seed)
        desk = Desk(folder, bidder, hands[bidder.key], quotes, dates, seed)
        technical = desk.technical(copyist if bidder.key == RIGGED[1] else None)
        if bidder.key == RIGGED[0]:
            copyist = Copyist(marked(technical))
        bids[bidder.key] = desk.bid(technical, items, prices[bidder.key])
    planted = folder / "planted.json"
    evidence = Evidence(
        folder,
        {key: bids[key].files["technical"][0] for key in RIGGED},
        {key: bids[key].files["price"][0] for key in RIGGED},
        copyist.receipts,
        {key: {mark: quotes[mark] for mark in QUOTE.findall(_read(f"technical_{key}"))} for key in bids},
    )
    facts = planted_facts(evidence, items, seed)
    planted.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Papers(folder, folder / "招标文件.docx", folder / "招标文件.pdf", control, bill_file, bids, planted)


def yuan(fen: int) -> str:
    """Fen as a document writes yuan: 186,500,000.00."""
    return f"{Decimal(fen) / 100:,.2f}"


def _read(name: str) -> str:
    return (TEXTS / f"{name}.md").read_text(encoding="utf-8")


def tender_values(items: list[Item], dates: TenderDates) -> dict[str, str]:
    """The values the tender document's text leaves open."""
    rule = criteria.PRICE_RULE
    groups = {"technical": "技术", "credit": "资信", "price": "报价"}
    rows = [
        f"| {number} | {groups[one.group]} | {one.name} | {one.points} | {'客观分' if one.objective else '主观分'} "
        f"| {one.standard} |"
        for number, one in enumerate(criteria.CRITERIA, start=1)
    ]
    given = sum((amount(item, item.control) for item in items if item.provisional), Decimal(0))
    return {
        "project": criteria.PROJECT_NAME,
        "section": criteria.SECTION_NAME,
        "project_code": criteria.PROJECT_CODE,
        "section_code": criteria.SECTION_CODE,
        "maximum": yuan(criteria.MAXIMUM_PRICE_FEN),
        "maximum_words": chinese_amount(Decimal(criteria.MAXIMUM_PRICE_FEN) / 100),
        "estimate": yuan(criteria.ESTIMATE_FEN),
        "bond": yuan(criteria.BOND_FEN),
        "duration": str(criteria.DURATION_DAYS),
        "validity": str(criteria.VALIDITY_DAYS),
        "tenderer": TENDERER.name,
        "tenderer_address": TENDERER.address,
        "tenderer_contact": TENDERER.contact,
        "tenderer_telephone": TENDERER.telephone,
        "tenderer_email": TENDERER.email,
        "agent": AGENT.name,
        "agent_address": AGENT.address,
        "agent_contact": AGENT.contact,
        "agent_telephone": AGENT.telephone,
        "agent_email": AGENT.email,
        "notice": chinese_instant(dates.notice_at),
        "notice_day": chinese_day(dates.notice_at),
        "documents_until": chinese_instant(dates.documents_until_at),
        "questions_until": chinese_instant(dates.questions_until_at),
        "clarification_until": chinese_instant(dates.clarification_until_at),
        "deadline": chinese_instant(dates.deadline_at),
        "criteria_rows": "\n".join(rows),
        "items": str(len(items)),
        "chapters": str(len({item.chapter for item in items})),
        "provisional": str(sum(item.provisional for item in items)),
        "provisional_sum": f"{given:,.2f}",
        "trim_from": str(rule.trim_from),
        "coefficients": "、".join(str(one) for one in rule.coefficients),
        "price_points": str(rule.points),
        "above": str(rule.above),
        "below": str(rule.below),
    }


def _write_tender(folder: Path, author: Author, items: list[Item], dates: TenderDates, seed: int) -> list[Block]:
    values = tender_values(items, dates)
    blocks = parse(_read("tender").replace("{{criteria_rows}}", values["criteria_rows"]), values)
    traces = author.traces("technical", "招标文件", dates, seed)
    cover = Cover(
        f"{criteria.PROJECT_NAME}{criteria.SECTION_NAME}",
        "招 标 文 件",
        (("标段编号", criteria.SECTION_CODE), ("招标人", TENDERER.name), ("招标代理机构", AGENT.name)),
        chinese_day(dates.notice_at),
    )
    write_docx(folder / "招标文件.docx", blocks, author.persona, traces, cover)
    write_pdf(folder / "招标文件.pdf", blocks, author.persona, traces, cover)
    return blocks


class Desk:
    """A bidder's desk: from its texts and data to the files of its bid."""

    def __init__(
        self, folder: Path, bidder: Bidder, author: Author, quotes: dict[str, str], dates: TenderDates, seed: int
    ) -> None:
        self.folder = folder / "bids" / bidder.key
        self.bidder = bidder
        self.author = author
        self.quotes = quotes
        self.dates = dates
        self.seed = seed
        self.values = {
            "project": criteria.PROJECT_NAME,
            "section": criteria.SECTION_NAME,
            "duration": str(criteria.DURATION_DAYS),
            "company": bidder.name,
            "legal": bidder.legal_representative,
            "contact": bidder.contact,
            "manager": bidder.manager.name,
            "engineer": bidder.team[1].name,
            "leftover": LEFTOVER,
            "capital": bidder.capital,
            "founded": bidder.founded,
            "uscc": bidder.uscc,
            "day": chinese_day(dates.before_deadline(3, 10, 0)),
            "date": chinese_day(dates.before_deadline(author.days - 6, 10, 0)),
        }

    def technical(self, copyist: Copyist | None) -> list[Block]:
        """The blocks of the technical bid."""
        return parse(_read(f"technical_{self.bidder.key}"), self.values, self.quotes, copyist)

    def bid(self, technical: list[Block], items: list[Item], prices: Prices) -> Bid:
        """Write every file of the bid and say where."""
        facts = self._facts()
        qualification, plan = self._qualification(facts), self._technical(technical)
        sheet, letter = self._price(items, prices)
        return Bid(
            self.bidder,
            self.folder,
            {
                "qualification": (qualification,),
                "technical": (plan,),
                "price": (sheet, letter),
                "schedule": (self._schedule(items, prices),),
            },
            self.folder / "schedule" / "schedule.json",
            int(total(items, prices) * 100),
            (*clause_links(plan, technical, qualification, facts), letter_link(letter)),
        )

    def _cover(self, subtitle: str) -> Cover:
        return Cover(
            f"{criteria.PROJECT_NAME}{criteria.SECTION_NAME}",
            subtitle,
            (("投标人", self.bidder.name), ("法定代表人或其委托代理人", self.bidder.contact)),
            self.values["date"],
        )

    def _technical(self, blocks: list[Block]) -> Path:
        path = self.folder / "technical" / f"技术标.{self.author.technical}"
        traces = self.author.traces("technical", TITLES[self.bidder.key], self.dates, self.seed)
        cover = self._cover(TITLES[self.bidder.key])
        write = write_docx if self.author.technical == "docx" else write_pdf
        write(path, blocks, self.author.persona, traces, cover)
        return path

    def _facts(self) -> list[Block]:
        source = "\n".join(self._data(line) for line in _read(f"qualification_{self.bidder.key}").splitlines())
        return parse(source, self.values, self.quotes)

    def _qualification(self, blocks: list[Block]) -> Path:
        path = self.folder / "qualification" / "资信文件.docx"
        traces = self.author.traces("qualification", "资信文件", self.dates, self.seed)
        header = f"{self.bidder.name}  资信文件"
        persona = replace(self.author.persona, header=header, chapter_page=False, contents_depth=1)
        write_docx(path, blocks, persona, traces, self._cover("资信文件"))
        return path

    def _data(self, line: str) -> str:
        """`!data what label:field …` becomes a table; company tables run downwards, the others across."""
        if not line.startswith("!data "):
            return line
        _, what, *columns = line.split()
        pairs = [column.split(":") for column in columns]
        if what == "company":
            facts = {
                **vars(self.bidder),
                "uscc": self.bidder.uscc,
                "all": f"{self.bidder.staff[0]} 人",
                "technicians": f"{self.bidder.staff[1]} 人",
                "constructors": f"{self.bidder.staff[2]} 人",
            }
            return "\n".join(["| 项目 | 内容 |", *(f"| {label} | {facts[name]} |" for label, name in pairs)])
        rows: tuple[object, ...] = getattr(self.bidder, what)
        lines = ["| " + " | ".join(label for label, _ in pairs) + " |"]
        for row in rows:
            cells = []
            for _, name in pairs:
                value = getattr(row, name)
                cells.append({True: "是", False: "否"}[value] if isinstance(value, bool) else str(value))
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines)

    def _price(self, items: list[Item], prices: Prices) -> tuple[Path, Path]:
        sheet = self.folder / "price" / "已标价工程量清单.xlsx"
        traces = self.author.traces("price", "", self.dates, self.seed)
        write_sheet(sheet, items, prices, self.author.look, traces)
        letter = self.folder / "price" / "投标函.pdf"
        value = total(items, prices)
        clauses = "\n".join(f"[[f-letter-{number}]]" for number in range(1, 6))
        manager = self.bidder.manager
        source = f"""!center 投 标 函
致：{TENDERER.name}
{clauses}
| 项目 | 内容 |
| 投标总报价（小写） | ￥{value:,.2f} 元 |
| 投标总报价（大写） | {chinese_amount(value)} |
| 工期 | {criteria.DURATION_DAYS} 日历天 |
| 质量目标 | {criteria.QUALITY} |
| 项目经理 | {manager.name}，{manager.certificate} |
| 投标有效期 | 自投标截止之日起 {criteria.VALIDITY_DAYS} 日 |
!right 投标人（电子印章）：{self.bidder.name}
!right 法定代表人或者其委托代理人（电子签名）：{self.bidder.contact}
!right {self.values["day"]}"""
        blocks = parse(source, self.values, self.quotes)
        persona = replace(self.author.persona, header=f"{self.bidder.name}  投标函")
        write_pdf(letter, blocks, persona, self.author.traces("letter", "投标函", self.dates, self.seed))
        return sheet, letter

    def _schedule(self, items: list[Item], prices: Prices) -> Path:
        path = self.folder / "schedule" / "schedule.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "type": "sunbid-schedule/v1",
            "price_fen": int(total(items, prices) * 100),
            "duration_days": criteria.DURATION_DAYS,
            "quality": criteria.QUALITY,
            "manager": self.bidder.manager.name,
            "manager_certificate": self.bidder.manager.certificate,
        }
        path.write_text(json.dumps(content, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
        return path


TITLES = {
    "changhe": "施工组织设计",
    "jiangnan": "技术标（施工组织设计）",
    "hengji": "施工组织设计",
    "dongqi": "技术投标文件",
    "beichen": "技  术  标",
    "tianheng": "技术方案",
}
