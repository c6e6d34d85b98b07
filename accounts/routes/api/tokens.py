"""Programs' tokens and who one is, for programs."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy.orm import Session

from accounts import queries, services
from accounts.access import current_actor, current_sign_in
from accounts.models import ApiToken
from accounts.routes.api.frame import caller_token, operation, own, person_id
from accounts.routes.blueprint import blueprint
from accounts.rules import is_strong
from accounts.rules.scopes import MOST_DAYS, scopes_for
from core.act import Act
from core.api.fields import Filled, Given, Instant, Page, Told
from core.errors import Forbidden


class Unit(Told):
    """A unit by its unified social credit code."""

    identifier: str
    name: str


class Account(Told):
    """Who asks, and what for."""

    login: str
    name: str
    organisation: Unit | None
    roles: list[str]
    scopes: list[str]


class Token(Told):
    """A program's token; never its text."""

    number: str
    name: str
    hint: str
    scopes: list[str]
    created_on: Instant
    expires_at: Instant
    used_on: Instant | None
    revoked_on: Instant | None


class TokenMade(Token):
    """A new token with its text, which is said this once."""

    token: str


class TokenWanted(Given):
    """What makes a token."""

    name: Annotated[Filled, Field(max_length=80)]
    scopes: Annotated[list[str], Field(min_length=1, max_length=20)]
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 90


def told(token: ApiToken) -> Token:
    """The token as it is told."""
    return Token(**_facts(token))


def _facts(token: ApiToken) -> dict[str, Any]:
    return {name: getattr(token, name) for name in Token.model_fields}


def need_strong() -> None:
    """A password alone makes no token: it opens no role."""
    sign_in = current_sign_in()
    if sign_in is not None and not is_strong(sign_in.method):
        raise Forbidden("factor.weak")


@operation(blueprint, "GET", "/account", tag="account", answer=Account, scope="account:read")
def api_account(session: Session) -> Account:
    """Who asks: person, unit, roles, scopes."""
    person, actor, token = queries.person_by_id(session, person_id()), current_actor(), caller_token()
    unit = person.organisation
    return Account(
        login=person.login,
        name=person.name,
        organisation=Unit(identifier=unit.identifier, name=unit.name) if unit else None,
        roles=sorted(actor.roles),
        scopes=list(token.scopes) if token else scopes_for(actor.roles),
    )


@operation(blueprint, "GET", "/tokens", tag="account", answer=Page[Token], scope="tokens:read")
def api_tokens(session: Session) -> Page[Token]:
    """One's own tokens, newest first."""
    return Page[Token](items=[told(one) for one in queries.api_tokens(session, person_id())], next=None)


@operation(blueprint, "GET", "/tokens/<number>", tag="account", answer=Token, scope="tokens:read")
def api_token(session: Session, number: str) -> Token:
    """One token."""
    return told(queries.api_token(session, person_id(), number))


@operation(
    blueprint, "POST", "/tokens", tag="account", answer=TokenMade, status=201, given=TokenWanted, scope="tokens:write",
    takes_key=True,
)  # fmt: skip
def create_api_token(act: Act, given: TokenWanted) -> TokenMade:
    """A new token; a token makes none that opens more or lives longer than itself."""
    need_strong()
    token, text = services.create_token(
        act, own(act), name=given.name, scopes=given.scopes, days=given.days, by=caller_token()
    )
    return TokenMade(**_facts(token), token=text)


@operation(blueprint, "POST", "/tokens/<number>/revoke", tag="account", answer=Token, scope="tokens:write")
def revoke_api_token(act: Act, number: str) -> Token:
    """The token opens nothing from here on; it stays in the list."""
    token = queries.api_token(act.session, person_id(), number)
    services.revoke_token(act, token)
    return told(token)
