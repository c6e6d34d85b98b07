"""The host's side of a partner's expert: seated unnamed, told of by the partner, arriving with a certificate."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

from accounts import queries as accounts
from accounts import services as registering
from accounts.models import Person
from accounts.rules import Role
from accounts.rules.certificates import CertificateFacts, facts_of
from core import canonical, partners
from core.act import SYSTEM, Act
from core.clock import iso
from core.draw import record
from core.errors import Conflict, Invalid, Refusal, Untimely
from core.ledger.log import append
from core.machine import advance
from core.outbox import wait_after
from core.seal.age import open_whole
from experts import queries
from experts.models import Committee, Consultation, Member
from experts.queries import federation
from experts.rules import federation as rules
from experts.rules.sites import site_for
from experts.services.consulting import avoided
from experts.services.masks import from_seat
from experts.services.places import bind


def seat_guest(act: Act, committee: Committee, *, label: str, seat: str, candidate: str) -> Member:
    """Give the seat to a partner's candidate, whom nobody here can name yet; the next exchange tells the partner."""
    code, _ = rules.apart(candidate)
    partner = federation.partner_named(act.session, code)
    member = Member(
        committee_id=committee.id, committee=committee, partner_id=partner.id, partner=partner, candidate=candidate,
        seat=seat, label=label, state="invited", state_at=act.now, invited_at=act.now,
    )  # fmt: skip
    act.session.add(member)
    act.session.flush()
    bind(act, member)
    return member


def seats_message(act: Act, held: Consultation, recipient: str) -> bytes:
    """What the partner is told of its seats, signed; `recipient` is whom it seals the names to. Claims the exchange."""
    committee = held.committee
    draw = record.draw(act.session, held.label)
    if draw.seed is None or committee.meets_at is None:
        raise Conflict("draw.state", verb="tell_seats", state=draw.state, subject=draw.subject)
    states = federation.states_to_tell(act.session, held)
    document = {
        "type": rules.SEATS, "id": act.chance(16).hex(), "at": iso(act.now), "from": str(act.signer.verifier),
        "to": held.partner.key, "label": held.label, "section": committee.section.code, "seed": draw.seed,
        "reveals": {nonce.party: nonce.reveal for nonce in record.nonces(act.session, draw)},
        "meets_at": iso(committee.meets_at), "hours": committee.hours,
        "place": _place_for(committee, held.partner.code),
        "recipient": recipient,
        "parties": [rules.party_json(one) for one in queries.parties(act.session, committee.section)],
        "avoid": avoided(act, committee),
        "seats": [
            {"candidate": name, "speciality": seat, "state": state} for name, (seat, state) in sorted(states.items())
        ],
    }  # fmt: skip
    held.due_at = act.now + wait_after(held.failures + 1)
    return partners.written(partners.sign(act.signer, document))


def _place_for(committee: Committee, partner: str) -> str:
    """Where the partner's experts go: their own site where the committee has one, else its place."""
    sites = committee.sites or []
    for one in sites:
        if one["code"] == site_for(sites, partner):
            return f"{one['name']} {one['place']}"
    return str(committee.place)


def keep_seats(act: Act, held: Consultation, asked: bytes, raw: bytes, identity: str | None) -> bool:
    """Take the partner's signed word on its people; whether a seat became empty, which `refill` then fills.

    `identity` opens the boxes where names are kept in clear; None: they stay sealed to the duty key. Refusals as
    `consulting.keep_answer`.
    """
    signed = partners.read(raw)
    partners.check_signed(signed, held.partner.verifier)
    partners.check_fresh(signed.document, act.now)
    question = partners.read(asked).document
    rules.check_seats_answer(signed.document, question, rules.digest(question))
    for row in signed.document["seats"]:
        if row["word"] is not None:
            partners.check_signed(partners.read(canonical.dumps(row["word"])), held.partner.verifier)
    by_name = {str(one.candidate).partition(rules.MARK)[2]: one for one in federation.awaited(act.session, held)}
    changed: dict[str, str] = {}
    leaves = False
    for row in signed.document["seats"]:
        member = by_name[row["candidate"]]
        if row["box"] and member.is_awaited and member.state in queries.LIVE:
            _keep_box(act, member, row["box"], identity)
        if row["state"] == "accepted" and member.state == "invited" and (member.guest or member.sealed):
            advance(from_seat(act, member), member, "accept")
            changed[member.label] = "accepted"
        elif row["state"] in rules.GONE and member.state in ("invited", "accepted"):
            member.reason = row["reason"] or row["state"]
            advance(from_seat(act, member), member, "decline", reason=member.reason, word=row["word"])
            changed[member.label], leaves = row["state"], True
    held.told = {seat["candidate"]: [seat["speciality"], seat["state"]] for seat in question["seats"]}
    held.failures, held.last_error = 0, None
    if changed:
        append(
            act, "consultation.seats", held.subject,
            {"answer_sha256": rules.digest(signed.told()), "seats": changed},
        )  # fmt: skip
    return leaves


