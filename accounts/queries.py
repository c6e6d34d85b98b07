"""Reads of people, organisations, roles, certificates, authorities and sign-ins."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, exists, func, select
from sqlalchemy.orm import Session

from accounts.models import (
    BLOCK,
    ApiToken,
    Authority,
    Certificate,
    Grant,
    NameSheet,
    Organisation,
    Passkey,
    Person,
    Revocation,
    SignIn,
)
from accounts.rules import Role, is_strong, normalise_uscc
from core.act import Actor
from core.agenda import Item, Kind
from core.errors import Missing
from core.ledger.log import LedgerEntry, entries_of

DEMO_KIND = "platform.demo"
EXPIRING = timedelta(days=30)
"""How long before its end a certificate is told about: time enough to get another one."""
KINDS = {
    "accounts.verify": Kind("accounts.organisations", ("accounts.verify_organisation",)),
    "accounts.renew_certificate": Kind("accounts.account", ("accounts.register_certificate",)),
}


def organisation_by_identifier(session: Session, identifier: str, *, scheme: str = "CN-USCC") -> Organisation | None:
    """The organisation of that code, normalised as R-013 says; None if none is registered."""
    return session.scalar(
        select(Organisation).where(
            Organisation.id_scheme == scheme, Organisation.identifier == normalise_uscc(identifier)
        )
    )


def organisation(session: Session, organisation_id: int) -> Organisation:
    """The organisation, or Missing."""
    found = session.get(Organisation, organisation_id)
    if found is None:
        raise Missing("organisation.unknown")
    return found


def registered_organisation(session: Session, identifier: str) -> Organisation:
    """The organisation of that code; Missing("organisation.unregistered") if none is registered."""
    found = organisation_by_identifier(session, identifier)
    if found is None:
        raise Missing("organisation.unregistered", uscc=identifier)
    return found


def organisations(session: Session, *, unverified: bool = False, words: str = "") -> list[Organisation]:
    """Organisations by name or code, newest first; with `unverified` only those no operator has verified yet."""
    query = select(Organisation).order_by(Organisation.id.desc()).limit(200)
    if unverified:
        query = query.where(Organisation.verified_at.is_(None))
    if words:
        query = query.where(
            Organisation.name.contains(words, autoescape=True)
            | Organisation.identifier.contains(normalise_uscc(words), autoescape=True)
        )
    return list(session.scalars(query))


def person(session: Session, login: str) -> Person:
    """The person of that login, or Missing."""
    found = session.scalar(select(Person).where(Person.login == login))
    if found is None:
        raise Missing("person.unknown")
    return found


def person_by_id(session: Session, person_id: int) -> Person:
    """The person, or Missing."""
    found = session.get(Person, person_id)
    if found is None:
        raise Missing("person.unknown")
    return found


def people(session: Session, *, organisation_id: int | None = None, words: str = "") -> list[Person]:
    """People, oldest first, of one organisation or by login and name."""
    query = select(Person).order_by(Person.id).limit(500)
    if organisation_id is not None:
        query = query.where(Person.organisation_id == organisation_id)
    if words:
        ids = people_named(session, words)
        query = query.where(Person.login.contains(words, autoescape=True) | Person.id.in_(one_by_one(ids)))
    return list(session.scalars(query))


def people_named(session: Session, words: str) -> list[int]:
    """The keys of the people whose name contains the words, whose exact bearers a keyed index finds at once.

    Names lie encrypted: where nobody bears exactly this name they are unlocked and looked at, here and nowhere else,
    sheet by sheet where there are sheets.
    """
    exact = list(session.scalars(select(Person.id).where(Person.name_key == words)))
    if exact:
        return exact
    found: list[int] = []
    covered: list[int] = []
    for block, content in session.execute(select(NameSheet.block, NameSheet.content).order_by(NameSheet.block)):
        covered.append(block)
        if words in content:
            for line in content.splitlines():
                key, _, name = line.partition(":")
                if words in name:
                    found.append(int(key))
    for first, last in _gaps(covered):
        every = select(Person.id, Person.name).where(Person.id >= first)
        every = every if last is None else every.where(Person.id < last)
        rows = session.execute(every.execution_options(yield_per=10_000))
        found += [row[0] for row in rows if words in row[1]]
    return found


def _gaps(covered: list[int]) -> list[tuple[int, int | None]]:
    """The ranges of keys no sheet covers: from, and up to but not; None where it has no end."""
    ranges: list[tuple[int, int | None]] = []
    begin = 0
    for block in covered:
        if block > begin:
            ranges.append((begin * BLOCK, block * BLOCK))
        begin = block + 1
    return [*ranges, (begin * BLOCK, None)]


def blocks_to_write(session: Session, most: int) -> list[int]:
    """Blocks of people that have no sheet, oldest first; not the last two, to which people may still be added."""
    newest = session.scalar(select(func.max(Person.id))) or 0
    held = set(session.scalars(select(NameSheet.block)))
    return [block for block in range(newest // BLOCK - 1) if block not in held][:most]


def one_by_one(ids: list[int]) -> BindParameter[Any]:
    """Keys for an IN, written out: no database limits how many."""
    return bindparam(None, ids, expanding=True, literal_execute=True)


def grants(session: Session, person_id: int) -> list[Grant]:
    """The roles a person holds now, with their scopes."""
    return list(
        session.scalars(
            select(Grant)
            .where(Grant.person_id == person_id, Grant.revoked_at.is_(None))
            .order_by(Grant.role, Grant.scope)
        )
    )


def roles_of(session: Session, person_id: int, scope: str = "*") -> frozenset[Role]:
    """The roles a person holds in one project: those of `scope` and those held everywhere."""
    return frozenset(Role(grant.role) for grant in grants(session, person_id) if grant.scope in ("*", scope))


def roles_anywhere(session: Session, person_id: int) -> frozenset[Role]:
    """Every role a person holds in any project: what the door asks for."""
    held = select(Grant.role).where(Grant.person_id == person_id, Grant.revoked_at.is_(None))
    return frozenset(Role(role) for role in session.scalars(held))


def holders(session: Session, role: Role, scope: str = "*") -> list[Person]:
    """The enabled people who hold `role` everywhere or in `scope`, oldest first."""
    query = (
        select(Person)
        .join(Grant, Grant.person_id == Person.id)
        .where(
            Grant.role == role, Grant.scope.in_(("*", scope)), Grant.revoked_at.is_(None), Person.disabled_at.is_(None)
        )
        .order_by(Person.id)
        .distinct()
    )
    return list(session.scalars(query))


def actor_for(session: Session, login: str) -> Actor:
    """The actor for a person by login, for the terminal and the demo, which have no sign-in."""
    held = person(session, login)
    return Actor(held.login, held.id, held.organisation_id, frozenset(map(str, roles_anywhere(session, held.id))))


def certificate_by_fingerprint(session: Session, fingerprint: str) -> Certificate | None:
    """The registered certificate with that SHA-256 fingerprint; None if there is none."""
    return session.scalar(select(Certificate).where(Certificate.fingerprint == fingerprint))


def certificates(session: Session, person_id: int) -> list[Certificate]:
    """A person's certificates, newest first, revoked ones too (R-033, key history)."""
    return list(
        session.scalars(select(Certificate).where(Certificate.person_id == person_id).order_by(Certificate.id.desc()))
    )


