"""The ways between the pages of one section (本标段各页): who reads and how far it has come decide which there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext as _l  # type: ignore[import-untyped]
from sqlalchemy.orm import Session, object_session

from accounts.access import current_actor
from accounts.rules import Role
from awards import queries as awards
from awards.queries import archives, contracts, recordings, selection
from awards.rules.disclosure import MEMBER
from bidding import queries as bidding
from bidding.models import Section
from core.act import Actor
from core.errors import Missing
from experts import queries as experts
from opening import queries as opening

Endpoint = tuple[str, Any]


def ways_of(section: Any) -> list[dict[str, Any]]:
    """Links to the section's pages the reader may open; none for a draft, and for what is no section."""
    session = object_session(section) if isinstance(section, Section) else None
    if session is None or section.state == "draft" or request.path.startswith("/expert/"):
        return []  # a member at work in the room has its own ways
    return [
        {
            "label": label,
            "href": url_for(endpoint, code=section.code),
            "current": request.endpoint == endpoint,
        }
        for endpoint, label in (*_public(session, section), *_own(session, section, current_actor()))
    ]


def _public(session: Session, section: Section) -> Iterable[Endpoint]:
    yield "bidding.section", _l("招标要点")
    yield "portal.section_rules", _l("适用规则")
    yield "opening.hall", _l("开标大厅")
    committee = _there(lambda: experts.committee(session, section))
    if committee is not None and (committee.rounds or experts.direct_selections(session, committee)):
        yield "experts.draw", _l("专家抽取")
    if awards.notice_of(session, section, "candidates") is not None:
        yield "awards.candidates", _l("候选人公示")
    if awards.notice_of(session, section, "award") is not None:
        yield "awards.award_notice", _l("中标结果")
        sitting = _there(lambda: selection.sitting(session, section.code))
        if sitting is not None and sitting.result is not None and section.state in ("awarded", "archived"):
            yield "awards.selection_record", _l("定标记录")
    yield "awards.complaints", _l("投诉情况")
    if recordings.recordings(session, section):
        yield "awards.recordings", _l("录音录像")
    closed = archives.archive(session, section)
    if closed is not None and MEMBER in closed.contents:
        yield "awards.public_export", _l("公开档案（下载）")


def _own(session: Session, section: Section, actor: Actor) -> Iterable[Endpoint]:
    if actor.has(Role.BIDDER):
        yield from _bidder(session, section, actor)
    if actor.has(Role.TENDEREE, Role.AGENT, Role.OFFICER, Role.SUPERVISOR) and _there(
        lambda: bidding.own_section(session, section.code, actor)
    ):
        yield from _project(session, section, actor)


def _bidder(session: Session, section: Section, actor: Actor) -> Iterable[Endpoint]:
    yield "bidding.workspace", _l("投标")
    held = _there(lambda: opening.opening(session, section))
    own = opening.own_bids(session, held, actor) if held is not None else []
    # A party to the contract may have no bid of its own here: a member of the consortium that won.
    contract = contracts.contract(session, section)
    if contract is not None and contracts.party_of(session, contract, actor) is not None:
        yield "awards.contract", _l("合同与履约")
    if not own:
        return
    yield "opening.my_bid", _l("我的开标")
    if _there(lambda: experts.committee(session, section)) is not None:
        yield "experts.avoidance", _l("回避申请")
        yield "experts.bid_clarifications", _l("澄清与答复")
    publicity = _there(lambda: awards.publicity(session, section))
    if publicity is None:
        return
    yield "awards.own_result", _l("我的评标结果")


def _project(session: Session, section: Section, actor: Actor) -> Iterable[Endpoint]:
    if actor.has(Role.TENDEREE, Role.AGENT):
        yield "bidding.draft_clarification", _l("答疑与更正")
    if _there(lambda: opening.opening(session, section)) is None:
        return
    if actor.has(Role.TENDEREE, Role.AGENT, Role.OFFICER):
        yield "opening.desk", _l("主持台")
    if section.state == "closed":
        return
    if not recordings.recordings(session, section):
        yield "awards.recordings", _l("录音录像")  # where there are some, everybody has this way
    yield "experts.committee", _l("评标委员会")
    committee = _there(lambda: experts.committee(session, section))
    if committee is not None and committee.state == "delivered":
        yield "experts.evaluation", _l("评标结果")
        yield "awards.desk", _l("定标")
        if _there(lambda: awards.publicity(session, section)) and not actor.has(Role.OFFICER):
            yield "awards.contract", _l("合同与履约")
    if actor.has(Role.OFFICER, Role.SUPERVISOR) and section.state in ("awarded", "archived"):
        yield "collusion.archive", _l("一标一档")


def _there(query: Callable[[], Any]) -> Any:
    with suppress(Missing):
        return query()
    return None
