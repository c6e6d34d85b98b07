"""Pages of credit: lists and imports, checks with their evidence, replay, the ledger, corrections."""

from credit.routes import checks, corrections, facts, ledger, lists  # noqa: F401 - each hangs its pages on the blueprint
from credit.routes.pages import blueprint

__all__ = ["blueprint"]
