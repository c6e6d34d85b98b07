"""What a program's token may be good for: scopes, and the roles whose work each belongs to."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from accounts.rules.identity import Role
from core.calendar import end_of_day
from core.errors import Invalid

PREFIX = "sbt_"
MOST_DAYS = 366
MOST_TOKENS = 50
"""Tokens a person may hold that still open something."""

SCOPES: dict[str, frozenset[Role] | None] = {
    "account:read": None,
    "tokens:read": None,
    "tokens:write": None,
    "webhooks:read": None,
    "webhooks:write": None,
    "drafts:read": frozenset({Role.TENDEREE, Role.AGENT}),
    "drafts:write": frozenset({Role.TENDEREE, Role.AGENT}),
    "exchange:read": frozenset({Role.OPERATOR, Role.SUPERVISOR}),
    "exchange:write": frozenset({Role.OPERATOR, Role.SUPERVISOR}),
}
"""Scopes and who may use them (None: everybody with an account). A token never does more than its owner may."""


def scopes_for(roles: frozenset[str]) -> list[str]:
    """The scopes of use to somebody with these roles, in the order of the table."""
    return [name for name, needed in SCOPES.items() if needed is None or not needed.isdisjoint(roles)]


def check_scopes(wanted: list[str], roles: frozenset[str], within: frozenset[str] | None) -> list[str]:
    """The wanted scopes in order; Invalid for none, an unknown one, one of other roles, or one beyond `within`."""
    allowed = [name for name in scopes_for(roles) if within is None or name in within]
    if not wanted:
        raise Invalid("form.required", field="scopes")
    for name in wanted:
        if name not in allowed:
            raise Invalid("token.scope_beyond", field="scopes", scope=name[:60], allowed=allowed)
    return [name for name in allowed if name in wanted]


def token_expiry(today: date, days: int, latest: datetime | None) -> datetime:
    """Midnight in Beijing after so many days; not later than `latest`, the end of the token that asks for this one."""
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("form.range", field="days", least=1, most=MOST_DAYS, found=days)
    ends = end_of_day(today + timedelta(days=days))
    return ends if latest is None else min(ends, latest)
