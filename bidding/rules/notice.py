"""Checks of a section before its notice: every rule of RULES §3.1, §3.2 and §4 that can be told from its data."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bidding.rules.method import check_method, points_of, texts_of
from core.calendar import Calendar, day_of, days_apart
from core.clock import BEIJING
from core.errors import Invalid
from core.law import Snapshot
from core.money import grouped


class Level(StrEnum):
    """What a finding does: refuse the publication, warn, tell what the platform computes, or say that all is well."""

    BLOCK = "block"
    WARN = "warn"
    COMPUTE = "compute"
    MET = "met"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One rule looked at: its RULES id, what follows, the sentence's code and facts, the form field it is about."""

    rule: str
    level: Level
    code: str
    field: str | None = None
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class NoticeFacts:
    """Everything the checks look at, as plain values; money in fen, instants in UTC."""

    now: datetime
    regime: str
    category: str
    procedure: str
    is_mandatory: bool
    project_name: str
    description: str
    funding: str
    tenderee: str
    section_name: str
    estimate_fen: int
    control_price_fen: int
    bond_fen: int
    duration_days: int
    validity_days: int
    decrypt_minutes: int
    qualification: str
    accepts_consortium: bool | None
    credit_rule: str
    method: Any
    particulars: dict[str, Any]
    documents_from_at: datetime | None
    documents_until_at: datetime | None
    deadline_at: datetime | None
    document_slots: frozenset[str]
    trustees: frozenset[str]
    required_trustees: tuple[str, ...]

    @property
    def issued_at(self) -> datetime:
        """When documents begin to be issued: never before the notice itself."""
        return max(self.documents_from_at or self.now, self.now)


PARTICULARS = ("scope", "scale", "obtaining", "submission", "address", "contact", "objection_contact", "media")
"""Texts of the notice beyond the columns (R-104): scope, scale, how documents are got and bids handed in, the
tenderee's address and contact, who takes objections, the designated medium."""

_SUSPECT = (
    ("region", re.compile(r"(本省|本市|本县|本区|本地|当地)[^。；\n]{0,12}(企业|业绩|注册|纳税|社保|分支机构|分公司)")),
    ("branch", re.compile(r"(设有|设立|具有)[^。；\n]{0,8}(分支机构|分公司|办事处)")),
    ("ownership", re.compile(r"(国有企业|国企|民营企业|外资企业)[^。；\n]{0,6}(优先|加分|不得|方可)")),
    ("brand", re.compile(r"(指定品牌|品牌[:：为]|原厂|同档次品牌|专利号)")),
    ("award", re.compile(r"(省级|市级|本行业|本系统)[^。；\n]{0,8}(奖项|获奖|业绩)[^。；\n]{0,8}(加|得)\s*\d*\s*分")),
    ("scale", re.compile(r"(注册资本|注册资金|资产总额|营业收入|从业人员)[^。；\n]{0,8}(不少于|不低于|以上|≥)")),
)
"""Wordings that law forbids as barriers (R-110); a hit only warns: a person judges."""


def check_notice(facts: NoticeFacts, law: Snapshot, calendar: Calendar) -> list[Finding]:
    """Every finding on a section about to be published, in the order of the notice; none is left out.

    A BLOCK refuses the publication; WARN asks for a decision; COMPUTE tells what follows by itself; MET is shown too.
    """
    return [
        *_content(facts),
        *_documents(facts),
        *_periods(facts, law, calendar),
        *_money(facts, law),
        *_method(facts, law),
        *_opening(facts, law),
        *_fairness(facts),
    ]


def first_block(findings: list[Finding]) -> Finding | None:
    """The first finding that refuses the publication."""
    return next((finding for finding in findings if finding.level is Level.BLOCK), None)


def _verdict(holds: bool, otherwise: Level = Level.BLOCK) -> Level:
    return Level.MET if holds else otherwise


