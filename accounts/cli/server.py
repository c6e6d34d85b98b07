"""What commands that run on the server share: the platform behind them, and who acts."""

from __future__ import annotations

import click

from accounts.queries import actor_for
from core.act import SYSTEM, Actor, Platform


def platform_of(context: click.Context) -> Platform:
    """The platform the sunbid command has opened; a usage error on a machine without one."""
    if not isinstance(context.obj, Platform):
        raise click.UsageError("run this on the server: the sunbid command found no platform")
    return context.obj


def acting_as(platform: Platform, login: str | None) -> Actor:
    """The person of that login, or the system where none is named; Missing for a stranger."""
    if login is None:
        return SYSTEM
    with platform.reading() as session:
        return actor_for(session, login)
