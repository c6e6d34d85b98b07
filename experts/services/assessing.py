"""Judging experts' work: each delivered evaluation by the project's own people, each year by the pool's officer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from accounts.rules import Role
from core.act import Act
from core.calendar import day_of
from core.errors import Conflict, Forbidden, Invalid, Missing
from core.ledger.log import append
from core.locker import Private
from experts import queries
from experts.models import Committee, Expert, ExpertAssessment, Member, YearlyReview
from experts.rules.discipline import YEAR_GRADES, check_grades


def assess_member(
    act: Act, committee: Committee, member: Member, grades: Mapping[str, str], remark: str = ""
) -> ExpertAssessment:
    """The tenderee or agent says how an expert has worked, once the report is delivered (一标一评, R-315).

    Once by each unit: Conflict("assessment.exists"); ("assessment.early") before the delivery; Missing for a seat that
    is no expert's of this committee; what `check_grades` raises. It changes no result. The expert reads and answers it.
    """
    if not act.actor.has(Role.TENDEREE, Role.AGENT) or act.actor.organisation_id is None:
        raise Forbidden("assessment.assessor")
    if committee.state != "delivered":
        raise Conflict("assessment.early")
    if member.id not in {one.id for one in queries.to_assess(act.session, committee)}:
        raise Missing("member.unknown")
    check_grades(grades, remark)
    if any(
        one.member_id == member.id and one.unit_id == act.actor.organisation_id
        for one in queries.assessments_in(act.session, committee)
    ):
        raise Conflict("assessment.exists")
    made = ExpertAssessment(
        committee_id=committee.id, member_id=member.id, unit_id=act.actor.organisation_id, grades=dict(grades),
        remark=remark.strip() or None, assessed_by=act.actor.person_id, assessed_at=act.now,
    )  # fmt: skip
    act.session.add(made)
    act.session.flush()
    facts = {"member": member.subject, "grades": made.grades, "remark_sha256": _digest(made.remark)}
    append(act, "assessment.make", made.subject, Private(facts))
    return made


def reply_assessment(act: Act, assessment: ExpertAssessment, reply: str) -> None:
    """The expert answers once; Missing for anybody else, Conflict("assessment.replied") a second time."""
    if act.actor.person_id is None or assessment.member.person_id != act.actor.person_id:
        raise Missing("assessment.unknown")
    if assessment.reply is not None:
        raise Conflict("assessment.replied")
    if not reply.strip():
        raise Invalid("form.required", field="reply")
    assessment.reply, assessment.replied_at = reply.strip(), act.now
    append(act, "assessment.reply", assessment.subject, Private({"reply_sha256": _digest(assessment.reply)}))


def review_year(act: Act, expert: Expert, year: int, grade: str, remark: str = "") -> YearlyReview:
    """The pool's officer judges the expert's year on the figures of that year, which are kept with it (R-315).

    Only a year that is over, or the running one in December (Invalid("review.year")); once: Conflict("review.exists").
    A fail wants words (Invalid("review.remark")) and changes nothing by itself: a sanction is proposed and decided.
    """
    if not act.actor.has(Role.OPERATOR):
        raise Forbidden("review.officer")
    today = day_of(act.now)
    if not int(expert.joined_on[:4]) <= year <= (today.year if today.month == 12 else today.year - 1):
        raise Invalid("review.year", field="year", found=year)
    if grade not in YEAR_GRADES:
        raise Invalid("form.choice", field="grade", found=grade, options=list(YEAR_GRADES))
    if grade == "fail" and len(remark.strip()) < 5:
        raise Invalid("review.remark", field="remark")
    if any(one.year == year for one in queries.reviews_of(act.session, expert)):
        raise Conflict("review.exists", year=year)
    made = YearlyReview(
        expert_id=expert.id, expert=expert, year=year, figures=queries.figures_of_year(act.session, expert, year),
        grade=grade, remark=remark.strip() or None, reviewed_by=act.actor.person_id, reviewed_at=act.now,
    )  # fmt: skip
    act.session.add(made)
    act.session.flush()
    facts = {"year": year, "grade": grade, "figures": made.figures, "remark_sha256": _digest(made.remark)}
    append(act, "expert.review", f"expert:{expert.code}", Private(facts))
    return made


def _digest(text: str | None) -> str:
    return hashlib.sha256((text or "").encode()).hexdigest()
