"""The lender's side of shared pools: answer a partner with anonymised candidates, then invite those it has seated."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import rfc8785

from core import canonical, partners
from core.act import Act
from core.calendar import day_of
from core.clock import from_iso, iso
from core.draw import mechanism
from core.errors import Conflict, Invalid, Missing
from core.ledger.log import append
from core.machine import advance
from core.outbox import post
from core.seal.age import check_recipient
from core.vault import seal_to
from experts import queries
from experts.models import Enquiry, Expert, Loan, Partner
from experts.queries import federation
from experts.rules import federation as rules
from experts.rules import pool_health, speciality_name
from experts.services.masks import candidate_name
from experts.services.partners import opened

NO_CERTIFICATE = "no_certificate"
LIVE = ("invited", "accepted")


def answer_candidates(act: Act, raw: bytes) -> bytes:
    """Answer a partner's question with our candidates for its draw, under names only we can resolve.

    Our own bars count: ties to its parties, time conflicts, term, training, requests to avoid, and who holds no
    certificate to sign in there with. The same question gets the same bytes; all questions for one draw share one salt
    and one set of the host's commitments, so that asking again draws no new names. Besides what `opened` raises:
    Conflict("partner.replayed") for a known id with another content, ("partner.commitments"), ("duty.closed"),
    Invalid("partner.not_lent") naming the pools.
    """
    partner, document = opened(act, raw, rules.CANDIDATES)
    rules.check_question(document)
    sha256 = rules.digest(document)
    earlier = federation.enquiries(act.session, partner.id, str(document["section"]))
    known = next((one for one in earlier if one.request_id == document["id"]), None)
    if known is not None:
        if known.request_sha256 != sha256:
            raise Conflict("partner.replayed")
        return canonical.dumps(known.answer)
    pools: list[str] = document["pools"]  # type: ignore[assignment]
    foreign = [code for code in pools if code not in partner.lends]
    if foreign:
        raise Invalid("partner.not_lent", pools=foreign)
    if not queries.is_open(act.session):
        raise Conflict("duty.closed")
    same = [one for one in earlier if one.label == document["label"]]
    if any(one.question[name] != document[name] for one in same for name in ("commitments", "as")):
        raise Conflict("partner.commitments")
    salt = federation.secret_of(act.session, same[-1])["salt"] if same else act.chance(32).hex()
    gone = {
        code
        for one in earlier
        if one.label != document["label"]
        for code in federation.secret_of(act.session, one)["codes"].values()
    }
    answer, secret = _answer(act, partner, document, sha256, salt, gone)
    told = partners.sign(act.signer, answer).told()
    held = Enquiry(
        partner_id=partner.id, partner=partner, request_id=document["id"], request_sha256=sha256,
        section=document["section"], label=document["label"], question=document, answer=told,
        secret=_kept(act, secret), answered_at=act.now,
    )  # fmt: skip
    act.session.add(held)
    act.session.flush()
    facts = {"label": held.label, "request_sha256": sha256, "answer_sha256": rules.digest(told)}
    append(act, "partner.answer", f"partner:{partner.code}", facts)
    return canonical.dumps(told)


def _answer(
    act: Act, partner: Partner, question: dict[str, Any], sha256: str, salt: str, gone: set[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answer's document, and salt and codes that resolve it."""
    label, seats = question["label"], rules.seats_of_question(question)
    bars = federation.bars_of_question(act.session, partner.id, question, act.now)
    certified = federation.certified(act.session, from_iso(question["meets_at"]))
    candidates: dict[str, list[str]] = {}
    excluded: list[dict[str, Any]] = []
    codes: dict[str, str] = {}
    for expert in queries.eligible_experts(act.session, {seat.speciality for seat in seats}, question["pools"]):
        if expert.code in gone:
            continue
        name = candidate_name(salt, label, expert.code)
        codes[name] = expert.code
        reasons, _ = bars(expert)
        if expert.person_id not in certified:
            reasons.append(NO_CERTIFICATE)
        if reasons:
            excluded.append({"candidate": name, "reasons": reasons})
        else:
            candidates[name] = list(expert.specialities)
    taken = queries.seats_taken(act.session)
    health = pool_health(
        candidates,
        [(seat.speciality, seat.count) for seat in seats],
        {name: taken.get(codes[name], 0) for name in candidates},
        day_of(act.now),
    )
    table = {"label": label, "salt": salt, "codes": codes}
    answer = {
        "type": rules.CANDIDATES_ANSWER, "id": question["id"], "request_sha256": sha256, "at": iso(act.now),
        "from": str(act.signer.verifier), "to": partner.key, "label": label, "candidates": candidates,
        "excluded": sorted(excluded, key=lambda row: str(row["candidate"])), "health": health.as_json(),
        "table_sha256": hashlib.sha256(rfc8785.dumps(table)).hexdigest(),
    }  # fmt: skip
    return answer, {"salt": salt, "codes": codes}


