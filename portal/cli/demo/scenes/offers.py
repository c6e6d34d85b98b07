"""Government procurement by competitive consultation: first responses opened, sealed final offers asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from core.clock import BEIJING
from portal.cli.demo.opening_day import hold_opening
from portal.cli.demo.papers import PURCHASER
from portal.cli.demo.scenes.outlines import Item, Outline
from portal.cli.demo.scenes.scene import Place, Scene, Timed
from portal.cli.demo.scenes.small import Small

OUTLINE = Outline(
    project="BJ2026-CG-0073",
    name="滨江新区供水管网漏损检测服务",
    lot="年度服务",
    yuan=1_900_000,
    ceiling=1_900_000,
    days=365,
    scope="供水管网漏损普查、听漏定位与分区计量分析",
    scale="管网 460 公里，每年两遍",
    qualification="具有独立承担民事责任的能力，近三年无重大违法记录",
    category="services",
    regime="G",
    procedure="consultation",
    ground="c3_1",
    is_mandatory=False,
    funding="财政预算资金",
    price_points=30,
    items=(
        Item("服务方案", "technical", 45, "方案完整、针对性强：优 38～45 分，良 28～37.9 分，一般 0～27.9 分。"),
        Item("响应时间", "technical", 25, "承诺 1 小时内到场得 25 分，2 小时内得 15 分，其他不得分。", True),
    ),
    offers=(("changhe", 1_868_000), ("jiangnan", 1_845_000), ("dongqi", 1_882_000)),
    tenderee=PURCHASER,
)
FINAL = "F"


class Offers(Scene):
    """Three were opened yesterday; each may seal a final offer until tomorrow."""

    @cached_property
    def tender(self) -> Small:
        """The first responses, opened yesterday."""
        return Small(self.stage, self.say, owner="purchaser", outline=OUTLINE, deadline_at=self.day(1, 9, 30))

    def acts(self) -> Iterator[Timed]:
        """From the notice to the call for final offers."""
        yield self.day(22, 9), self.tender.announce
        yield self.day(2, 15), self.tender.submit
        yield self.tender.deadline_at, lambda: hold_opening(self.tender)
        yield self.ago(hours=4), self.call

    def call(self) -> None:
        """The purchaser calls for final offers."""
        until = f"{self.ahead(days=1).astimezone(BEIJING):%Y-%m-%dT%H:%M}"
        self.stage.as_("purchaser").send(f"/opening/{self.tender.section}/final-offers", {"deadline_at": until})
        self.say("offers", f"{OUTLINE.name}：首次响应已开启，最后报价递交至次日")

    def stands(self) -> Iterator[Place]:
        """Each of the three may seal its last price; the purchaser waits."""
        code, until = f"{self.tender.section}-{FINAL}", self.ahead(days=1)
        yield self.place(self.tender, "offer", "jiangnan", f"/bid/{code}/submit", until)
        yield self.place(self.tender, "offers", "purchaser", f"/opening/{code}/desk", until)