def authorities(session: Session) -> list[str]:
    """PEM of every certification authority whose certificates count (R-023: several side by side)."""
    return list(session.scalars(select(Authority.pem).where(Authority.withdrawn_at.is_(None)).order_by(Authority.id)))


def all_authorities(session: Session) -> list[Authority]:
    """Every authority ever recognised, oldest first."""
    return list(session.scalars(select(Authority).order_by(Authority.id)))


def authority(session: Session, authority_id: int) -> Authority:
    """The authority, or Missing."""
    found = session.get(Authority, authority_id)
    if found is None:
        raise Missing("authority.unknown")
    return found


def history(session: Session, subject: str) -> list[LedgerEntry]:
    """The ledger entries on a person or an organisation with their facts, newest first (R-014)."""
    return entries_of(session, subject)[::-1]


def revoked(session: Session) -> set[str]:
    """What no longer counts: fingerprints revoked here, and "authority fingerprint:serial" from revocation lists."""
    own = session.scalars(select(Certificate.fingerprint).where(Certificate.revoked_at.is_not(None)))
    listed = session.execute(select(Revocation.authority_fingerprint, Revocation.serial))
    return {*own, *(f"{authority}:{serial}" for authority, serial in listed)}


def passkeys(session: Session, person_id: int) -> list[Passkey]:
    """A person's passkeys, oldest first."""
    return list(session.scalars(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id)))


