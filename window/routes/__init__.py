"""Pages of the window: figures, trades, what may be taken away."""

from window.routes import api, catalogue, exchange, feeds, opendata, ratings, statistics, trades, webhooks
from window.routes.blueprint import blueprint

__all__ = [
    "api", "blueprint", "catalogue", "exchange", "feeds", "opendata", "ratings", "statistics", "trades", "webhooks",
]  # fmt: skip
