"""Working on a warning: taken on, material asked for, a decision proposed and approved by a second person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from bidding.queries import law_of
from collusion import queries
from collusion.models import LeadBudget, Material, Warning
from collusion.rules.fusion import Selection
from collusion.rules.law import desk_law, due_after
from core import outbox
from core.act import Act, Actor
from core.calendar import day_of
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.machine import advance
from credit import services as credit

LEAST_REASON = 10
FACT = "collusion_confirmed"
PROPOSED = ("confirm", "dismiss")
"""What a second person must approve: it harms a party, or ends the lead for good."""
BUDGETS = (0.0001, 0.5)


def view_warning(act: Act, found: Warning) -> None:
    """Note in the ledger who looked at a warning: every view leaves a trace (R-857)."""
    append(act, "warning.view", found.subject, {"by": act.actor.name})


def view_notes(act: Act, indicator: str) -> None:
    """Note in the ledger who looked at what scans say of single bidders (R-857)."""
    append(act, "notes.view", "supervision:notes", {"by": act.actor.name, "indicator": indicator})


def assign_warning(act: Act, found: Warning) -> None:
    """Take a warning on: from here on it is the actor's to work on."""
    found.assignee_id = act.actor.person_id
    advance(act, found, "assign", assignee=act.actor.name)


def ask_bidders(act: Act, found: Warning, numbers: Sequence[int], question: str) -> list[Material]:
    """Ask bidders of the ring to explain or hand in material, each by itself; the warning waits meanwhile.

    Nobody is told of the evidence or of the others. Conflict("warning.not_yours"); Invalid("material.bidder") for a
    number that is not in the ring.
    """
    check_own(act.actor, found)
    check_reason(question, "question")
    ring = {member["number"]: member for member in found.ring}
    if not numbers or not set(numbers) <= set(ring):
        raise Invalid("material.bidder", field="numbers", found=sorted(numbers), options=sorted(ring))
    bids = {bid.number: bid for bid in queries.opened_bids(act.session, found.section)}
    count = act.session.scalar(select(func.count(Material.id)).where(Material.warning_id == found.id)) or 0
    due = due_after("material_answer_within", act.now)
    made = []
    for place, number in enumerate(sorted(set(numbers)), count + 1):
        material = Material(
            warning_id=found.id,
            warning=found,
            number=place,
            organisation_id=bids[number].organisation_id,
            bidder=ring[number]["name"],
            question=question.strip(),
            asked_at=act.now,
            due_at=due,
            files=[],
        )
        act.session.add(material)
        made.append(material)
        if material.organisation_id is not None:
            outbox.post(
                act,
                key=f"{found.subject}:material:{place}",
                recipient=f"organisation:{material.organisation_id}",
                template="warning.asked",
                section=found.section.code,
                due_at=due.isoformat(),
            )
    act.session.flush()
    told = desk_law(day_of(act.now)).cite("material_answer_within")
    advance(act, found, "ask", numbers=sorted(set(numbers)), question=question.strip(), rule=told)
    return made


def answer_material(act: Act, material: Material, text: str, files: Sequence[dict[str, Any]]) -> None:
    """Give a bidder's answer, once, with its files ({"name", "sha256", "size"}); the last one resumes the warning.

    An answer after its day is taken and says so by its instant. Conflict("material.answered") for a second one,
    Conflict("material.closed") when the warning no longer waits.
    """
    if material.answered_at is not None:
        raise Conflict("material.answered")
    if material.warning.state != "asked":
        raise Conflict("material.closed")
    check_reason(text, "answer")
    material.answer, material.files, material.answered_at = text.strip(), list(files), act.now
    act.session.flush()
    facts = {"number": material.number, "files": [file["sha256"] for file in files]}
    append(act, "material.answer", material.warning.subject, facts)
    if all(one.answered_at is not None for one in queries.materials(act.session, material.warning)):
        advance(act, material.warning, "resume", by="answers")


def resume_warning(act: Act, found: Warning) -> None:
    """Take a warning up again although answers are missing."""
    check_own(act.actor, found)
    advance(act, found, "resume", by=act.actor.name)


