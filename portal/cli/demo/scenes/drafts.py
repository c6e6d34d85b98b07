"""Two drafts: one half-way in the wizard with findings to answer, one that waits for the second person to publish."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from portal.cli.demo.scenes.outlines import Item, Outline, dates_of, write_tender
from portal.cli.demo.scenes.scene import Place, Scene, Timed
from portal.cli.demo.scenes.small import Small

HALFWAY = Outline(
    project="BJ2026-SC-0611",
    name="滨江新区智慧水务调度中心建设项目",
    lot="调度大屏与工作站采购",
    yuan=6_800_000,
    ceiling=6_650_000,
    days=90,
    scope="调度大屏、操作工作站、机房环境的供货、安装、调试与两年运维",
    scale="大屏 48 平方米、工作站 12 席",
    qualification="投标人须在本市注册并具有本市同类业绩；显示单元须采用西门子品牌",
    category="goods",
    items=(),
)
"""Its qualification restricts whom the law does not restrict: the wizard says so."""
PRIVATE = "现场踏勘联系人：李工，手机 13912345678，身份证号 330106198503124512。"
"""What the privacy scan finds in the tender document (invented, with valid check digits)."""
WAITING = replace(
    HALFWAY,
    project="BJ2026-SC-0613",
    name="滨江新区供水水质在线监测项目",
    lot="在线监测仪采购",
    yuan=4_200_000,
    ceiling=4_150_000,
    scope="浊度、余氯、酸碱度在线监测仪的供货、安装、调试与校准",
    scale="监测点 26 处",
    qualification="具有独立承担民事责任的能力，具备有效的计量器具型式批准证书",
    items=(
        Item("技术响应", "technical", 25, "技术参数逐项响应：优 21～25 分，良 15～20.9 分，一般 0～14.9 分。"),
        Item("安装与校准方案", "technical", 15, "方案可行、校准可溯源：优 12～15 分，良 8～11.9 分，一般 0～7.9 分。"),
        Item("售后服务", "technical", 10, "承诺 4 小时内到场得 10 分，8 小时内得 6 分，其他不得分。", True),
    ),
)


class Drafts(Scene):
    """The agent works on one, the tenderee looks through the other."""

    @cached_property
    def halfway(self) -> Small:
        """Some steps of the wizard are filled in."""
        return Small(self.stage, self.say, outline=HALFWAY, deadline_at=self.day(-24, 9, 30))

    @cached_property
    def waiting(self) -> Small:
        """Submitted, not published."""
        return Small(self.stage, self.say, outline=WAITING, deadline_at=self.day(-23, 9, 30))

    def acts(self) -> Iterator[Timed]:
        """Both within the last days."""
        yield self.day(2, 14), self.begin
        yield self.day(1, 10), self.hand_on

    def begin(self) -> None:
        """The first steps, a document with somebody's telephone number in it, and no more."""
        tender, agent = self.halfway, self.stage.as_("agent")
        tender.dates = dates_of(self.stage.clock.now(), tender.deadline_at)
        agent.send("/tender/new", tender.project_form())
        agent.send(f"/tender/projects/{HALFWAY.project}/sections/new", {"name": HALFWAY.lot})
        fields = tender.section_form()
        for step in ("section", "qualification"):
            agent.send(f"/tender/sections/{tender.section}/edit/{step}", fields)
        folder = self.stage.folder / "papers" / tender.section
        tender.upload("tender", write_tender(HALFWAY, tender.dates, folder / "招标文件（征求意见稿）.docx", PRIVATE))

    def hand_on(self) -> None:
        """Everything is filled in, declared and submitted; another person has to publish."""
        self.waiting.draft_notice()
        for login in self.waiting.trustees:
            self.waiting.trustee(login, "register")
        self.waiting.submit_for_review(f"/tender/sections/{self.waiting.section}/submit")
        self.say("draft", f"{WAITING.name}：代理机构已送审，等待招标人核对后发布")

    def stands(self) -> Iterator[Place]:
        """The agent goes on with the draft, the tenderee publishes."""
        code = self.halfway.section
        yield self.place(self.halfway, "go_on", "agent", f"/tender/sections/{code}/edit")
        yield self.place(self.halfway, "findings", "agent", f"/tender/sections/{code}/submit")
        yield self.place(self.waiting, "publish", "tenderee", f"/tender/sections/{self.waiting.section}/publish")
