"""A tender that stands still: somebody objected to the documents in time, and the answer is due."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from portal.cli.demo.scenes.outlines import Outline
from portal.cli.demo.scenes.scene import Place, Scene, Timed
from portal.cli.demo.scenes.small import Small

OUTLINE = Outline(
    project="BJ2026-SC-0602",
    name="滨江新区老旧小区二次供水改造工程",
    lot="一标段",
    yuan=23_700_000,
    ceiling=23_150_000,
    days=180,
    scope="十八个小区的泵房、水箱、立管与户表改造",
    scale="惠及 9400 户",
    qualification="市政公用工程或者建筑机电安装工程专业承包二级及以上资质",
)
TEXT = "评分办法“类似业绩”一项仅认可近五年业绩且每项 2 分，新成立企业无从得分，请说明依据或者予以调整。"


class Objection(Scene):
    """Objected to yesterday."""

    @cached_property
    def tender(self) -> Small:
        """Half of its days were still to come."""
        return Small(self.stage, self.say, outline=OUTLINE, deadline_at=self.day(-13, 9, 30))

    def acts(self) -> Iterator[Timed]:
        """The notice, then the objection of nobody known."""
        yield self.day(9, 9), self.tender.announce
        yield self.day(1, 15, 40), self.object

    def object(self) -> None:
        """Who objects is kept nowhere; the section stands still."""
        self.stage.as_("dongqi").send(f"/sections/{self.tender.section}/objections", {"text": TEXT})
        self.say("objection", f"{OUTLINE.name}：有人对招标文件提出异议，招标暂停，截止时间停走")

    def stands(self) -> Iterator[Place]:
        """The agent drafts the answer; everybody sees that the clock stands."""
        code = self.tender.section
        yield self.place(self.tender, "answer", "agent", f"/tender/sections/{code}/objections")
        yield self.place(self.tender, "suspended", "", f"/sections/{code}")