def decide_warning(act: Act, found: Warning, verb: str, reason: str, counter: str = "") -> None:
    """Refer a warning to another authority, or propose to `confirm` or `dismiss` it to a second person.

    Always with a reason; to confirm, also with the counter-evidence that was weighed. Only the one in charge decides:
    Conflict("warning.not_yours"). Invalid("warning.reason") for a reason too short to be one.
    """
    if verb not in ("refer", *PROPOSED):
        raise Invalid("form.choice", field="verb", found=verb, options=["confirm", "dismiss", "refer"])
    check_own(act.actor, found)
    check_reason(reason, "reason")
    if verb == "confirm":
        check_reason(counter, "counter")
    found.proposal = {
        "verb": verb,
        "reason": reason.strip(),
        "counter": counter.strip(),
        "by": act.actor.name,
        "at": act.now.isoformat(),
    }
    if verb == "refer":
        found.decision, found.decided_at = reason.strip(), act.now
        advance(act, found, "refer", reason=found.decision, counter=counter.strip())
    else:
        advance(act, found, "propose", proposed=verb, reason=reason.strip(), counter=counter.strip())


def approve_warning(act: Act, found: Warning, agrees: bool, note: str) -> None:
    """Approve what was proposed, or send it back with a note; never by the one who proposed it.

    A confirmed one becomes a credit fact about each bidder of the ring, which by itself restricts nobody.
    Conflict("warning.second_person") for the one in charge.
    """
    if found.state == "proposed" and found.assignee_id == act.actor.person_id:
        raise Conflict("warning.second_person", warning=found.code)
    if not agrees:
        check_reason(note, "note")
        advance(act, found, "send_back", note=note.strip())
        return
    proposal = found.proposal or {}
    verb = proposal.get("verb") if found.state == "proposed" else "confirm"
    found.decision, found.decided_at = proposal.get("reason"), act.now
    found.approved_by_id = act.actor.person_id
    fact = {"fact": FACT} if verb == "confirm" else {}
    advance(act, found, str(verb), reason=found.decision, note=note.strip(), **fact)
    if verb == "confirm":
        for member in found.ring:
            credit.record_fact(
                act,
                identifier=member["identifier"],
                name=member["name"],
                kind=FACT,
                section_code=found.section.code,
                source=found.subject,
                decision=found.code,
                facts={"warning": found.code, "reason": found.decision},
                law=law_of(found.section),
            )


def press_warning(act: Act, found: Warning) -> None:
    """Call an overdue warning once (督办): in the ledger, and to every supervisor."""
    found.pressed_at = act.now
    act.session.flush()
    append(act, "warning.press", found.subject, {"due_at": found.due_at.isoformat(), "state": found.state})
    outbox.post(
        act, key=f"{found.subject}:overdue", recipient="role:supervisor", template="warning.overdue", warning=found.code
    )


def set_budget(act: Act, budget: float, selection: Selection, reason: str) -> LeadBudget:
    """Decide how many false leads are accepted from now on; leads already raised stay as they are."""
    least, most = BUDGETS
    if not least <= budget <= most:
        raise Invalid("budget.range", field="budget", least=least, most=most)
    check_reason(reason, "reason")
    made = LeadBudget(
        budget=repr(budget),
        selection=selection.value,
        reason=reason.strip(),
        decided_at=act.now,
        decided_by=act.actor.name,
    )
    act.session.add(made)
    act.session.flush()
    append(act, "budget.set", "leads", {"budget": made.budget, "selection": made.selection, "reason": made.reason})
    return made


def check_own(actor: Actor, found: Warning) -> None:
    """Refuse whoever is not in charge of a warning in work: Conflict("warning.not_yours")."""
    if found.state in ("assigned", "asked") and found.assignee_id != actor.person_id:
        raise Conflict("warning.not_yours", warning=found.code)


def check_reason(text: str, field: str) -> None:
    """Refuse a reason too short to be one: Invalid("warning.reason")."""
    if len(text.strip()) < LEAST_REASON:
        raise Invalid("warning.reason", field=field, least=LEAST_REASON)