def answer_seats(act: Act, raw: bytes) -> bytes:
    """Take the host's word on which candidates are seated: invite them, recall who left, and say how each stands.

    For every seat that is still held the answer carries a box, sealed to the recipient the host names, with what it
    needs to seat the person. The seed must open the commitments the question came with, and nobody is resolved before
    the order of the draw was walked again over our own candidates: the host cannot seat whom it likes.
    Conflict("partner.replayed") for a word not newer than the last, ("partner.commitments"), ("partner.seats") for more
    held seats than the committee draws, ("partner.order") where somebody was passed over, Missing("partner.candidate")
    for a name we never gave.
    """
    partner, document = opened(act, raw, rules.SEATS)
    rules.check_seats(document)
    check_recipient(str(document["recipient"]))
    asked = [
        one for one in federation.enquiries(act.session, partner.id, str(document["section"]))
        if one.label == document["label"]
    ]  # fmt: skip
    if not asked:
        raise Missing("partner.candidate", label=str(document["label"]))
    held, at = asked[-1], from_iso(str(document["at"]))
    if held.told_at is not None and at <= held.told_at:
        raise Conflict("partner.replayed")
    _check_seed(held, document)
    if not queries.is_open(act.session):
        raise Conflict("duty.closed")
    codes = {name: code for one in asked for name, code in federation.secret_of(act.session, one)["codes"].items()}
    free = {name for one in asked for name in one.answer["document"]["candidates"]}
    seats: list[dict[str, str]] = document["seats"]  # type: ignore[assignment]
    drawn = sum(seat.count for seat in rules.seats_of_question(held.question))
    if sum(seat["state"] == "held" for seat in seats) > drawn:
        raise Conflict("partner.seats", most=drawn)
    if any(seat["candidate"] not in free for seat in seats):
        raise Missing("partner.candidate", label=held.label)
    _check_order(act, partner, held, seats, str(document["seed"]))
    question = {**held.question, **{name: document[name] for name in ("parties", "avoid", "meets_at", "hours")}}
    bars = federation.bars_of_question(act.session, partner.id, question, act.now)
    rows = []
    for seat in seats:
        expert = queries.expert(act.session, codes[seat["candidate"]])
        loan = _lend(act, partner, held, expert, seat, document)
        loan.place = str(document["place"])
        if loan.state in LIVE and seat["state"] == "left":
            advance(act, loan, "recall")
        elif loan.state in LIVE:
            reasons, _ = bars(expert)
            if federation.certificate_of(act.session, expert, loan.meets_at) is None:
                reasons.append(NO_CERTIFICATE)
            if reasons:
                loan.reason = reasons[0]
                advance(act, loan, "bar", reason=reasons[0])
        rows.append(
            {
                "candidate": seat["candidate"], "state": loan.state, "reason": loan.reason or "",
                "box": _box(act, expert, loan, str(document["recipient"])) if loan.state in LIVE else None,
                "word": _word(act, partner, held, loan) if loan.state in rules.GONE else None,
            }
        )  # fmt: skip
    held.told_at = at
    answer = {
        "type": rules.SEATS_ANSWER, "id": document["id"], "request_sha256": rules.digest(document), "at": iso(act.now),
        "from": str(act.signer.verifier), "to": partner.key, "label": held.label, "seats": rows,
    }  # fmt: skip
    return partners.written(partners.sign(act.signer, answer))


def accept_loan(act: Act, loan: Loan) -> None:
    """The invited expert will go; the host hears it when it next asks."""
    _check_own(act, loan)
    advance(_unnamed(act), loan, "accept")


def decline_loan(act: Act, loan: Loan, reason: str) -> None:
    """The invited expert will not go; the host invites the next of its order."""
    _check_own(act, loan)
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    loan.reason = reason.strip()
    advance(_unnamed(act), loan, "decline", reason=loan.reason)


