"""The programs' interface of accounts, and what every operation of it is made of (`frame`)."""

from accounts.routes.api import tokens

__all__ = ["tokens"]
