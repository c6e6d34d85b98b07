"""Bonds meet their bids once the names are public: declared, evidence looked into, judged by what is there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bidding.models import Bond, BondBook, Section
from bidding.queries import bonds as queries
from bidding.rules.bonds import (
    MONEY,
    PAPERS,
    WAIVER,
    Fault,
    Known,
    check_declared,
    check_guarantee,
    check_money,
    fault,
    read_guarantee,
)
from bidding.rules.bonds.guarantee import digest_of as guarantee_digest
from bidding.rules.bonds.guarantee import issuer_of
from bidding.rules.bonds.guarantee import read_certificate as read_institution
from bidding.services.bonds.relief import relief_of
from core.act import Act
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.machine import advance

MOST_FAULTS = 40


@dataclass(frozen=True)
class Claim:
    """What an opened identity package says of a bond: the bid's number, who bids, the declared form and account."""

    number: int
    holder: str
    name: str
    organisation_id: int | None
    declared: dict[str, Any] | None


def declare_bonds(act: Act, section: Section, claims: Sequence[Claim]) -> list[Bond]:
    """The names are public: from this act on bonds may be known. One bond for every bid, where the section asks one.

    Called once, in the act that publishes the names; a section without a bond gets none, nor does a round of final
    offers: the bond was given with the first response.
    """
    if not section.bond_fen or section.round > 1:
        return []
    book = queries.bond_book(act.session, section)
    if book is None:
        book = BondBook(section_id=section.id, section=section, commitments={})
        act.session.add(book)
    if book.released_at is not None:
        raise Conflict("bond.released", section=section.code)
    book.released_at = act.now
    made = []
    for claim in claims:
        if not claim.holder:
            continue
        relief = relief_of(act, section, claim.organisation_id)
        asked = section.bond_fen if relief is None else int(relief["asked_fen"])
        bond = Bond(
            section_id=section.id, section=section, kind="bid", number=claim.number, holder=claim.holder[:40],
            name=claim.name, organisation_id=claim.organisation_id,
            form=(claim.declared or {}).get("form", "")[:20] or "none", asked_fen=asked, declared=claim.declared,
            relief=relief, faults=[], state="declared", state_at=act.now,
        )  # fmt: skip
        act.session.add(bond)
        made.append(bond)
    act.session.flush()
    facts = {"bonds": len(made), "commitments": book.commitments}
    append(act, "bond.release", section.subject, facts)
    for bond in made:
        judge(act, bond)
    return made


def present_guarantee(act: Act, section: Section, number: int, content: bytes | None) -> Bond | None:
    """The bid was opened and this lay in its place for a guarantee (None: nothing did); afterwards it is judged.

    None where the section asks no bond, or this bid's is money or waived.
    """
    bond = queries.bond(act.session, section, number)
    if bond is None or bond.form not in PAPERS or bond.guarantee is not None:
        return bond
    if content is None:
        bond.guarantee = {"document": None, "sha256": None}
    else:
        sha256 = hashlib.sha256(content).hexdigest()
        try:
            document = read_guarantee(content)
            bond.guarantee = {"document": document, "sha256": sha256, "digest": guarantee_digest(document)}
        except Invalid as refusal:
            bond.guarantee = {"document": None, "sha256": sha256, "refused": refusal.code, **refusal.facts}
    act.session.flush()
    judge(act, bond)
    return bond


def extend_guarantee(act: Act, bond: Bond, content: bytes, *, until: date) -> None:
    """The bid's validity is longer now: this guarantee stands in the place of the one before (R-158).

    `until`: the new last day of validity. Invalid("validity.guarantee") with its first fault; one of an issuer the
    platform does not know is taken and told, for a person to look at (R-153).
    """
    document = read_guarantee(content)
    terms = {**queries.bond_terms(act.session, bond.section), "valid_until": until.isoformat()}
    known = queries.known(act.session)
    found = check_guarantee(document, terms=terms, applicant=_applicants(bond), known=known, due_fen=bond.asked_fen)
    told = [one.as_json() for one in found if one.code == "guarantee.issuer_unknown"]
    for one in found:
        if one.code != "guarantee.issuer_unknown":
            raise Invalid("validity.guarantee", field="guarantee", fault=one.code, faults=[one.as_json()])
    sha256 = hashlib.sha256(content).hexdigest()
    bond.guarantee = {
        "document": document, "sha256": sha256, "digest": guarantee_digest(document),
        "before": (bond.guarantee or {}).get("sha256"),
    }  # fmt: skip
    bond.faults, bond.institution_id = told, _institution(act, document, known)
    act.session.flush()
    append(act, "bond.extend", bond.subject, {"until": until.isoformat(), "sha256": sha256, "faults": len(told)})


