"""The blueprint of bidding and what several of its pages show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from bidding import queries, rules
from bidding.lifecycle import SECTION
from bidding.models import Section
from bidding.rules import Finding, Level
from core.clock import BEIJING, from_iso
from core.errors import Invalid

blueprint = Blueprint("bidding", __name__)

STAGES = ("draft", "submission_open", "closed", "opened", "evaluating", "candidates_published", "awarded", "archived")
STATUS = {
    "draft": "muted",
    "submission_open": "info",
    "suspended": "warn",
    "failed": "bad",
    "archived": "ok",
    "awarded": "ok",
}
LEVELS = {Level.BLOCK: "bad", Level.WARN: "warn", Level.COMPUTE: "info", Level.MET: "ok"}


def done(message: str, endpoint: str, **values: Any) -> Response:
    """Say so and go on to a page."""
    flash(message, "ok")
    return redirect(url_for(endpoint, **values), 303)


def stage_of(section: Section) -> int:
    """How far a section has come, as a place in STAGES; a failed one stays where it failed for the stepper's sake."""
    shown = {"suspended": "submission_open", "evaluated": "evaluating", "failed": "closed", "final_called": "opened"}
    state = shown.get(section.state, section.state)
    return STAGES.index(state)


def shown_findings(findings: list[Finding]) -> list[dict[str, Any]]:
    """Findings as a page shows them, the gravest first: each with a refusal, whose sentence the filter says."""
    return [
        {
            "rule": finding.rule,
            "kind": LEVELS[finding.level],
            "level": finding.level,
            "field": finding.field,
            "said": Invalid(finding.code, field=finding.field, **{**finding.facts, "rule": finding.rule}),
        }
        for finding in sorted(findings, key=lambda finding: list(LEVELS).index(finding.level))
    ]


def counts_of(findings: list[Finding]) -> dict[str, int]:
    """How many findings there are of each level."""
    return {level.value: sum(finding.level is level for finding in findings) for level in Level}


def local(at: datetime | None) -> str:
    """An instant as a `datetime-local` field holds it, in Beijing time."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M") if at else ""


def frame_of(session: Session, section: Section) -> dict[str, Any]:
    """What every page on one section shows in its head."""
    ordered = rules.orders.in_force(section.orders)
    return {
        "section": section,
        "project": section.project,
        "stage": stage_of(section),
        "stages": STAGES,
        "status": STATUS.get(section.state, "info"),
        "states": SECTION.states,
        "policies": queries.policies(session, section),
        "ordered": [{"reason": one["reason"], "at": from_iso(one["from"])} for one in ordered],
        "order_law": queries.law_of(section).rules.get("complaint_suspend_most") if ordered else None,
        "objected": queries.holding_objections(session, section) if section.state == "suspended" else [],
    }
