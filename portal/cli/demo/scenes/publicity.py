"""Candidates in their publicity: one objection waits for its answer, one complaint for the supervisor."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from portal.cli.demo import dispute, evaluation
from portal.cli.demo.opening_day import hold_opening
from portal.cli.demo.scenes.outlines import Outline
from portal.cli.demo.scenes.scene import Place, Scene, Timed
from portal.cli.demo.scenes.small import Small

OUTLINE = Outline(
    project="BJ2026-SC-0532",
    name="滨江新区原水输水管道修复工程",
    lot="施工标段",
    yuan=19_600_000,
    ceiling=19_250_000,
    days=150,
    scope="DN1400 原水管道内衬修复、阀门更换与两处穿堤段加固",
    scale="修复长度 5.2 公里",
    qualification="市政公用工程或者水利水电工程施工总承包二级及以上资质",
    offers=(("changhe", 18_120_000), ("jiangnan", 18_346_000), ("dongqi", 18_590_000), ("hengji", 18_875_500)),
)
ANSWERED = "第一中标候选人的项目经理同时在建另一项目，请核实其能否到岗。"
ANSWER = "经核实，该项目经理所任另一项目已于上月竣工验收并完成变更登记，符合招标文件要求，异议不成立。"
OPEN = "第二中标候选人的技术标未说明穿堤段的度汛措施，该项得分偏高，请复核并说明理由。"
FACTS = (
    "我司不认可招标人对异议的答复：另一项目仅办理了竣工验收，未见项目经理变更登记的公开信息，"
    "请求核查该项目经理是否仍在岗。"
)  # fmt: skip
CLAIMS = "核查项目经理在岗情况；如仍在岗，请求依法处理"
BASIS = "《招标投标法实施条例》第六十条；证据为住建部门公开的在建项目查询页面"


class Publicity(Scene):
    """Published two days ago."""

    @cached_property
    def tender(self) -> Small:
        """Opened five days ago."""
        return Small(self.stage, self.say, outline=OUTLINE, deadline_at=self.day(6, 9, 30))

    def acts(self) -> Iterator[Timed]:
        """From the notice to the second objection."""
        code = self.tender.section
        yield self.day(28, 9), self.tender.announce
        yield self.day(7, 10), self.tender.submit
        yield self.tender.deadline_at, lambda: hold_opening(self.tender)
        yield self.day(5, 14), lambda: evaluation.draw_committee(self.tender, self.day(4, 9))
        yield self.day(5, 16), lambda: evaluate(self.tender)
        yield self.day(3, 15), lambda: self.stage.as_("agent").send(f"/tender/{code}/award/candidates")
        yield self.day(2, 10), lambda: dispute.object_to(self.tender, "dongqi", ANSWERED)
        yield self.day(1, 9), lambda: dispute.answer(self.tender, 1, ANSWER)
        yield self.ago(hours=4), lambda: dispute.complain(self.tender, "dongqi", FACTS, CLAIMS, BASIS)
        yield self.ago(hours=3), lambda: dispute.object_to(self.tender, "hengji", OPEN)

    def stands(self) -> Iterator[Place]:
        """The tenderee answers, the supervisor accepts, a bidder looks at its result."""
        code = self.tender.section
        yield self.place(self.tender, "answer", "tenderee", f"/tender/{code}/award")
        yield self.place(self.tender, "complaint", "supervisor", f"/supervise/complaints/{code}/1")
        yield self.place(self.tender, "result", "hengji", f"/bid/{code}/result")


def evaluate(tender: Small) -> None:
    """The committee's day, from the arrival to the delivered report."""
    evaluation.seat(tender)
    evaluation.review(tender)
    evaluation.score(tender)
    evaluation.report(tender)
