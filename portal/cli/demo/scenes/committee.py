"""A committee in session: bids reviewed, some experts have scored, the others have their sheets before them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from portal.cli.demo import evaluation
from portal.cli.demo.opening_day import hold_opening
from portal.cli.demo.scenes.outlines import Outline
from portal.cli.demo.scenes.scene import Place, Scene, Timed
from portal.cli.demo.scenes.small import Small

OUTLINE = Outline(
    project="BJ2026-SC-0561",
    name="滨江新区第二净水厂滤池改造工程",
    lot="施工标段",
    yuan=28_500_000,
    ceiling=27_960_000,
    days=210,
    scope="十二格滤池的滤板、滤料、反冲洗管路更换与自控改造",
    scale="处理能力 12 万立方米每日，不停产施工",
    qualification="市政公用工程施工总承包二级及以上资质，具备有效的安全生产许可证",
    offers=(("changhe", 26_480_000), ("jiangnan", 26_915_600), ("hengji", 25_990_000)),
)
SCORED = 2
"""So many members have locked their sheets."""


class Committee(Scene):
    """It met this morning."""

    @cached_property
    def tender(self) -> Small:
        """Opened three days ago."""
        return Small(self.stage, self.say, outline=OUTLINE, deadline_at=self.day(3, 9, 30))

    def acts(self) -> Iterator[Timed]:
        """From the notice to the first locked sheets."""
        yield self.day(25, 9), self.tender.announce
        yield self.day(4, 10), self.tender.submit
        yield self.tender.deadline_at, lambda: hold_opening(self.tender)
        yield self.day(1, 14), lambda: evaluation.draw_committee(self.tender, self.ago(minutes=150))
        yield self.ago(hours=5), self.sit

    def sit(self) -> None:
        """Everybody signs in and reviews; the first of them score."""
        evaluation.seat(self.tender)
        evaluation.review(self.tender)
        for place, member in enumerate(evaluation.seats(self.tender)[:SCORED]):
            evaluation.fill_sheets(self.tender, place, member)

    def stands(self) -> Iterator[Place]:
        """Whoever has not scored yet, whoever watches, and who leads."""
        code = self.tender.section
        members = evaluation.seats(self.tender)
        yield self.place(
            self.tender, "lead", evaluation.login_of(self.tender, evaluation.leader(self.tender)), f"/expert/{code}"
        )
        for member in members[SCORED:]:
            yield self.place(self.tender, "score", evaluation.login_of(self.tender, member), f"/expert/{code}/score/1")
        yield self.place(self.tender, "progress", "supervisor", f"/tender/{code}/committee")
