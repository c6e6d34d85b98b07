"""The contract: made from the sealed offer, signed by every party's certificate, published, performed, ended."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from accounts.queries import authorities, certificates, person_by_id
from accounts.rules import check_certificate, verify_signature
from awards import queries
from awards.models import Contract, ContractEvent, Publicity
from awards.queries import contracts as found
from awards.queries.complaints import check_free
from awards.rules.contracts import EVENTS, check_change, check_fault, check_terms, contract_due, contract_message
from awards.services.contract_document import render_contract
from bidding import queries as bidding
from bidding.models import Section
from bidding.services import bonds
from core import money
from core.act import Act
from core.board import publish_notice
from core.calendar import day_of, end_of_day, national
from core.clock import iso
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from core.machine import advance
from core.outbox import post
from credit import services as credit
from opening import queries as opening

KIND = "contract"


def propose_contract(act: Act, publicity: Publicity, terms: Mapping[str, Any]) -> Contract:
    """Put the contract up for signature; a version nobody has signed by both sides before becomes void.

    The PDF is made of the terms, with them attached as data; its hash is what every party signs. Refused: substance
    other than the offer's (contract.substantive), too high a bond (contract.bond), an order or an open objection or
    challenge, Conflict("contract.state") after a contract was concluded, Conflict("contract.no_award").
    """
    section = publicity.section
    _check_signable(act, publicity)
    held = found.contract(act.session, section)
    if held is not None and held.state != "signing":
        raise Conflict("contract.state", verb="propose", state=held.state, allowed=["signing"], subject=held.subject)
    offer = found.offer_of(publicity)
    law = bidding.law_of(section)
    check_terms(offer, terms, bond_share=law.text("perf_bond_max") if "perf_bond_max" in law.rules else None)
    winner = publicity.winner
    if winner is None:
        raise Conflict("contract.no_award", section=section.code)
    if held is not None:
        advance(act, held, "void", reason="proposed_again")
    number = 1 + len(found.contracts(act.session, section))
    pdf = render_contract(winner, section, dict(terms), number, at=act.now)
    made = Contract(
        section_id=section.id,
        section=section,
        number=number,
        bid_id=winner.id,
        bid=winner,
        offer=offer,
        terms=dict(terms),
        pdf_sha256=act.store.put(pdf).sha256,
        signatures=[],
        due_at=contract_due(national(), found.noticed_at(act.session, publicity), law.days("contract_within")),
        proposed_at=act.now,
        state="signing",
        state_at=act.now,
    )
    act.session.add(made)
    act.session.flush()
    append(
        act, "contract.propose", made.subject,
        {"bid": winner.number, "offer": offer, "terms": made.terms, "pdf_sha256": made.pdf_sha256,
         "due_at": iso(made.due_at), "actor": act.actor.name},
    )  # fmt: skip
    _tell(act, made, "", "awards.contract_proposed", due_at=iso(made.due_at))
    return made


def sign_contract(act: Act, held: Contract, *, pdf_sha256: str, signature: str) -> None:
    """Sign the contract's hash with one's own valid certificate (base64 DER); the last party's signature concludes.

    Everyone signs for itself: a winning consortium's members as much as its lead. Concluded, it is published in the
    same act (R-558), and all are told what is due: refund of bid bonds (R-155), the copy to be filed. Conflict:
    contract.other, contract.signed, contract.state; Forbidden("contract.party"); Invalid("contract.signature").
    """
    party = found.party_of(act.session, held, act.actor)
    if party is None:
        raise Forbidden("contract.party")
    _check_unsigned(act, held, party, pdf_sha256)
    certificate = _own_certificate(act, signature, contract_message(pdf_sha256))
    _sign(act, held, party, person_by_id(act.session, act.actor.person_id or 0).name, certificate, signature)


def bring_signature(act: Act, held: Contract, *, certificate: str, pdf_sha256: str, signature: str) -> None:
    """A party hands in the signature of a member without an account here: its certificate says whose it is.

    What it signed is the same hash; only for another member of the consortium, whose certificate must count now. As
    `sign_contract`, and what `check_certificate` refuses; Invalid("contract.member") where it is no member's.
    """
    if found.party_of(act.session, held, act.actor) is None:
        raise Forbidden("contract.party")
    facts = check_certificate(
        certificate, at=act.now, authorities=authorities(act.session), revoked=opening.revoked_by(act.session, act.now)
    )
    members = [one for one in found.parties(act.session, held) if one.role == "member"]
    party = next((one.key for one in members if one.identifier == facts.identifier), None)
    if party is None:
        raise Invalid("contract.member", field="certificate", found=facts.identifier)
    _check_unsigned(act, held, party, pdf_sha256)
    if not _made(certificate, signature, contract_message(pdf_sha256)):
        raise Invalid("contract.brought", field="signature")
    _sign(act, held, party, facts.person, certificate, signature)


def record_event(
    act: Act, held: Contract, *, kind: str, text: str, amount_fen: int = 0, files: Sequence[Mapping[str, Any]] = ()
) -> ContractEvent:
    """Record a change, a milestone, a payment or the filing of the copy; changes are published (R-558, S15).

    Under regime G supplements may not exceed the law's share of the price. Invalid: contract.event,
    contract.supplement; Conflict("contract.state") unless it is concluded.
    """
    _check_party(act, held)
    if held.state != "concluded":
        raise Conflict("contract.state", verb="record", state=held.state, allowed=["concluded"], subject=held.subject)
    if kind not in EVENTS:
        raise Invalid("contract.event", field="kind", found=kind)
    before = found.events(act.session, held)
    if kind == "change":
        law = bidding.law_of(held.section)
        share = law.text("supplement_most") if "supplement_most" in law.rules else None
        check_change(
            held.terms["price_fen"], [one.amount_fen for one in before if one.kind == "change"], amount_fen, share
        )
    event = ContractEvent(
        contract_id=held.id,
        number=1 + len(before),
        kind=kind,
        text=_text(text, "text", 4),
        amount_fen=amount_fen,
        files=[dict(file) for file in files],
        by=act.actor.name,
        at=act.now,
    )
    act.session.add(event)
    act.session.flush()
    facts = {
        "number": event.number, "event": kind, "text": event.text, "amount_fen": amount_fen,
        "files": [file["sha256"] for file in files], "actor": act.actor.name,
    }  # fmt: skip
    append(act, "contract.event", held.subject, facts)
    if kind == "change":
        _publish(act, held, "contract_change", "合同变更公告", {"change": event.text, "amount_fen": amount_fen})
    return event


def complete_contract(act: Act, held: Contract, text: str) -> None:
    """The contract has been performed; whoever gave a performance bond gets it back."""
    _check_party(act, held, "tenderee")
    held.ending = {"text": _text(text, "text", 4), "refund_fen": held.terms["performance_bond_fen"]}
    advance(act, held, "complete", ending=held.ending, fact="contract_performed")
    _record(act, held, "contract_performed", decision=f"合同第 {held.number} 号履行完毕", reason=held.ending["text"])
    bonds.after_performance(act, held.section, winner=held.bid.identifier, reason=held.ending["text"])
    _tell_refund(act, held)


def terminate_contract(
    act: Act,
    held: Contract,
    *,
    text: str,
    settlement_fen: int,
    refund_fen: int,
    fault: str = "none",
    document: str = "",
) -> None:
    """End the contract before it is performed, in public: why, what is settled, what of the bond is refunded.

    `fault`: whose it is, "winner", "tenderee", or "none" (agreed, force majeure); of either it takes the number of what
    found it (`document`: judgment, award, a statement both signed), and is a fact of that party's credit. Invalid:
    contract.refund for more than the bond that was given, contract.kept where a part of it would be kept without the
    winner's fault, contract.fault, contract.fault_document.
    """
    _check_party(act, held, "tenderee")
    if not 0 <= refund_fen <= held.terms["performance_bond_fen"]:
        raise Invalid("contract.refund", field="refund_fen", most=money.grouped(held.terms["performance_bond_fen"]))
    document = document.strip()[:120]
    check_fault(fault, document, keeps=refund_fen < held.terms["performance_bond_fen"])
    held.ending = {
        "text": _text(text, "text", 10), "settlement_fen": settlement_fen, "refund_fen": refund_fen, "fault": fault,
        "document": document,
    }  # fmt: skip
    advance(act, held, "terminate", ending=held.ending, fact=None if fault == "none" else "contract_broken")
    if fault != "none":
        _record(act, held, "contract_broken", decision=document, reason=held.ending["text"], about=fault)
    _publish(
        act, held, "contract_end", "合同解除公告",
        {"reason": held.ending["text"], "settlement_fen": settlement_fen, "refund_fen": refund_fen},
    )  # fmt: skip
    bonds.after_termination(
        act, held.section, winner=held.bid.identifier, refund_fen=refund_fen, reason=held.ending["text"],
        document=document,
    )  # fmt: skip
    _tell_refund(act, held)


def _record(act: Act, held: Contract, kind: str, *, decision: str, reason: str, about: str = "winner") -> None:
    """A fact about the winner and whoever signed with it (招标投标法 a31), or about the tenderee."""
    bid, tenderee = held.bid, held.section.project.tenderee
    party = tenderee if about == "tenderee" else bid
    credit.record_joint_fact(
        act,
        kind=kind,
        identifier=party.identifier,
        name=party.name,
        members=[(one["uscc"], one["name"]) for one in bid.members] if party is bid else [],
        section_code=held.section.code,
        source=held.subject,
        decision=decision,
        facts={"reason": reason[:500], "contract": held.number, "party": about},
        law=bidding.law_of(held.section),
    )


def void_contract(act: Act, section: Section, reason: str) -> None:
    """What waits for signatures is void: its winner was lost. Conflict("contract.concluded") once it is concluded."""
    held = found.contract(act.session, section)
    if held is None:
        return
    if held.state != "signing":
        raise Conflict("contract.concluded", section=section.code)
    advance(act, held, "void", reason=reason)


def _conclude(act: Act, held: Contract) -> None:
    section = held.section
    law = bidding.law_of(section)
    held.concluded_at = act.now
    late = act.now >= held.due_at
    signatures = [{name: one[name] for name in ("party", "signature", "at")} for one in held.signatures]
    advance(act, held, "conclude", pdf_sha256=held.pdf_sha256, signatures=signatures, late=late)
    stored = {"name": f"contract-{section.code}-{held.number}.pdf", "sha256": held.pdf_sha256,
              "size": act.store.size(held.pdf_sha256)}  # fmt: skip
    filing = law.cite("contract_file_within") if "contract_file_within" in law.rules else None
    # Government procurement publishes the contract itself (采购法实施条例 a50); elsewhere what it says in short.
    _publish(
        act, held, KIND, "合同公告",
        {"concluded_at": iso(act.now), "late": late, "duration_days": held.terms["duration_days"]},
        attachments=[stored] if section.project.regime == "G" else [],
    )  # fmt: skip
    bonds.after_contract(
        act,
        section,
        winner=held.bid.identifier,
        price_fen=held.terms["price_fen"],
        performance_fen=held.terms["performance_bond_fen"],
    )
    refund = _refund_due(law, act.now)
    _tell(
        act, held, ":concluded", "awards.contract_concluded", refund_due_at=iso(refund) if refund else None,
        filing=filing["value"] if filing else None,
    )  # fmt: skip


def _refund_due(law: Any, now: datetime) -> datetime | None:
    if "bond_refund_after_contract" not in law.rules:
        return None
    days, rule = law.days("bond_refund_after_contract"), law.rule("bond_refund_after_contract")
    if rule.unit == "working_days":
        return end_of_day(national().end_of_working_days(day_of(now), days).on)
    return end_of_day(day_of(now) + timedelta(days=days))


def _publish(
    act: Act, held: Contract, kind: str, title: str, facts: Mapping[str, Any],
    attachments: Sequence[dict[str, Any]] = (),
) -> None:  # fmt: skip
    section = held.section
    publish_notice(
        act,
        kind=kind,
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）{title}",
        content={
            "section": section.code,
            "project": section.project.name,
            "tenderee": section.project.tenderee.name,
            "winner": {"name": held.bid.name, "identifier": held.bid.identifier, "consortium": held.bid.members},
            "contract": held.number,
            "price_fen": held.terms["price_fen"],
            "contract_sha256": held.pdf_sha256,
            **facts,
        },
        attachments=list(attachments),
    )


def _tell_refund(act: Act, held: Contract) -> None:
    refund = money.grouped(int((held.ending or {}).get("refund_fen", 0)))
    _tell(act, held, f":{held.state}", "awards.contract_ended", refund=refund)


def _tell(act: Act, held: Contract, about: str, template: str, **facts: Any) -> None:
    """A letter to every party that has an account here."""
    for recipient in {one.organisation_id: None for one in found.parties(act.session, held) if one.organisation_id}:
        post(
            act, key=f"{held.subject}{about}:{recipient}", recipient=f"organisation:{recipient}", template=template,
            section=held.section.code, **facts,
        )  # fmt: skip


def _check_signable(act: Act, publicity: Publicity) -> None:
    section = publicity.section
    check_free(act.session, section, act.now)
    if section.state != "awarded":
        raise Conflict("contract.no_award", section=section.code)
    waiting = queries.open_objections(act.session, publicity)
    if waiting:
        raise Conflict("publicity.suspended", objections=waiting)


def _check_unsigned(act: Act, held: Contract, party: str, pdf_sha256: str) -> None:
    _check_signable(act, queries.publicity(act.session, held.section))
    if held.state != "signing":
        raise Conflict("contract.state", verb="sign", state=held.state, allowed=["signing"], subject=held.subject)
    if pdf_sha256 != held.pdf_sha256:
        raise Conflict("contract.other", expected=held.pdf_sha256)
    if any(one["party"] == party for one in held.signatures):
        raise Conflict("contract.signed", party=party)


def _sign(act: Act, held: Contract, party: str, by: str, certificate: str, signature: str) -> None:
    made = {"party": party, "by": by, "certificate": certificate, "signature": signature, "at": iso(act.now)}
    held.signatures = [*held.signatures, made]
    append(act, "contract.sign", held.subject, {"pdf_sha256": held.pdf_sha256, "signature": made})
    act.session.flush()
    if {one["party"] for one in held.signatures} == {one.key for one in found.parties(act.session, held)}:
        _conclude(act, held)


def _check_party(act: Act, held: Contract, only: str | None = None) -> None:
    party = found.party_of(act.session, held, act.actor)
    if party is None or only not in (None, party):
        raise Forbidden("contract.party")


def _own_certificate(act: Act, signature: str, message: bytes) -> str:
    """The actor's own valid certificate (PEM) that made the signature; Invalid("contract.signature")."""
    for certificate in certificates(act.session, act.actor.person_id or 0):
        good = certificate.revoked_at is None and certificate.not_before <= act.now < certificate.not_after
        if good and _made(certificate.pem, signature, message):
            return str(certificate.pem)
    raise Invalid("contract.signature", field="signature")


def _made(pem: str, signature: str, message: bytes) -> bool:
    """Whether the certificate's key made the signature (base64)."""
    try:
        return verify_signature(pem, base64.b64decode(signature, validate=True), message)
    except ValueError:
        return False


def _text(text: str, field: str, least: int) -> str:
    text = text.strip()
    if len(text) < least or len(text) > 5000:
        raise Invalid("form.length", field=field, least=least, most=5000, found=len(text))
    return text
