"""Moves of a section and its submissions after the closing, called by the floors above."""

from __future__ import annotations

from typing import Any

from bidding import queries
from bidding.models import SealedMark, Section, Submission
from bidding.services.bonds.refunds import make_due
from core.act import Act
from core.board import publish_notice
from core.errors import Conflict
from core.ledger.log import append
from core.machine import advance


def mark_opened(act: Act, section: Section, **evidence: Any) -> None:
    """The opening is over and its record signed; evaluation may begin."""
    advance(act, section, "mark_opened", **evidence)


def begin_evaluation(act: Act, section: Section, **evidence: Any) -> None:
    """The committee has begun."""
    advance(act, section, "begin_evaluation", **evidence)


def deliver_report(act: Act, section: Section, **evidence: Any) -> None:
    """The signed evaluation report is delivered."""
    advance(act, section, "deliver_report", **evidence)


def mark_candidates_published(act: Act, section: Section, **evidence: Any) -> None:
    """The candidates are publicised."""
    advance(act, section, "publish_candidates", **evidence)


def mark_awarded(act: Act, section: Section, **evidence: Any) -> None:
    """The award notice has gone out; where the frozen law has candidates publicised, only after that (R-550)."""
    if section.state == "evaluated" and "candidate_publicity_min" in queries.law_of(section).rules:
        facts = {"verb": "award", "state": section.state, "allowed": ["candidates_published"]}
        raise Conflict("section.state", subject=section.subject, **facts)
    advance(act, section, "award", **evidence)


def set_aside_award(act: Act, section: Section, **evidence: Any) -> None:
    """The award no longer stands: back to the candidates, or where none are publicised to the delivered report."""
    by_candidates = "candidate_publicity_min" in queries.law_of(section).rules
    advance(act, section, "set_aside" if by_candidates else "set_aside_result", **evidence)


def bar_from_rerun(act: Act, section: Section, *, identifier: str, name: str, reason: str) -> bool:
    """A winner that refused may not bid when the project is held again, where the frozen law says so (R-561)."""
    law = queries.law_of(section)
    if "refuser_barred" not in law.rules:
        return False
    project = section.project
    project.barred = [*project.barred,
                      {"identifier": identifier, "name": name, "section": section.code, "reason": reason}]  # fmt: skip
    append(
        act, "project.bar", section.subject,
        {"identifier": identifier, "name": name, "reason": reason, "law": law.cite("refuser_barred")},
    )  # fmt: skip
    return True


def reopen_evaluation(act: Act, section: Section, **evidence: Any) -> None:
    """The committee judges again: an objection was upheld, or the regulator has so decided."""
    advance(act, section, "reopen_evaluation", **evidence)


def mark_archived(act: Act, section: Section, **evidence: Any) -> None:
    """The archive 一标一档 is complete."""
    advance(act, section, "archive", **evidence)


def keep_objects(act: Act, submission: Submission, objects: list[str]) -> None:
    """Bind objects handed in for a submission after its closing (a backup) to it: sweeping leaves them."""
    held = queries.owners_of(act.session, objects)
    for sha256 in sorted(set(objects) - set(held)):
        act.session.add(SealedMark(mark=sha256, section_id=submission.section_id, handle=submission.handle))
    act.session.flush()


def unmask_decoy(act: Act, submission: Submission, **evidence: Any) -> None:
    """The identity package named a trustee's decoy: it no longer counts as a bid."""
    advance(act, submission, "unmask", **evidence)


def fail_section(act: Act, section: Section, reason: str, then: dict[str, str] | None = None) -> None:
    """End the section without an award and say so on the board; bids not opened stay sealed (R-252).

    `reason` is the RULES id that ends it, `then` the citation of what the procedure provides for then.
    An open section takes no more submissions: enter its turnstile alone.
    """
    advance(act, section, "fail", reason=reason)
    publish_notice(
        act,
        kind="failure",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）招标异常公告",
        content={"section_code": section.code, "section_name": section.name, "reason": reason, "then": then},
    )
    first = queries.section(act.session, section.first_round) if section.first_round else section
    make_due(act, first, "termination")
