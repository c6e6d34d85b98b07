"""评定分离: an award committee in the middle of its secret ballot among unranked candidates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from portal.cli.demo import evaluation
from portal.cli.demo.cast import PANEL
from portal.cli.demo.opening_day import hold_opening
from portal.cli.demo.scenes.outlines import Outline
from portal.cli.demo.scenes.publicity import evaluate
from portal.cli.demo.scenes.scene import Place, Scene, Timed
from portal.cli.demo.scenes.small import Small

OUTLINE = Outline(
    project="BJ2026-SC-0549",
    name="滨江新区取水口迁建工程",
    lot="施工标段",
    yuan=36_400_000,
    ceiling=35_900_000,
    days=300,
    scope="新建取水头部、引水管与取水泵站，旧取水口封堵",
    scale="取水规模 20 万立方米每日",
    qualification="市政公用工程或者水利水电工程施工总承包一级及以上资质",
    offers=(("jiangnan", 34_180_000), ("hengji", 33_860_000), ("beichen", 34_725_000)),
)
PLAN = {
    "separate": "yes",
    "basis_title": "浙江省招标投标条例",
    "basis_article": "第三十七条",
    "method": "vote",
    "win": "majority",
    "size": str(len(PANEL)),
    "forming": "appointed",
    "factors": "企业履约情况、项目班子能力、报价合理性、类似取水工程经验",
}
BALLOTS = (
    (2, "取水头部水下施工经验最直接，项目班子稳定，报价合理。"),
    (1, "不停水切换方案考虑周全，近年履约评价良好。"),
)
"""The first members' votes; everybody else's are outstanding."""


class Selection(Scene):
    """The publicity is over; five people of the tenderee decide."""

    @cached_property
    def tender(self) -> Small:
        """Opened two weeks ago."""
        return Small(self.stage, self.say, outline=OUTLINE, deadline_at=self.day(14, 9, 30))

    def acts(self) -> Iterator[Timed]:
        """From the plan in the draft to the first ballots."""
        code = self.tender.section
        yield self.day(36, 9), self.announce
        yield self.day(15, 10), self.tender.submit
        yield self.tender.deadline_at, lambda: hold_opening(self.tender)
        yield self.day(13, 14), lambda: evaluation.draw_committee(self.tender, self.day(12, 9))
        yield self.day(13, 16), lambda: evaluate(self.tender)
        yield self.day(11, 10), lambda: self.stage.as_("tenderee").send(f"/tender/{code}/award/candidates")
        yield self.day(1, 14), self.convene
        yield self.ago(hours=2), self.vote

    def announce(self) -> None:
        """The draft says that an award committee will choose, by which method and on which factors."""
        self.tender.draft_notice()
        self.stage.as_("agent").send(f"/tender/{self.tender.section}/selection/plan", PLAN)
        self.tender.publish()

    def convene(self) -> None:
        """The tenderee calls the committee in; each member declares."""
        page = f"/tender/{self.tender.section}/selection"
        members = "\n".join(login for login, _ in PANEL)
        self.stage.as_("tenderee").send(page, {"verb": "convene", "members": members})
        for login, _ in PANEL:
            self.stage.as_(login).send(page, {"verb": "declare", "agreed": "yes"})

    def vote(self) -> None:
        """The first members cast their ballots; nobody sees them before the round is complete."""
        for (login, _), (choice, reason) in zip(PANEL, BALLOTS, strict=False):
            form = {"verb": "ballot", "choice": str(choice), "reason": reason}
            self.stage.as_(login).send(f"/tender/{self.tender.section}/selection", form)
        self.say("selection", f"{OUTLINE.name}：定标委员会 5 人，已有 {len(BALLOTS)} 人投票，未齐前任何人看不到")

    def stands(self) -> Iterator[Place]:
        """Whoever has not voted yet; the tenderee watches."""
        page = f"/tender/{self.tender.section}/selection"
        for login, _ in PANEL[len(BALLOTS) :]:
            yield self.place(self.tender, "vote", login, page)
        yield self.place(self.tender, "ballot_box", "tenderee", page)