def judge(act: Act, bond: Bond) -> None:
    """Look at everything that is there for the bond and move it on: waived, held, or faulty with every fault told.

    A fault rejects nothing: the committee and the purchaser judge (R-263, R-410). A faulty bond whose evidence is whole
    after all, because a bank corrected its statement, is accepted.
    """
    if bond.state not in ("declared", "faulty") or bond.number is None:
        if bond.number is None and bond.state == "declared":
            advance(act, bond, "fault", faults=[one["code"] for one in bond.faults])
        return
    if bond.relief is not None and bond.asked_fen == 0 and bond.form in (WAIVER, "none"):
        if bond.state == "declared":
            advance(act, bond, "waive", holder=bond.holder, rule=bond.relief.get("rule"))
        return
    found = _faults(act, bond)
    if found is None:
        return
    bond.faults = [one.as_json() for one in found[:MOST_FAULTS]]
    codes = [one.code for one in found]
    if not found:
        facts: dict[str, Any] = {"number": bond.number, "form": bond.form, "asked_fen": bond.asked_fen}
        if bond.guarantee:
            facts["guarantee_sha256"] = bond.guarantee["sha256"]
        advance(act, bond, "accept", **facts)
    elif bond.state == "declared":
        advance(act, bond, "fault", number=bond.number, form=bond.form, faults=codes)
    act.session.flush()


def _faults(act: Act, bond: Bond) -> list[Fault] | None:
    """The bond's faults; None while its evidence has still to come: a statement, or the opening of the bid."""
    section, law = bond.section, queries.bond_law(bond.section)
    if bond.form == WAIVER:
        return [fault("bond.no_relief", "R-707", name=bond.name)]
    found = check_declared(bond.declared, forms=law.words("bond_forms"), due_fen=bond.asked_fen)
    if found or bond.declared is None or "form" not in bond.declared:
        return found
    if bond.form in PAPERS:
        return None if bond.guarantee is None else _of_guarantee(act, bond)
    if bond.form not in MONEY or not queries.statements(act.session, section):
        return None
    return check_money(
        queries.as_payments(queries.payments(act.session, bond)),
        declared=bond.declared,
        due_fen=bond.asked_fen,
        deadline=section.closing_at,
        bidder=bond.name,
        names=[bond.name, *(one["name"] for one in _members(bond))],
        basic=law.words("bond_basic_account"),
    )


def _members(bond: Bond) -> list[dict[str, str]]:
    """The other members of the consortium that bids: each may pay or apply for the guarantee (R-157)."""
    return list((bond.declared or {}).get("members", []))


def _applicants(bond: Bond) -> list[str]:
    return [bond.holder, *(one["uscc"] for one in _members(bond))]


def _of_guarantee(act: Act, bond: Bond) -> list[Fault]:
    held: Mapping[str, Any] = bond.guarantee or {}
    if held["document"] is None:
        if held["sha256"] is None:
            return [fault("guarantee.absent", "R-151")]
        return [fault("guarantee.malformed", "R-153", place=str(held.get("place", "")))]
    document, known = held["document"], queries.known(act.session)
    found = check_guarantee(
        document,
        terms=queries.bond_terms(act.session, bond.section),
        applicant=_applicants(bond),
        known=known,
        due_fen=bond.asked_fen,
        by=bond.section.closing_at,
    )
    bond.institution_id = _institution(act, document, known)
    for other in queries.bonds(act.session, bond.section, bond.kind):
        mine = other.id == bond.id or not other.guarantee
        if not mine and (other.guarantee or {}).get("digest") == held["digest"]:
            found.append(fault("guarantee.reused", "R-652", found=document["number"]))
            break
    return found


def _institution(act: Act, document: Mapping[str, Any], known: Sequence[Known]) -> int | None:
    try:
        issuer = issuer_of(read_institution(document["certificate"]), known)
    except Invalid:
        return None
    return None if issuer is None else queries.institution(act.session, issuer.name).id
