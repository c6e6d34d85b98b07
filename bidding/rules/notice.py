"""Checks of a section before its notice: every rule of RULES §2, §3.1, §3.2 and §4 that can be told from its data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bidding.rules.clauses import clauses_on, find_clauses
from bidding.rules.concerns import barriers
from bidding.rules.envelopes import ANONYMOUS, check_layout, has_second_sitting, is_anonymous, names_of
from bidding.rules.findings import Finding, Level, NoticeFacts, cited, verdict
from bidding.rules.law import REFUSAL, refusal_days
from bidding.rules.method import texts_of
from bidding.rules.passages import Passage
from bidding.rules.periods import check_periods
from bidding.rules.procedures import check_procedure
from bidding.rules.scoring import check_scoring
from bidding.rules.slots import check_slots
from core.calendar import Calendar, day_of
from core.errors import Invalid
from core.law import Snapshot
from core.money import grouped

PARTICULARS = ("scope", "scale", "obtaining", "submission", "address", "contact", "objection_contact", "media")
"""Texts of the notice beyond the columns (R-104): scope, scale, how documents are got and bids handed in, the
tenderee's address and contact, who takes objections, the designated medium."""

_CREDIT_PARTS = (
    ("查询渠道", re.compile("信用中国|政府采购网|creditchina|ccgp")),
    ("截止时点", re.compile("截止|当日|时点|之前|之日|期间")),
    ("留存方式", re.compile("留存|截图|打印|存档|保存")),
    ("使用规则", re.compile("否决|拒绝|无效|不得|限制|使用")),
)
"""What a credit rule must state (R-126; 财政部令第87号 a20): channel, cut-off, evidence, use."""


def check_notice(facts: NoticeFacts, law: Snapshot, calendar: Calendar) -> list[Finding]:
    """Every finding on a section about to be published, in the order of the notice; none is left out.

    A BLOCK refuses the publication; WARN asks for a decision; COMPUTE tells what follows by itself; MET is shown too.
    """
    return [
        *_content(facts, law),
        *check_procedure(facts, law),
        *_documents(facts),
        *check_periods(facts, law, calendar),
        *_money(facts, law),
        *check_scoring(facts, law),
        *_envelopes(facts, law),
        *_opening(facts, law),
        *_fairness(facts),
    ]


def first_block(findings: list[Finding]) -> Finding | None:
    """The first finding that refuses the publication."""
    return next((finding for finding in findings if finding.level is Level.BLOCK), None)