def _content(facts: NoticeFacts) -> Iterator[Finding]:
    needed = {
        "name": facts.project_name,
        "description": facts.description,
        "funding": facts.funding,
        "tenderee": facts.tenderee,
        "section_name": facts.section_name,
        "qualification": facts.qualification,
        **{name: facts.particulars.get(name, "") for name in PARTICULARS},
    }
    missing = [name for name, value in needed.items() if not str(value or "").strip()]
    for name in missing:
        if name == "media":
            continue
        yield Finding("R-104", Level.BLOCK, f"notice.missing_{name}", name, {"name": name})
    if not missing or missing == ["media"]:
        yield Finding("R-104", Level.MET, "notice.content", None, {"count": len(needed)})
    if facts.is_mandatory and facts.procedure == "open":
        holds = "media" not in missing
        yield Finding("R-103", _verdict(holds), "notice.media", "media", {"media": facts.particulars.get("media", "")})
    consortium = facts.accepts_consortium is not None
    yield Finding("R-112", _verdict(consortium), "notice.consortium", "accepts_consortium")
    yield Finding("R-107", Level.COMPUTE, "notice.frozen")
    yield Finding("R-006", Level.COMPUTE, "notice.law_frozen")


def _documents(facts: NoticeFacts) -> Iterator[Finding]:
    has_text = "tender" in facts.document_slots
    yield Finding("R-106", _verdict(has_text), "notice.tender_document", "documents")
    if facts.category == "works":
        yield Finding("R-106", _verdict("boq" in facts.document_slots, Level.WARN), "notice.boq", "documents")
    if facts.procedure == "invited" and facts.is_mandatory:
        approved = "approval" in facts.document_slots
        yield Finding("R-052", _verdict(approved), "notice.approval", "documents")
    yield Finding("R-102", Level.COMPUTE, "notice.postqualification")


def _periods(facts: NoticeFacts, law: Snapshot, calendar: Calendar) -> Iterator[Finding]:
    issued, until, deadline = facts.issued_at, facts.documents_until_at, facts.deadline_at
    if deadline is None:
        yield Finding("R-104", Level.BLOCK, "notice.missing_deadline", "deadline_at")
    else:
        days = law.days("issue_to_deadline_min")
        found = days_apart(issued, deadline)
        strict = facts.is_mandatory or facts.regime == "G"
        level = _verdict(found >= days and deadline > facts.now, Level.BLOCK if strict else Level.WARN)
        cited: dict[str, Any] = {**law.cite("issue_to_deadline_min"), "found": found, "required": days}
        yield Finding(cited["rule"], level, "notice.issue_to_deadline", "deadline_at", cited)
        if deadline <= facts.now:
            yield Finding("R-100", Level.BLOCK, "notice.deadline_past", "deadline_at")
        on = day_of(deadline)
        if calendar.is_holiday(on):
            yield Finding("R-001", Level.WARN, "notice.deadline_rest_day", "deadline_at", {"on": on.isoformat()})
        if not calendar.is_published(on):
            yield Finding("R-003", Level.WARN, "notice.calendar_assumed", "deadline_at", {"year": on.year})
        if deadline.astimezone(BEIJING).second or deadline.microsecond:
            yield Finding("R-204", Level.WARN, "notice.deadline_uneven", "deadline_at")
        yield Finding("R-204", Level.COMPUTE, "notice.deadline_exclusive", "deadline_at")
    if until is None:
        yield Finding("R-104", Level.BLOCK, "notice.missing_documents_until", "documents_until_at")
        return
    yield _availability(facts, law, calendar, issued, until)
    if deadline is not None and until > deadline:
        yield Finding("R-101", Level.BLOCK, "notice.documents_after_deadline", "documents_until_at")


def _availability(facts: NoticeFacts, law: Snapshot, calendar: Calendar, issued: datetime, until: datetime) -> Finding:
    days = law.days("doc_available_min")
    cited: dict[str, Any] = {**law.cite("doc_available_min"), "required": days}
    if cited["unit"] == "working_days":
        end = calendar.end_of_working_days(day_of(issued), days)
        holds = day_of(until) >= end.on
        facts_told = {**cited, "earliest": end.on.isoformat(), "found": day_of(until).isoformat()}
        return Finding(
            cited["rule"], _verdict(holds), "notice.documents_working_days", "documents_until_at", facts_told
        )
    found = days_apart(issued, until)
    told = {**cited, "found": found}
    return Finding(cited["rule"], _verdict(found >= days), "notice.documents_days", "documents_until_at", told)


