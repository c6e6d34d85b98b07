"""Reads across the stages: navigation, notices as pages show them, openings of the day, ledger proofs, readiness."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from flask_babel import lazy_gettext as _l  # type: ignore[import-untyped]
from sqlalchemy import Text, func, inspect, select, type_coerce
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.queries import people, roles_anywhere
from accounts.rules import Role
from bidding.models import Section
from bidding.queries import RECEIVING
from bidding.queries import bonds as bond_queries
from bidding.queries.reconciliation import reconciliation
from core.act import Actor, Platform
from core.board import Notice
from core.calendar import day_of, end_of_day
from core.clock import reading_of
from core.db import Base
from core.errors import Missing
from core.ledger.log import LedgerEntry, LedgerHead, entry, inclusion, newest_head
from core.outbox import Message

PAGE = 20

PUBLIC = None
NAVIGATION: tuple[tuple[str, Any, frozenset[Role] | None], ...] = (
    ("portal.home", _l("首页"), PUBLIC),
    ("portal.todo", _l("待办"), frozenset(Role)),
    ("portal.notices", _l("交易公告"), PUBLIC),
    ("bidding.sections", _l("招标项目"), PUBLIC),
    ("opening.openings", _l("开标大厅"), PUBLIC),
    ("window.statistics", _l("公开统计"), PUBLIC),
    ("bidding.projects", _l("项目台账"), frozenset({Role.TENDEREE, Role.AGENT})),
    ("bidding.bids", _l("我的投标"), frozenset({Role.BIDDER})),
    ("collusion.explanations", _l("说明与材料"), frozenset({Role.BIDDER})),
    ("portal.inbox", _l("消息"), frozenset({Role.TENDEREE, Role.AGENT, Role.BIDDER, Role.EXPERT})),
    ("bidding.custody", _l("密钥保管"), frozenset({Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR})),
    ("experts.invitations", _l("评标任务"), frozenset({Role.EXPERT})),
    ("experts.own_record", _l("我的入库信息"), frozenset({Role.EXPERT})),
    ("experts.duty", _l("名单值班"), frozenset({Role.OFFICER})),
    ("collusion.warnings", _l("监督线索"), frozenset({Role.SUPERVISOR})),
    ("awards.complaints_desk", _l("投诉处理"), frozenset({Role.SUPERVISOR})),
    ("bidding.own_bonds", _l("我的保证金"), frozenset({Role.BIDDER})),
    ("bidding.bond_desk", _l("保证金"), frozenset({Role.FINANCE, Role.SUPERVISOR})),
    ("bidding.institutions", _l("担保机构"), frozenset({Role.OPERATOR})),
    ("accounts.organisations", _l("单位登记"), frozenset({Role.OPERATOR})),
    ("accounts.people", _l("人员与角色"), frozenset({Role.OPERATOR})),
    ("accounts.authorities", _l("认证机构"), frozenset({Role.OPERATOR})),
    ("experts.pool", _l("专家库"), frozenset({Role.OPERATOR})),
    ("experts.sanctions", _l("专家处理"), frozenset({Role.OPERATOR, Role.SUPERVISOR})),
    ("experts.partner_list", _l("协作平台"), frozenset({Role.OPERATOR})),
    ("window.exchange", _l("数据交换"), frozenset({Role.OPERATOR})),
    ("credit.lists", _l("信用名单"), PUBLIC),
    ("portal.ledger", _l("公开账本"), PUBLIC),
)


def navigation(app: Flask, actor: Actor, path: str) -> list[dict[str, Any]]:
    """The main navigation for the actor: pages this site has and the actor may enter, the present one marked."""
    items = []
    for endpoint, label, roles in NAVIGATION:
        if endpoint in app.view_functions and (roles is None or actor.has(*roles)):
            items.append({"label": label, "href": url_for(endpoint)})
    best = max((item["href"] for item in items if under(path, item["href"])), key=len, default=None)
    return [{**item, "current": item["href"] == best} for item in items]


def under(path: str, href: str) -> bool:
    """Whether the page at `path` belongs to the part of the site at `href`."""
    return path == href or (href != "/" and path.startswith(href.rstrip("/") + "/"))


BEFORE_NAMES = frozenset({"bidding.objection_raised"})
"""What an inbox may show of a section that still receives bids."""

ROLE_WORDS = {
    Role.TENDEREE: _l("招标人"),
    Role.AGENT: _l("招标代理"),
    Role.BIDDER: _l("投标人"),
    Role.EXPERT: _l("评标专家"),
    Role.OFFICER: _l("开标见证"),
    Role.SUPERVISOR: _l("行政监督"),
    Role.OPERATOR: _l("平台运营"),
    Role.FINANCE: _l("中心财务"),
}


def demo_roles(session: Session, current: Person | None) -> list[dict[str, Any]]:
    """The one-click role switch of a demonstration: the public and everybody who holds a role."""
    switch: list[dict[str, Any]] = [{"label": _l("公众"), "href": "/demo/become", "current": current is None}]
    for person in people(session):
        roles = sorted(roles_anywhere(session, person.id), key=list(Role).index)
        if roles and person.disabled_at is None:
            switch.append(
                {
                    "label": f"{ROLE_WORDS[roles[0]]} · {person.name}",
                    "href": f"/demo/become/{person.login}",
                    "current": current is not None and current.id == person.id,
                }
            )
    return switch


def has_table(session: Session, model: type[Base]) -> bool:
    """Whether the database has the model's table yet."""
    return inspect(session.connection()).has_table(model.__tablename__)


