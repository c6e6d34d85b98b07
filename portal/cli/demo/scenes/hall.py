"""A small section whose hall opens minutes after the site does: trustees peel, bidders decrypt, in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from portal.cli.demo.scenes.outlines import Item, Outline
from portal.cli.demo.scenes.scene import Place, Scene, Timed
from portal.cli.demo.scenes.small import Small

MINUTES = 22
OUTLINE = Outline(
    project="BJ2026-SC-0588",
    name="滨江新区加压泵站改造项目",
    lot="泵组采购与安装",
    yuan=1_860_000,
    ceiling=1_820_000,
    days=75,
    scope="三座加压泵站的水泵机组、控制柜供货、安装与调试",
    scale="水泵机组 9 台、控制柜 3 面",
    qualification="具有独立承担民事责任的能力，具备机电设备安装能力",
    category="goods",
    is_mandatory=False,
    items=(
        Item("技术响应", "technical", 35, "参数逐项响应、选型合理：优 29～35 分，良 21～28.9 分，一般 0～20.9 分。"),
        Item("安装与售后", "technical", 15, "停水切换方案与响应时间：优 12～15 分，良 8～11.9 分，一般 0～7.9 分。"),
    ),
    offers=(("changhe", 1_742_000), ("jiangnan", 1_768_500), ("hengji", 1_729_800), ("beichen", 1_795_000)),
)


class Hall(Scene):
    """Four sealed bids wait for the deadline; everybody's keys lie in the demo's folder."""

    @cached_property
    def tender(self) -> Small:
        """The tender; nobody can be early for its hall."""
        return Small(self.stage, self.say, outline=OUTLINE, deadline_at=self.ahead(minutes=MINUTES))

    def acts(self) -> Iterator[Timed]:
        """Published three weeks ago; bids came in over the last days."""
        yield self.day(21, 10), self.tender.announce
        yield self.day(3, 15), lambda: self.tender.submit("hengji")
        yield self.day(2, 10), lambda: self.tender.submit("changhe", "beichen")
        yield self.ago(hours=3), lambda: self.tender.submit("jiangnan")

    def stands(self) -> Iterator[Place]:
        """Those who hold keys, the host, and one of the bidders."""
        code, at = self.tender.section, self.tender.deadline_at
        yield self.place(self.tender, "rehearse", "officer", f"/sections/{code}/rehearsal", at)
        yield self.place(self.tender, "watch", "", f"/opening/{code}", at)
        yield self.place(self.tender, "peel", "officer", f"/opening/{code}/key", at)
        yield self.place(self.tender, "peel", "supervisor", f"/opening/{code}/key", at)
        yield self.place(self.tender, "host", "agent", f"/opening/{code}/desk", at)
        yield self.place(self.tender, "decrypt", "changhe", f"/opening/{code}/mine", at)
        yield self.place(self.tender, "peel", "tenderee", f"/opening/{code}/key", at)
