"""The programs' interface of the window: what is published, page by page, and the interface's own description."""

from window.routes.api import entry, exchange, published, webhooks

__all__ = ["entry", "exchange", "published", "webhooks"]