def notice_kinds(session: Session) -> dict[str, int]:
    """How many notices there are of each kind."""
    rows = session.execute(select(Notice.kind, func.count()).group_by(Notice.kind).order_by(func.min(Notice.id)))
    return {row[0]: row[1] for row in rows}


def replaced_by(session: Session, notice: Notice) -> list[Notice]:
    """The notices that follow this one: a notice is never edited, only followed (R-107)."""
    return list(session.scalars(select(Notice).where(Notice.replaces_id == notice.id).order_by(Notice.id)))


def predecessor(session: Session, notice: Notice) -> Notice | None:
    """The notice this one corrects."""
    return session.get(Notice, notice.replaces_id) if notice.replaces_id else None


def published_object(session: Session, sha256: str) -> dict[str, Any]:
    """The attachment of a public notice with that hash; Missing for every other object, held or not."""
    if len(sha256) == 64 and set(sha256) <= set("0123456789abcdef"):
        candidates = session.scalars(
            select(Notice).where(type_coerce(Notice.attachments, Text).contains(f'"sha256":"{sha256}"'))
        )
        for notice in candidates:
            for attachment in notice.attachments:
                if attachment["sha256"] == sha256:
                    return dict(attachment)
    raise Missing("object.unknown", sha256=sha256[:64])


def inbox(session: Session, person: Person, *, limit: int, offset: int = 0) -> list[Message]:
    """The messages to the person and to their organisation, newest first.

    While a section still receives bids nothing of it is shown but what is written to its tenderee (R-043, R-208): the
    platform writes nothing else before the names, and were there such a message, this would not be where it is read.
    """
    recipients = [person.login] + ([f"organisation:{person.organisation_id}"] if person.organisation_id else [])
    receiving = select(Section.code).where(Section.state.in_(("draft", *RECEIVING)))
    codes = set(session.scalars(receiving))
    found = session.scalars(
        select(Message).where(Message.recipient.in_(recipients), Message.channel == "inbox").order_by(Message.id.desc())
    )
    shown = [one for one in found if one.template in BEFORE_NAMES or one.facts.get("section") not in codes]
    return shown[offset : offset + limit]


def books_at_a_glance(session: Session, now: datetime) -> dict[str, Any]:
    """What whoever works on bonds sees first: due, over their day, back, and whether the books come to zero."""
    due = bond_queries.due_bonds(session)
    return {
        "due": len(due),
        "overdue": len(bond_queries.overdue(session, day_of(now))),
        "statistics": bond_queries.public_statistics(session)["refunds"],
        "report": reconciliation(session),
    }


