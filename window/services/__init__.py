"""What the window writes: trades and their sums, ratings, and the messages to programs that have subscribed."""

from window.services.outside import record_outside
from window.services.ratings import answer_rating, rate, review_rating, take_on_rating
from window.services.trades import import_trades, record_section
from window.services.webhooks import (
    Parcel,
    claim_messages,
    create_webhook,
    disable_webhook,
    enable_webhook,
    end_webhook,
    ping,
    record_try,
    replay,
    rotate_secret,
    write_messages,
)

__all__ = [
    "Parcel", "answer_rating", "claim_messages", "create_webhook", "disable_webhook", "enable_webhook", "end_webhook",
    "import_trades", "ping", "rate", "record_outside", "record_section", "record_try", "replay", "review_rating",
    "rotate_secret", "take_on_rating", "write_messages",
]  # fmt: skip
