"""What a draft still lacks, step by step: one function that every page asks (the wizard, the desk, the last look)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from bidding.rules.findings import Finding, Level

STEPS: dict[str, frozenset[str]] = {
    "project": frozenset({"project_name", "description", "funding", "tenderee", "is_mandatory"}),
    "section": frozenset(
        {
            "section_name",
            "scope",
            "scale",
            "estimate_fen",
            "control_price_fen",
            "address",
            "contact",
            "objection_contact",
        }
    ),
    "procedure": frozenset(
        {
            "procedure",
            "ground",
            "invitation",
            "invitees",
            "media",
            "obtaining",
            "submission",
            "documents_until_at",
            "deadline_at",
            "second_opening_at",
            "validity_days",
            "decrypt_minutes",
        }
    ),
    "qualification": frozenset({"qualification", "accepts_consortium", "credit_rule"}),
    "envelopes": frozenset({"envelopes", "slots", "documents"}),
    "method": frozenset(
        {
            "method",
            "weight",
            "basis",
            "second",
            "interval",
            "band_from",
            "downs",
            "deduct_share",
            "deduct_small",
            "deduct_domestic",
            "criteria",
            "price",
            "review",
            "k_range",
            "trim_from",
            "above",
            "below",
            "low_of_mean",
            "low_of_second",
            "low_of_maximum",
        }
    ),
    "bond": frozenset({"bond_fen", "bond_refusal_days"}),
    "publish": frozenset({"trustees"}),
}
"""The steps of the wizard with the fields each one asks for; every finding's field stands in exactly one of them."""

FORMS = tuple(name for name in STEPS if name not in ("project", "publish"))
"""The steps that are forms over the section's draft."""


@dataclasses.dataclass(frozen=True)
class StepState:
    """How far one step is: `todo` while something is only missing, `fix` while something is wrong, else `done`."""

    name: str
    state: str
    blocks: int
    warnings: int


def step_of(finding: Finding) -> str | None:
    """The step whose field the finding is about; None where it is about no field."""
    return next((name for name, fields in STEPS.items() if finding.field in fields), None)


def readiness(findings: Iterable[Finding]) -> list[StepState]:
    """Every step with what is still open in it, in the wizard's order; a section may be published when all are done."""
    held: dict[str, list[Finding]] = {name: [] for name in STEPS}
    for finding in findings:
        step = step_of(finding)
        if finding.is_open and step is not None:
            held[step].append(finding)
    found = []
    for name, open_ones in held.items():
        blocks = [finding for finding in open_ones if finding.level is Level.BLOCK]
        missing = all(finding.code.startswith("notice.missing_") for finding in blocks)
        state = "done" if not blocks else "todo" if missing else "fix"
        found.append(StepState(name, state, len(blocks), len(open_ones) - len(blocks)))
    return found


def first_open(states: Iterable[StepState]) -> str:
    """The first form that is not done, or the last one."""
    forms = [state for state in states if state.name in FORMS]
    return next((state.name for state in forms if state.state != "done"), FORMS[-1])
