"""A complaint is checked for its form and filed, or withdrawn by who filed it (R-553, R-554)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from accounts.queries import holders
from accounts.rules import Role
from awards.models import Complaint
from awards.queries import complaints as found
from awards.rules.complaints import (
    complaint_due,
    formal_defects,
    working_due,
)
from awards.services.complaints.orders import end_order
from bidding.models import Section
from core.act import PUBLIC, Act
from core.calendar import national
from core.clock import iso
from core.errors import Conflict, Invalid, Missing
from core.ledger.log import append
from core.machine import advance
from core.outbox import post


def check_complaint(act: Act, section: Section, draft: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """The formal defects of a draft as JSON, and until when it may be filed; nothing is kept."""
    law = found.law_of_complaints(section, act.now)
    grounding = found.grounding(act.session, section, act.actor)
    rule = law.rule("complaint_within")
    due = complaint_due(national(), law.days("complaint_within"), rule.unit, draft["known_at"], grounding)
    defects = formal_defects(draft, grounding, now=act.now, due_at=due)
    told = [
        {"code": one.code, "bars": one.bars,
         "facts": {name: iso(value) for name, value in one.facts.items()}}
        for one in defects
    ]  # fmt: skip
    return told, iso(due)


def file_complaint(
    act: Act, section: Section, draft: Mapping[str, Any], *, acknowledged: bool = False, again: Complaint | None = None
) -> Complaint:
    """File a complaint with the regulator; it is kept whatever its defects, for the regulator decides, not a machine.

    Conflict("complaint.defects") while the checklist has warnings that were not acknowledged; Conflict
    ("complaint.too_early") before the notice and "complaint.over" once the file is closed; Invalid("form.required")
    for an empty text. With `again`, a returned one is filed again, corrected.
    """
    if act.actor.organisation_id is None:
        raise Missing("section.unknown", section=section.code)
    if section.state == "draft":
        raise Conflict("complaint.too_early", section=section.code)
    if section.state == "archived":
        raise Conflict("complaint.over", section=section.code)
    if not str(draft["facts"]).strip():
        raise Invalid("form.required", field="facts")
    defects, due = check_complaint(act, section, draft)
    if defects and not acknowledged:
        raise Conflict("complaint.defects", found=len(defects))
    law = found.law_of_complaints(section, act.now)
    content = {name: value for name, value in draft.items() if name != "files"}
    content["known_at"] = iso(draft["known_at"])
    held = again or Complaint(
        section_id=section.id,
        section=section,
        number=1 + len(found.complaints(act.session, section)),
        organisation_id=act.actor.organisation_id,
        state="filed",
        state_at=act.now,
    )
    held.content, held.files, held.defects = content, list(draft["files"]), [one["code"] for one in defects]
    held.filed_at = act.now
    held.accept_due_at = working_due(national(), act.now, law.days("complaint_accept_within"))
    if again is None:
        act.session.add(held)
    act.session.flush()
    # The text and who complains stay with the regulator: before the opening, who takes an interest is secret.
    facts = {
        "about": content["about"],
        "content_sha256": found.content_digest(held.content, held.files),
        "defects": held.defects,
        "due_at": due,
        "accept_due_at": iso(held.accept_due_at),
        "law": [law.cite("complaint_within"), law.cite("complaint_accept_within")],
    }
    if again is None:
        append(act, "complaint.file", held.subject, facts)
    else:
        advance(act, held, "file_again", actor=PUBLIC.name, **facts)
    for person in holders(act.session, Role.SUPERVISOR, section.project.code):
        post(
            act,
            key=f"complaint.filed:{held.subject}:{iso(act.now)}:{person.login}",
            recipient=person.login,
            template="awards.complaint_filed",
            section=section.code,
            number=held.number,
            due_at=iso(held.accept_due_at),
        )
    return held


def withdraw_complaint(act: Act, held: Complaint) -> None:
    """The complainant withdraws; what was ordered ends. Enter the section's turnstile alone."""
    if held.organisation_id != act.actor.organisation_id:
        raise Missing("complaint.unknown")
    # What ends with it is nobody's act: before the opening, who takes an interest is secret.
    end_order(replace(act, actor=PUBLIC), held, "投诉人撤回投诉")
    advance(act, held, "withdraw", actor=PUBLIC.name)
