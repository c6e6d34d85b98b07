"""`sunbid account`: a person's own keys in a folder, and signing in to a server with them. Needs no server code."""

from accounts.cli import keyfiles  # its commands join the group
from accounts.cli.agent import Agent  # its command joins the group
from accounts.cli.commands import account
from accounts.cli.connection import Connection, checked, connect
from accounts.cli.folder import AGE, CERTIFICATE, KEY, PUBLIC, REQUEST, SECRET, Identity, write_private

__all__ = [
    "AGE",
    "CERTIFICATE",
    "KEY",
    "PUBLIC",
    "REQUEST",
    "SECRET",
    "Agent",
    "Connection",
    "Identity",
    "account",
    "checked",
    "connect",
    "keyfiles",
    "write_private",
]
