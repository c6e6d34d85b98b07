"""A works tender that is open: bonds chosen, a question answered with a new version of the document, bids taken."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from portal.cli.demo.scenes.outlines import Outline, write_tender
from portal.cli.demo.scenes.scene import Place, Scene, Timed
from portal.cli.demo.scenes.small import Small

OUTLINE = Outline(
    project="BJ2026-SC-0526",
    name="滨江新区望潮路雨污分流改造工程",
    lot="施工标段",
    yuan=42_000_000,
    ceiling=41_380_000,
    days=240,
    scope="望潮路雨水、污水管道新建与错混接改造、检查井更新及路面恢复",
    scale="雨水管 3.6 公里、污水管 4.1 公里",
    qualification="市政公用工程施工总承包二级及以上资质，具备有效的安全生产许可证",
    bond=400_000,
    offers=(("changhe", 38_620_000), ("jiangnan", 39_145_000)),
)
QUESTION = "清单未列既有管道封堵与导流费用，请明确是否由投标人在措施项目中自行报价？"
ANSWER = "封堵与导流由投标人在措施项目中自行报价，招标文件第一章相应补充，以第 2 版为准。"


class Open(Scene):
    """Two days before its deadline; whoever bids can prepare, seal in the page and submit."""

    @cached_property
    def tender(self) -> Small:
        """The tender; its deadline stands at a full hour."""
        deadline = self.ahead(days=2, hours=1).replace(minute=0)
        return Small(self.stage, self.say, outline=OUTLINE, deadline_at=deadline)

    def acts(self) -> Iterator[Timed]:
        """Published nineteen days ago, asked, answered with a second version."""
        yield self.day(19, 9), self.tender.announce
        yield self.day(17, 15, 20), self.ask
        yield self.day(16, 10), self.answer

    def ask(self) -> None:
        """A bidder asks; who it is, is kept nowhere."""
        self.stage.as_("jiangnan").send(f"/sections/{self.tender.section}/questions", {"text": QUESTION})

    def answer(self) -> None:
        """The answer goes to everybody alike, with the document as it now reads."""
        file = self.stage.folder / "papers" / self.tender.section / "招标文件（第2版）.docx"
        form = {"question": "1", "text": ANSWER, "affects": "yes", "slot": "tender"}
        for key, _ in OUTLINE.offers:
            self.tender.draft(key)
        with write_tender(OUTLINE, self.tender.dates, file, ANSWER).open("rb") as stream:
            self.tender.publish_answer(2, form, files={"file": (file.name, stream)})

    def stands(self) -> Iterator[Place]:
        """A bidder prepares and seals, another asks."""
        code, until = self.tender.section, self.tender.deadline_at
        yield self.place(self.tender, "prepare", "changhe", f"/bid/{code}/prepare", until)
        yield self.place(self.tender, "seal", "changhe", f"/bid/{code}/submit", until)
        yield self.place(self.tender, "ask", "beichen", f"/sections/{code}/questions", until)
