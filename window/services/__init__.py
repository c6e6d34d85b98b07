"""What the window writes: trades of this platform, tables of earlier ones, and the sums kept of both."""

from window.services.outside import record_outside
from window.services.ratings import answer_rating, rate, review_rating, take_on_rating
from window.services.trades import import_trades, record_section

__all__ = [
    "answer_rating", "import_trades", "rate", "record_outside", "record_section", "review_rating", "take_on_rating",
]  # fmt: skip
