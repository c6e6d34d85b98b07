"""Pages of the window: figures, trades, what may be taken away."""

from window.routes import opendata, statistics, trades
from window.routes.blueprint import blueprint

__all__ = ["blueprint", "opendata", "statistics", "trades"]
