"""Pages of accounts: signing in and out, one's own account, the operator's register."""

from accounts.routes import account, operators, signing_in
from accounts.routes.blueprint import blueprint

__all__ = ["account", "blueprint", "operators", "signing_in"]
