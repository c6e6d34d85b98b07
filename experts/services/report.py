"""The evaluation report: written once from the locked result, signed in order, delivered (R-500)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import rfc8785

from bidding import services as bidding
from core.act import Act
from core.clock import BEIJING, from_iso
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from core.machine import advance
from core.money import grouped
from core.render.papers import paper_templates
from core.render.pdf import Attachment, render_pdf
from experts import queries
from experts.models import Committee, Member
from experts.rules import published, scored_criteria
from experts.services.duty import reveal_tables
from experts.services.masks import check_leader, check_moving, check_own, from_seat
from opening.rules import joint_name

MOST_DISSENT = 2000


def write_report(act: Act, committee: Committee) -> str:
    """Write the report as PDF/A with the result JSON inside, keep it, and return its SHA-256; members may sign now.

    Called by the leader. The same result gives the same bytes on the same fonts. Unranked candidates are ordered by
    neither paper nor JSON.
    """
    leader = check_leader(act, committee)
    if committee.state != "locked":
        raise Conflict(
            "committee.state", verb="write_report", state=committee.state, allowed=["locked"], subject=committee.subject
        )
    facts = report_facts(act, committee)
    html = paper_templates(money=grouped).get_template("experts/report_document.html").render(**facts)
    result = Attachment(
        "result.json",
        rfc8785.dumps(queries.told_result(committee)),
        "评标结果（机器可读，可重算）",
        from_iso(queries.locked_result(committee)["locked_at"]),
    )
    committee.report_sha256 = act.store.put(render_pdf(html, attachments=[result])).sha256
    advance(from_seat(act, leader), committee, "report", report_sha256=committee.report_sha256)
    return committee.report_sha256


def report_facts(act: Act, committee: Committee) -> dict[str, Any]:
    """What the report says, as values for its template (R-500)."""
    section = committee.section
    result = queries.told_result(committee)
    names = {bid["number"]: joint_name(bid["name"], bid.get("consortium", [])) for bid in result["bids"]}
    return {
        "section": section,
        "project": section.project,
        "committee": committee,
        "result": result,
        "names": names,
        "members": queries.signers(act.session, committee),
        "replaced": [one for one in queries.members(act.session, committee) if one.state not in queries.LIVE],
        "memos": queries.memos(act.session, committee),
        "agreement": queries.agreement(act.session, committee) if queries.has_opinions(section) else None,
        "clauses": {
            clause["code"]: clause for clause in [*queries.clauses_of(section), *queries.FURTHER.values()]
        },
        "asked": [
            {"one": one, "answer": queries.shown_answer(one)}
            for one in queries.bid_clarifications(act.session, committee)
        ],
        "criteria": scored_criteria(section.method),
        "base_yuan": f"{Decimal(published(Fraction(result['price']['base_fen']) / 100)):,}",
        "evaluated": [
            {
                "number": row["number"],
                "price_fen": next(bid["price_fen"] for bid in result["bids"] if bid["number"] == row["number"]),
                "evaluated": f"{Decimal(published(Fraction(row['evaluated_fen']) / 100)):,}",
            }
            for row in result["price"]["scores"]
            if "evaluated_fen" in row
        ],
        "locked_at": from_iso(result["locked_at"]).astimezone(BEIJING),
        "unopened": [
            bid for bid in queries.final_bids(act.session, section) if bid.number not in names
        ],
    }  # fmt: skip


def sign_report(act: Act, member: Member, *, report_sha256: str, dissent: str = "") -> None:
    """Sign the report whose hash the member has seen; in order, the leader last; dissent is kept in writing (R-345).

    Conflict: report.other (another hash), report.order (naming whose turn it is), committee.state. Who does not sign
    and gives no reason in writing counts as agreeing (R-345): see `record_silence`.
    """
    check_own(act, member)
    _sign(act, member, report_sha256, dissent)
    advance(from_seat(act, member), member, "sign_report", report_sha256=report_sha256, dissent=member.dissent)


def record_silence(act: Act, member: Member) -> None:
    """A supervisor records that the member refuses to sign and gives no reason in writing: counts as agreed (R-345)."""
    if not act.actor.has("supervisor"):
        raise Forbidden("door.role", roles=["supervisor"])
    _sign(act, member, str(member.committee.report_sha256), "")
    advance(act, member, "sign_report", report_sha256=member.committee.report_sha256, refused_without_reason=True)


def deliver_report(act: Act, committee: Committee) -> None:
    """Deliver the signed report to the tenderee; the section is evaluated. Conflict("report.unsigned") naming seats."""
    if committee.state != "reported":
        raise Conflict(
            "committee.state", verb="deliver", state=committee.state, allowed=["reported"], subject=committee.subject
        )
    unsigned = [member.label for member in queries.signers(act.session, committee) if member.state != "signed"]
    if unsigned:
        raise Conflict("report.unsigned", labels=unsigned)
    leader = check_leader(act, committee)
    seat = from_seat(act, leader)
    reveal_tables(act, committee)
    advance(seat, committee, "deliver", report_sha256=committee.report_sha256)
    append(seat, "report.deliver", committee.subject, {"report_sha256": committee.report_sha256})
    bidding.deliver_report(seat, committee.section, report_sha256=committee.report_sha256)


def _sign(act: Act, member: Member, report_sha256: str, dissent: str) -> None:
    committee = member.committee
    check_moving(committee.section)
    if committee.state != "reported":
        raise Conflict(
            "committee.state", verb="sign_report", state=committee.state, allowed=["reported"],
            subject=committee.subject,
        )  # fmt: skip
    if report_sha256 != committee.report_sha256:
        raise Conflict("report.other", expected=committee.report_sha256)
    waiting = [one for one in queries.signers(act.session, committee) if one.state != "signed"]
    if waiting and waiting[0].id != member.id:
        raise Conflict("report.order", label=waiting[0].label)
    dissent = dissent.strip()
    if len(dissent) > MOST_DISSENT:
        raise Invalid("form.length", field="dissent", most=MOST_DISSENT, least=0, found=len(dissent))
    member.dissent = dissent or None
    member.signed_at = act.now
