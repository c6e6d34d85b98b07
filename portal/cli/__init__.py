"""The `sunbid` command: every floor's verbs under one name, each loaded only when called."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from core.errors import Refusal
from portal.cli.language import speak, translate

COMMANDS = {
    "demo": "portal.cli.demo.command:demo",
    "serve": "portal.cli.site:serve",
    "worker": "portal.cli.site:worker",
    "tick": "portal.cli.site:tick",
    "doctor": "portal.cli.site:doctor",
    "db": "portal.cli.site:db",
    "ledger": "portal.cli.site:ledger",
    "tsa": "portal.cli.tsa:tsa",
    "witness": "portal.cli.witness:witness",
    "verify": "portal.cli.verify:verify",
    "verify-pdf": "portal.cli.papers:verify_pdf",
    "draw": "portal.cli.site:draw",
    "boq": "bidding.cli:boq",
    "seal": "bidding.cli:seal",
    "submit": "bidding.cli:submit",
    "replace": "bidding.cli:replace",
    "withdraw": "bidding.cli:withdraw",
    "held": "bidding.cli:held",
    "receipt": "bidding.cli:receipt",
    "account": "accounts.cli:account",
    "bond": "bidding.cli.bond:bond",
    "bonds": "portal.cli.bonds:bonds",
    "institution": "bidding.cli.counter:institution",
    "trustee": "opening.cli:trustee",
    "opening": "opening.cli:opening",
    "outage": "portal.cli.outage:outage",
    "prober": "bidding.cli.prober:prober",
    "collusion": "collusion.cli:collusion",
    "credit": "credit.cli:credit",
    "experts": "experts.cli:experts",
    "archive": "awards.cli:archive",
    "statistics": "window.cli:statistics",
    "exchange": "window.cli:exchange",
    "open-data": "window.cli:open_data",
}


class Lazy(click.Group):
    """A group that imports a subcommand's module when it is called: sealing loads no server, no database."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, name = target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return translate(command)


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sunbid")
@click.pass_context
def group(context: click.Context) -> None:
    """阳光招采 Sunbid: seal, submit, open, draw, score, award and verify."""
    if context.obj is None:
        context.obj = installed_platform


def installed_platform() -> Any:
    """The platform of this machine by its settings; None where nothing is installed, and nothing is made there."""
    from portal.app import Settings, build_platform, check_settings

    settings = Settings()
    if not settings.database and not (settings.folder / "sunbid.db").is_file():
        return None
    platform = build_platform(settings)
    check_settings(settings, platform)
    return platform


def main(arguments: list[str] | None = None) -> Any:
    """Run the command; exit 0 done, 1 refused or found wrong, 2 misused. A refusal is one sentence on stderr."""
    speak()
    try:
        return translate(group).main(args=arguments, prog_name="sunbid", standalone_mode=True)
    except Refusal as refusal:
        click.echo(spoken(refusal), err=True)
        sys.exit(1)


def spoken(refusal: Refusal) -> str:
    """The refusal as a sentence in the language of LANG, with its code."""
    from portal.words import sentence_outside

    return f"✗ {sentence_outside(refusal)} [{refusal.code}]"