def _money(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    stated = facts.control_price_fen > 0
    rule = law.cite("control_price_stated")
    yield Finding(rule["rule"], _verdict(stated), "notice.control_price", "control_price_fen", rule)
    if facts.regime == "G":
        yield Finding("R-123", _verdict(facts.estimate_fen > 0), "notice.budget", "estimate_fen")
    share = law.cite("bond_max_pct")
    # Compared in whole fen times 100: no rounding can let a fen through (R-002 以下 includes the number).
    holds = facts.bond_fen * 100 <= facts.estimate_fen * law.number("bond_max_pct")
    most = int(facts.estimate_fen * law.number("bond_max_pct") / 100)
    told = {**share, "found": grouped(facts.bond_fen), "most": grouped(most)}
    yield Finding(share["rule"], _verdict(holds), "notice.bond_share", "bond_fen", told)
    if facts.regime == "T":
        key = "bond_max_yuan_design" if facts.category == "design" else "bond_max_yuan"
        cap = law.cite(key)
        limit = int(law.number(key)) * 100
        told = {**cap, "found": grouped(facts.bond_fen), "most": grouped(limit)}
        yield Finding(cap["rule"], _verdict(facts.bond_fen <= limit), "notice.bond_cap", "bond_fen", told)
        yield from _threshold(facts, law)
    yield Finding("R-153", Level.COMPUTE, "notice.bond_forms")


def _threshold(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    kind = {"works": "works", "goods": "goods"}.get(facts.category, "services")
    cited = law.cite(f"mandatory_{kind}_from")
    from_fen = int(law.number(f"mandatory_{kind}_from")) * 100
    if not facts.is_mandatory and facts.estimate_fen >= from_fen:
        told = {**cited, "found": grouped(facts.estimate_fen), "least": grouped(from_fen)}
        yield Finding("R-050", Level.WARN, "notice.mandatory_threshold", "is_mandatory", told)


def _method(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    try:
        method = check_method(facts.method)
    except Invalid as refusal:
        rule = refusal.facts.get("rule", "R-404")
        yield Finding(rule, Level.BLOCK, refusal.code, refusal.field or "method", dict(refusal.facts))
        return
    yield Finding("R-109", Level.MET, "notice.no_minimum_price")
    total = points_of(method)
    yield Finding("R-404", _verdict(total == Decimal(100)), "notice.points", "criteria", {"found": str(total)})
    if facts.regime != "G":
        return
    if facts.category in ("goods", "services"):
        formula = method["price"]["formula"]
        level = _verdict(formula == "lowest-first/v1")
        yield Finding("R-453", level, "notice.price_formula", "price", {"formula": formula})
        key = f"price_weight_min_{facts.category}"
        cited = law.cite(key)
        found = Decimal(method["price"]["points"])
        told = {**cited, "found": str(found), "required": cited["value"]}
        yield Finding("R-452", _verdict(found >= law.number(key)), "notice.price_weight", "price", told)


def _opening(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    yield Finding("R-113", _verdict(facts.validity_days >= 1), "notice.validity", "validity_days")
    low, high = law.days("decrypt_minutes_min"), law.days("decrypt_minutes_max")
    usual = low <= facts.decrypt_minutes <= high
    possible = 1 <= facts.decrypt_minutes <= 10_080
    level = Level.MET if usual else Level.WARN if possible else Level.BLOCK
    told = {"found": facts.decrypt_minutes, "low": low, "high": high}
    yield Finding("R-253", level, "notice.decrypt_minutes", "decrypt_minutes", told)
    missing = [role for role in facts.required_trustees if role not in facts.trustees]
    yield Finding("R-207", _verdict(not missing), "notice.trustees", "trustees", {"missing": len(missing)})
    credit = bool(facts.credit_rule.strip())
    level = _verdict(credit, Level.BLOCK if facts.regime == "G" else Level.WARN)
    yield Finding("R-126", level, "notice.credit_rule", "credit_rule")


def _fairness(facts: NoticeFacts) -> Iterator[Finding]:
    passages = {
        "qualification": facts.qualification,
        "description": facts.description,
        "criteria": "\n".join(texts_of(facts.method)),
    }
    hits = 0
    for place, passage in passages.items():
        for kind, pattern in _SUSPECT:
            for match in pattern.finditer(passage):
                hits += 1
                told = {"kind": kind, "passage": match.group(0)[:60]}
                yield Finding("R-110", Level.WARN, f"notice.barrier_{kind}", place, told)
    if not hits:
        yield Finding("R-110", Level.MET, "notice.fairness", None, {"patterns": len(_SUSPECT)})
