"""Going back: one stage with the supervisor's approval, or after the report, sent back; nothing that stood is lost."""

from __future__ import annotations

from typing import Any

from accounts import queries as accounts
from accounts.rules import Role
from bidding import services as bidding
from core.act import Act
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from core.machine import advance
from core.outbox import post
from experts import queries
from experts.models import Committee, Rollback
from experts.services.masks import check_leader, check_moving, from_seat
from opening import services as hall

REVIEW, SCORING = "review", "scoring"
STANDS = {"scoring": REVIEW, "first_concluded": REVIEW, "locked": SCORING}
"""From which state of the committee which stage can be opened again; not once the report is written."""


def ask_rollback(act: Act, committee: Committee, reason: str) -> Rollback:
    """The leader asks to open the stage before again: the review while scoring, the scoring once locked.

    Conflict: committee.leader_only, committee.state, rollback.pending; Invalid("rollback.reason") under ten characters.
    Of two sittings the first stage can be judged again although its end was published, as long as the hall has not
    been convened for the prices: rollback.prices_open. Nobody knows one, so nothing is steered by mending an error;
    from here the hall waits for the answer.
    """
    leader = check_leader(act, committee)
    is_between = committee.state == "first_concluded"
    if is_between:
        # Before the first entry in the log: who convenes the hall takes the two in this order, too.
        bidding.lock_row(act, queries.opening_of(act.session, committee.section))
    stage = _stage(act, committee, "ask_rollback")
    if len(reason.strip()) < 10:
        raise Invalid("rollback.reason", field="reason")
    held = queries.rollbacks(act.session, committee)
    if any(one.state == "asked" for one in held):
        raise Conflict("rollback.pending")
    asked = Rollback(
        committee_id=committee.id, committee=committee, number=1 + len(held), stage=stage, reason=reason.strip(),
        asked_at=act.now, state="asked", state_at=act.now,
    )  # fmt: skip
    act.session.add(asked)
    act.session.flush()
    facts = {"stage": stage, "reason": asked.reason}
    append(from_seat(act, leader), "rollback.ask", asked.subject, facts)
    if is_between:
        hall.hold_second(from_seat(act, leader), queries.opening_of(act.session, committee.section), asked.subject)
    for person in accounts.holders(act.session, Role.SUPERVISOR):
        post(
            act, key=f"{asked.subject}:{person.login}", recipient=person.login, template="experts.rollback_asked",
            section=committee.section.code,
        )  # fmt: skip
    return asked


def decide_rollback(act: Act, asked: Rollback, *, is_approved: bool, answer: str) -> None:
    """The supervisor approves or dismisses; approved, the stage before is open again.

    The review: what was published of a first stage is withdrawn, and no second sitting is held before it ends anew.
    Findings and sheets stay as they are, the decision is taken again. The scoring: every sheet is its
    member's draft again with what it holds, the result is computed anew. The old decision, sheets and result stand in
    the ledger. Forbidden("rollback.supervisor"); Conflict("committee.state") where the committee has moved on.
    """
    if not act.actor.has(Role.SUPERVISOR):
        raise Forbidden("rollback.supervisor")
    if not answer.strip():
        raise Invalid("form.required", field="answer")
    committee = asked.committee
    check_moving(committee.section)
    is_between = committee.state == "first_concluded"
    if is_between:
        # Before the first entry in the log: who convenes the hall takes the two in this order, too.
        bidding.lock_row(act, queries.opening_of(act.session, committee.section))
    asked.answer = answer.strip()
    advance(act, asked, "approve" if is_approved else "dismiss", answer=asked.answer)
    if not is_approved:
        if is_between:
            hall.release_second(act, queries.opening_of(act.session, committee.section), asked.subject)
        return
    if _stage(act, committee, "decide_rollback") != asked.stage:
        raise Conflict(
            "committee.state", verb="decide_rollback", state=committee.state, allowed=sorted(STANDS),
            subject=committee.subject,
        )  # fmt: skip
    _go_back(act, committee, asked.stage, {"rollback": asked.number, "reason": asked.reason})


def send_back(act: Act, committee: Committee, *, stage: str, reason: str, grounds: dict[str, Any]) -> None:
    """After the report was delivered the same committee judges again from `stage` on (R-504, R-507).

    Called where an objection was upheld or the regulator has so decided; `grounds` names it in the ledger. Findings and
    sheets are their members' drafts again with what they hold, the signatures under the report no longer count, and the
    report delivered so far stays in the store and in the ledger. The section is being evaluated again. Conflict:
    committee.state. Of two sittings what was opened is judged again; who passes only now is restored.
    """
    if committee.state != "delivered" or stage not in (REVIEW, SCORING):
        raise Conflict(
            "committee.state", verb="send_back", state=committee.state, allowed=["delivered"], subject=committee.subject
        )
    bidding.reopen_evaluation(act, committee.section, stage=stage, reason=reason, grounds=grounds)
    for member in queries.signers(act.session, committee):
        member.signed_at = member.dissent = None
        advance(act, member, "recall", reason=reason)
    _go_back(act, committee, stage, {"reason": reason, "grounds": grounds, "report_sha256": committee.report_sha256})


def _go_back(act: Act, committee: Committee, stage: str, facts: dict[str, Any]) -> None:
    sheets = [] if committee.conformity is None else queries.every_sheet(act.session, committee)
    committee.result = None
    if committee.state == "first_concluded":
        hall.withdraw_admission(act, queries.opening_of(act.session, committee.section))
    if stage == REVIEW:
        committee.conformity = None
        advance(act, committee, "roll_back_review", **facts)
    else:
        advance(act, committee, "roll_back_scoring", **facts)
    for sheet, _items in sheets:
        # A sheet locked while its stage lasted stays so: only what was final as a whole is a draft again.
        if sheet.state == "locked" and (stage == SCORING or "grounds" in facts):
            sheet.reopened_for = None
            advance(act, sheet, "reopen", **{"rollback": facts["rollback"]} if "rollback" in facts else {})


def _stage(act: Act, committee: Committee, verb: str) -> str:
    if committee.state not in STANDS:
        raise Conflict(
            "committee.state", verb=verb, state=committee.state, allowed=sorted(STANDS), subject=committee.subject
        )
    two, closed = queries.in_two_stages(committee.section), committee.state == "locked"
    if two and committee.state == "first_concluded":
        closed = queries.opening_of(act.session, committee.section).sitting > 1
    if two and closed:
        raise Conflict("rollback.prices_open", section=committee.section.code)
    return STANDS[committee.state]
