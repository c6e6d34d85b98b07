"""Signing in and out: challenges, certificates, passwords with one-time codes, server-side sign-ins."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, NewType

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select, update

from accounts import queries
from accounts.models import Challenge, Person, SignIn
from accounts.rules import check_certificate, login_message, verify_signature
from accounts.rules.certificates import CertificateFacts
from accounts.rules.signing_in import TOTP_STEP, check_password, expiry, totp_step
from core.act import Act, Platform
from core.errors import Conflict, Forbidden, Missing
from core.ledger.log import append, size

CHALLENGE_LIFE = timedelta(minutes=5)
CERTIFICATE = "certificate"
hasher = PasswordHasher()
PasswordHash = NewType("PasswordHash", str)


def start_challenge(act: Act, purpose: str = CERTIFICATE) -> str:
    """A one-time challenge of 32 random bytes (base64url), good for five minutes."""
    token = base64.urlsafe_b64encode(act.chance(32)).rstrip(b"=").decode()
    act.session.add(Challenge(token=token, purpose=purpose, expires_at=act.now + CHALLENGE_LIFE))
    act.session.flush()
    return token


def use_challenge(act: Act, token: str, purpose: str) -> None:
    """The challenge was ours, for this, in time, and is used up; else Forbidden("signin.challenge")."""
    used: Any = act.session.execute(
        delete(Challenge).where(Challenge.token == token, Challenge.purpose == purpose, Challenge.expires_at > act.now)
    )
    if used.rowcount != 1:
        raise Forbidden("signin.challenge")


def open_sign_in(act: Act, person: Person, *, method: str, carrier: str) -> str:
    """A new server-side sign-in; the returned token is held by nobody else, the row holds its hash and no instant."""
    if person.disabled_at is not None:
        raise Forbidden("signin.refused")
    token = base64.urlsafe_b64encode(act.chance(32)).rstrip(b"=").decode()
    act.session.add(
        SignIn(
            token_digest=queries.digest_of(token),
            person_id=person.id,
            carrier=carrier,
            method=method,
            expires_at=expiry(act.now),
            revoked=False,
        )
    )
    act.session.flush()
    return token


def sign_in_with_certificate(
    act: Act,
    *,
    certificate: str,
    challenge: str,
    signature: bytes,
    carrier: str = "bearer",
    newcomer: Callable[[Act, CertificateFacts, str], Person | None] | None = None,
) -> str:
    """Sign in by a signature over `login_message(challenge)` with a registered certificate; the token.

    Who holds no such key learns only signin.challenge or signin.signature; who does is told what is wrong with the
    certificate: certificate.untrusted, .expired, .revoked, .unregistered … `newcomer` may know who it is beside those
    registered here (a partner platform's guest).
    """
    use_challenge(act, challenge, CERTIFICATE)
    if not verify_signature(certificate, signature, login_message(challenge)):
        raise Forbidden("signin.signature")
    facts = check_certificate(
        certificate,
        at=act.now,
        authorities=queries.authorities(act.session),
        revoked=queries.revoked(act.session),
    )
    expected = newcomer(act, facts, certificate) if newcomer is not None else None
    if expected is not None:
        return open_sign_in(act, expected, method="certificate", carrier=carrier)
    held = queries.certificate_by_fingerprint(act.session, facts.fingerprint)
    if held is None:
        raise Forbidden("certificate.unregistered", fingerprint=facts.fingerprint[:12])
    return open_sign_in(act, queries.person_by_id(act.session, held.person_id), method="certificate", carrier=carrier)


@cache
def _nobody() -> str:
    """A hash no password has, so that an unknown login costs the same time as a known one."""
    return hasher.hash(base64.b64encode(bytes(range(32))).decode())


@dataclass(frozen=True)
class PasswordProof:
    """Who has shown which password: made outside any act, because a memory-hard hash takes time."""

    login: str
    password_hash: str


def prove_password(platform: Platform, *, login: str, password: str) -> PasswordProof:
    """Check a password outside any transaction: nobody waits for the writer while it is hashed.

    Forbidden("signin.refused") for a wrong login or password, after the same work.
    """
    login = login.strip().lower()
    with platform.reading() as session:
        try:
            held = queries.person(session, login).password_hash
        except Missing:
            held = None
    if not password_matches(held, password) or held is None:
        raise Forbidden("signin.refused")
    return PasswordProof(login, held)


def hash_password(password: str, *, login: str) -> PasswordHash:
    """The Argon2id hash of an acceptable password, to be made before the act; Invalid as `check_password` says."""
    return PasswordHash(hasher.hash(check_password(password, login=login)))


def password_matches(held: str | None, password: str) -> bool:
    """Whether the password is the one of the hash; takes as long when there is no hash."""
    try:
        return hasher.verify(held or _nobody(), unicodedata.normalize("NFKC", password)) and held is not None
    except (VerificationError, InvalidHashError):
        return False


def sign_in_with_password(act: Act, proof: PasswordProof, *, code: str = "", carrier: str = "cookie") -> str:
    """Sign in by a proven password and, where the person has bound one, a one-time code; the token.

    A wrong code, one used before, a password changed since and a disabled person all give the same signin.refused.
    Without a bound second factor the sign-in opens no role, only the page that binds one.
    """
    person = queries.person(act.session, proof.login)
    if person.password_hash != proof.password_hash or person.disabled_at is not None:
        raise Forbidden("signin.refused")
    method = "password"
    if person.totp_secret is not None:
        step = totp_step(person.totp_secret, code, at=act.now)
        if step is None or not _use_step(act, person, step):
            raise Forbidden("signin.refused")
        method = "password+totp"
    return open_sign_in(act, person, method=method, carrier=carrier)


def _use_step(act: Act, person: Person, step: int) -> bool:
    """Use the code's step up; False when it, or a later one, was used before, also by an act at the same moment."""
    used: Any = act.session.execute(
        update(Person)
        .where(Person.id == person.id, Person.totp_last_step < step)
        .values(totp_last_step=step)
        .execution_options(synchronize_session=False)
    )
    return bool(used.rowcount == 1)


def sign_out(act: Act, token: str) -> None:
    """The token opens nothing from here on; an unknown one changes nothing."""
    act.session.execute(update(SignIn).where(SignIn.token_digest == queries.digest_of(token)).values(revoked=True))


def revoke_sign_in(act: Act, person: Person, sign_in_id: int) -> None:
    """End one sign-in of the person; Missing("signin.unknown") when it is not theirs."""
    ended: Any = act.session.execute(
        update(SignIn).where(SignIn.id == sign_in_id, SignIn.person_id == person.id).values(revoked=True)
    )
    if ended.rowcount != 1:
        raise Missing("signin.unknown")


def revoke_sign_ins(act: Act, person: Person, *, keep: str | None = None) -> None:
    """End every sign-in of the person but the one of the token `keep`."""
    query = update(SignIn).where(SignIn.person_id == person.id).values(revoked=True)
    if keep is not None:
        query = query.where(SignIn.token_digest != queries.digest_of(keep))
    act.session.execute(query)


def mark_demo(act: Act) -> None:
    """Make this database a demonstration's own, for ever: its first ledger entry says so (PROOF T7).

    Conflict("demo.database") on a database that already holds anything.
    """
    if size(act.session) or act.session.scalar(select(func.count()).select_from(Person)):
        raise Conflict("demo.database")
    append(act, queries.DEMO_KIND, None, {"demo": True})


def become(act: Act, login: str, *, demo: bool) -> str:
    """In demonstration mode, on a demonstration's own database, sign in as anybody; Missing everywhere else."""
    if not demo or not queries.is_demo(act.session):
        raise Missing("demo.off")
    return open_sign_in(act, queries.person(act.session, login), method="demo", carrier="cookie")


def sweep(act: Act) -> int:
    """Forget used-up time: expired challenges, ended sign-ins, and steps of one-time codes older than ten minutes.

    A step is an instant; kept longer it would tell when somebody was here (R-208). The number of rows touched.
    """
    old_step = int(act.now.timestamp()) // TOTP_STEP - 20
    swept = 0
    for statement in (
        delete(Challenge).where(Challenge.expires_at <= act.now),
        delete(SignIn).where(SignIn.expires_at <= act.now),
        update(Person).where(Person.totp_last_step > 0, Person.totp_last_step < old_step).values(totp_last_step=0),
    ):
        touched: Any = act.session.execute(statement)
        swept += touched.rowcount
    return swept
