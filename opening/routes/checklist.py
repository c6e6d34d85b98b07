"""The host's checklist: what each move needs, in words, with the reason where it cannot be done now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _  # type: ignore[import-untyped]

from core.clock import BEIJING
from core.errors import Refusal
from opening.queries.agenda import MOVES
from opening.routes.tables import role
from opening.rules import HOST_MOVES, Condition, Standing, conditions

NEXT = MOVES
"""The move that takes the day on, by state."""


@dataclass(frozen=True)
class Item:
    """One line of a checklist: met or not, binding or only told, its words, and why it stops the move."""

    met: bool
    binds: bool
    text: str
    refusal: Refusal | None


@dataclass(frozen=True)
class Checklist:
    """What a move needs now, the state left out where it is right; `refusal` is why it cannot be made."""

    verb: str
    items: list[Item]
    refusal: Refusal | None

    @property
    def possible(self) -> bool:
        """Whether the move can be made now."""
        return self.refusal is None


def checklists(day: Standing) -> dict[str, Checklist]:
    """The checklist of every move of the host, in the order of the day."""
    return {verb: _checklist(verb, conditions(verb, day)) for verb in HOST_MOVES}


def _checklist(verb: str, found: list[Condition]) -> Checklist:
    refusal = next((item.refusal for item in found if item.refusal and not item.met), None)
    shown = [item for item in found if item.key != "state"]
    return Checklist(verb, [Item(item.met, item.binds, _text(item), item.refusal) for item in shown], refusal)


def _instant(at: Any) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" if isinstance(at, datetime) else "—"


def _text(item: Condition) -> str:
    """What the precondition asks for, in the reader's language."""
    facts = item.facts
    parties = _("、").join(role(party) for party in facts.get("parties", ()))
    numbers = _("、").join(str(number) for number in facts.get("numbers", ()))
    words = {
        "identities": _("全部身份包已由持钥人解读")
        if item.met
        else _("还有 %(n)s 件身份包待解读", n=facts.get("left")),
        "committed": _("见证与监督都已提交系数随机数承诺")
        if item.met
        else _("待%(who)s提交系数随机数承诺", who=parties),
        "revealed": _("抽取系数所用的随机数都已揭示（不抽取的不需要）")
        if item.met
        else _("待%(who)s揭示随机数", who=parties),
        "signed_in": _("已签到 %(n)s / %(of)s 家（未签到不影响开始）", n=facts.get("n", 0), of=facts.get("of", 0)),
        "window_runs": _("解密时限未到（%(until)s）", until=_instant(facts.get("until"))),
        "window_over": _("解密时限已到（%(until)s）", until=_instant(facts.get("until"))),
        "all_decided": _("每份投标文件都已解密或已认定原因")
        if item.met
        else _("第 %(numbers)s 号尚未解密，也未认定原因", numbers=numbers),
        "objections": _("现场异议都已答复（R-259）")
        if item.met
        else _("还有 %(n)s 条现场异议待答复（R-259）", n=facts.get("count")),
        "incidents": _("异常事件都已有处理结果")
        if item.met
        else _("还有 %(n)s 起异常事件没有处理结果", n=facts.get("count")),
        "confirmed": _("已确认 %(n)s / %(of)s 家（未确认不影响签署）", n=facts.get("n", 0), of=facts.get("of", 0)),
        "unordered": _("行政监督部门没有责令暂停"),
        "cosigned": _("监督人员已会签开标记录（未会签不影响移交）"),
        "announced": _("已公布复会时间（%(at)s）", at=_instant(facts.get("at"))) if item.met else _("尚未公布复会时间"),
        "second_sitting": _("信封分两次开启"),
        "unasked": _("评标委员会没有待决定的重新评审申请")
        if item.met
        else _("评标委员会申请重新评审第一信封，等待行政监督部门决定"),
        "first_stage": _("第一信封评审已结束") if item.met else _("第一信封评审尚未结束"),
        "restored": _("有被误判的投标待补充开标") if item.met else _("没有待补充开标的投标"),
        "supplement_announced": _("已公布补充开标时间（%(at)s）", at=_instant(facts.get("at")))
        if item.met
        else _("尚未公布补充开标时间"),
        "supplement_instant": _("公布的补充开标时间已到（%(at)s）", at=_instant(facts.get("at"))),
        "second_instant": _("公布的第二次开标时间已到（%(at)s）", at=_instant(facts.get("at"))),
        "instant_come": _("公布的复会时间已到（%(at)s）", at=_instant(facts.get("at"))),
    }
    return str(words[item.key])
