"""Organisations: registered once per code, verified by an operator, every correction kept (R-010…R-014)."""

from __future__ import annotations

import unicodedata

from accounts.models import Organisation
from accounts.queries import grants, organisation_by_identifier, people
from accounts.rules import Role, check_uscc, normalise_uscc
from accounts.services.people import grant_role
from core.act import Act
from core.errors import Conflict, Invalid
from core.ledger.log import append

USCC = "CN-USCC"


def register_organisation(
    act: Act, *, name: str, identifier: str, region: str = "", evidence: str = "", scheme: str = USCC
) -> Organisation:
    """Register an organisation; free and open to every region and ownership (R-020).

    A code that cannot be one is refused (uscc.length, uscc.character); one whose check digits fail is taken only with
    `evidence` (else uscc.evidence) and waits for an operator (R-012). A second organisation of the same code is
    refused: organisation.duplicate (R-013). Registered by an operator with evidence it counts as verified (R-014).
    """
    if scheme == USCC:
        code, agrees = check_uscc(identifier)
        if not agrees and not evidence:
            raise Invalid("uscc.evidence", field="evidence", uscc=code)
    else:
        code, agrees = normalise_uscc(identifier), True
    name = unicodedata.normalize("NFC", name).strip()
    if not name:
        raise Invalid("form.required", field="name")
    if organisation_by_identifier(act.session, code, scheme=scheme) is not None:
        raise Conflict("organisation.duplicate", uscc=code)
    confirmed = bool(evidence) and act.actor.has(Role.OPERATOR, "system")
    organisation = Organisation(
        name=name,
        id_scheme=scheme,
        identifier=code,
        check_digits_agree=agrees,
        region=region,
        verified_at=act.now if confirmed else None,
        verified_by=act.actor.name if confirmed else None,
        verification=evidence or None,
    )
    act.session.add(organisation)
    act.session.flush()
    append(
        act,
        "organisation.register",
        subject_of(organisation),
        {**_facts(organisation), "evidence": evidence, "verified": confirmed, "actor": act.actor.name},
    )
    return organisation


def verify_organisation(act: Act, organisation: Organisation, *, evidence: str) -> None:
    """An operator confirms the entry against `evidence` (which document, seen how); who and when is kept (R-014).

    Raises Invalid("form.required") without evidence and Conflict("organisation.verified") a second time.
    """
    if not evidence.strip():
        raise Invalid("form.required", field="evidence")
    if organisation.verified_at is not None:
        raise Conflict("organisation.verified", name=organisation.name)
    organisation.verified_at = act.now
    organisation.verified_by = act.actor.name
    organisation.verification = evidence.strip()
    act.session.add(organisation)
    act.session.flush()
    append(
        act,
        "organisation.verify",
        subject_of(organisation),
        {**_facts(organisation), "evidence": evidence.strip(), "actor": act.actor.name},
    )
    if not organisation.check_digits_agree:
        # Their role has waited for this moment; see `register_member`.
        for member in people(act.session, organisation_id=organisation.id):
            if not grants(act.session, member.id):
                grant_role(act, member, Role.BIDDER)


def correct_organisation(act: Act, organisation: Organisation, *, name: str, region: str, reason: str) -> None:
    """Correct name and region of an entry; the old ones stay in the ledger, the code never changes (R-014)."""
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    before = _facts(organisation)
    organisation.name = unicodedata.normalize("NFC", name).strip() or organisation.name
    organisation.region = region
    act.session.add(organisation)
    act.session.flush()
    append(
        act,
        "organisation.correct",
        subject_of(organisation),
        {"before": before, "after": _facts(organisation), "reason": reason.strip(), "actor": act.actor.name},
    )


def subject_of(organisation: Organisation) -> str:
    """Its name in the public ledger: a number, so that the log does not tell who has just registered (R-043)."""
    return f"organisation:{organisation.id}"


def _facts(organisation: Organisation) -> dict[str, object]:
    return {
        "name": organisation.name,
        "scheme": organisation.id_scheme,
        "code": organisation.identifier,
        "check_digits_agree": organisation.check_digits_agree,
        "region": organisation.region,
    }
