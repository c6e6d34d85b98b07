"""Tables of people and organisations, their roles, certificates, second factors and sign-ins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Connection,
    ForeignKey,
    LargeBinary,
    String,
    UniqueConstraint,
    delete,
    event,
    inspect,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from core.db import Base, Json, Row
from core.locker import Blind, LockedText


class Organisation(Base, Row):
    """A unit, keyed by its unified social credit code; who verified the entry and how is kept (R-013, R-014)."""

    __tablename__ = "organisation"
    __table_args__ = (UniqueConstraint("id_scheme", "identifier"),)

    name: Mapped[str] = mapped_column(String(200), index=True)
    id_scheme: Mapped[str] = mapped_column(String(20), default="CN-USCC")
    identifier: Mapped[str] = mapped_column(String(40), index=True)
    check_digits_agree: Mapped[bool]
    region: Mapped[str] = mapped_column(String(12), default="")
    verified_at: Mapped[datetime | None]
    verified_by: Mapped[str | None] = mapped_column(String(120))
    verification: Mapped[str | None] = mapped_column(String(500))


def _name(context: Any) -> str:
    """What is indexed where rows are written past the mapper."""
    return str(context.get_current_parameters()["name"])


class Person(Base, Row):
    """A natural person who signs in; secrets only as hashes.

    The name lies encrypted (core.locker); `name_key` finds who bears exactly a name.
    """

    __tablename__ = "person"

    login: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(LockedText("person.name"))
    name_key: Mapped[str | None] = mapped_column(Blind("person.name"), default=_name, index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    totp_last_step: Mapped[int] = mapped_column(default=0)
    disabled_at: Mapped[datetime | None]
    organisation: Mapped[Organisation | None] = relationship(lazy="joined")

    @validates("name")
    def _index_name(self, _key: str, name: str) -> str:
        self.name_key = name
        return name


class NameSheet(Base, Row):
    """The names of the people whose keys lie in one block, locked together: a line `key:name` for each.

    A million names are looked through sheet by sheet in a fraction of the time that a million locked values take, and
    nothing is told that the names themselves do not: no index of parts, no order, only how long all names of a block
    are together. `key` of a person // BLOCK is the sheet's `block`; a block without a sheet is looked at one by one.
    """

    __tablename__ = "name_sheet"

    block: Mapped[int] = mapped_column(unique=True)
    content: Mapped[str] = mapped_column(LockedText("name_sheet.content"))


BLOCK = 4096
"""How many keys of people make a block."""


@event.listens_for(Person, "after_update")
def _name_changes(mapper: object, connection: Connection, person: Person) -> None:
    """A name that changes takes its sheet with it: until it is written anew its people are looked at one by one.

    After the row: where a sheet is being written of the old name, that waits, and the sheet is there to be taken.
    """
    if inspect(person).attrs.name.history.has_changes():
        _forget_sheet(mapper, connection, person)


@event.listens_for(Person, "before_delete")
def _forget_sheet(mapper: object, connection: Connection, person: Person) -> None:
    connection.execute(delete(NameSheet).where(NameSheet.block == person.id // BLOCK))


class Grant(Base, Row):
    """A role of a person: everywhere (`*`) or in one project."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("person_id", "role", "scope"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    scope: Mapped[str] = mapped_column(String(60), default="*")
    granted_at: Mapped[datetime]
    granted_by: Mapped[str] = mapped_column(String(120))
    revoked_at: Mapped[datetime | None]


class Certificate(Base, Row):
    """A signing certificate bound to a person and their organisation."""

    __tablename__ = "certificate"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    serial: Mapped[str] = mapped_column(String(64))
    pem: Mapped[str] = mapped_column(LockedText("certificate.pem"))
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    revoked_at: Mapped[datetime | None] = mapped_column(index=True)


class Authority(Base, Row):
    """A certification authority whose certificates count; several stand side by side (R-023)."""

    __tablename__ = "authority"

    name: Mapped[str] = mapped_column(String(200))
    pem: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    added_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Revocation(Base, Row):
    """A serial an authority has revoked, from its revocation list."""

    __tablename__ = "revocation"
    __table_args__ = (UniqueConstraint("authority_fingerprint", "serial"),)

    authority_fingerprint: Mapped[str] = mapped_column(String(64))
    serial: Mapped[str] = mapped_column(String(64))
    revoked_at: Mapped[datetime]
    read_at: Mapped[datetime]


class Passkey(Base, Row):
    """A WebAuthn credential of a person."""

    __tablename__ = "passkey"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(80))
    added_at: Mapped[datetime]


class Challenge(Base, Row):
    """A one-time challenge for certificate or passkey sign-in; used or expired ones are swept by tick."""

    __tablename__ = "challenge"

    token: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(40))
    expires_at: Mapped[datetime]


class SignIn(Base, Row):
    """A server-side session: only the token's hash, and no instants finer than a day.

    Rows that showed when somebody was here would tell an insider who was about to bid (A3, R-208); hence `expires_at`
    falls on midnight and nothing is written per request.
    """

    __tablename__ = "sign_in"
    __table_args__ = (CheckConstraint("carrier IN ('cookie','bearer')", name="carrier"),)

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    carrier: Mapped[str] = mapped_column(String(10))
    method: Mapped[str] = mapped_column(String(20))
    expires_at: Mapped[datetime]
    revoked: Mapped[bool] = mapped_column(default=False)
    person: Mapped[Person] = relationship(lazy="joined")


class ApiToken(Base, Row):
    """A program's own token in a person's name, for some scopes; only its hash, and no instants finer than a day.

    `hint`: its last four characters, so that its owner can tell one from another. What the row says of when it was
    used is the day alone, as with sign-ins (R-208).
    """

    __tablename__ = "api_token"

    number: Mapped[str] = mapped_column(String(24), unique=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(4))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    scopes: Mapped[Any] = mapped_column(Json)
    created_on: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_on: Mapped[datetime | None]
    revoked_on: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="joined")


class KeptAnswer(Base, Row):
    """What a program was answered to a request with an Idempotency-Key; sealed under the program's own token.

    `owner` is the hash of that token: the platform cannot read the answer, and nobody else's key can meet it.
    """

    __tablename__ = "kept_answer"
    __table_args__ = (UniqueConstraint("owner", "key_digest"),)

    owner: Mapped[str] = mapped_column(String(64))
    key_digest: Mapped[str] = mapped_column(String(64))
    request_digest: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(index=True)
