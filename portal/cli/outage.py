"""`sunbid outage`: register probers and move a deadline from the server's own terminal, when the site is away."""

from __future__ import annotations

from pathlib import Path

import click

from accounts import queries as accounts
from bidding import queries, rules, services
from bidding.rules.outage import CAUSES
from core.act import Actor, Platform


def _actor(platform: Platform, login: str) -> Actor:
    """The person who decides, by login; Missing where nobody has it."""
    with platform.reading() as session:
        person = accounts.person(session, login)
        return Actor(person.login, person.id, person.organisation_id)


@click.group()
def outage() -> None:
    """Outages of the platform: whose logs count, and the deadline they move."""


@outage.command()
@click.option("--name", required=True, help="whose prober it is")
@click.option("--key", required=True, help="its public key as printed by `sunbid prober run`")
@click.option("--by", "login", required=True, help="the login of who decides")
def register(name: str, key: str, login: str) -> None:
    """Register an outside prober; what it signs from now on counts."""
    from portal.cli.site import settings_and_platform

    _, platform = settings_and_platform()
    with platform.act(_actor(platform, login)) as act:
        services.register_prober(act, name, key)
    click.echo(f"✓ {name}")


@outage.command()
@click.option("--section", required=True, help="the section's code")
@click.option("--log", "logs", multiple=True, required=True, metavar="KEY=FILE", help="a prober's public key and log")
@click.option("--cause", default="unknown", show_default=True, type=click.Choice(CAUSES), help="why it was away")
@click.option("--reason", required=True, help="what the notice says")
@click.option("--by", "login", required=True, help="the login of who decides")
def extend(section: str, logs: tuple[str, ...], cause: str, reason: str, login: str) -> None:
    """Move the deadline by the published rule for the outage the logs show."""
    from portal.cli.site import settings_and_platform

    _, platform = settings_and_platform()
    held = {pair.rpartition("=")[0]: Path(pair.rpartition("=")[2]).read_bytes() for pair in logs}
    with platform.act(_actor(platform, login), through=rules.turnstile(section), shared=False, as_ordered=True) as act:
        made = services.extend_for_outage(act, queries.section(act.session, section), held, cause=cause, reason=reason)
        click.echo(f"✓ {section} · {made.minutes} min · {made.new_deadline_at.isoformat()}")
