"""A section as it stands after its opening: what was published, who bid, what was read out."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import docx
from sqlalchemy.orm import Session

from accounts.queries import actor_for
from accounts.rules import Role
from bidding.models import Project, Section, Submission
from bidding.rules import default_slots, law_on, layout
from bidding.rules.masks import masks_commitments
from bidding.rules.notice import PARTICULARS
from core.act import SYSTEM, Act, Actor, Platform
from core.clock import StoppedClock
from core.ledger.log import append
from experts.models import Member
from opening.models import Bid, Opening
from tests import factories

CONTROL = 1_000_000_00
PRICES = (920_000_00, 935_000_00, 940_000_00, 948_000_00, 950_000_00)
METHOD: dict[str, Any] = {
    "type": "comprehensive/v1",
    "criteria": [
        {"code": "T1", "name": "施工组织设计", "group": "technical", "points": "20", "objective": False,
         "text": "施工方案完整、针对本工程的重点难点：16—20 分；一般：10—15.99 分；差：0—9.99 分。"},
        {"code": "T2", "name": "质量与安全措施", "group": "technical", "points": "15", "objective": False,
         "text": "体系健全、措施具体：12—15 分；一般：8—11.99 分；差：0—7.99 分。"},
        {"code": "Q1", "name": "类似业绩", "group": "qualification", "points": "10", "objective": True,
         "text": "近五年每完成一项同类工程得 2 分，满分 10 分，以合同和竣工验收证明为准。"},
        {"code": "Q2", "name": "信用评价", "group": "qualification", "points": "5", "objective": True,
         "text": "信用等级 A 得 5 分，B 得 3 分，其他不得分。"},
    ],
    "price": {
        "formula": "mean-deviation/v1", "points": "50", "k_range": ["0.95", "0.98"], "step": "0.005",
        "above": "1.0", "below": "0.5", "trim_from": 5,
    },
    "review": [
        {"code": "R1", "text": "投标函经投标单位盖章或单位负责人签字", "source": "实施条例第五十一条第（一）项"},
        {"code": "R2", "text": "资质证书满足招标文件要求", "source": "实施条例第五十一条第（三）项"},
    ],
}  # fmt: skip
BIDDERS = (
    "宏远市政建设有限公司", "江城建工集团有限公司", "东海水利工程有限公司", "永固路桥建设有限公司",
    "新时代建设有限公司", "南山市政工程有限公司", "北辰建设有限公司",
)  # fmt: skip
SCORES: dict[str, tuple[str, ...]] = {
    "T1": ("18", "17.5", "16", "15", "14", "13", "12"),
    "T2": ("13.5", "13", "12", "12.5", "10", "9", "9"),
    "Q1": ("8", "10", "6", "8", "4", "4", "4"),
    "Q2": ("5", "5", "3", "5", "3", "3", "3"),
}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Opened:
    """One section with its people and its opened bids."""

    platform: Platform
    clock: StoppedClock
    code: str = "BJ-2026-001-01"
    prices: Sequence[int] = PRICES
    meets_at: datetime | None = None
    anonymous: bool = False
    """Whether the technical envelope is anonymous (暗标), with its secrets committed and a document in each bid."""

    # People -----------------------------------------------------------------------------------------------------------

    def actor(self, role: Role, which: str = "a") -> Actor:
        return factories.actor(self.platform, role, which)

    def bidder_actor(self, number: int) -> Actor:
        with self.platform.reading() as session:
            return actor_for(session, f"bid{number}-{self.code.lower()}")

    def person_actor(self, member: Member) -> Actor:
        with self.platform.reading() as session:
            return actor_for(session, member.person.login)

    # The section ------------------------------------------------------------------------------------------------------

    def open_section(self) -> None:
        """The section as the opening hands it over: opened bids, read prices, drawn K = 0.97."""
        tenderee, agent = self.actor(Role.TENDEREE), self.actor(Role.AGENT)
        for role in (Role.OFFICER, Role.SUPERVISOR):
            self.actor(role)
        now = self.clock.now()
        with self.platform.act(SYSTEM) as act:
            project = Project(
                code=self.code.rsplit("-", 1)[0], name="滨江市第二水厂取水泵站工程",
                tenderee_id=tenderee.organisation_id,
                agent_id=agent.organisation_id, regime="T", category="works", procedure="open", is_mandatory=True,
                region="330100", funding="财政资金", description="取水泵站土建与安装", created_at=now,
                law=law_on("T", date(2026, 10, 1)).as_json(),
            )  # fmt: skip
            act.session.add(project)
            act.session.flush()
            section = Section(
                code=self.code, project_id=project.id, name="一标段", estimate_fen=CONTROL, control_price_fen=CONTROL,
                bond_fen=0, duration_days=300, validity_days=90, decrypt_minutes=60, qualification="市政二级",
                accepts_consortium=False, credit_rule="严重失信主体不得投标", method=METHOD, state="opened",
                envelopes=layout(is_anonymous=True) if self.anonymous else [], slots=default_slots(layout()),
                state_at=now,
                particulars=dict.fromkeys(PARTICULARS, "见招标文件"), published_at=now - timedelta(days=30),
                deadline_at=now - timedelta(hours=2),
                closed_at=now - timedelta(hours=2),
            )  # fmt: skip
            act.session.add(section)
            act.session.flush()
            if self.anonymous:
                told = {"commitments": masks_commitments(act.signer.sign, section.code)}
                append(act, "masks.commit", section.subject, told)
            seed = digest(f"seed {self.code}")
            opening = Opening(
                section_id=section.id, state="handed_over", state_at=now, closed_set=[], closing_size=0,
                closing_note="",
                pauses=[], record_sha256=digest("record"), record_signatures=[],
                coefficients={
                    "type": "sunbid-draw/v1", "label": f"coefficients:{self.code}", "seed": seed, "k": "0.97",
                    "steps": [],
                    "parties": [], "bid_nonces": [], "candidates": ["0.97"], "list_digest": digest("grid"),
                },
            )  # fmt: skip
            act.session.add(opening)
            act.session.flush()
            for number, price in enumerate(self.prices, 1):
                self._bid(act, section, opening, number, price)

    def _bid(self, act: Act, section: Section, opening: Opening, number: int, price: int) -> None:
        unit = factories.organisation(act, 700 + number, BIDDERS[number - 1])
        factories.person(
            act, Role.BIDDER, login=f"bid{number}-{self.code.lower()}", name=f"投标员{number}", organisation=unit
        )
        submission = Submission(
            section_id=section.id, digest=digest(f"{self.code} {number}"), handle=digest(f"h {self.code} {number}"),
            kind="submit", sequence=1, previous=None, content={"envelopes": {}}, identity={},
            leaf_commitment=digest("leaf"),
            leaf_index=10_000 + int(digest(self.code)[:6], 16) * 10 + number, received_at=act.now,
            idempotency_key=f"key-{number}", receipt={}, state="sealed", state_at=act.now,
        )  # fmt: skip
        act.session.add(submission)
        act.session.flush()
        bid = Bid(
            opening_id=opening.id,
                submission_id=submission.id,
                number=number,
                organisation_id=unit.id,
            name=unit.name,
                identifier=unit.identifier,
                identity={"bidder": {"contact": f"联系人{number}"}},
            identity_faults=[],
                state="opened_by_bidder",
                state_at=act.now,
                opened_at=act.now,
                envelopes=self._documents(act, number) if self.anonymous else {},
            schedule={
                "type": "sunbid-schedule/v1",
                    "price_fen": price,
                    "duration_days": 280 + number,
                    "quality": "合格",
                "manager": f"项目经理{number}",
                    "manager_certificate": f"浙1330800{number}",
            },
            price_fen=price,
        )  # fmt: skip
        act.session.add(bid)
        act.session.flush()

    def _documents(self, act: Act, number: int) -> dict[str, Any]:
        """A technical proposal under the bidder's own file name, whose properties name the bidder."""
        document: Any = docx.Document()
        document.add_paragraph(f"第 {number} 种施工组织设计：基坑支护采用方案{number}")
        document.core_properties.author = BIDDERS[number - 1]
        written = io.BytesIO()
        document.save(written)
        stored = act.store.put(written.getvalue())
        name = f"{BIDDERS[number - 1]}技术标.docx"
        file = {"slot": "proposal", "name": name, "sha256": stored.sha256, "size": stored.size}
        return {"technical": {"files": [file]}}

    def section(self, session: Session) -> Section:
        from bidding import queries as bidding

        return bidding.section(session, self.code)
