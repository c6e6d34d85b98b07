"""The award committee's report (定标报告): written from the conclusion, signed by every member before the award."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2
import rfc8785

from awards.models import Selection
from awards.queries import selection as found
from core.act import Act
from core.clock import BEIJING, iso
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.money import grouped
from core.render.papers import paper_templates
from core.render.pdf import Attachment, render_pdf
from experts import queries as experts

MOST_DISSENT = 2000


def write_selection_report(act: Act, sitting: Selection) -> str:
    """Write the report as PDF/A with the result inside, keep it, and return its SHA-256; the members sign it (R-514).

    The same conclusion at an instant gives the same bytes on the same fonts.
    """
    facts = report_facts(act, sitting)
    html = _pages().get_template("awards/selection_document.html").render(**facts)
    result = Attachment("selection.json", rfc8785.dumps(sitting.result), "定标结果（机器可读，可重算）", act.now)
    sitting.report_sha256 = act.store.put(render_pdf(html, attachments=[result])).sha256
    append(act, "selection.report", sitting.subject, {"report_sha256": sitting.report_sha256})
    act.session.flush()
    return sitting.report_sha256


def report_facts(act: Act, sitting: Selection) -> dict[str, Any]:
    """What the report says, as values for its template."""
    section = sitting.publicity.section
    bids = {bid.number: bid for bid in experts.final_bids(act.session, section)}
    return {
        "section": section,
        "project": section.project,
        "number": sitting.number,
        "plan": sitting.plan,
        "result": sitting.result,
        "draw": sitting.draw,
        "candidates": [
            {"number": one, "name": bids[one].full_name, "price_fen": bids[one].price_fen} for one in sitting.candidates
        ],
        "names": {number: bid.full_name for number, bid in bids.items()},
        "members": sitting.members,
        "inspections": found.inspections(act.session, sitting.publicity),
        "at": act.now.astimezone(BEIJING),
    }


def sign_selection(act: Act, sitting: Selection, *, report_sha256: str, dissent: str = "") -> None:
    """A member signs the report whose hash was read, with what they do not agree with (recorded, R-514).

    Conflict: selection.member, selection.state without a report, selection.signed the second time, report.other for
    another report; Invalid("form.length").
    """
    seat = found.seat_of(sitting, act.actor)
    if seat is None:
        raise Conflict("selection.member", section=sitting.publicity.section.code)
    if sitting.state != "concluded" or sitting.report_sha256 is None:
        raise Conflict(
            "selection.state", verb="sign", state=sitting.state, allowed=["concluded"], subject=sitting.subject
        )
    if report_sha256 != sitting.report_sha256:
        raise Conflict("report.other", expected=sitting.report_sha256)
    if any(one["seat"] == seat["seat"] for one in sitting.signatures):
        raise Conflict("selection.signed", seat=seat["seat"])
    dissent = dissent.strip()
    if len(dissent) > MOST_DISSENT:
        raise Invalid("form.length", field="dissent", most=MOST_DISSENT, least=0, found=len(dissent))
    told = {"seat": seat["seat"], "report_sha256": report_sha256, "dissent": dissent}
    sitting.signatures = [*sitting.signatures, {**told, "at": iso(act.now)}]
    append(act, "selection.sign", sitting.subject, {**told, "actor": act.actor.name})
    act.session.flush()


def check_signed(sitting: Selection) -> None:
    """Refuse to go on while a member has not signed the report: Conflict("selection.unsigned") naming the seats."""
    if sitting.report_sha256 is None:
        return  # concluded before reports were written
    signed = {one["seat"] for one in sitting.signatures}
    waiting = [one["seat"] for one in sitting.members if one["seat"] not in signed]
    if waiting:
        raise Conflict("selection.unsigned", seats=waiting)


@cache
def _pages() -> jinja2.Environment:
    return paper_templates(money=grouped)
