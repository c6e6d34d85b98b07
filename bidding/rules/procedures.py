"""Whether a procedure may be used here, and what it demands: all of it read from dated configuration (R-05x, R-60x)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from bidding.rules.envelopes import has_second_sitting
from bidding.rules.findings import Finding, Level, NoticeFacts, cited, verdict
from bidding.rules.law import PROCEDURES, law_on
from bidding.rules.method import kind_of
from core.law import Snapshot
from core.money import grouped

INVITATIONS = ("public", "list", "draw")
"""How bidders come: whoever reads the notice, those on a list, those drawn at random from a list (R-053)."""


@dataclasses.dataclass(frozen=True)
class Choice:
    """One procedure as the law sees it for a project: BLOCK refuses it, WARN needs evidence, MET allows it."""

    procedure: str
    level: Level
    reason: Finding
    law: Snapshot


def choices(facts: NoticeFacts, on: date, region: str) -> list[Choice]:
    """Every procedure for this regime, category and amount, with the finding that decides about it."""
    found = []
    for procedure in PROCEDURES:
        law = law_on(
            facts.regime,
            on,
            procedure=procedure,
            category=facts.category,
            is_mandatory=facts.is_mandatory,
            region=region,
            ground=facts.ground,
            attempt=facts.attempt,
        )
        findings = list(_admission(dataclasses.replace(facts, procedure=procedure), law))
        order = (Level.BLOCK, Level.WARN, Level.MET)
        reason = min(findings, key=lambda finding: order.index(finding.level))
        evidence = reason.code == "procedure.evidence"
        level = Level.WARN if reason.level is Level.BLOCK and evidence else reason.level
        found.append(Choice(procedure, level, reason, law))
    return found


def refusal(law: Snapshot) -> dict[str, Any] | None:
    """The citation that forbids the procedure whatever the amount; None where it is not forbidden outright."""
    return cited(law, "allowed") if law.words("allowed") in ((), ("no",)) and "allowed" in law.rules else None


def check_procedure(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    """Every finding on the choice of the procedure and on what follows from it."""
    yield from _admission(facts, law)
    if "grounds" in law.rules:
        told = cited(law, "grounds", ground=facts.ground)
        holds = facts.ground in law.words("grounds")
        yield Finding(told["rule"], verdict(holds), "procedure.ground", "ground", told)
    yield from _invitation(facts, law)
    yield from _evaluation(facts, law)
    yield from _splitting(facts, law)
    yield from _opening(facts, law)


def _admission(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    """Whether regime, category, amount and evidence allow the procedure."""
    told = cited(law, "allowed", procedure=facts.procedure)
    has_evidence = "approval" in facts.document_slots
    match law.text("allowed"):
        case "no":
            yield Finding(told["rule"], Level.BLOCK, "procedure.forbidden", "procedure", told)
        case "evidence":
            yield Finding(told["rule"], verdict(has_evidence), "procedure.evidence", "documents", told)
        case _:
            yield Finding(told["rule"], Level.MET, "procedure.allowed", "procedure", told)
    if "simple_below" in law.rules:
        limit = int(law.number("simple_below")) * 100
        told = cited(law, "simple_below", found=grouped(facts.estimate_fen), most=grouped(limit))
        holds = facts.estimate_fen < limit
        yield Finding(told["rule"], verdict(holds), "procedure.simple_below", "procedure", told)
    if "public_tender_from" in law.rules:
        limit = int(law.number("public_tender_from")) * 100
        above = cited(law, "above_public")
        told = cited(law, "public_tender_from", found=grouped(facts.estimate_fen), least=grouped(limit))
        if facts.estimate_fen < limit:
            yield Finding(told["rule"], Level.MET, "procedure.below_public", "procedure", told)
        elif law.text("above_public") == "approval":
            told |= {"basis": above["source"]}
            yield Finding(told["rule"], verdict(has_evidence), "procedure.evidence_above", "documents", told)
        else:
            told |= {"basis": above["source"]}
            yield Finding(told["rule"], Level.BLOCK, "procedure.above_public", "procedure", told)


def _invitation(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    if "invitation" not in law.rules:
        return
    told = cited(law, "invitation", invitation=facts.invitation)
    holds = facts.invitation in law.words("invitation")
    yield Finding(told["rule"], verdict(holds), "procedure.invitation", "invitation", told)
    if facts.invitation == "public" or "invitees_min" not in law.rules:
        return
    told = cited(law, "invitees_min", found=facts.invited, required=law.days("invitees_min"))
    yield Finding(told["rule"], verdict(facts.invited >= told["required"]), "procedure.invitees", "invitees", told)
    if facts.invitation == "draw" and "invitees_pool_ratio" in law.rules and facts.invited:
        least = facts.invited * law.days("invitees_pool_ratio")
        told = cited(law, "invitees_pool_ratio", found=facts.invitees, required=least)
        yield Finding(told["rule"], verdict(facts.invitees >= least), "procedure.pool", "invitees", told)


def _evaluation(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    kind = kind_of(facts.method)
    if kind is not None and "evaluation_methods" in law.rules:
        told = cited(law, "evaluation_methods", found=kind)
        holds = kind in law.words("evaluation_methods")
        yield Finding(told["rule"], verdict(holds), "procedure.evaluation", "method", told)
    if kind is None:
        return
    price = facts.method["price"]
    formulas = law.words("price_formulas")
    if formulas:
        told = cited(law, "price_formulas", formula=price["formula"])
        yield Finding(told["rule"], verdict(price["formula"] in formulas), "notice.price_formula", "price", told)
    if kind == "lowest":
        return
    found = Decimal(price["points"])
    for key, name in (("price_weight_min", "notice.price_weight"), ("price_weight_max", "notice.price_weight_max")):
        if key in law.rules:
            told = cited(law, key, found=str(found), required=law.text(key))
            limit = law.number(key)
            holds = found >= limit if key == "price_weight_min" else found <= limit
            yield Finding(told["rule"], verdict(holds), name, "price", told)


def _splitting(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    """A package below a threshold that others of the same purchase lift above it (R-051, R-050)."""
    key = "simple_below" if "simple_below" in law.rules else "public_tender_from"
    if key not in law.rules:
        key = f"mandatory_{facts.kind}_from"
        if facts.is_mandatory or key not in law.rules:
            return
    limit = int(law.number(key)) * 100
    together = facts.estimate_fen + facts.kindred_fen
    if facts.kindred_fen and facts.estimate_fen < limit <= together:
        told = cited(law, "splitting", together=grouped(together), least=grouped(limit))
        yield Finding(told["rule"], Level.WARN, "procedure.splitting", "estimate_fen", told)


def _opening(facts: NoticeFacts, law: Snapshot) -> Iterator[Finding]:
    """What the procedure means for the opening: told, not asked."""
    told = cited(law, "min_bidders_open", then=law.text("too_few_then")) if "too_few_then" in law.rules else None
    if told:
        yield Finding(told["rule"], Level.COMPUTE, f"procedure.too_few_{told['then']}", "procedure", told)
    if law.words("prices_read") == ("none",):
        told = cited(law, "prices_read")
        yield Finding(told["rule"], Level.COMPUTE, "procedure.prices_not_read", "procedure", told)
    if "rounds" in law.rules and law.days("rounds") > 1:
        told = cited(law, "rounds")
        yield Finding(told["rule"], Level.COMPUTE, "procedure.final_round", "procedure", told)
        if has_second_sitting(facts.envelopes):
            yield Finding(told["rule"], Level.BLOCK, "procedure.double_with_rounds", "envelopes", told)
