"""Reads across the stages: navigation, notices with their kinds, ledger pages, readiness."""

from __future__ import annotations

from typing import Any

from flask import Flask, url_for
from flask_babel import lazy_gettext as _l  # type: ignore[import-untyped]
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.queries import people, roles_anywhere
from accounts.rules import Role
from core.act import Actor
from core.db import Base

PUBLIC = None
NAVIGATION: tuple[tuple[str, Any, frozenset[Role] | None], ...] = (
    ("portal.home", _l("首页"), PUBLIC),
    ("portal.notices", _l("交易公告"), PUBLIC),
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


ROLE_WORDS = {
    Role.TENDEREE: _l("招标人"),
    Role.AGENT: _l("招标代理"),
    Role.BIDDER: _l("投标人"),
    Role.EXPERT: _l("评标专家"),
    Role.OFFICER: _l("开标见证"),
    Role.SUPERVISOR: _l("行政监督"),
    Role.OPERATOR: _l("平台运营"),
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
