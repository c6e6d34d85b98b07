"""People: registered, given roles that never clash in one project, their password and one-time codes."""

from __future__ import annotations

import base64
import re
import unicodedata

import pyotp
from sqlalchemy import delete, select

from accounts.models import Grant, Organisation, Passkey, Person, SignIn
from accounts.queries import certificates, grants, passkeys
from accounts.rules import Role, clashing_roles, is_strong
from accounts.rules.signing_in import is_totp_secret, totp_step
from accounts.services.signing_in import PasswordHash, PasswordProof, hash_password, prove_password, revoke_sign_ins
from accounts.services.tokens import revoke_tokens
from core.act import Act, Platform
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from core.locker import Private

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
OF_ORGANISATIONS = frozenset({Role.TENDEREE, Role.AGENT, Role.BIDDER})


def register_person(
    act: Act,
    *,
    login: str,
    name: str,
    organisation: Organisation | None = None,
    password: PasswordHash | str | None = None,
) -> Person:
    """Register a natural person, who holds no role yet.

    Give the password as `hash_password` made it: hashed inside the act it keeps every other writer waiting.

    Raises Invalid("person.login"), Invalid("password.length" or ".weak"), Conflict("person.duplicate").
    """
    login = unicodedata.normalize("NFKC", login).strip().lower()
    if not LOGIN.fullmatch(login):
        raise Invalid("person.login", field="login")
    name = unicodedata.normalize("NFC", name).strip()
    if not name:
        raise Invalid("form.required", field="person_name")
    if act.session.scalar(select(Person.id).where(Person.login == login)) is not None:
        raise Conflict("person.duplicate", login=login)
    held = Person(
        login=login,
        name=name,
        organisation_id=organisation.id if organisation else None,
        password_hash=_hashed(password, login),
        totp_last_step=0,
    )
    held.organisation = organisation
    act.session.add(held)
    act.session.flush()
    append(
        act,
        "person.register",
        subject_of(held),
        Private(
            login=login,
            name=name,
            organisation=organisation.identifier if organisation else None,
            actor=act.actor.name,
        ),
    )
    return held


def _hashed(password: PasswordHash | str | None, login: str) -> str | None:
    if password is None or password.startswith("$argon2id$"):
        return password
    return hash_password(password, login=login)


def register_member(
    act: Act, *, login: str, name: str, organisation: Organisation, password: PasswordHash | str
) -> Person:
    """Register a person of an organisation as a bidder, without anybody's approval (R-021).

    Where the code's check digits failed, the role waits until an operator has verified the organisation (R-012).
    """
    held = register_person(act, login=login, name=name, organisation=organisation, password=password)
    if organisation.check_digits_agree or organisation.verified_at is not None:
        grant_role(act, held, Role.BIDDER)
    return held


def grant_role(act: Act, person: Person, role: Role, scope: str = "*") -> Grant:
    """Give the person a role everywhere or in the project `scope`; giving it twice changes nothing.

    Raises Conflict("role.clash") when the person holds another of the exclusive roles in the same project, where
    "everywhere" meets every project (R-040); Conflict("role.organisation") for a role that acts for an organisation
    nobody has named, and Conflict("organisation.unverified") while its failed check digits are not cleared (R-012).
    """
    held = grants(act.session, person.id)
    overlapping = [Role(grant.role) for grant in held if "*" in (scope, grant.scope) or grant.scope == scope]
    clash = clashing_roles(overlapping, role)
    if clash:
        raise Conflict("role.clash", wanted=role, held=sorted(clash), scope=scope)
    if role in OF_ORGANISATIONS:
        if person.organisation is None:
            raise Conflict("role.organisation", role=role)
        if not person.organisation.check_digits_agree and person.organisation.verified_at is None:
            raise Conflict("organisation.unverified", name=person.organisation.name)
    same = act.session.scalar(
        select(Grant).where(Grant.person_id == person.id, Grant.role == role, Grant.scope == scope)
    )
    if same is not None and same.revoked_at is None:
        return same
    if same is None:
        same = Grant(person_id=person.id, role=str(role), scope=scope)
    same.granted_at, same.granted_by, same.revoked_at = act.now, act.actor.name, None
    act.session.add(same)
    act.session.flush()
    append(act, "role.grant", subject_of(person), {"role": str(role), "scope": scope, "actor": act.actor.name})
    return same


