"""The demo's story, first half: from the accounts to the sealed bids at the deadline."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import docx

from bidding.cli.draft import DRAFT_FILE
from bidding.queries import own_section, publication
from bidding.rules.completeness import DRAFT
from bidding.rules.consortia import AGREEMENT
from core.clock import BEIJING
from core.errors import Refusal
from portal.cli.demo.cast import SPECIALITIES
from portal.cli.demo.guarantees import RATED, Houses
from portal.cli.demo.papers import AGENT, CRITERIA, PRICE_RULE, TENDERER, Papers, TenderDates, write_papers
from portal.cli.demo.papers.parties import unified_social_credit_code
from portal.cli.demo.stage import Stage

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
DECLARED = "经办人与招标人均已核对，确需如此，且不构成对潜在投标人的限制"
REVIEW = (
    "投标函有法定代表人或其授权人签字或单位盖章（实施条例第五十一条第一项）",
    "资质满足招标公告要求（实施条例第五十一条第三项）",
    "投标报价不高于最高投标限价（实施条例第五十一条第五项）",
    "信用符合投标人须知第 3.7 条：未被列入严重失信主体名单",
    "实质性响应招标文件（实施条例第五十一条第六项）",
)
SLOTS = (
    ("开标一览表", "schedule", "schedule"),
    ("资信文件", "file", "qualification"),
    ("技术标", "proposal", "technical"),
    ("已标价工程量清单与投标函", "boq", "price"),
)

Say = Callable[[str, str], None]
"""`say(step, sentence)`: how progress is told."""


@dataclass
class Story:
    """One tender as it is played: what happened so far, and where its papers lie."""

    stage: Stage
    say: Say
    papers: Papers = field(init=False)
    dates: TenderDates = field(init=False)
    happened: dict[str, Any] = field(default_factory=dict)
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
            with file.open("rb") as stream:
                agent.send(f"/tender/sections/{SECTION}/documents", {"slot": slot}, files={"file": (file.name, stream)})
        with self.papers.tender_bill.open("rb") as stream:
            agent.send(f"/tender/sections/{SECTION}/boq", {}, files={"file": (self.papers.tender_bill.name, stream)})
        for login in ("tenderee", "officer", "supervisor"):
            self.trustee(login, "register")
        declared = self.submit_for_review(f"/tender/sections/{SECTION}/submit")
        self.review(f"/tender/sections/{SECTION}/publish", 1)
        self.say("notice", f"代理机构送审（说明 {declared} 处检查结果），招标人另一人核对同一指纹后发布，法定检查通过")
        self.say("notice", f"公告：{self.stage.server}/sections/{SECTION}")
        for login in ("tenderee", "officer", "supervisor"):
            self.trustee(login, "rehearse")
        self.say("rehearsal", "三名密钥受托人均已用真实密钥试开探测件")

    def submit_for_review(self, path: str) -> int:
        """The agent answers for every finding and hands the content on; how many findings there were."""
        agent = self.stage.as_("agent")
        found = agent.read(path).json()["concerns"]
        agent.send(path, {f"reason-{one['key']}": DECLARED for one in found})
        return len(found)

    def review(self, path: str, number: int) -> None:
        """A person of the tenderee looks at what the agent submitted and publishes exactly that."""
        with self.stage.platform.reading() as session:
            tenderee = self.stage.cast.actor("tenderee")
            section = own_section(session, SECTION, tenderee)
            digest = publication(session, section, number).digest
        self.stage.as_("tenderee").send(path, {"confirmation": SECTION, "digest": digest})

    def trustee(self, login: str, verb: str, *more: str) -> str:
        """A trustee's own program."""
        return self.stage.command(
            "trustee",
            verb,
            "--server",
            self.stage.server,
            "--identity",
            self.stage.keys(login),
            "--section",
            SECTION,
            *more,
        )

    def section_form(self) -> list[tuple[str, str]]:
        """The section as the agent fills it in."""
        local = "%Y-%m-%dT%H:%M"
        form = [
            ("name", NAME),
            ("qualification", "市政公用工程施工总承包一级及以上资质，具备有效的安全生产许可证"),
            ("credit_rule", "开标后由平台查询信用中国等名单并留存证据；列入严重失信主体名单的，依招标文件予以否决"),
            ("consortium", "yes"),
            ("estimate_fen", "180,000,000.00"),
            ("control_price_fen", "186,500,000.00"),
            ("bond_fen", "800,000.00"),
            ("duration_days", "540"),
            ("validity_days", "120"),
            ("decrypt_minutes", "30"),
            ("documents_until_at", self.dates.documents_until_at.strftime(local)),
            ("deadline_at", self.dates.deadline_at.strftime(local)),
            ("scope", "取水泵房、净水厂扩建、清水池、DN1200 输水管道及不停水接驳等全部施工内容"),
            ("scale", "新增供水能力 10 万立方米每日"),
            ("obtaining", "公告发布之日起在本平台免费下载，无需报名"),
            ("submission", "通过本平台递交加密投标文件，以回执为准"),
            ("address", TENDERER.address),
            ("contact", f"{TENDERER.contact} {TENDERER.telephone}"),
            ("objection_contact", f"{AGENT.contact} {AGENT.telephone}，本平台异议栏目"),
            ("media", "中国招标投标公共服务平台"),
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
        scored = [criterion for criterion in CRITERIA if criterion.group != "price"]
        for number, criterion in enumerate(scored, 1):
            group = "technical" if criterion.group == "technical" else "qualification"
            form += [
                ("criterion_name", criterion.name),
                ("criterion_group", group),
                ("criterion_points", str(criterion.points)),
                ("criterion_text", criterion.standard),
            ]
            if criterion.objective:
                form.append(("criterion_objective", str(number)))
        for number, (name, slot, envelope) in enumerate(SLOTS, 1):
            form += [
                ("slot_name", name),
                ("slot_code", slot),
                ("slot_envelope", envelope),
                ("slot_required", str(number)),
            ]
        return form

    def clarify(self) -> None:
        """A bidder asks without being kept; the answer goes to everybody alike."""
        self.stage.later(days=5)
        self.stage.as_("changhe").send(f"/sections/{SECTION}/questions", {"text": QUESTION})
        self.stage.later(days=2)
        self.stage.as_("agent").send(
            f"/tender/sections/{SECTION}/clarifications", {"question": "1", "text": ANSWER, "affects": "yes"}
        )
        self.submit_for_review(f"/tender/sections/{SECTION}/publications/2/submit")
        self.review(f"/tender/sections/{SECTION}/publications/2", 2)
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

    def sealed(self, key: str, which: str) -> Path:
        """The folder in which a bidder keeps one sealed bid."""
        return self.stage.folder / "bidders" / key / which

    def last_sealed(self, key: str) -> Path:
        """The folder of the bid that counts."""
        return self.sealed(key, {REPLACES: "second", RESUBMITS: "again"}.get(key, "first"))

    def seal_and_send(self, key: str, which: str, replaces: str | None = None) -> None:
        """Seal one bid at the bidder's own machine, submit it, fetch its timestamp a minute later, verify offline."""
        out = self.sealed(key, which)
        identity = ("--identity", self.stage.keys(key))
        words: list[str | Path] = ["seal", "--server", self.stage.server, *identity, "--section", SECTION, "--out", out]
        words += ["--draft", self.draft(key)]
        if replaces:
            words += ["--replaces", self.sealed(key, replaces)]
        self.stage.command(*words, machine=f"{key}-office")
        verb = "replace" if replaces and "withdrawn" not in replaces else "submit"
        self.stage.command(verb, *identity, out)
        self.stage.later(seconds=75)
        self.stage.command("receipt", "stamp", out)
        self.stage.command("receipt", "verify", out / "receipt.json")

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

    def short(self, key: str) -> str:
        """A bidder's short name."""
        return self.papers.bids[key].bidder.short

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
        """The operator imports a list in the style of 信用中国, on which one member of a consortium stands."""
        listed, code = PARTNER
        header = "name,identifier,document_number,reason,listed_on,ban_until"
        stranger = "江城远帆贸易有限公司,91330100MA0TE5U07A"
        lists = {
            "serious_dishonesty": (
                f"{listed},{code},江严失字〔2026〕17号,重大工程质量责任事故被列入严重失信主体名单,2026-03-02,2028-03-01",
                f"{stranger},江严失字〔2026〕18号,恶意拖欠农民工工资,2026-04-11,2027-04-10",
            ),
            "judgment_defaulters": (
                f"{stranger},（2026）江0102执1188号,有履行能力而拒不履行生效法律文书确定义务,2026-05-20,",
            ),
            "tax_violations": (f"{stranger},江税重违〔2026〕6号,虚开增值税专用发票,2026-02-09,2029-02-08",),
            "procurement_violations": (f"{stranger},江财采罚〔2026〕3号,提供虚假材料谋取中标,2026-01-15,2027-01-14",),
            "tender_bans": (f"{stranger},江水罚〔2026〕9号,串通投标，取消一年投标资格,2026-02-20,2027-02-19",),
            "major_penalties": (f"{stranger},江市监罚〔2026〕31号,责令停产停业,2026-03-18,2029-03-17",),
        }
        rated = self.papers.bids[RATED].bidder
        self.stage.later(seconds=5)
        for source, rows in {**lists, "credit_ratings": (f"{rated.name},{rated.uscc},AAA,2027-12-31",)}.items():
            file = self.stage.folder / "credit" / f"{source}.csv"
            file.parent.mkdir(exist_ok=True)
            heading = "name,identifier,grade,ban_until" if source == "credit_ratings" else header
            file.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
            with file.open("rb") as stream:
                self.stage.as_("operator").send(
                    "/credit/imports",
                    {"source": source, "as_of": self.stage.clock.now().isoformat()},
                    files={"file": (file.name, stream)},
                )
        self.say("credit", f"已导入 {len(lists)} 份信用名单快照，其中一家联合体成员在严重失信主体名单上")


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


def committee_form(meets_at: datetime) -> dict[str, str]:
    """The committee as the agent asks for it: five, four of them drawn."""
    form = {
        "size": "5",
        "representatives": "1",
        "meets_at": meets_at.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M"),
        "hours": "8",
        "place": "交易中心 301 评标室",
    }
    for row, (name, count) in enumerate(zip(SPECIALITIES, ("2", "1", "1"), strict=True), 1):
        form |= {f"speciality-{row}": name, f"count-{row}": count}
    return form
