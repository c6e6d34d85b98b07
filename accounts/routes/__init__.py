"""Pages of accounts: signing in and out, one's own account, keys and machine, the operator's register."""

from accounts.routes import account, api, check, operators, signing_in, tokens
from accounts.routes.blueprint import blueprint

__all__ = ["account", "api", "blueprint", "check", "operators", "signing_in", "tokens"]