def note_silence(held: Consultation, refusal: Refusal) -> None:
    """No good answer came; asked again after a wait that doubles up to an hour."""
    held.failures += 1
    said = str(refusal.facts.get("said") or refusal.facts.get("error") or "")
    held.last_error = f"{refusal.code} {said}".strip()[:200]


def admit_guest(act: Act, facts: CertificateFacts, pem: str) -> Person | None:
    """The person of a partner's awaited expert who has just proved to hold this certificate; None for anybody else.

    From two hours before the meeting on (Untimely member.too_early): only then does the person stand in our register,
    with their unit, their certificate and the expert's role in this project. No password is made or copied.
    Invalid("certificate.…") where the authority that issued it is not recognised here.
    """
    found = next((one for one in federation.newcomers(act.session) if _is_holder(act, one, facts.fingerprint)), None)
    if found is None:
        return None
    committee = found.committee
    known = accounts.certificate_by_fingerprint(act.session, facts.fingerprint)
    if committee.meets_at is not None and not queries.is_room_open(committee, act.now):
        if known is not None:
            return None
        raise Untimely("member.too_early", meets_at=iso(committee.meets_at))
    told = queries.guest_of(act.session, found)
    if told is None or committee.section.state not in ("opened", "evaluating"):
        return None
    person = accounts.person_by_id(act.session, known.person_id) if known else _register(act, found, told, pem)
    scope = committee.section.project.code
    registering.grant_role(replace(act, actor=SYSTEM), person, Role.EXPERT, scope)
    if any(one.person_id == person.id for one in queries.members(act.session, committee)):
        raise Conflict("committee.seated_before", subject=committee.subject)
    found.person_id, found.named = person.id, person
    append(from_seat(act, found), "member.arrive", found.subject, {"fingerprint": facts.fingerprint})
    return person


def _register(act: Act, member: Member, told: dict[str, Any], pem: str) -> Person:
    """The guest as a person of this platform, as the partner vouches for them."""
    by_system = replace(act, actor=SYSTEM)
    partner = member.partner
    vouched = f"{partner.name if partner else ''} {member.candidate}"
    unit = accounts.organisation_by_identifier(act.session, told["unit"]["identifier"])
    if unit is None:
        unit = registering.register_organisation(
            by_system, name=told["unit"]["name"], identifier=told["unit"]["identifier"], evidence=vouched
        )
    facts = facts_of(pem)
    person = registering.register_person(
        by_system, login=f"guest-{partner.code if partner else ''}-{facts.fingerprint[:12]}", name=told["name"],
        organisation=unit,
    )  # fmt: skip
    registering.register_certificate(by_system, person, pem)
    return person


def _keep_box(act: Act, member: Member, box: str, identity: str | None) -> None:
    """Keep what the partner told: opened where there is no duty key, else as it is sealed to it."""
    if identity is None:
        if queries.guest_of(act.session, member) is None:
            member.sealed = box
        return
    if member.guest is None:
        member.guest = _opened(box, identity)


def _opened(box: str, identity: str) -> dict[str, Any]:
    try:
        return rules.check_guest(json.loads(open_whole(base64.b64decode(box, validate=True), identity)))
    except (ValueError, RecursionError):
        raise Invalid("partner.malformed", what="box") from None


def _is_holder(act: Act, member: Member, fingerprint: str) -> bool:
    told = queries.guest_of(act.session, member)
    if told is None:
        return False
    try:
        return facts_of(told["certificate"]).fingerprint == fingerprint
    except Refusal:
        return False
