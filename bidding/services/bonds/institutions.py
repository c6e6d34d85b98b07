"""Institutions: registered with their certificate, withdrawn, and what banks commit to before the names are known."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes

from bidding.models import BondBook, BondInstitution, Section
from bidding.queries import bonds as queries
from bidding.queries.sections import section as section_of
from bidding.rules.bonds import read_certificate
from bidding.rules.bonds.guarantee import KINDS
from bidding.rules.bonds.statement import COMMITMENT, COMMITMENT_KEYS, read_signed
from core.act import Act
from core.clock import iso
from core.errors import Conflict, Invalid, Untimely
from core.ledger.log import append
from core.outgoing import check_address


def register_institution(act: Act, *, name: str, kind: str, certificate: str, address: str = "") -> BondInstitution:
    """From this act on what the institution signs counts; several stand side by side, none is forced (R-153).

    Raises Invalid("institution.certificate"), Invalid("institution.address"), Invalid("outgoing.private") for a machine
    inside a network that is not named as our own, and Conflict("institution.duplicate").
    """
    if kind not in KINDS:
        raise Invalid("form.choice", field="kind", found=kind, options=list(KINDS))
    if not name.strip():
        raise Invalid("form.required", field="name")
    fingerprint = read_certificate(certificate).fingerprint(hashes.SHA256()).hex()
    if address:
        _check_address(act, address)
    if any(one.name == name.strip() or one.fingerprint == fingerprint for one in queries.institutions(act.session)):
        raise Conflict("institution.duplicate", name=name)
    held = BondInstitution(
        name=name.strip(),
        kind=kind,
        certificate=certificate.strip() + "\n",
        fingerprint=fingerprint,
        address=address.rstrip("/"),
        added_at=act.now,
    )
    act.session.add(held)
    act.session.flush()
    facts = {"name": held.name, "kind": kind, "fingerprint": fingerprint, "actor": act.actor.name}
    append(act, "institution.register", None, facts)
    return held


def _check_address(act: Act, address: str) -> None:
    try:
        check_address(address, act.trust.networks)
    except Invalid as refused:
        if refused.code == "outgoing.private":
            refused.field = "address"
            raise
        raise Invalid("institution.address", field="address", found=address[:80]) from None


def withdraw_institution(act: Act, institution: BondInstitution, *, reason: str) -> None:
    """From this act on nothing new it signs counts; guarantees issued before keep theirs."""
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    if institution.withdrawn_at is not None:
        raise Conflict("institution.withdrawn", name=institution.name)
    institution.withdrawn_at = act.now
    act.session.flush()
    facts = {"name": institution.name, "reason": reason.strip(), "actor": act.actor.name}
    append(act, "institution.withdraw", None, facts)


def keep_commitment(act: Act, raw: bytes) -> Section:
    """Keep the hash a bank gives of its statement between the closing and the names; the same again changes nothing.

    Every bank gives one for every section, whether or not anybody paid, so it tells nothing (R-154). Raises
    Untimely("commitment.early") while bids are received, Untimely("commitment.late") once the names are public,
    Conflict("commitment.other") for a second, different one.
    """
    told, bank = read_signed(raw, COMMITMENT, COMMITMENT_KEYS, queries.known(act.session))
    section = section_of(act.session, str(told["section"])[:60])
    digest = str(told["commitment"])
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise Invalid("statement.malformed", field="file", place="commitment")
    book = queries.bond_book(act.session, section)
    held = (book.commitments if book else {}).get(bank.name)
    if held is not None:
        if held["commitment"] == digest:
            return section
        raise Conflict("commitment.other", bank=bank.name, section=section.code)
    if section.closed_at is None:
        raise Untimely("commitment.early", section=section.code, deadline=section.deadline_at)
    if book is not None and book.released_at is not None:
        raise Untimely("commitment.late", section=section.code, at=book.released_at)
    if book is None:
        book = BondBook(section_id=section.id, section=section, commitments={})
        act.session.add(book)
    book.commitments = {**book.commitments, bank.name: {"commitment": digest, "at": iso(act.now)}}
    act.session.flush()
    append(act, "bond.commit", section.subject, {"bank": bank.name, "commitment": digest})
    return section
