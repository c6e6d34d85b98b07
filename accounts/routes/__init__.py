"""Pages of accounts: signing in and out, one's own account, keys and machine, the operator's register."""

from accounts.routes import account, check, operators, signing_in
from accounts.routes.blueprint import blueprint

__all__ = ["account", "blueprint", "check", "operators", "signing_in"]
