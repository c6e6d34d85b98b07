"""Statistics over lists, checks and their feedback."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.calendar import day_of
from core.law import freeze
from credit.models import CreditCheck, CreditRecord
from credit.queries.lists import newest_import
from credit.rules import LISTS, rulebook
from credit.rules.feedback import Asked, Open, still_open


def statistics(session: Session, *, now: datetime) -> list[dict[str, Any]]:
    """Per list: records now, the newest snapshot and its age in days, and how many checks gave which decision."""
    rows: list[dict[str, Any]] = []
    decisions: dict[str, dict[str, int]] = {}
    counted = select(CreditCheck.source, CreditCheck.decision, func.count()).group_by(
        CreditCheck.source, CreditCheck.decision
    )
    for source, decision, number in session.execute(counted):
        decisions.setdefault(source, {})[decision] = number
    for source in LISTS:
        newest = newest_import(session, source)
        active = session.scalar(
            select(func.count())
            .select_from(CreditRecord)
            .where(
                CreditRecord.source == source,
                CreditRecord.gone_import_id.is_(None),
                CreditRecord.first_import_id <= (newest.id if newest else 0),
            )
        )
        rows.append(
            {
                "source": source,
                "records": active or 0,
                "newest": newest,
                "age_days": (now - newest.as_of).days if newest else None,
                "decisions": decisions.get(source, {}),
            }
        )
    return rows


def feedback(session: Session, *, adapter: str = "", section: str = "", since: datetime | None = None) -> list[Asked]:
    """Every check that was asked, with the feedback it or a later one in its place has had; those follow-ups apart.

    `adapter` "ledger" shows what was imported, "platform" what was asked here, "" both.
    """
    follow = select(CreditCheck.follows_id, func.min(CreditCheck.feedback_at)).where(
        CreditCheck.follows_id.is_not(None), CreditCheck.feedback_at.is_not(None)
    )
    settled: dict[int, datetime] = {
        row[0]: row[1]
        for row in session.execute(follow.group_by(CreditCheck.follows_id))
        if row[0] is not None and row[1] is not None
    }
    query = select(
        CreditCheck.id, CreditCheck.identifier, CreditCheck.name, CreditCheck.section, CreditCheck.source,
        CreditCheck.region, CreditCheck.outcome, CreditCheck.checked_at, CreditCheck.feedback_at,
        CreditCheck.evidence_sha256,
    ).where(CreditCheck.follows_id.is_(None)).order_by(CreditCheck.id)  # fmt: skip
    if adapter:
        query = query.where((CreditCheck.adapter == "ledger") == (adapter == "ledger"))
    if section:
        query = query.where(CreditCheck.section == section)
    if since is not None:
        query = query.where(CreditCheck.checked_at >= since)
    return [Asked(*row[:8], row[8] or settled.get(row[0]), row[9]) for row in session.execute(query)]


def unanswered(session: Session, *, now: datetime, adapter: str = "") -> list[Open]:
    """The checks still without feedback, oldest first, with age and next step."""
    days = freeze(rulebook(), "*", day_of(now)).days("credit.answer_within")
    return still_open(feedback(session, adapter=adapter), now, days)
