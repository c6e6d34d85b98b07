"""Objections to the tender documents: raised by nobody known, answered to all; meanwhile the section stands still."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from bidding import queries, rules
from bidding.lifecycle import OBJECTION
from bidding.models import DocumentObjection, Section
from bidding.rules.passages import Passage
from bidding.rules.privacy import find_private
from core.act import PUBLIC, Act
from core.board import publish_notice
from core.calendar import national
from core.clock import iso
from core.errors import Conflict, Invalid, Untimely
from core.ledger.log import append
from core.machine import advance
from core.outbox import post

MOST_OBJECTION = 5000


def raise_objection(
    act: Act, section: Section, text: str, *, own_names: Iterable[str] = (), keeps_private: bool = False
) -> DocumentObjection:
    """Object to the documents; afterwards the tenderee has to answer and, if it is in time, the section stands still.

    Who objects is stored nowhere (R-132, R-208): `own_names` are only looked for in the text, which is published with
    its answer. In time is what comes no later than the frozen law's days before the deadline; later ones are kept for
    tenderee and supervisor and suspend nothing (R-135). In procurement nothing is suspended before a complaint. Enter
    the section's turnstile alone. Raises Untimely("document_objection.late") once the deadline has come,
    Invalid("document_objection.names_itself"), and Invalid("document_objection.private") for private numbers in the
    text unless `keeps_private` says that they are meant to be published.
    """
    if section.state not in queries.RECEIVING:
        raise Conflict("section.not_open", section=section.code, state=section.state)
    deadline = queries.standing_deadline(section, act.now)
    if rules.is_late(act.now, deadline):
        raise Untimely("document_objection.late", deadline=deadline, at=act.now)
    text = _checked(text, own_names, keeps_private)
    law, last = queries.law_of(section), queries.objections_until(section, act.now)
    objection = DocumentObjection(
        section_id=section.id,
        section=section,
        number=len(queries.objections(act.session, section)) + 1,
        text=text,
        is_admissible=act.now <= last,
        raised_at=act.now,
        answer_due_at=rules.answer_due(law, national(), act.now),
        state=OBJECTION.start,
        state_at=act.now,
    )
    act.session.add(objection)
    act.session.flush()
    key = "doc_objection_before" if rules.suspends(law) else "challenge_within"
    facts: dict[str, Any] = {
        "number": objection.number,
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "is_admissible": objection.is_admissible,
        "admissible_until_at": iso(last),
        "answer_due_at": iso(objection.answer_due_at),
        "law": [law.cite(one) for one in (key, "objection_answer") if one in law.rules],
    }
    append(act, "document_objection.raise", section.subject, facts)
    if objection.is_admissible and rules.suspends(law) and section.state == "submission_open":
        _suspend(act, section, facts)
    post(
        act,
        key=f"document_objection.raised:{section.code}:{objection.number}",
        recipient=f"organisation:{section.project.tenderee_id}",
        template="bidding.objection_raised",
        section=section.code,
        number=objection.number,
        due_at=iso(objection.answer_due_at),
    )
    return objection


def _suspend(act: Act, section: Section, facts: dict[str, Any]) -> None:
    # The act is nobody's in the ledger too, whoever's session carries it.
    told = {"objection": facts["number"], "deadline": iso(section.closing_at), "ordered_at": iso(act.now)}
    advance(act, section, "suspend", actor=PUBLIC.name, **told)
    publish_notice(
        act,
        kind="suspension",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）暂停公告",
        content={
            "project_code": section.project.code,
            "section_code": section.code,
            "section_name": section.name,
            "suspended_at": iso(act.now),
            "standing_deadline_at": iso(section.closing_at),
            "objection": facts,
        },
    )


def _checked(text: str, own_names: Iterable[str], keeps_private: bool) -> str:
    text = text.strip()
    if not text:
        raise Invalid("form.required", field="text")
    if len(text) > MOST_OBJECTION:
        raise Invalid("form.length", field="text", most=MOST_OBJECTION, least=1, found=len(text))
    named = rules.names_itself(text, own_names)
    if named is not None:
        raise Invalid("document_objection.names_itself", field="text", name=named)
    private = find_private([Passage("text", "text", text)])
    if private and not keeps_private:
        raise Invalid("document_objection.private", field="text", found=[one.masked for one in private])
    return text