def revoke_role(act: Act, person: Person, role: Role, scope: str = "*") -> None:
    """Take a role back from this act on; Conflict("role.not_held") where the person does not hold it."""
    held = next((grant for grant in grants(act.session, person.id) if (grant.role, grant.scope) == (role, scope)), None)
    if held is None:
        raise Conflict("role.not_held", role=role, scope=scope)
    held.revoked_at = act.now
    act.session.flush()
    append(act, "role.revoke", subject_of(person), {"role": str(role), "scope": scope, "actor": act.actor.name})


def disable_person(act: Act, person: Person, *, reason: str) -> None:
    """From this act on the person cannot sign in and nothing of theirs opens the door; tokens never do again."""
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    if person.disabled_at is None:
        person.disabled_at = act.now
        act.session.add(person)
        revoke_sign_ins(act, person)
        revoke_tokens(act, person)
        append(act, "person.disable", subject_of(person), {"reason": reason.strip(), "actor": act.actor.name})


def enable_person(act: Act, person: Person, *, reason: str) -> None:
    """The person may sign in again."""
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    if person.disabled_at is not None:
        person.disabled_at = None
        act.session.add(person)
        append(act, "person.enable", subject_of(person), {"reason": reason.strip(), "actor": act.actor.name})


def set_password(act: Act, person: Person, password: PasswordHash, *, keep: str | None = None) -> None:
    """Replace the password; every sign-in but the one of the token `keep` ends with it."""
    person.password_hash = password
    act.session.add(person)
    revoke_sign_ins(act, person, keep=keep)
    append(act, "person.password", subject_of(person), {"actor": act.actor.name})


def prove_old_password(platform: Platform, *, login: str, password: str) -> PasswordProof | None:
    """The proof of the password one has, for `change_password`; None for a wrong or empty one."""
    try:
        return prove_password(platform, login=login, password=password) if password else None
    except Forbidden:
        return None


def change_password(
    act: Act, person: Person, *, old: PasswordProof | None, new: PasswordHash, keep: str | None = None
) -> None:
    """The person replaces their own password; Forbidden("password.old") unless they proved the one they have."""
    if person.password_hash is not None and (old is None or old.password_hash != person.password_hash):
        raise Forbidden("password.old")
    set_password(act, person, new, keep=keep)


def require_factor(act: Act, person: Person, sign_in: SignIn | None) -> None:
    """Nobody binds a new factor from a weak sign-in once the person has a strong one: Forbidden("factor.weak").

    Otherwise a stolen password would be enough to bind a second factor of the thief's. The very first factor is bound
    from a password sign-in. `sign_in` is None where no browser is in play (the terminal, the demo).
    """
    if sign_in is None or is_strong(sign_in.method):
        return
    if person.totp_secret or passkeys(act.session, person.id) or certificates(act.session, person.id):
        raise Forbidden("factor.weak")


def reset_factors(act: Act, person: Person, *, reason: str) -> None:
    """An operator takes one-time code and passkeys back (lost phone); the person binds new ones after a password."""
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    person.totp_secret, person.totp_last_step = None, 0
    act.session.add(person)
    act.session.execute(delete(Passkey).where(Passkey.person_id == person.id))
    revoke_sign_ins(act, person)
    revoke_tokens(act, person)
    append(act, "person.reset_factors", subject_of(person), {"reason": reason.strip(), "actor": act.actor.name})


def begin_totp(act: Act) -> str:
    """A new secret for one-time codes (160 bits, base32), which counts only once `confirm_totp` has seen a code."""
    return base64.b32encode(act.chance(20)).decode()


def confirm_totp(
    act: Act, person: Person, *, secret: str, code: str, keep: str | None = None, sign_in: SignIn | None = None
) -> None:
    """Bind the secret once the person shows a code from it; every sign-in but that of the token `keep` ends.

    Raises Invalid("totp.code"), Invalid("totp.secret") for no secret of `begin_totp`, Forbidden("factor.weak").
    """
    require_factor(act, person, sign_in)
    if not is_totp_secret(secret):
        raise Invalid("totp.secret", field="secret")
    step = totp_step(secret, code, at=act.now)
    if step is None:
        raise Invalid("totp.code", field="code")
    person.totp_secret, person.totp_last_step = secret, step
    act.session.add(person)
    revoke_sign_ins(act, person, keep=keep)
    append(act, "person.totp", subject_of(person), {"actor": act.actor.name})


def totp_address(person: Person, secret: str, issuer: str) -> str:
    """The otpauth address an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=person.login, issuer_name=issuer)


def subject_of(person: Person) -> str:
    """Their name in the public ledger: a number, never a login."""
    return f"person:{person.id}"
