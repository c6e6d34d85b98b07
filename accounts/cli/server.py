"""What commands that run on the server share: the platform behind them, and who acts."""

from __future__ import annotations

import click

from accounts.queries import actor_for
from core.act import SYSTEM, Actor, Platform
from core.errors import Missing


def platform_of(context: click.Context) -> Platform:
    """The platform of this machine, opened when first asked for; Missing("command.no_platform") where there is none.

    `context.obj` is the platform, or what opens it.
    """
    root = context.find_root()
    if callable(root.obj):
        root.obj = root.obj()
    if not isinstance(root.obj, Platform):
        raise Missing("command.no_platform")
    return root.obj


def acting_as(platform: Platform, login: str | None) -> Actor:
    """The person of that login, or the system where none is named; Missing for a stranger."""
    if login is None:
        return SYSTEM
    with platform.reading() as session:
        return actor_for(session, login)
