"""The demo's story: the result is objected to and answered, complained of, suspended, investigated and decided."""

from __future__ import annotations

from datetime import timedelta

from core.clock import BEIJING
from opening.models import Bid
from portal.cli.demo.opening_day import bids_of
from portal.cli.demo.story import RIGGED, Story
from portal.cli.demo.tender import Tender, key_of

OBJECTION = "第一中标候选人的类似业绩得分明显偏高，请说明其业绩合同的认定依据。"
ANSWER = "经核对评标报告和投标文件：该候选人的五项业绩均附合同及竣工验收证明，符合评分标准，评分无误，结果不变。"
FACTS = (
    "我司不认可招标人对异议的答复。第一中标候选人两项业绩的竣工验收证明未见公开信息，请求核查其真实性；"
    "如不属实，请求取消其中标候选人资格。"
)
CLAIMS = "核查业绩真实性，依法处理"
BASIS = "《招标投标法实施条例》第六十条；证据为公开的业绩信息查询页面"
ORDER = "业绩证明的真实性需要向建设单位核实，核实期间继续公示和定标可能造成难以补救的后果。"
INQUIRY = "向两项业绩的建设单位发函核实，要求二日内书面答复并提供竣工验收备案材料。"
REPLY = "两家建设单位均书面确认合同和竣工验收属实，并附备案材料复印件。"
FINDINGS = "经向建设单位核实并查阅备案材料，被投诉的两项业绩真实，评标委员会的认定符合评分标准，投诉事项不成立。"
LAW = "《招标投标法实施条例》第六十一条"


def dispute(story: Story, candidates: list[int]) -> None:
    """One who is not the first candidate objects, is answered, complains, and is decided against with reasons."""
    bid = loser(story, candidates)
    key = key_of(bid)
    object_to(story, key, OBJECTION)
    story.say("candidates", f"{story.short(key)} 对评标结果提出异议，公示随即暂停")
    story.stage.later(hours=22)
    answer(story, 1, ANSWER)
    story.say("candidates", "招标人在三日内答复：理由不成立；公示恢复，按暂停的日数顺延")
    story.stage.later(hours=3)
    complain(story, key, FACTS, CLAIMS, BASIS)
    supervisor = story.stage.as_("supervisor")
    page = f"/supervise/complaints/{story.section}/1"
    supervisor.send(page, {"verb": "accept"})
    supervisor.send(page, {"verb": "order", "text": ORDER})
    story.say("complaint", "行政监督部门受理，责令暂停并公告；暂停期间任何人推进不了这个标段")
    supervisor.send(page, {"verb": "record", "kind": "test_begin", "text": INQUIRY})
    story.stage.later(days=2)
    supervisor = story.stage.as_("supervisor")
    supervisor.send(page, {"verb": "record", "kind": "test_end", "text": REPLY})
    supervisor.send(
        page, {"verb": "decide", "section": story.section, "confirmation": story.section, "outcome": "rejected",
               "findings": FINDINGS, "law": LAW, "remedy": "none"},
    )  # fmt: skip
    story.say("complaint", "核实后驳回投诉，处理决定连同救济途径一并公开；公示继续")


def object_to(story: Tender, key: str, text: str) -> None:
    """A bidder objects to the result on its own page; the publicity stands still."""
    story.stage.as_(key).send(f"/bid/{story.section}/result", {"text": text})


def answer(story: Tender, number: int, text: str) -> None:
    """The tenderee answers that the objection is not founded."""
    form = {"answer": text, "outcome": "dismissed", "objection": str(number)}
    story.stage.as_(story.owner).send(f"/tender/{story.section}/award/objections/{number}", form)


def complain(story: Tender, key: str, facts: str, claims: str, basis: str) -> None:
    """Fill in the form; the checklist names what is missing before anything is filed."""
    bidder, now = story.stage.as_(key), story.stage.clock.now().astimezone(BEIJING)
    form = {
        "about": "result", "respondent": "招标人", "facts": facts, "claims": claims, "basis": basis,
        "signatory": "法定代表人", "known_at": f"{now - timedelta(days=1):%Y-%m-%dT%H:%M}", "action": "file",
        "acknowledged": "yes",
    }  # fmt: skip
    bidder.send(f"/bid/{story.section}/complaint", form)
    story.say("complaint", f"{story.short(key)} 不服答复，向行政监督部门投诉；提交前清单逐项提示形式问题")


def loser(story: Story, candidates: list[int]) -> Bid:
    """The last candidate that has nothing to do with the warning and is not the first."""
    bids = {bid.number: bid for bid in bids_of(story)}
    behind = [bids[number] for number in candidates[1:]]
    return next((bid for bid in reversed(behind) if key_of(bid) not in RIGGED), behind[-1])
