"""The programs' interface of bidding: a tenderee's or agent's own projects and drafts."""

from bidding.routes.api import documents, drafts

__all__ = ["documents", "drafts"]