def _content(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    needed = {
        "project_name": facts.project_name,
        "description": facts.description,
        "funding": facts.funding,
        "tenderee": facts.tenderee,
        "section_name": facts.section_name,
        "qualification": facts.qualification,
        **{name: facts.particulars.get(name, "") for name in PARTICULARS if name != "media"},
    }
    missing = [name for name, value in needed.items() if not str(value or "").strip()]
    for name in missing:
        yield Finding("R-104", Level.BLOCK, f"notice.missing_{name}", name, {"name": name})
    if not missing:
        yield Finding("R-104", Level.MET, "notice.content", None, {"count": len(needed)})
    if "media" in law.rules:
        media = facts.particulars.get("media", "").strip()
        told = cited(law, "media", media=media or "—")
        yield Finding(told["rule"], verdict(bool(media)), "notice.media", "media", told)
    consortium = facts.accepts_consortium is not None
    yield Finding("R-112", verdict(consortium), "notice.consortium", "accepts_consortium")
    yield Finding("R-107", Level.COMPUTE, "notice.frozen")
    yield Finding("R-006", Level.COMPUTE, "notice.law_frozen")


def _documents(facts: NoticeFacts) -> Iterator[Finding]:
    has_text = "tender" in facts.document_slots
    yield Finding("R-106", verdict(has_text), "notice.tender_document", "documents")
    if facts.category == "works":
        billed = bool(facts.document_slots & {"boq", "bill"})
        yield Finding("R-106", verdict(billed, Level.WARN), "notice.boq", "documents")
    yield Finding("R-102", Level.COMPUTE, "notice.postqualification")


def _money(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    stated = facts.control_price_fen > 0
    rule = cited(law, "control_price_stated")
    yield Finding(rule["rule"], verdict(stated), "notice.control_price", "control_price_fen", rule)
    if "budget_stated" in law.rules:
        rule = cited(law, "budget_stated")
        yield Finding(rule["rule"], verdict(facts.estimate_fen > 0), "notice.budget", "estimate_fen", rule)
        within = facts.control_price_fen <= facts.estimate_fen
        yield Finding(rule["rule"], verdict(within), "notice.control_within_budget", "control_price_fen", rule)
    # Compared in whole fen times 100: no rounding can let a fen through (R-002 以下 includes the number).
    holds = facts.bond_fen * 100 <= facts.estimate_fen * law.number("bond_max_pct")
    most = int(facts.estimate_fen * law.number("bond_max_pct") / 100)
    told = cited(law, "bond_max_pct", found=grouped(facts.bond_fen), most=grouped(most))
    yield Finding(told["rule"], verdict(holds), "notice.bond_share", "bond_fen", told)
    if "bond_max_yuan" in law.rules:
        limit = int(law.number("bond_max_yuan")) * 100
        told = cited(law, "bond_max_yuan", found=grouped(facts.bond_fen), most=grouped(limit))
        yield Finding(told["rule"], verdict(facts.bond_fen <= limit), "notice.bond_cap", "bond_fen", told)
    if facts.regime == "T":
        yield from _threshold(facts, law)
    days = refusal_days(facts.particulars)
    if facts.bond_fen and days is not None and REFUSAL in law.rules:
        told = cited(law, REFUSAL, found=days)
        fits = days == law.days(REFUSAL) if facts.is_frozen else days <= law.days(REFUSAL)
        code = "notice.bond_refusal_frozen" if facts.is_frozen else "notice.bond_refusal"
        yield Finding(told["rule"], verdict(fits), code, "bond_refusal_days", told)
    if facts.bond_fen:
        yield Finding("R-153", Level.COMPUTE, "notice.bond_forms", "bond_fen")
        if facts.regime == "T" and facts.is_mandatory:
            yield Finding("R-152", Level.COMPUTE, "notice.bond_account", "bond_fen")


def _threshold(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    key = f"mandatory_{facts.kind}_from"
    from_fen = int(law.number(key)) * 100
    if not facts.is_mandatory and facts.estimate_fen >= from_fen:
        told = cited(law, key, found=grouped(facts.estimate_fen), least=grouped(from_fen))
        yield Finding("R-050", Level.WARN, "notice.mandatory_threshold", "is_mandatory", told)


def _envelopes(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    try:
        envelopes = check_layout(list(facts.envelopes))
        check_slots(list(facts.slots), names_of(envelopes))
    except Invalid as refusal:
        yield Finding("R-200", Level.BLOCK, refusal.code, refusal.field or "envelopes", dict(refusal.facts))
        return
    yield Finding("R-200", Level.MET, "notice.envelopes", "envelopes", {"count": len(envelopes)})
    computed = [one for one in _criteria(facts) if "computed" in one]
    if computed:
        unnamed = is_anonymous(envelopes) and any(one.get("group") in ANONYMOUS for one in computed)
        early = not has_second_sitting(envelopes) and not unnamed
        yield Finding("R-454", verdict(early), "notice.computed", "criteria", {"count": len(computed)})
    if is_anonymous(envelopes):
        yield from _anonymous(facts, law)
    if has_second_sitting(envelopes):
        stated = facts.second_opening_at is not None
        yield Finding("R-253", verdict(stated, Level.WARN), "notice.second_sitting", "second_opening_at")


def _criteria(facts: NoticeFacts) -> list[dict[str, Any]]:
    criteria = facts.method.get("criteria", []) if isinstance(facts.method, dict) else []
    return [one for one in criteria if isinstance(one, dict)]


def _anonymous(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    """An anonymous envelope (暗标) is scored before anything by name: there must be something to score, at once."""
    scored = [one for one in _criteria(facts) if one.get("group") in ANONYMOUS]
    yield Finding("R-200", verdict(bool(scored)), "notice.anonymous", "envelopes", {"count": len(scored)})
    if "rounds" in law.rules and law.days("rounds") > 1:
        yield Finding("R-602", Level.BLOCK, "notice.anonymous_rounds", "envelopes", cited(law, "rounds"))


def _opening(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    yield Finding("R-113", verdict(facts.validity_days >= 1), "notice.validity", "validity_days")
    low, high = law.days("decrypt_minutes_min"), law.days("decrypt_minutes_max")
    usual = low <= facts.decrypt_minutes <= high
    possible = 1 <= facts.decrypt_minutes <= 10_080
    level = Level.MET if usual else Level.WARN if possible else Level.BLOCK
    told = {"found": facts.decrypt_minutes, "low": low, "high": high}
    yield Finding("R-253", level, "notice.decrypt_minutes", "decrypt_minutes", told)
    missing = [role for role in facts.required_trustees if role not in facts.trustees]
    yield Finding("R-207", verdict(not missing), "notice.trustees", "trustees", {"missing": len(missing)})
    credit = facts.credit_rule.strip()
    level = verdict(bool(credit), Level.BLOCK if facts.regime == "G" else Level.WARN)
    yield Finding("R-126", level, "notice.credit_rule", "credit_rule")
    lacking = [part for part, pattern in _CREDIT_PARTS if not pattern.search(credit)]
    if credit and facts.regime == "G" and lacking:
        yield Finding("R-126", Level.WARN, "notice.credit_parts", "credit_rule", {"parts": lacking})


def typed_texts(facts: NoticeFacts) -> list[Passage]:
    """Every text of a notice that people typed, named by its field."""
    fields = {
        "name": facts.project_name,
        "section_name": facts.section_name,
        "description": facts.description,
        "funding": facts.funding,
        "qualification": facts.qualification,
        "credit_rule": facts.credit_rule,
        **{name: str(text) for name, text in sorted(facts.particulars.items())},
    }
    found = [Passage(name, name, text) for name, text in fields.items() if text]
    return found + [Passage("criteria", "criteria", text) for text in texts_of(facts.method) if text]


def _fairness(facts: NoticeFacts) -> Iterator[Finding]:
    clauses = clauses_on(facts.regime, day_of(facts.now))
    yield from barriers(find_clauses(typed_texts(facts), clauses), clauses)
