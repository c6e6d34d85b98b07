"""The blueprint of the evaluation and what several of its pages show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from accounts.access import current_actor
from accounts.rules import Role
from bidding.rules.sentences import place_of, say
from core.errors import Refusal
from experts import queries
from experts.lifecycle import MASKED
from experts.models import Committee, MaskedScore, Member, ScoreItem
from experts.queries.scoring import LOCKED
from opening import queries as opening
from opening.models import Bid

blueprint = Blueprint("experts", __name__)

ROOM = (Role.EXPERT, Role.TENDEREE)
"""Who may knock at a committee room: experts and the tenderee's representative; the query asks for the seat."""

KINDS = {
    "invited": "info", "accepted": "info", "signed_in": "ok", "signed": "ok", "declined": "muted", "avoided": "warn",
    "absent": "warn",
}  # fmt: skip


def done(message: str, endpoint: str, **values: Any) -> Response:
    """Say so and go on to a page."""
    flash(message, "ok")
    return redirect(url_for(endpoint, **values), 303)


def refused(refusal: Refusal, endpoint: str, **values: Any) -> Response:
    """Say why not and go back to the page the button stood on."""
    from flask import current_app

    flash(current_app.jinja_env.filters["sentence"](refusal), "bad")
    return redirect(url_for(endpoint, **values), 303)


def wants_fragment() -> bool:
    """Whether htmx asks, and so a fragment is enough."""
    return request.headers.get("HX-Request") == "true"


def last_saved(items: Mapping[str, ScoreItem | MaskedScore]) -> datetime | None:
    """When a sheet was last saved, in whichever window: the version its page carries."""
    return max((item.saved_at for item in items.values()), default=None)


def saved(at: datetime, counts: dict[str, Any]) -> str:
    """The line under the boxes after a save while typing."""
    return render_template("experts/saved.html", **counts | {"error": None, "saved_at": at, "version": at})


def not_saved(
    refusal: Refusal, counts: Callable[[], dict[str, Any]], page: Callable[[list[Refusal]], str]
) -> str | tuple[str, int]:
    """Why nothing was saved: 409 where another window saved another value since, 422 else; a line while typing.

    In a 409 both values have been seen, so saving again is a choice: the page learns the newer version.
    """
    status = 409 if refusal.code == "sheet.version" else 422
    if not wants_fragment():
        return page([refusal]), status
    known = counts()
    version = known["version"] if status == 409 else None
    told = known | {"error": refusal, "saved_at": None, "version": version}
    return render_template("experts/saved.html", **told), 409 if status == 409 else 200


def seat_word(label: str) -> str:
    """A seat in words: 评委 1, 招标人代表 1."""
    if label.startswith("R"):
        return str(_("招标人代表 %(n)s", n=label[1:]))
    if label.startswith("D"):
        return str(_("直接确定的评委 %(n)s", n=label[1:]))
    return str(_("评委 %(n)s", n=label[1:]))


def reason_word(reason: str) -> str:
    """A public reason of the draw in words: `R-330(9) employer`, `time_conflict`, `declined`."""
    rule, _space, code = reason.rpartition(" ")
    words = {
        "relative": _("与投标人有近亲属关系"),
        "authority": _("在监督部门任职"),
        "interest": _("与投标人有经济利益关系"),
        "punished": _("因招投标违法受过处罚"),
        "former_employer": _("三年内曾在当事单位任职"),
        "status": _("暂停或除名"),
        "employer": _("在当事单位任职"),
        "time_conflict": _("评标时间冲突"),
        "representative": _("已任招标人代表"),
        "term": _("聘期届满"),
        "direct_selection": _("已直接确定"),
        "untrained": _("入库后尚未参加培训"),
        "region": _("不在所要求的地区"),
        "cap": _("一年内入席次数已达上限"),
        "speciality": _("专业不符"),
        "declined": _("谢绝邀请"),
        "avoided": _("已回避"),
        "absent": _("未到场"),
        "requested": _("投标人申请回避成立"),
        "health": _("健康原因更换"),
        "left_post": _("离岗更换"),
        "cut_off": _("远程副场中断更换"),
        "no_certificate": _("没有有效的数字证书，不能在对方平台签到"),
    }
    said = str(words.get(code, code))
    return f"{said}{_('（')}{rule}{_('）')}" if rule else said


