"""What every part of a complaint's life does: a step on record, people told, who may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.rules import Role
from awards import queries
from awards.models import Complaint, ComplaintStep, Publicity
from awards.queries import complaints as found
from bidding.models import Section
from core.act import Act
from core.clock import iso
from core.errors import Conflict, Forbidden, Invalid, Missing
from core.ledger.log import append
from core.outbox import post


def publicity_of(act: Act, section: Section) -> Publicity | None:
    """The section's publicity; None before there is one."""
    try:
        return queries.publicity(act.session, section)
    except Missing:
        return None


def add_step(act: Act, held: Complaint, kind: str, text: str, files: Sequence[Mapping[str, Any]], **facts: Any) -> None:
    """Keep a step and tell the ledger; Invalid("form.length") for a text too short or too long."""
    text = checked_reason(text) if kind not in ("resume",) else text.strip()
    step = ComplaintStep(
        complaint_id=held.id,
        number=1 + len(found.steps(act.session, held)),
        kind=kind,
        text=text,
        files=[dict(file) for file in files],
        by=act.actor.name,
        at=act.now,
    )
    act.session.add(step)
    act.session.flush()
    append(
        act, "complaint.step", held.subject,
        {"number": step.number, "step": kind, "text": text, "files": [file["sha256"] for file in files], **facts},
    )  # fmt: skip


def tell(act: Act, held: Complaint, template: str, **facts: Any) -> None:
    """Tell the complainant, of a decision the tenderee, too."""
    recipients = {held.organisation_id}
    if template == "awards.complaint_decided":
        recipients.add(held.section.project.tenderee_id)
    for recipient in recipients:
        post(
            act,
            key=f"{template}:{held.subject}:{recipient}:{iso(act.now)}",
            recipient=f"organisation:{recipient}",
            template=template,
            section=held.section.code,
            number=held.number,
            **facts,
        )


def tell_parties(act: Act, section: Section, template: str, number: int) -> None:
    """Tell the tenderee and its agent; who bids is told by the notice and, after the opening, by the hall."""
    for recipient in {section.project.tenderee_id, section.project.agent_id} - {None}:
        post(
            act,
            key=f"{template}:{section.code}:{number}:{recipient}:{iso(act.now)}",
            recipient=f"organisation:{recipient}",
            template=template,
            section=section.code,
            number=number,
        )


def check_regulator(act: Act) -> None:
    """Forbidden("complaint.regulator") to anybody else."""
    if not act.actor.has(Role.SUPERVISOR):
        raise Forbidden("complaint.regulator")


def check_accepted(held: Complaint, verb: str) -> None:
    """Conflict("complaint.state") where the complaint is not under investigation."""
    if held.state != "accepted":
        raise Conflict("complaint.state", verb=verb, state=held.state, allowed=["accepted"], subject=held.subject)


def checked_reason(text: str) -> str:
    """The text without its margins; Invalid("form.length")."""
    text = text.strip()
    if len(text) < 4 or len(text) > 5000:
        raise Invalid("form.length", field="text", least=4, most=5000, found=len(text))
    return text
