"""The contract's paper: a PDF made of its terms, which carries them as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import jinja2
import rfc8785

from bidding.models import Section
from core import money
from core.clock import BEIJING, from_iso, iso
from core.render.papers import paper_templates
from core.render.pdf import Attachment, render_pdf
from opening.models import Bid


def render_contract(winner: Bid, section: Section, terms: Mapping[str, Any], number: int, *, at: datetime) -> bytes:
    """The contract's PDF; equal terms at an instant give equal pages, and carry the terms as data."""
    project = section.project
    facts: dict[str, Any] = {
        "project": project.name, "project_code": project.code, "section": section.name, "code": section.code,
        "regime": project.regime, "tenderee": project.tenderee.name, "tenderee_identifier": project.tenderee.identifier,
        "winner": winner.name, "winner_identifier": winner.identifier, "consortium": winner.members, "number": number,
        "terms": dict(terms), "at": iso(at),
    }  # fmt: skip
    html = _pages().get_template("awards/contract_document.html").render(**facts)
    return render_pdf(html, attachments=[Attachment("contract.json", rfc8785.dumps(facts), "合同数据（RFC 8785）", at)])


@cache
def _pages() -> jinja2.Environment:
    return paper_templates(fen=money.grouped, upper=money.upper, day=_day)


def _day(text: str) -> str:
    """The Beijing day of an instant as `iso` writes it: 2026年11月3日."""
    day = from_iso(text).astimezone(BEIJING)
    return f"{day.year}年{day.month}月{day.day}日"
