"""Questions, answers and amendments: the asker is forgotten, all get the same bytes, the deadline moves by law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bidding import queries, rules
from bidding.models import Clarification, DocumentObjection, Publication, Question, Section
from bidding.rules.concerns import declared
from bidding.services.projects import new_version
from bidding.services.publication import add_policy, notice_attachments, notice_content
from bidding.services.two_persons import prepare, settle, submit_publication
from core.act import Act
from core.board import Notice, publish_notice
from core.clock import from_iso, iso
from core.errors import Conflict, Invalid, Untimely
from core.ledger.log import append
from core.machine import advance
from core.store import Stored


def ask_question(act: Act, section: Section, text: str) -> Question:
    """Ask about the documents; who asked is stored nowhere (R-132). Untimely after the deadline."""
    _need_open(act, section, "question.late")
    if not text.strip():
        raise Invalid("form.required", field="text")
    number = len(queries.questions(act.session, section)) + 1
    question = Question(section_id=section.id, number=number, text=text.strip(), asked_at=act.now)
    act.session.add(question)
    act.session.flush()
    append(act, "question.ask", section.subject, {"number": number, "text": question.text})
    return question


def draft_clarification(
    act: Act,
    section: Section,
    *,
    text: str,
    affects_preparation: bool,
    reason: str = "",
    question: Question | None = None,
    objection: DocumentObjection | None = None,
    deadline_at: datetime | None = None,
    documents: Sequence[tuple[str, str, Stored]] = (),
) -> Publication:
    """Prepare an answer or amendment; `submit_clarification` hands it to the second person.

    It answers a `question`, an `objection` or neither. When it does not affect preparation, `reason` says why
    (recorded). `documents`: (slot, name, stored) new versions. Raises Untimely("clarification.late"),
    Invalid("clarification.reason"), Invalid("clarification.documents"), Invalid("clarification.one"),
    Invalid("clarification.suspended") for a deadline chosen while others' objections stand open, and
    Conflict("document_objection.state") for an objection that is answered already.
    """
    if question is not None and objection is not None:
        raise Invalid("clarification.one", field="question")
    content = {
        "text": text.strip(),
        "affects_preparation": affects_preparation,
        "reason": reason.strip(),
        "question": question.number if question else None,
        "objection": objection.number if objection else None,
        "deadline_at": iso(deadline_at) if deadline_at else None,
        "documents": [
            {"slot": slot, "name": name, "sha256": stored.sha256, "size": stored.size}
            for slot, name, stored in documents
        ],
    }
    _new_deadline(act, section, content)
    return prepare(act, section, "clarification", content)


def submit_clarification(act: Act, publication: Publication, reasons: Mapping[str, str]) -> None:
    """Hand a clarification to the second person with the reason for every finding that stays in its texts."""
    _new_deadline(act, publication.section, publication.content)
    content = publication.content
    concerns = queries.clarification_concerns(act.session, publication.section, act.now, content)
    submit_publication(act, publication, declared(concerns, reasons))


def _new_deadline(act: Act, section: Section, content: Mapping[str, Any]) -> datetime:
    """Where the deadline stands after publishing the content now; refused as `publish_clarification` says."""
    _need_open(act, section, "clarification.late")
    if not content["text"]:
        raise Invalid("form.required", field="text")
    affects = content["affects_preparation"]
    if not affects and not content["reason"]:
        raise Invalid("clarification.reason", field="reason", rule="R-130")
    if content["documents"] and not affects:
        raise Invalid("clarification.documents", field="affects_preparation", rule="R-130")
    objection = _objection(act, section, content)
    if objection is not None and objection.state != "open":
        facts = {"verb": "answer", "state": objection.state, "allowed": ["open"], "subject": section.subject}
        raise Conflict("document_objection.state", **facts)
    stands = section.state == "suspended" and not queries.resumes(act.session, section, objection)
    if stands and content["deadline_at"]:
        raise Invalid("clarification.suspended", field="deadline_at", rule="R-135")
    least = queries.least_deadline(act.session, section, act.now, affects=affects, answered=objection)
    new = from_iso(content["deadline_at"]) if content["deadline_at"] else least
    if new < least:
        raise Invalid("clarification.deadline", field="deadline_at", least=least, rule="R-130")
    return new


def publish_clarification(act: Act, publication: Publication, digest: str) -> Clarification:
    """Publish what another person prepared, to all; the deadline moves where the law says so (R-130, R-135).

    `digest` is of what the actor reviewed. When it affects preparation and lies less than the law's days before the
    deadline, the new deadline is this notice's instant plus those days, or the chosen one if that is later. A moved
    deadline makes a new policy version; seals for the older one are refused from then on, bids already committed stay.
    An objection is published with its answer; the last answer lets a suspended section go on, its deadline moved.
    Enter the section's turnstile alone. Raises Untimely("clarification.late"), Invalid("clarification.deadline") and
    what `settle` refuses.
    """
    section, content = publication.section, publication.content
    if publication.kind != "clarification":
        raise Conflict("publication.kind", number=publication.number)
    old, new = section.closing_at, _new_deadline(act, section, content)
    settle(act, publication, digest)
    law = queries.law_of(section)
    asked = content["question"]
    question = queries.question(act.session, section, asked) if asked else None
    objection = _objection(act, section, content)
    resumes, suspended_at = queries.resumes(act.session, section, objection), section.state_at
    affects_preparation, documents = content["affects_preparation"], content["documents"]
    for document in documents:
        stored = Stored(document["sha256"], document["size"])
        new_version(act, section, document["slot"], document["name"], stored)
    number = len(queries.clarifications(act.session, section)) + 1
    clarification = Clarification(
        section_id=section.id,
        number=number,
        question_id=question.id if question else None,
        objection_id=objection.id if objection else None,
        text=content["text"],
        affects_preparation=affects_preparation,
        reason=content["reason"],
        published_at=act.now,
        old_deadline_at=old,
        new_deadline_at=new,
    )
    act.session.add(clarification)
    section.deadline_at = new
    act.session.flush()
    cited = law.cite("clarify_before_deadline") if "clarify_before_deadline" in law.rules else {"rule": "R-130"}
    facts = {
        "number": number,
        "question": question.number if question else None,
        "objection": {"number": objection.number, "text": objection.text} if objection else None,
        "text": clarification.text,
        "affects_preparation": affects_preparation,
        "reason": clarification.reason,
        "old_deadline_at": iso(old),
        "new_deadline_at": iso(new),
        "ordered_at": iso(act.now),
        **cited,
        **({"suspended_at": iso(suspended_at), "resumed_at": iso(act.now)} if resumes else {}),
    }
    append(act, "clarification.publish", section.subject, facts)
    if objection is not None:
        objection.answered_at = act.now
        late = act.now >= objection.answer_due_at
        advance(act, objection, "answer", number=objection.number, clarification=number, late=late)
    if resumes:
        advance(act, section, "resume", suspended_at=iso(suspended_at), deadline=iso(new), rule="R-135")
    policy = add_policy(act, section) if new != old else queries.policy(act.session, section)
    changes = new != old or bool(documents)
    kind = "异议答复公告" if objection else "更正公告" if changes else "澄清公告"
    publish_notice(
        act,
        kind="correction" if changes else "clarification",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）{kind}（第{number}号）",
        content={**notice_content(act, section, policy), "clarification": facts},
        attachments=notice_attachments(act, section, policy),
        replaces=newest_notice(act, section),
    )
    return clarification


def newest_notice(act: Act, section: Section) -> Notice | None:
    """The tender's newest notice, which the next one follows."""
    return act.session.scalar(
        select(Notice)
        .where(Notice.subject == section.subject, Notice.kind.in_(("tender", "correction")))
        .order_by(Notice.id.desc())
        .limit(1)
    )


def _need_open(act: Act, section: Section, code: str) -> None:
    if section.state not in queries.RECEIVING:
        raise Conflict("section.not_open", section=section.code, state=section.state)
    deadline = queries.standing_deadline(section, act.now)
    if rules.is_late(act.now, deadline):
        raise Untimely(code, deadline=deadline, at=act.now)


def _objection(act: Act, section: Section, content: Mapping[str, Any]) -> DocumentObjection | None:
    asked = content.get("objection")
    return queries.objection(act.session, section, asked) if asked else None