def room_frame(session: Session, member: Member) -> dict[str, Any]:
    """What every page of the committee room shows: the seat, the stage, the way through the room."""
    held = member.committee
    made, wanted = queries.own_review_progress(session, member)
    masked = queries.is_masked(held)
    progress = queries.own_progress(session, member) if held.conformity is not None and not masked else []
    blind = queries.is_blind(held.section)
    stages = [_("到场声明"), _("符合性评审"), _("评分"), _("结果"), _("签署报告")]
    if blind:
        stages.insert(1, _("暗标评审"))
    return {
        "member": member,
        "committee": held,
        "section": held.section,
        "project": held.section.project,
        "review_made": made,
        "review_wanted": wanted,
        "progress": progress,
        "scored": sum(done for _number, done, _all, _state in progress),
        "to_score": sum(every for _number, _done, every, _state in progress),
        "has_handed_in": bool(progress) and all(state == "locked" for _number, _done, _every, state in progress),
        "stages": stages,
        "stage": stage_of(held) + (blind and held.state not in MASKED) + (blind and held.state == "blind"),
        "is_blind": blind,
        "is_masked": masked,
        "seat_word": seat_word,
        "is_locked": held.state in LOCKED,
        "leader": queries.leader(session, held),
        "tabs": room_tabs(held),
    }


def room_tabs(held: Committee) -> list[dict[str, Any]]:
    """The pages of the room that are open now."""
    code = held.section.code
    pages = [(_("总览"), "experts.room", True)]
    if queries.is_blind(held.section):
        pages.append((_("暗标评审"), "experts.blind", held.state == "blind" or held.state not in MASKED))
    if queries.is_masked(held):
        return _tabs(pages, code)
    pages.append((_("符合性评审"), "experts.conformity", held.state not in ("requested", "draw_announced", "drawn")))
    asks = held.state not in ("requested", "draw_announced", "drawn")
    pages.append((_("澄清说明"), "experts.clarifications", asks))
    pages.append((_("我的评分"), "experts.scores", held.conformity is not None))
    pages.append((_("评标结果"), "experts.result", held.state in LOCKED))
    pages.append((_("评分公平"), "experts.fairness", held.state in LOCKED))
    pages.append((_("评标报告"), "experts.report", held.state in ("reported", "delivered")))
    return _tabs(pages, code)


def _tabs(pages: list[tuple[str, str, bool]], code: str) -> list[dict[str, Any]]:
    return [
        {"label": label, "href": url_for(endpoint, code=code), "current": request.path == url_for(endpoint, code=code)}
        for label, endpoint, shown in pages
        if shown
    ]


def stage_of(held: Committee) -> int:
    """How far the committee is, as a place in the room's stages."""
    return {"seated": 1, "scoring": 2, "first_concluded": 2, "locked": 3, "reported": 4, "delivered": 5}.get(
        held.state, 0
    )


def own_room(session: Session, code: str) -> Member:
    """The asker's own seat in that room, to look at bids by name; Missing, or Conflict("blind.open")."""
    return queries.own_member(session, code, current_actor())


def shown_contents(session: Session, bid: Bid) -> dict[str, Any]:
    """What was found in a bid, as pages show it: links by clause, the bill's check with its findings in words."""
    contents = opening.contents_of(session, [bid]).get(bid.id)
    links: dict[str, list[dict[str, Any]]] = {}
    for link in contents["links"] if contents else []:
        links.setdefault(link["clause"], []).append(link)
    billed = (contents["bill"] or {}).get("findings", []) if contents else []
    found = [*billed, *contents["link_findings"]] if contents else []
    language = "en" if str(get_locale()) == "en" else "zh"
    return {
        "contents": contents,
        "links": links,
        "bill_findings": [
            {
                "text": say(finding["code"], finding, language),
                "place": place_of(finding, language),
                "kind": "bad" if finding["level"] == "error" else "warn",
                "rule": finding["rule"],
            }
            for finding in found
        ],
    }


def clause_texts(held: Committee) -> dict[str, dict[str, str]]:
    """The review's clauses by code, with those that a question to a bidder may bring."""
    return {clause["code"]: clause for clause in [*queries.clauses_of(held.section), *queries.FURTHER.values()]}
