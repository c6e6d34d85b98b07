"""`sunbid account`: a person's own keys in a folder, and signing in to a server with them. Needs no server code."""

from accounts.cli.agent import Agent  # its command joins the group
from accounts.cli.commands import account
from accounts.cli.connection import Connection, checked, connect
from accounts.cli.folder import AGE, CERTIFICATE, KEY, PUBLIC, REQUEST, SECRET, Identity, write_private
from accounts.cli.keyfiles import write_backup  # its commands join the group

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
    "write_backup",
    "write_private",
]