def digest_of(token: str) -> str:
    """What the database holds of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in_by_token(session: Session, token: str, *, at: datetime) -> SignIn | None:
    """The sign-in that token opens at the instant; None when unknown, expired, revoked, or the person is disabled."""
    comer = comer_by_token(session, token, at=at)
    return None if comer is None else comer.sign_in


@dataclass(frozen=True)
class Comer:
    """Whoever comes with a token: the sign-in it opens, who acts with it, whether that person has bound a passkey."""

    sign_in: SignIn
    actor: Actor
    has_passkey: bool


def comer_by_token(session: Session, token: str, *, at: datetime) -> Comer | None:
    """Who comes with that token, as `sign_in_by_token` finds it; one statement, for every request asks.

    Roles count only after a strong sign-in: a password alone opens nothing.
    """
    bound = exists().where(Passkey.person_id == SignIn.person_id)
    held = and_(Grant.person_id == SignIn.person_id, Grant.revoked_at.is_(None))
    rows = session.execute(
        select(SignIn, Grant.role, bound).outerjoin(Grant, held).where(SignIn.token_digest == digest_of(token))
    ).all()
    if not rows:
        return None
    found: SignIn = rows[0][0]
    person = found.person
    if found.revoked or found.expires_at <= at or person.disabled_at is not None:
        return None
    roles = frozenset(str(Role(role)) for _, role, _ in rows if role) if is_strong(found.method) else frozenset()
    return Comer(found, Actor(person.login, person.id, person.organisation_id, roles), rows[0][2])


@dataclass(frozen=True)
class Bearer:
    """Whoever comes with a bearer token, as `Comer`, without the rows."""

    actor: Actor
    method: str
    has_passkey: bool


def bearer_by_token(connection: Connection, token: str, *, at: datetime) -> Bearer | None:
    """As `comer_by_token`, for bearers only: no row becomes an object, for at a deadline everybody comes at once."""
    rows = connection.execute(_BEARERS, {"digest": digest_of(token)}).all()
    if not rows:
        return None
    found = rows[0]
    if found.carrier != "bearer" or found.revoked or found.expires_at <= at or found.disabled_at is not None:
        return None
    roles = frozenset(str(Role(row.role)) for row in rows if row.role) if is_strong(found.method) else frozenset()
    return Bearer(Actor(found.login, found.id, found.organisation_id, roles), found.method, found.bound)


_SIGN_IN, _PERSON, _GRANT = SignIn.__table__, Person.__table__, Grant.__table__
_BEARERS = (
    select(
        *(_SIGN_IN.c[name] for name in ("carrier", "method", "revoked", "expires_at")),
        *(_PERSON.c[name] for name in ("id", "login", "organisation_id", "disabled_at")),
        _GRANT.c.role,
        exists().where(Passkey.__table__.c.person_id == _SIGN_IN.c.person_id).label("bound"),
    )
    .join_from(_SIGN_IN, _PERSON, _PERSON.c.id == _SIGN_IN.c.person_id)
    .outerjoin(_GRANT, and_(_GRANT.c.person_id == _SIGN_IN.c.person_id, _GRANT.c.revoked_at.is_(None)))
    .where(_SIGN_IN.c.token_digest == bindparam("digest"))
)


@dataclass(frozen=True)
class Program:
    """Whoever comes with a program's token: the token, and who acts with it for its scopes."""

    token: ApiToken
    actor: Actor


def program_by_token(session: Session, token: str, *, at: datetime) -> Program | None:
    """Who comes with that program's token; None when unknown, expired, revoked, or the person is disabled."""
    held = and_(Grant.person_id == ApiToken.person_id, Grant.revoked_at.is_(None))
    rows = session.execute(
        select(ApiToken, Grant.role).outerjoin(Grant, held).where(ApiToken.token_digest == digest_of(token))
    ).all()
    if not rows:
        return None
    found: ApiToken = rows[0][0]
    person = found.person
    if found.revoked_on is not None or found.expires_at <= at or person.disabled_at is not None:
        return None
    roles = frozenset(str(Role(role)) for _, role in rows if role)
    return Program(found, Actor(person.login, person.id, person.organisation_id, roles))


def api_tokens(session: Session, person_id: int) -> list[ApiToken]:
    """A person's program tokens, newest first, those that open nothing any more too."""
    return list(session.scalars(select(ApiToken).where(ApiToken.person_id == person_id).order_by(ApiToken.id.desc())))


def api_token(session: Session, person_id: int, number: str) -> ApiToken:
    """The person's token of that number, or Missing."""
    found = session.scalar(select(ApiToken).where(ApiToken.person_id == person_id, ApiToken.number == number))
    if found is None:
        raise Missing("token.unknown")
    return found


def sign_ins(session: Session, person_id: int, *, at: datetime) -> list[SignIn]:
    """A person's sign-ins that still open the door at the instant."""
    return list(
        session.scalars(
            select(SignIn)
            .where(SignIn.person_id == person_id, SignIn.revoked.is_(False), SignIn.expires_at > at)
            .order_by(SignIn.id)
        )
    )


def check_locker(session: Session) -> None:
    """Look whether names open; Conflict("locker.unreadable") where they were locked under another key."""
    session.scalar(select(Person.name).order_by(Person.id).limit(1))


def is_demo(session: Session) -> bool:
    """Whether the database is a demonstration's own: its very first ledger entry says so."""
    first = session.scalar(select(LedgerEntry.kind).where(LedgerEntry.leaf_index == 0))
    return first == DEMO_KIND


def names_of(session: Session, logins: Iterable[str]) -> dict[str, str]:
    """People's names by login, for pages that say who did something; unknown logins (the system) are left out."""
    query = select(Person.login, Person.name).where(Person.login.in_(list(logins)))
    return {row.login: row.name for row in session.execute(query)}


def agenda(session: Session, actor: Actor, now: datetime) -> Iterator[Item]:
    """What waits for the actor about people and certificates: units to verify, an own certificate that ends soon."""
    if actor.has(Role.OPERATOR):
        waiting = len(organisations(session, unverified=True))
        if waiting:
            yield Item("accounts.verify", facts={"n": waiting})
    if actor.person_id is not None:
        good = [one for one in certificates(session, actor.person_id) if one.revoked_at is None and one.not_after > now]
        last = max((one.not_after for one in good), default=None)
        if last is not None and last - now <= EXPIRING:
            yield Item("accounts.renew_certificate", due=last)
