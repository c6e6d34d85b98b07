"""A section as the legal checks see it, and what they find on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bidding import rules
from bidding.rules import Finding, Level, NoticeFacts
from core.calendar import national
from core.law import Snapshot
from tests.bidding.stage import METHOD, SECTION, TRUSTEES

NOW = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
LOWEST_FIRST = {**METHOD, "price": {"formula": "lowest-first/v1", "points": "50"}}


def facts(**changes: Any) -> NoticeFacts:
    """A regime T works section that meets every rule, with changes."""
    values = {
        **SECTION,
        "now": NOW,
        "regime": "T",
        "category": "works",
        "procedure": "open",
        "is_mandatory": True,
        "project_name": "城东污水处理厂二期扩建工程",
        "description": "新建生化池",
        "funding": "财政资金",
        "tenderee": "滨江市水务集团有限公司",
        "section_name": "一标段",
        "documents_from_at": None,
        "documents_until_at": NOW + timedelta(days=6),
        "deadline_at": NOW + timedelta(days=25),
        "document_slots": frozenset({"tender", "boq"}),
        "trustees": frozenset(TRUSTEES),
        "required_trustees": rules.TRUSTEES,
        "envelopes": rules.layout(),
        "slots": rules.DEFAULT_SLOTS,
    }
    del values["name"]
    return NoticeFacts(**{**values, **changes})


def law_for(given: NoticeFacts, region: str = "") -> Snapshot:
    """The rules that hold for the section today."""
    return rules.law_on(
        given.regime,
        given.now.date(),
        procedure=given.procedure,
        category=given.category,
        is_mandatory=given.is_mandatory,
        ground=given.ground,
        attempt=given.attempt,
        region=region,
    )


def found(given: NoticeFacts, rule: str, code: str = "") -> list[Finding]:
    """The findings of one rule."""
    return [
        finding
        for finding in rules.check_notice(given, law_for(given), national())
        if finding.rule == rule and finding.code.startswith(code)
    ]


def level(given: NoticeFacts, rule: str, code: str = "") -> Level:
    """The level of the one finding of a rule."""
    (finding,) = found(given, rule, code)
    return finding.level