def openings(session: Session, now: datetime) -> dict[str, list[Section]]:
    """Published sections by their deadline: today's in order of time, and the next seven days'."""
    midnight = end_of_day(day_of(now))
    found = session.scalars(
        select(Section)
        .where(Section.deadline_at >= midnight - timedelta(days=1), Section.deadline_at < midnight + timedelta(days=7))
        .where(Section.published_at.is_not(None))
        .order_by(Section.deadline_at, Section.code)
    ).all()
    return {
        "today": [section for section in found if section.deadline_at and section.deadline_at < midnight],
        "later": [section for section in found if section.deadline_at and section.deadline_at >= midnight],
    }


@dataclass(frozen=True)
class Proof:
    """A ledger entry with the newest signed head that covers it and the way from one to the other."""

    entry: LedgerEntry
    head: LedgerHead | None
    steps: list[str]

    def as_json(self, *, told: bool = False) -> dict[str, Any]:
        """What a stranger needs to check the entry; with `told` also the facts and their salt."""
        return {
            "entry": self.entry.told() if told else self.entry.leaf(),
            "leaf_hash": self.entry.leaf_hash().hex(),
            "inclusion": self.steps,
            "head": None
            if self.head is None
            else {"size": self.head.size, "root": self.head.root, "note": self.head.note},
        }


def proof(session: Session, index: int) -> Proof:
    """The proof of an entry; without a head while none that covers it has been signed. Missing beyond the end."""
    found = entry(session, index)
    head = newest_head(session)
    if head is None or head.size <= index:
        return Proof(found, None, [])
    return Proof(found, head, inclusion(session, index, head.size))


def ledger_page(session: Session, *, before: int | None, subject: str, limit: int = 50) -> list[LedgerEntry]:
    """Entries, newest first, below an index, of all or of one subject."""
    query = select(LedgerEntry).order_by(LedgerEntry.leaf_index.desc()).limit(limit)
    if before is not None:
        query = query.where(LedgerEntry.leaf_index < before)
    if subject:
        query = query.where(LedgerEntry.subject == subject)
    return list(session.scalars(query))


def ledger_range(session: Session, first: int, limit: int) -> list[LedgerEntry]:
    """At most `limit` entries from `first` on, in order: what a witness reads."""
    query = select(LedgerEntry).where(LedgerEntry.leaf_index >= first).order_by(LedgerEntry.leaf_index)
    return list(session.scalars(query.limit(limit)))


@dataclass(frozen=True)
class Part:
    """One thing the platform needs: its name, whether it is well, and a few words."""

    name: str
    well: bool
    words: str


def readiness(platform: Platform) -> list[Part]:
    """Whether database, ledger and object store can be used now; never raises."""
    parts = []
    try:
        with platform.reading() as session:
            head = newest_head(session)
            held = session.scalar(select(func.count()).select_from(LedgerEntry)) or 0
        parts.append(Part("database", True, platform.database.url.get_backend_name()))
        parts.append(Part("ledger", head is None or head.size <= held, f"{head.size if head else 0} / {held}"))
    except Exception as error:
        parts.append(Part("database", False, type(error).__name__))
    dissent = reading_of(platform.clock).dissent
    parts.append(Part("clock", not dissent, "、".join(dissent)))
    writable = os.access(platform.store.temp, os.W_OK)
    parts.append(Part("objects", writable, "" if writable else "read-only"))
    return parts


def alarms(platform: Platform, actor: Actor) -> list[str]:
    """What officers, supervisors and operators must see on every page: clocks that are apart, by name."""
    if not actor.has(Role.OFFICER, Role.SUPERVISOR, Role.OPERATOR):
        return []
    return list(reading_of(platform.clock).dissent)


@cache
def glossary() -> list[tuple[str, str, str]]:
    """The words of the trade: Chinese, English, what they mean."""
    with Path(__file__).with_name("glossary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return [(row[0], row[1], row[2]) for row in rows[1:] if len(row) == 3]
