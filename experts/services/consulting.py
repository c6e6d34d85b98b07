"""The host's side of shared pools: ask partners for candidates before the freeze, take their answers, go without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from accounts.rules import Role
from core import canonical, partners
from core.act import Act
from core.clock import from_iso, iso
from core.draw import record
from core.errors import Conflict, Forbidden, Invalid, Refusal
from core.ledger.log import append
from core.machine import advance
from core.partners import SKEW
from experts import queries
from experts.models import Committee, Consultation, Partner
from experts.queries import federation
from experts.rules import Shape
from experts.rules import federation as rules

KEPT_FOR = timedelta(days=1)
"""An answer older than this is asked for anew: people's days fill up."""


@dataclass(frozen=True)
class Asking:
    """A question on its way: to which address, in which bytes."""

    number: int
    code: str
    url: str
    raw: bytes


def ask_partners(act: Act, committee: Committee) -> list[Asking]:
    """Write the questions that are to be asked before the committee's candidates can be frozen; none where none is.

    One that was answered today, and still stands, is not asked again; one without an answer is sent as it was, so that
    the partner answers the same. Conflict("section.state") before the opening is done, ("draw.uncommitted") before
    every party has committed: a partner's names are drawn after the commitments, so nobody can choose among them.
    """
    shape = Shape.from_json(committee.shape)
    if not shape.partners:
        return []
    _check_time(act, committee)
    waiting = []
    for code, pools in rules.by_partner(shape.partners).items():
        partner = federation.partner_named(act.session, code)
        question = question_for(act, committee, partner, pools)
        held = next(
            (one for one in federation.consultations(act.session, committee, committee.draw_label)
             if one.partner_id == partner.id), None,
        )  # fmt: skip
        if held is not None and held.state == "forgone":
            continue
        if held is not None and _stands(act, held, question):
            continue
        if held is None or held.state == "answered" or not _can_be_sent_again(act, held, question):
            held = _ask(act, committee, partner, question, held)
        if partner.withdrawn_at is not None:
            note_failure(act, held, Conflict("partner.withdrawn"))
            continue
        waiting.append(
            Asking(held.id, code, f"{partner.url}/federation/candidates", partners.written(_signed(held.request)))
        )
    return waiting


def question_for(act: Act, committee: Committee, partner: Partner, pools: Sequence[str]) -> dict[str, Any]:
    """What the partner is asked: everything but id, instant and addressees."""
    if committee.meets_at is None:
        raise Conflict("committee.state", verb="ask", state=committee.state, allowed=[], subject=committee.subject)
    shape, label = Shape.from_json(committee.shape), str(committee.draw_label)
    draw = record.draw(act.session, label)
    return {
        "as": partner.code,
        "label": label,
        "section": committee.section.code,
        "pools": list(pools),
        "seats": [{"speciality": seat.speciality, "count": seat.count} for seat in shape.seats],
        "meets_at": iso(committee.meets_at),
        "hours": committee.hours,
        "limits": {"regions": list(shape.limits.regions), "most_seats": shape.limits.most_seats},
        "parties": [rules.party_json(one) for one in queries.parties(act.session, committee.section)],
        "avoid": avoided(act, committee),
        "commitments": {nonce.party: nonce.commitment for nonce in record.nonces(act.session, draw)},
        "earlier": [held["label"] for held in committee.rounds[:-1]],
    }


def avoided(act: Act, committee: Committee) -> list[dict[str, str]]:
    """Whom upheld requests name (R-331), as a partner is told, in confidence."""
    named = queries.upheld_names(act.session, committee.section)
    return [{"person": name, "unit": unit} for name, unit in named]


def keep_answer(act: Act, held: Consultation, raw: bytes) -> None:
    """Take the partner's signed answer once it holds; what does not changes nothing.

    Forbidden("partner.signature"), Conflict("partner.stale"), Invalid("partner.malformed") or ("partner.other").
    """
    signed = partners.read(raw)
    partners.check_signed(signed, held.partner.verifier)
    if (signed.document.get("from"), signed.document.get("to")) != (held.partner.key, str(act.signer.verifier)):
        raise Invalid("partner.other", label=held.label)
    partners.check_fresh(signed.document, act.now)
    rules.check_answer(signed.document, held.request["document"], held.request_sha256)
    held.answer, held.answer_sha256 = signed.told(), rules.digest(signed.told())
    held.failures, held.last_error = 0, None
    counts = {"candidates": len(signed.document["candidates"]), "excluded": len(signed.document["excluded"])}
    advance(act, held, "answer", answer_sha256=held.answer_sha256, **counts)


def note_failure(act: Act, held: Consultation, refusal: Refusal) -> None:
    """Put on record that no good answer came, and why; the question stands."""
    held.failures += 1
    said = str(refusal.facts.get("said") or refusal.facts.get("error") or "")
    held.last_error = f"{refusal.code} {said}".strip()[:200]
    append(act, "consultation.fail", held.subject, {"error": held.last_error})


