"""The demo's story, first half: from the accounts to the sealed bids at the deadline."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx

from bidding.cli.draft import DRAFT_FILE
from bidding.rules.completeness import DRAFT
from bidding.rules.consortia import AGREEMENT
from core.clock import BEIJING
from core.errors import Refusal
from opening.models import Bid
from portal.cli.demo.credit_lists import import_lists
from portal.cli.demo.guarantees import Houses
from portal.cli.demo.papers import CRITERIA, PRICE_RULE, TENDERER, Papers, TenderDates, write_papers
from portal.cli.demo.papers.parties import unified_social_credit_code
from portal.cli.demo.tender import (
    Tender,
    committee_form,
    criterion_fields,
    key_of,
    leaning,
    notice_fields,
    parties,
    slot_fields,
)

PROJECT = "BJ2026-SC-0417"
SECTION = f"{PROJECT}-01"
NAME = "施工一标段"
LISTED, ABSENT, REPLACES, RESUBMITS, LATE = "hengji", "jiangnan", "changhe", "dongqi", "tianheng"
PARTNER = ("江城恒通机电安装有限公司", unified_social_credit_code("330100", "MA0TE5U1"))
"""The other member of the consortium that LISTED leads: it is the one that stands on the list."""
RIGGED = ("dongqi", "beichen")
STORY_DAYS = 50
QUESTION = "招标文件第五章要求不停水接驳窗口不超过 8 小时，请明确是否可分两次夜间实施，单次不超过 5 小时？"
ANSWER = "可分两次于夜间 23:00 至次日 5:00 实施，单次停水不超过 5 小时，须提前 72 小时报招标人批准。"
REVIEW = (
    "投标函有法定代表人或其授权人签字或单位盖章（实施条例第五十一条第一项）",
    "资质满足招标公告要求（实施条例第五十一条第三项）",
    "投标报价不高于最高投标限价（实施条例第五十一条第五项）",
    "信用符合投标人须知第 3.7 条：未被列入严重失信主体名单",
    "实质性响应招标文件（实施条例第五十一条第六项）",
)
OWN_CODES = {criterion.name: criterion.code for criterion in CRITERIA}
QUALITY = {"changhe": "0.93", "jiangnan": "0.89", "hengji": "0.86", "dongqi": "0.80", "beichen": "0.77"}
SLOTS = (
    ("开标一览表", "schedule", "schedule"),
    ("资信文件", "file", "qualification"),
    ("技术标", "proposal", "technical"),
    ("已标价工程量清单与投标函", "boq", "price"),
)


@dataclass
class Story(Tender):
    """One tender as it is played whole: what happened so far, and where its papers lie."""

    section: str = SECTION
    absent: str = ABSENT
    objector: str = RESUBMITS
    unfit: str = LISTED
    has_draw: bool = True
    papers: Papers = field(init=False)
    dates: TenderDates = field(init=False)
    houses: Houses = field(init=False)

    def __post_init__(self) -> None:
        self.houses = Houses(self.stage)

    def prepare(self) -> None:
        """Write the tender document and six bids, with the dates of this story in them."""
        start = self.stage.clock.now().astimezone(BEIJING)

        def on(days: int, hour: int, minute: int = 0) -> datetime:
            return (start + timedelta(days=days)).replace(hour=hour, minute=minute, second=0, microsecond=0)

        self.dates = TenderDates(
            notice_at=start,
            documents_until_at=on(8, 17),
            questions_until_at=on(9, 17),
            clarification_until_at=on(11, 17),
            deadline_at=on(26, 9, 30),
        )
        self.papers = write_papers(self.stage.folder / "papers", dates=self.dates)
        self.say("papers", f"招标文件与 {len(self.papers.bids)} 家投标文件已写好：{self.papers.folder}")

    def announce(self) -> None:
        """The agent drafts, trustees register their keys, the notice is published and every trustee rehearses."""
        self.houses.open()
        agent = self.stage.as_("agent")
        agent.send("/tender/new", project_form())
        agent.send(f"/tender/projects/{PROJECT}/sections/new", {"name": NAME})
        agent.send(f"/tender/sections/{SECTION}/edit", self.section_form())
        for slot, file in (
            ("tender", self.papers.tender_docx),
            ("tender", self.papers.tender_pdf),
            ("boq", self.papers.control_bill),
        ):
            self.upload(slot, file)
        with self.papers.tender_bill.open("rb") as stream:
            agent.send(f"/tender/sections/{SECTION}/boq", {}, files={"file": (self.papers.tender_bill.name, stream)})
        declared = self.publish()
        self.say("notice", f"代理机构送审（说明 {declared} 处检查结果），招标人另一人核对同一指纹后发布，法定检查通过")
        self.say("notice", f"公告：{self.stage.server}/sections/{SECTION}")
        self.say("rehearsal", "三名密钥受托人均已用真实密钥试开探测件")

    def section_form(self) -> list[tuple[str, str]]:
        """The section as the agent fills it in."""
        form = [
            *notice_fields(TENDERER, self.dates),
            ("name", NAME),
            ("qualification", "市政公用工程施工总承包一级及以上资质，具备有效的安全生产许可证"),
            ("consortium", "yes"),
            ("estimate_fen", "180,000,000.00"),
            ("control_price_fen", "186,500,000.00"),
            ("bond_fen", "800,000.00"),
            ("duration_days", "540"),
            ("validity_days", "120"),
            ("scope", "取水泵房、净水厂扩建、清水池、DN1200 输水管道及不停水接驳等全部施工内容"),
            ("scale", "新增供水能力 10 万立方米每日"),
            ("formula", "mean-deviation/v1"),
            ("price_points", str(PRICE_RULE.points)),
            ("k_low", str(PRICE_RULE.coefficients[0])),
            ("k_high", str(PRICE_RULE.coefficients[-1])),
            ("k_step", str(PRICE_RULE.coefficients[1] - PRICE_RULE.coefficients[0])),
            ("above", str(PRICE_RULE.above)),
            ("below", str(PRICE_RULE.below)),
            ("trim_from", str(PRICE_RULE.trim_from)),
            ("review", "\n".join(REVIEW)),
        ]
        scored = [
            (
                one.name,
                "technical" if one.group == "technical" else "qualification",
                one.points,
                one.standard,
                one.objective,
            )
            for one in CRITERIA
            if one.group != "price"
        ]
        return form + criterion_fields(scored) + slot_fields(SLOTS)

    def clarify(self) -> None:
        """A bidder asks without being kept; the answer goes to everybody alike."""
        self.stage.later(days=5)
        self.stage.as_("changhe").send(f"/sections/{SECTION}/questions", {"text": QUESTION})
        self.stage.later(days=2)
        self.publish_answer(2, {"question": "1", "text": ANSWER, "affects": "yes"})
        self.say("clarification", "一家潜在投标人匿名提问，澄清已向所有人公布（距截止不少于 15 日，无需顺延）")

    def commit_to_draws(self) -> None:
        """The parties of the coefficient draw commit to their nonces while nobody knows a bid."""
        for login in ("officer", "supervisor"):
            self.trustee(login, "commit-draw")

    def submit(self) -> None:
        """Five bidders seal on their own machines and submit; one replaces, one withdraws and submits again."""
        hours = (
            ("beichen", 5, 14, 10),
            (RESUBMITS, 4, 10, 25),
            (ABSENT, 3, 15, 40),
            (LISTED, 2, 9, 15),
            (REPLACES, 2, 16, 5),
        )
        for key, days, hour, minute in hours:
            self.stage.at(self.before(days, hour, minute))
            self.seal_and_send(key, "first")
            self.say("submission", f"{self.short(key)}：密封并递交，回执与时间戳已离线核验")
        self.stage.at(self.before(1, 10, 50))
        self.trustee("officer", "decoy", "--smallest")
        self.stage.at(self.before(1, 11, 20))
        self.seal_and_send(REPLACES, "second", replaces="first")
        self.say("submission", f"{self.short(REPLACES)}：以新文件替换，旧件永不开启")
        self.stage.at(self.before(1, 15, 30))
        self.stage.command("withdraw", "--identity", self.stage.keys(RESUBMITS), self.sealed(RESUBMITS, "first"))
        self.stage.at(self.before(1, 17, 45))
        self.seal_and_send(RESUBMITS, "again", replaces="first.withdrawn")
        self.say("submission", f"{self.short(RESUBMITS)}：撤回后重新递交")
        self.stage.at(self.before(0, 8, 20))
        self.trustee("supervisor", "decoy", "--smallest")
        self.say("decoys", "见证人与监督员各递交一份诱饵件，开标前无人能从数据库数出投标家数")

    def before(self, days: int, hour: int, minute: int) -> datetime:
        """A Beijing wall time so many days before the deadline's day."""
        day = self.dates.deadline_at.astimezone(BEIJING) - timedelta(days=days)
        return day.replace(hour=hour, minute=minute, second=0, microsecond=0)

    def last_sealed(self, key: str) -> Path:
        """The folder of the bid that counts."""
        return self.sealed(key, {REPLACES: "second", RESUBMITS: "again"}.get(key, "first"))

    def draft(self, key: str) -> Path:
        """The bidder's draft: its files in the slots the notice names, what it typed, and its clause links."""
        base = self.stage.folder / "bidders" / key / "papers"
        bid = self.papers.bids[key]
        slots = {envelope: slot for _, slot, envelope in SLOTS}
        if (base / DRAFT_FILE).exists():
            return base
        for envelope, slot in slots.items():
            folder = base / envelope / slot
            if not folder.exists():
                folder.mkdir(parents=True)
                for file in bid.files[envelope]:
                    shutil.copy2(file, folder / file.name)
        typed = {
            "type": DRAFT,
            "section": SECTION,
            "consortium": self.consortium(base, bid.bidder.name) if key == LISTED else {},
            "schedule": {},
            "bond": self.houses.bond_for(key, SECTION, base, bid.bidder.name, bid.bidder.account),
            "authorisation": {
                "operator": bid.bidder.contact,
                "contact": bid.bidder.contact,
                "phone": bid.bidder.mobile,
                "confirmed": True,
            },
            "links": [{**link, "slot": slots[str(link["envelope"])]} for link in bid.links],
        }
        (base / DRAFT_FILE).write_text(json.dumps(typed, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return base

    def consortium(self, base: Path, lead: str) -> dict[str, Any]:
        """What the lead typed of its consortium; the joint bidding agreement lies in its place afterwards."""
        name, code = PARTNER
        place = base / "qualification" / str(AGREEMENT["slot"])
        place.mkdir(exist_ok=True)
        paper = docx.Document()
        paper.core_properties.author = lead
        paper.add_heading("联合体协议书", 0)
        for clause in (
            f"{lead}（牵头人）与{name}自愿组成联合体，共同参加滨江新区第三水厂扩建工程施工一标段的投标。",
            f"牵头人承担土建与管道工程，占 75%；{name}承担机电设备安装，占 25%。",
            "牵头人代表联合体递交投标文件、接收通知；中标后联合体各方共同与招标人签订合同，就中标项目承担连带责任。",
        ):
            paper.add_paragraph(clause)
        paper.save(str(place / "联合体协议书.docx"))
        return {
            "joint": True,
            "lead": {"share": "75", "work": "土建与管道工程"},
            "members": [{"name": name, "uscc": code, "share": "25", "work": "机电设备安装"}],
        }

    def bonds_told(self) -> None:
        """Bank and insurer hand in the statement's hash before the names, the statement after them."""
        self.houses.look()

    def committee(self, meets_at: datetime) -> dict[str, str]:
        """Five, four of them drawn."""
        return committee_form(meets_at, ("2", "1", "1"))

    def points(self, bid: Bid, place: int, number: int, criterion: dict[str, Any]) -> str:
        """Objective items from the facts of the papers, others by the bid's quality and the expert's own leaning."""
        key, points = key_of(bid), Decimal(criterion["points"])
        if criterion["objective"]:
            return str(parties()[key].objective_points[OWN_CODES[criterion["name"]]])
        return leaning(points, QUALITY[key], place, number, bid.number)

    def be_late(self) -> None:
        """The sixth bidder comes after the deadline and is refused with the reason; nothing of it is kept as a bid."""
        self.stage.at(self.dates.deadline_at + timedelta(seconds=1))
        try:
            self.seal_and_send(LATE, "first")
        except Refusal as refusal:
            self.happened["late"] = refusal.code
            self.say("late", f"{self.short(LATE)}：截止后 1 秒到达，拒收并告知原因（{refusal.code}）")
        else:
            raise RuntimeError("a late bid was taken")

    def credit_lists(self) -> None:
        """The operator imports the lists, on one of which a member of a consortium stands."""
        self.stage.later(seconds=5)
        count = import_lists(self.stage, PARTNER)
        self.say("credit", f"已导入 {count} 份信用名单快照，其中一家联合体成员在严重失信主体名单上")


def project_form() -> dict[str, str]:
    """The project as the agent fills it in."""
    return {
        "name": "滨江新区第三水厂扩建工程",
        "code": PROJECT,
        "regime": "T",
        "category": "works",
        "procedure": "open",
        "is_mandatory": "1",
        "region": "330100",
        "funding": "财政资金与专项债券",
        "description": "第三水厂扩建 10 万立方米每日供水能力及配套输水管道",
        "tenderee": TENDERER.uscc,
    }
