"""A small tender of a scene: its notice, its bids and its committee, from an outline, by the forms of the story."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bidding.cli.draft import DRAFT_FILE
from bidding.rules.completeness import DRAFT
from core.clock import BEIJING
from core.money import grouped
from opening.models import Bid
from portal.cli.demo.papers import TenderDates
from portal.cli.demo.scenes.outlines import Outline, dates_of, write_bid, write_list, write_tender
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

SLOTS = (
    ("开标一览表", "schedule", "schedule"),
    ("资信文件", "qualification", "qualification"),
    ("技术标", "technical", "technical"),
    ("投标函", "price", "price"),
)
QUALITY = {"changhe": "0.92", "jiangnan": "0.90", "hengji": "0.87", "dongqi": "0.84", "beichen": "0.82"}


@dataclass
class Small(Tender):
    """A tender played from its outline; `deadline_at` is in the notice, `dates` follow from the publication."""

    outline: Outline = field(kw_only=True)
    deadline_at: datetime = field(kw_only=True)
    dates: TenderDates = field(init=False)

    def __post_init__(self) -> None:
        self.section = self.outline.section

    def announce(self) -> None:
        """From the empty form to the published notice with rehearsed trustees."""
        self.draft_notice()
        self.publish()
        self.say("notice", f"{self.outline.title}：公告已发布，截止 {self.deadline_at.astimezone(BEIJING):%m-%d %H:%M}")

    def draft_notice(self, *more: str) -> None:
        """The agent fills everything in and uploads the papers; `more` are further clauses of the document."""
        outline, agent = self.outline, self.stage.as_("agent")
        self.dates = dates_of(self.stage.clock.now(), self.deadline_at)
        agent.send("/tender/new", self.project_form())
        agent.send(f"/tender/projects/{outline.project}/sections/new", {"name": outline.lot})
        if outline.procedure != "open":
            agent.send(f"/tender/sections/{self.section}/edit/procedure", self.procedure_form())
        agent.send(f"/tender/sections/{self.section}/edit", self.section_form())
        folder = self.stage.folder / "papers" / self.section
        self.upload("tender", write_tender(outline, self.dates, folder / "招标文件.docx", *more))
        self.upload("boq", write_list(outline, self.dates, folder / "清单.pdf"))

    def project_form(self) -> dict[str, str]:
        """The project as the agent fills it in."""
        outline = self.outline
        return {
            "name": outline.name,
            "code": outline.project,
            "regime": outline.regime,
            "category": outline.category,
            **({"is_mandatory": "1"} if outline.is_mandatory else {}),
            "region": "330100",
            "funding": outline.funding,
            "description": f"{outline.scope}；{outline.scale}",
            "tenderee": outline.tenderee.uscc,
        }

    def procedure_form(self) -> list[tuple[str, str]]:
        """The step of the wizard that chooses another way than a public tender."""
        outline = self.outline
        chosen = [("procedure", outline.procedure), ("ground", outline.ground), ("invitation", "public")]
        return [*chosen, ("validity_days", "90"), *notice_fields(outline.tenderee, self.dates)]

    def section_form(self) -> list[tuple[str, str]]:
        """The section as the agent fills it in."""
        outline = self.outline
        form = [
            *notice_fields(outline.tenderee, self.dates),
            ("name", outline.lot),
            ("qualification", outline.qualification),
            ("consortium", "no"),
            ("estimate_fen", grouped(outline.yuan * 100)),
            ("control_price_fen", grouped(outline.ceiling * 100)),
            ("bond_fen", grouped(outline.bond * 100)),
            ("duration_days", str(outline.days)),
            ("validity_days", "90"),
            ("scope", outline.scope),
            ("scale", outline.scale),
            ("formula", outline.formula),
            ("price_points", str(outline.price_points)),
            ("review", "\n".join(outline.review)),
        ]
        items = ((one.name, one.group, one.points, one.text, one.objective) for one in outline.items)
        return form + criterion_fields(items) + slot_fields(SLOTS)

    def submit(self, *keys: str) -> None:
        """So many bidders, or all of the outline, seal on their own machines and submit."""
        for key, _ in self.outline.offers:
            if not keys or key in keys:
                self.seal_and_send(key, "sealed")

    def sealed(self, key: str, which: str) -> Path:
        """The folder in which a bidder keeps its sealed bid in this section."""
        return self.stage.folder / "bidders" / key / self.section / which

    def last_sealed(self, key: str) -> Path:
        """The folder of the bid that counts."""
        return self.sealed(key, "sealed")

    def draft(self, key: str) -> Path:
        """The bidder's draft: its papers in their slots and what it typed."""
        base, bidder = self.stage.folder / "bidders" / key / self.section / "papers", parties()[key]
        if not (base / DRAFT_FILE).exists():
            yuan = dict(self.outline.offers)[key]
            write_bid(self.outline, bidder, yuan, self.dates, base)
            typed = {
                "type": DRAFT,
                "section": self.section,
                "schedule": {
                    "price": f"{yuan}.00",
                    "duration_days": str(self.outline.days),
                    "quality": "合格",
                    "manager": bidder.manager.name,
                    "manager_certificate": bidder.manager.certificate,
                },
                "bond": {
                    "form": "transfer",
                    "account": bidder.account,
                    "payer": bidder.name,
                    "amount": f"{self.outline.bond}.00",
                }
                if self.outline.bond
                else {},
                "authorisation": {
                    "operator": bidder.contact,
                    "contact": bidder.contact,
                    "phone": bidder.mobile,
                    "confirmed": True,
                },
                "links": [],
            }
            (base / DRAFT_FILE).write_text(json.dumps(typed, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return base

    def bonds_told(self) -> None:
        """Nothing: in no scene that is opened a bond is asked."""

    def committee(self, meets_at: datetime) -> dict[str, str]:
        """Five, four of them drawn."""
        return committee_form(meets_at, ("2", "1", "1"), "交易中心 302 评标室")

    def points(self, bid: Bid, place: int, number: int, criterion: dict[str, Any]) -> str:
        """Objective items from the contracts claimed, others by the bid's quality and the expert's own leaning."""
        key, points = key_of(bid), Decimal(criterion["points"])
        if criterion["objective"]:
            return str(min(points, 2 * len(parties()[key].contracts)))
        return leaning(points, QUALITY[key], place, number, bid.number)
