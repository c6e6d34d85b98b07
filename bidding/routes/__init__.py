"""Pages and endpoints of bidding: the tenderee's desk, the public section, trustees' keys, uploads, the commit."""

from bidding.routes import desk, drafting, public, receipts, sealing, submissions, trustees, uploads, workspace
from bidding.routes.blueprint import blueprint

__all__ = [
    "blueprint",
    "desk",
    "drafting",
    "public",
    "receipts",
    "sealing",
    "submissions",
    "trustees",
    "uploads",
    "workspace",
]