def forgo(act: Act, committee: Committee, code: str, reason: str) -> Consultation:
    """The officer decides to draw without this partner, with the reason everybody reads, where it did not answer.

    Conflict("consultation.state") once it has answered: whose candidates are known are not left out.
    """
    if not act.actor.has(Role.OFFICER):
        raise Forbidden("consultation.officer")
    if len(reason.strip()) < 10:
        raise Invalid("form.length", field="reason", least=10, most=1000, found=len(reason.strip()))
    _check_time(act, committee)
    held = federation.consultation(act.session, committee, code)
    if not held.failures:
        raise Conflict("consultation.untried", partner=held.partner.name)
    held.reason = reason.strip()
    advance(act, held, "forgo", reason=held.reason)
    return held


def ask_after_all(act: Act, committee: Committee, code: str) -> None:
    """Take the decision to draw without the partner back, before the freeze."""
    if not act.actor.has(Role.OFFICER):
        raise Forbidden("consultation.officer")
    _check_time(act, committee)
    held = federation.consultation(act.session, committee, code)
    if held.state == "forgone":
        advance(act, held, "ask_again", request_sha256=held.request_sha256)
        held.reason, held.failures = None, 0


@dataclass(frozen=True)
class Guests:
    """What partners bring to a freeze: their candidates and excluded under unmistakable names, and their answers."""

    specialities: dict[str, list[str]]
    excluded: list[dict[str, Any]]
    rounds: list[dict[str, Any]]
    told: list[dict[str, Any]]


def guests_for(act: Act, committee: Committee) -> Guests:
    """Every partner's answer as it enters the frozen list, none added, none dropped.

    Conflict("consultation.unanswered") while one named has neither answered this very question nor been forgone.
    """
    found = Guests({}, [], [], [])
    for code, pools in rules.by_partner(Shape.from_json(committee.shape).partners).items():
        partner = federation.partner_named(act.session, code)
        held = next(
            (one for one in federation.consultations(act.session, committee, committee.draw_label)
             if one.partner_id == partner.id), None,
        )  # fmt: skip
        who = {"code": code, "name": partner.name, "key": partner.key}
        if held is not None and held.state == "forgone":
            found.rounds.append({**who, "without": held.reason})
            found.told.append({**who, "without": held.reason})
            continue
        if held is None or held.answer is None or not _stands(act, held, question_for(act, committee, partner, pools)):
            raise Conflict("consultation.unanswered", partner=partner.name)
        document = held.answer["document"]
        found.specialities.update({f"{code}/{name}": list(held) for name, held in document["candidates"].items()})
        found.excluded.extend(
            {"candidate": f"{code}/{row['candidate']}", "reasons": row["reasons"]} for row in document["excluded"]
        )
        found.rounds.append({**who, "answer": held.answer})
        found.told.append({**who, "answer_sha256": held.answer_sha256})
    return found


def _check_time(act: Act, committee: Committee) -> None:
    section = committee.section
    if section.state not in ("opened", "evaluating"):
        raise Conflict(
            "section.state", verb="ask_partners", state=section.state, allowed=["opened"], subject=section.subject
        )
    draw = record.draw(act.session, str(committee.draw_label))
    if draw.state != "announced":
        raise Conflict("draw.state", verb="ask_partners", state=draw.state, subject=draw.subject)
    missing = sorted(set(draw.parties) - {nonce.party for nonce in record.nonces(act.session, draw)})
    if missing:
        raise Conflict("draw.uncommitted", parties=missing)


def _ask(
    act: Act, committee: Committee, partner: Partner, question: dict[str, Any], held: Consultation | None
) -> Consultation:
    document = {
        "type": rules.CANDIDATES, "id": act.chance(16).hex(), "at": iso(act.now), "from": str(act.signer.verifier),
        "to": partner.key, **question,
    }  # fmt: skip
    request, sha256 = partners.sign(act.signer, document).told(), rules.digest(document)
    if held is not None:
        held.request, held.request_sha256 = request, sha256
        advance(act, held, "ask_again", request_sha256=sha256)
        held.answer = held.answer_sha256 = None
        return held
    held = Consultation(
        committee_id=committee.id, committee=committee, partner_id=partner.id, partner=partner,
        label=str(committee.draw_label), request=request, request_sha256=sha256, told={}, failures=0, state="asked",
        state_at=act.now,
    )  # fmt: skip
    act.session.add(held)
    act.session.flush()
    append(act, "consultation.ask", held.subject, {"request_sha256": sha256, "actor": act.actor.name})
    return held


def _question_in(held: Consultation) -> dict[str, Any]:
    apart = ("type", "id", "at", "from", "to")
    return {name: value for name, value in held.request["document"].items() if name not in apart}


def _stands(act: Act, held: Consultation, question: dict[str, Any]) -> bool:
    """Whether the answer is to the question as it would be asked now, and of today."""
    fresh = held.answer is not None and act.now - from_iso(held.answer["document"]["at"]) < KEPT_FOR
    return held.state == "answered" and fresh and _question_in(held) == question


def _can_be_sent_again(act: Act, held: Consultation, question: dict[str, Any]) -> bool:
    young = act.now - from_iso(held.request["document"]["at"]) < SKEW / 2
    return young and _question_in(held) == question


def _signed(told: dict[str, Any]) -> partners.Signed:
    return partners.read(canonical.dumps(told))
