"""Pages and endpoints of bidding: the tenderee's desk, the public section, trustees' keys, uploads, the commit."""

from bidding.routes import (
    bill,
    desk,
    drafting,
    invitees,
    law,
    objections,
    preparing,
    public,
    publishing,
    receipts,
    sealing,
    submissions,
    trustees,
    uploads,
    versions,
    wizard,
    workspace,
)
from bidding.routes.blueprint import blueprint

__all__ = [
    "bill",
    "blueprint",
    "desk",
    "drafting",
    "invitees",
    "law",
    "objections",
    "preparing",
    "public",
    "publishing",
    "receipts",
    "sealing",
    "submissions",
    "trustees",
    "uploads",
    "versions",
    "wizard",
    "workspace",
]
