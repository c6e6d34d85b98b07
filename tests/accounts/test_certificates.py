"""Certificates: who may have issued them, when they count, whose they are (R-032)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from accounts import queries, services
from accounts.rules import Role, SmallAuthority, check_certificate, verify_signature
from core.act import Platform
from core.errors import Conflict, Invalid
from tests import factories
from tests.factories import SigningKey, uscc

AT = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
AUTHORITY = SmallAuthority.create("滨江演示认证中心", at=AT)
CODE = uscc(300)


def issue(authority: SmallAuthority = AUTHORITY, *, at: datetime = AT, days: int = 365) -> tuple[SigningKey, str]:
    key = SigningKey.create()
    return key, authority.issue(key.public, name="宏远公司", identifier=CODE, person="陈晓", at=at, days=days)


def refusal_of(
    pem: str, *, at: datetime = AT, authorities: list[str] | None = None, revoked: set[str] = frozenset()
) -> str:  # type: ignore[assignment]
    with pytest.raises(Invalid) as caught:
        check_certificate(
            pem, at=at, authorities=[AUTHORITY.pem] if authorities is None else authorities, revoked=revoked
        )
    return caught.value.code


def test_a_good_certificate_says_whose_it_is() -> None:
    _, pem = issue()
    facts = check_certificate(pem, at=AT, authorities=[AUTHORITY.pem], revoked=set())
    assert (facts.subject_name, facts.identifier, facts.person) == ("宏远公司", CODE, "陈晓")
    assert facts.fingerprint == x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA256()).hex()


def test_a_foreign_authority_does_not_count_even_under_the_same_name() -> None:
    """Seen red: comparing issuer names only, without the signature."""
    _, pem = issue(SmallAuthority.create("滨江演示认证中心", at=AT))
    assert refusal_of(pem) == "certificate.untrusted"
    assert refusal_of(pem, authorities=[]) == "certificate.untrusted"


def test_a_leaf_is_no_authority() -> None:
    """A bidder's own certificate must not issue another one. Seen red: without the BasicConstraints check."""
    key, leaf = issue()
    forger = SmallAuthority(key.key, x509.load_pem_x509_certificate(leaf.encode()))
    _, forged = issue(forger)
    assert refusal_of(forged, authorities=[AUTHORITY.pem, leaf]) == "certificate.untrusted"


def test_the_window_is_judged_at_the_instant() -> None:
    """Seen red: with `>` instead of `>=` at the end."""
    _, pem = issue(days=10)
    end = AT + timedelta(days=10)
    assert check_certificate(pem, at=end - timedelta(seconds=1), authorities=[AUTHORITY.pem], revoked=set())
    assert refusal_of(pem, at=end) == "certificate.expired"
    assert refusal_of(issue(at=AT + timedelta(days=5))[1]) == "certificate.not_yet_valid"


def test_an_authority_past_its_own_time_does_not_count() -> None:
    short = SmallAuthority.create("短期", at=AT, days=1)
    _, pem = issue(short)
    assert refusal_of(pem, at=AT + timedelta(days=2), authorities=[short.pem]) == "certificate.untrusted"


def test_revocation_by_fingerprint_and_by_the_authoritys_list() -> None:
    _, pem = issue()
    facts = check_certificate(pem, at=AT, authorities=[AUTHORITY.pem], revoked=set())
    own = AUTHORITY.certificate.fingerprint(hashes.SHA256()).hex()
    assert refusal_of(pem, revoked={facts.fingerprint}) == "certificate.revoked"
    assert refusal_of(pem, revoked={f"{own}:{facts.serial}"}) == "certificate.revoked"
    assert check_certificate(pem, at=AT, authorities=[AUTHORITY.pem], revoked={f"{'0' * 64}:{facts.serial}"})


def test_the_authoritys_own_certificate_and_other_keys_cannot_sign_in() -> None:
    assert refusal_of(AUTHORITY.pem) == "certificate.subject"
    assert refusal_of("nonsense") == "certificate.unreadable"
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(Invalid, match=r"certificate\.algorithm"):
        AUTHORITY.issue(public.decode(), name="甲", identifier=CODE, person="乙", at=AT)


def test_a_certificate_without_a_code_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "陈晓")])
    pem = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(AT)
        .not_valid_after(AT + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )
    assert refusal_of(pem) == "certificate.subject"


def test_a_signature_is_of_this_key_over_this_message() -> None:
    key, pem = issue()
    signature = key.sign(b"message")
    assert verify_signature(pem, signature, b"message")
    assert not verify_signature(pem, signature, b"another")
    assert not verify_signature(issue()[1], signature, b"message")
    assert not verify_signature(pem, b"garbage", b"message")


def _bidder(platform: Platform, act_as: Callable[..., object]) -> str:
    return factories.actor(platform, Role.BIDDER).name


def test_registering_binds_to_person_and_organisation(platform: Platform, act_as: Callable[..., object]) -> None:
    """Seen red: with `check_belongs` left out, a certificate of another organisation was taken."""
    with act_as(Role.BIDDER) as act:  # type: ignore[attr-defined]
        authority = SmallAuthority.create("甲", at=act.now)
        services.add_authority(act, name="甲", pem=authority.pem)
        person = queries.person(act.session, act.actor.name)
        assert person.organisation is not None
        key = SigningKey.create()
        held = services.issue_certificate(act, person, authority=authority, public_key=key.public)
        assert services.register_certificate(act, person, held.pem) is held
        own = person.organisation
        other = authority.issue(key.public, name=own.name, identifier=uscc(999), person=person.name, at=act.now)
        with pytest.raises(Invalid, match=r"certificate\.organisation"):
            services.register_certificate(act, person, other)
        stranger = authority.issue(key.public, name=own.name, identifier=own.identifier, person="李四", at=act.now)
        with pytest.raises(Invalid, match=r"certificate\.person"):
            services.register_certificate(act, person, stranger)
        colleague = factories.person(act, login="colleague", name=person.name, organisation=own)
        with pytest.raises(Conflict, match=r"certificate\.taken"):
            services.register_certificate(act, colleague, held.pem)


def test_a_revocation_list_must_be_the_authoritys_and_never_gives_back(
    platform: Platform, act_as: Callable[..., object]
) -> None:
    """Seen red: with the signature of the list not checked, a stranger could revoke."""
    with act_as(Role.BIDDER) as act:  # type: ignore[attr-defined]
        authority = SmallAuthority.create("甲", at=act.now)
        services.add_authority(act, name="甲", pem=authority.pem)
        person = queries.person(act.session, act.actor.name)
        held = services.issue_certificate(act, person, authority=authority, public_key=SigningKey.create().public)
        forged = SmallAuthority.create("甲", at=act.now).revocation_list([held.serial], at=act.now)
        with pytest.raises(Invalid, match=r"revocation\.untrusted"):
            services.read_revocations(act, forged)
        assert services.read_revocations(act, authority.revocation_list([held.serial], at=act.now)) == 1
        assert services.read_revocations(act, authority.revocation_list([], at=act.now)) == 0
        with pytest.raises(Invalid, match=r"certificate\.revoked"):
            services.register_certificate(act, person, held.pem)
