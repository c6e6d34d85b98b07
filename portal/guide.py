"""What /help shows to whom: a role's tasks, the glossary's common words, the shortest course the law allows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _  # type: ignore[import-untyped]
from flask_babel import lazy_gettext as _l

from accounts.access import access_of
from accounts.rules import Role
from bidding.rules import law_on
from bidding.rules.periods import earliest_end, latest_start, midnight
from core.act import Actor
from core.calendar import DAY, day_of, end_of_day, national
from core.render.figures import Figure, Stage, timeline
from portal.queries import ROLE_WORDS, glossary
from portal.words.guide import TASKS


def role_of(actor: Actor, asked: str) -> str:
    """Whose help is shown: the role asked for, else the reader's own, else the public's."""
    if asked in TASKS:
        return asked
    own = next((str(role) for role in Role if actor.has(role)), "public")
    return "tenderee" if own == "agent" else own


def may_open(actor: Actor, endpoint: str) -> bool:
    """Whether the page opens to the actor: whoever is not signed in is led to the sign-in page first."""
    access = access_of(current_app.view_functions[endpoint])
    return access is not None and (access.kind != "roles" or actor.person_id is None or actor.has(*access.roles))


def names() -> dict[str, Any]:
    """The roles that have help, in words."""
    return {name: ROLE_WORDS[Role(name)] if name != "public" else _l("公众") for name in TASKS}


COMMON = (
    "招标人", "投标人", "投标截止时间", "开标", "评标委员会", "投标保证金", "联合体", "暗标", "回避", "公示期",
    "异议", "投诉", "撤回", "撤销",
)  # fmt: skip
"""Words of the trade that people ask for most, as the glossary spells them."""


def common() -> list[tuple[str, str]]:
    """Those of them the glossary has, with the English."""
    known = {chinese: english for chinese, english, _meaning in glossary()}
    return [(word, known[word]) for word in COMMON if word in known]


def shortest(regime: str, now: datetime) -> Figure:
    """The shortest course the law of today allows a tender whose notice were published now, as a drawing."""
    law, table = law_on(regime, day_of(now)), national()
    least = earliest_end(law, "issue_to_deadline_min", now, table)
    closing = end_of_day(least.on) - DAY + timedelta(hours=9, minutes=30) if least else now
    while table.is_holiday(day_of(closing)):
        closing += DAY
    stages = [Stage(_("投标准备"), now, closing)]
    documents = earliest_end(law, "doc_available_min", now, table)
    if documents is not None:
        stages.append(Stage(_("文件获取"), now, midnight(documents.on)))
    for key, label in (("doc_objection_before", _("最后异议日")), ("clarify_before_deadline", _("最后澄清日"))):
        at = latest_start(law, key, closing, table)
        if at is not None and at > now:
            stages.append(Stage(label, at))
    stages.append(Stage(_("开标"), closing))
    begun = closing + DAY
    if "candidate_publicity_min" in law.rules:
        reckoned = table.end_of_days(day_of(begun), law.days("candidate_publicity_min"))
        stages.append(Stage(_("候选人公示"), begun, end_of_day(reckoned.on)))
        begun = end_of_day(reckoned.on)
    if "contract_within" in law.rules:
        last = table.end_of_days(day_of(begun), law.days("contract_within")).on
        stages.append(Stage(_("合同"), begun, end_of_day(last)))
    return timeline(stages, now=now, title=_("法定最短期限（今天的法律，从今天发布公告算起）"))
