"""Certificates and authorities: registered, issued by the small authority, revoked, revocation lists read."""

from __future__ import annotations

from sqlalchemy import select

from accounts.models import Authority, Certificate, Person, Revocation, SignIn
from accounts.queries import authorities, certificate_by_fingerprint, revoked
from accounts.rules import SmallAuthority, check_certificate, normalise_uscc
from accounts.rules.certificates import CertificateFacts, fingerprint_of, read_certificate, read_revocation_list
from accounts.services.people import require_factor
from core.act import Act
from core.errors import Conflict, Invalid, Missing
from core.ledger.log import append


def add_authority(act: Act, *, name: str, pem: str) -> Authority:
    """From this act on certificates the authority issues count; several stand side by side (R-023).

    Raises Conflict("authority.duplicate").
    """
    certificate = read_certificate(pem)
    fingerprint = fingerprint_of(certificate)
    if act.session.scalar(select(Authority.id).where(Authority.fingerprint == fingerprint)) is not None:
        raise Conflict("authority.duplicate", name=name)
    authority = Authority(name=name, pem=pem, fingerprint=fingerprint, added_at=act.now)
    act.session.add(authority)
    act.session.flush()
    append(act, "authority.add", None, {"name": name, "fingerprint": fingerprint, "pem": pem, "actor": act.actor.name})
    return authority


def withdraw_authority(act: Act, authority: Authority, *, reason: str) -> None:
    """From this act on nothing the authority issued counts for signing in; earlier signatures keep their evidence."""
    authority.withdrawn_at = act.now
    act.session.add(authority)
    append(
        act,
        "authority.withdraw",
        None,
        {"name": authority.name, "fingerprint": authority.fingerprint, "reason": reason, "actor": act.actor.name},
    )


def register_certificate(act: Act, person: Person, pem: str, *, sign_in: SignIn | None = None) -> Certificate:
    """Bind a signing certificate to the person, once it counts now and names their organisation (R-032).

    Registering the same one again returns it. Raises Invalid("certificate.…") as `check_certificate` does,
    Invalid("certificate.organisation") when it names another code, Conflict("certificate.taken"),
    Forbidden("factor.weak") from a weak sign-in (see `require_factor`).
    """
    require_factor(act, person, sign_in)
    facts = check_certificate(pem, at=act.now, authorities=authorities(act.session), revoked=revoked(act.session))
    check_belongs(facts, person)
    known = certificate_by_fingerprint(act.session, facts.fingerprint)
    if known is not None:
        if known.person_id != person.id:
            raise Conflict("certificate.taken")
        return known
    certificate = Certificate(
        person_id=person.id,
        fingerprint=facts.fingerprint,
        serial=facts.serial,
        pem=pem.strip() + "\n",
        not_before=facts.not_before,
        not_after=facts.not_after,
    )
    act.session.add(certificate)
    act.session.flush()
    append(
        act,
        "certificate.register",
        f"person:{person.id}",
        {"fingerprint": facts.fingerprint, "serial": facts.serial, "code": facts.identifier, "actor": act.actor.name},
    )
    return certificate


def check_belongs(facts: CertificateFacts, person: Person) -> None:
    """The certificate names the person's organisation, and the person or, for a seal, the organisation itself (R-032).

    Raises Invalid("certificate.organisation") or Invalid("certificate.person").
    """
    own = person.organisation.identifier if person.organisation else None
    if own is None or normalise_uscc(facts.identifier) != own:
        raise Invalid("certificate.organisation", field="certificate", found=facts.identifier)
    if facts.person not in (person.name, person.organisation.name if person.organisation else None):
        raise Invalid("certificate.person", field="certificate", found=facts.person)


def issue_certificate(
    act: Act, person: Person, *, authority: SmallAuthority, public_key: str, days: int = 365
) -> Certificate:
    """The small authority signs a certificate for the person's own public key (PEM), which is then registered.

    The private key stays where it was made. Raises Conflict("role.organisation") for a person of no organisation.
    """
    if person.organisation is None:
        raise Conflict("role.organisation", role="certificate")
    pem = authority.issue(
        public_key,
        name=person.organisation.name,
        identifier=person.organisation.identifier,
        person=person.name,
        at=act.now,
        days=days,
    )
    return register_certificate(act, person, pem)


def revoke_certificate(act: Act, certificate: Certificate, *, reason: str) -> None:
    """From this act on the certificate opens nothing; Conflict("certificate.already_revoked") the second time."""
    if certificate.revoked_at is not None:
        raise Conflict("certificate.already_revoked")
    certificate.revoked_at = act.now
    act.session.add(certificate)
    act.session.flush()
    append(
        act,
        "certificate.revoke",
        f"person:{certificate.person_id}",
        {"fingerprint": certificate.fingerprint, "reason": reason, "actor": act.actor.name},
    )


def revoke_own_certificate(act: Act, person: Person, fingerprint: str) -> None:
    """A person revokes their own certificate; Missing("certificate.unknown") when it is not theirs."""
    held = certificate_by_fingerprint(act.session, fingerprint)
    if held is None or held.person_id != person.id:
        raise Missing("certificate.unknown")
    revoke_certificate(act, held, reason="own")


def read_revocations(act: Act, pem: str) -> int:
    """Take over an authority's signed revocation list and return how many serials are new; none ever comes back."""
    listed = read_revocation_list(pem, authorities=authorities(act.session))
    known = set(
        act.session.scalars(
            select(Revocation.serial).where(Revocation.authority_fingerprint == listed.authority_fingerprint)
        )
    )
    fresh = {serial: at for serial, at in listed.serials.items() if serial not in known}
    for serial, at in sorted(fresh.items()):
        act.session.add(
            Revocation(
                authority_fingerprint=listed.authority_fingerprint, serial=serial, revoked_at=at, read_at=act.now
            )
        )
    act.session.flush()
    append(
        act,
        "authority.revocations",
        None,
        {"authority": listed.authority_fingerprint, "serials": sorted(fresh), "actor": act.actor.name},
    )
    return len(fresh)
