"""Pages of the window: figures, trades, what may be taken away."""

from window.routes import catalogue, feeds, opendata, ratings, statistics, trades
from window.routes.blueprint import blueprint

__all__ = ["blueprint", "catalogue", "feeds", "opendata", "ratings", "statistics", "trades"]
