"""Correction requests: a party says a record is wrong or repaired, the centre forwards it, the source answers."""

from __future__ import annotations

from core.act import Act
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.machine import advance
from core.outbox import post
from credit import queries
from credit.models import CreditCheck, CreditCorrection
from credit.services.checking import MOST_SHOT, SHOTS, check_party_again

WISHES = ("correct", "repair")
"""What a party asks for: the record is wrong (更正), or what it is about has been put right (修复)."""


def file_correction(
    act: Act, check: CreditCheck, *, wish: str, grounds: str, file: bytes | None = None, name: str = ""
) -> CreditCorrection:
    """File a request about one check of one's own organisation, with a paper where there is one.

    Raises Invalid credit.wish, .grounds, .shot, .shot_large, and Conflict("credit.correction_open") while another one
    about the same record waits, Conflict("credit.nothing_to_correct") for a check that found nothing.
    """
    if wish not in WISHES:
        raise Invalid("credit.wish", field="wish", options=list(WISHES))
    if not 10 <= len(grounds.strip()) <= 2000:
        raise Invalid("credit.grounds", field="grounds", least=10, most=2000)
    if check.decision == "clear" or not check.evidence.get("records"):
        raise Conflict("credit.nothing_to_correct", field="grounds")
    for held in queries.corrections_of(act.session, check.identifier):
        if held.check.source == check.source and held.state in ("filed", "forwarded"):
            raise Conflict("credit.correction_open", field="grounds", number=held.id)
    sha256 = None
    if file:
        if not any(file.startswith(start) for start in SHOTS):
            raise Invalid("credit.shot", field="file")
        if len(file) > MOST_SHOT:
            raise Invalid("credit.shot_large", field="file", most=MOST_SHOT)
        sha256 = act.store.put(file).sha256
    held = CreditCorrection(
        check_id=check.id,
        check=check,
        identifier=check.identifier,
        wish=wish,
        grounds=grounds.strip(),
        evidence_name=name[:200] if file else "",
        evidence_sha256=sha256,
        filed_at=act.now,
        filed_by=act.actor.name,
        state="filed",
        state_at=act.now,
    )
    act.session.add(held)
    act.session.flush()
    append(
        act,
        "credit_correction.file",
        held.subject,
        {"check": check.evidence_sha256, "wish": wish, "evidence_sha256": sha256, "actor": act.actor.name},
    )
    return held


def forward_correction(act: Act, held: CreditCorrection, *, to: str) -> None:
    """Forward it to the authority that listed the party; Invalid("credit.forwarded_to") without one."""
    if not 2 <= len(to.strip()) <= 200:
        raise Invalid("credit.forwarded_to", field="to")
    held.forwarded_to, held.forwarded_at = to.strip(), act.now
    advance(act, held, "forward", forwarded_to=held.forwarded_to)
    _tell(act, held)


def return_correction(act: Act, held: CreditCorrection, *, reason: str) -> None:
    """Give it back to the party with the reason: a paper is missing, it is about something else."""
    held.answer = _answered(reason)
    advance(act, held, "return", answer=held.answer)
    _tell(act, held)


def answer_correction(act: Act, held: CreditCorrection, *, upheld: bool, answer: str) -> list[CreditCheck]:
    """Put the source's answer on record and ask every list about the party again: only a list clears a name.

    Raises Invalid("credit.answer_text").
    """
    held.answer, held.answered_at = _answered(answer), act.now
    advance(act, held, "uphold" if upheld else "dismiss", answer=held.answer)
    _tell(act, held)
    return check_party_again(act, held.check.section, held.identifier, "manual")


def withdraw_correction(act: Act, held: CreditCorrection) -> None:
    """The party takes its request back."""
    advance(act, held, "withdraw")


def _answered(text: str) -> str:
    if not 4 <= len(text.strip()) <= 2000:
        raise Invalid("credit.answer_text", field="answer", least=4, most=2000)
    return text.strip()


def _tell(act: Act, held: CreditCorrection) -> None:
    organisation = queries.organisation_of(act.session, held.identifier)
    if organisation is not None:
        post(
            act,
            key=f"{held.subject}:{held.state}",
            recipient=f"organisation:{organisation.id}",
            template=f"credit.correction_{held.state}",
            number=held.id,
            to=held.forwarded_to or "",
            answer=held.answer or "",
        )
