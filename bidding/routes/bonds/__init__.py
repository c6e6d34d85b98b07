"""Pages of bonds: what everybody reads, banks' doors, the bidder's own, the centre's finance, institutions."""

from bidding.routes.bonds import desk, institutions, open_pages, refunds

__all__ = ["desk", "institutions", "open_pages", "refunds"]