def _check_seed(held: Enquiry, document: dict[str, Any]) -> None:
    reveals = {party: bytes.fromhex(nonce) for party, nonce in document["reveals"].items()}
    opened_all = reveals.keys() == held.question["commitments"].keys()
    if not opened_all or mechanism.check_reveals(held.question["commitments"], reveals):
        raise Conflict("partner.commitments")
    if mechanism.seed(held.label, list(reveals.values())).hex() != document["seed"]:
        raise Conflict("partner.commitments")


def _check_order(act: Act, partner: Partner, held: Enquiry, seats: list[dict[str, str]], seed: str) -> None:
    """Nobody of ours who came earlier in the drawn order was passed over for somebody of ours who sits."""
    mine = held.answer["document"]["candidates"]
    named = {f"{held.question['as']}{rules.MARK}{name}": name for name in mine}
    order = [named[name] for name in mechanism.order(bytes.fromhex(seed), held.label, named)]
    left = {
        loan.candidate
        for loan in federation.loans(act.session, partner_id=partner.id, section=held.section)
        if loan.label == held.label and loan.state in rules.GONE
    }
    left |= {seat["candidate"] for seat in seats if seat["state"] == "left"}
    sitting = {seat["candidate"]: seat["speciality"] for seat in seats if seat["state"] == "held"}
    if rules.passed_over(order, mine, sitting, left - sitting.keys()) is not None:
        raise Conflict("partner.order", label=held.label)


def _lend(
    act: Act, partner: Partner, held: Enquiry, expert: Expert, seat: dict[str, str], document: dict[str, Any]
) -> Loan:
    """The expert's loan for this seat, made and invited where it is new."""
    found = [
        one for one in federation.loans(act.session, partner_id=partner.id, section=held.section)
        if one.label == held.label and one.candidate == seat["candidate"]
    ]  # fmt: skip
    if found:
        return found[0]
    sealed = queries.sealed_for_duty(act.session, {"expert": expert.id})
    loan = Loan(
        partner_id=partner.id, partner=partner, section=held.section, label=held.label, candidate=seat["candidate"],
        expert_id=None if sealed else expert.id, sealed=sealed, speciality=seat["speciality"],
        meets_at=from_iso(document["meets_at"]), hours=document["hours"], place=document["place"], invited_at=act.now,
        state="invited", state_at=act.now,
    )  # fmt: skip
    act.session.add(loan)
    act.session.flush()
    append(
        act, "loan.invite", loan.subject, {"partner": partner.code, "label": held.label, "candidate": loan.candidate}
    )
    post(
        act,
        key=f"loan:{loan.id}",
        recipient="" if sealed else expert.person.login,
        sealed=queries.sealed_for_duty(act.session, {"recipient": expert.person.login}),
        template="experts.invitation",
        channel="mail" if (expert.contact or {}).keys() == {"mail"} else "voice",
        meets_at=loan.meets_at.isoformat(),
        hours=loan.hours,
        place=loan.place,
        speciality=speciality_name(loan.speciality),
    )
    return loan


def _word(act: Act, partner: Partner, held: Enquiry, loan: Loan) -> dict[str, Any]:
    said = rules.left_word(str(act.signer.verifier), partner.key, held.label, loan.candidate, loan.state)
    return partners.sign(act.signer, said).told()


def _box(act: Act, expert: Expert, loan: Loan, recipient: str) -> str | None:
    """What the host needs to seat the person, sealed to it; None where no certificate is good any more."""
    certificate, unit = federation.certificate_of(act.session, expert, loan.meets_at), expert.person.organisation
    if certificate is None or unit is None:
        return None
    return seal_to(
        recipient,
        {
            "name": expert.person.name,
            "unit": {"name": unit.name, "identifier": unit.identifier},
            "specialities": list(expert.specialities),
            "certificate": certificate,
        },
    )


def _check_own(act: Act, loan: Loan) -> None:
    own = queries.expert_of(act.session, act.actor)
    if own is None or queries.borrowed(act.session, loan).id != own.id:
        raise Missing("loan.unknown")


def _unnamed(act: Act) -> Act:
    return replace(act, actor=replace(act.actor, name="loan"))


def _kept(act: Act, secret: dict[str, Any]) -> dict[str, Any]:
    sealed = queries.sealed_for_duty(act.session, secret)
    return {"sealed": sealed} if sealed else secret
