"""Commands in the reader's language: help, usage, errors of arguments; Chinese unless the terminal asks for English."""

from __future__ import annotations

import gettext
import inspect
import os
import re
from pathlib import Path

import click

CATALOGUES = Path(__file__).resolve().parents[2] / "translations"
DOMAIN = "commands"


def terminal_language() -> str:
    """`zh` or `en`: the first of LC_ALL, LC_MESSAGES, LANG that is set; English only where one asks for it."""
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "en" if re.match(r"en([_.@]|$)", spoken) else "zh"  # "C" asks for nothing


def speak() -> None:
    """From here on click's own words follow the terminal: Chinese from the catalogue, English as click has them."""
    if terminal_language() == "zh":
        os.environ["LANGUAGE"] = "zh"  # where click's gettext looks for the reader's language
        gettext.bindtextdomain(DOMAIN, str(CATALOGUES))
        gettext.textdomain(DOMAIN)


def translate(command: click.Command) -> click.Command:
    """The command with its help and its options' help in the language of `speak`; subcommands follow when asked for."""
    if command.help:
        command.help = gettext.gettext(inspect.cleandoc(command.help))
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            parameter.help = gettext.gettext(inspect.cleandoc(parameter.help))
    if isinstance(command, click.Group):
        for name, under in list(command.commands.items()):
            command.commands[name] = translate(under)
    return command
