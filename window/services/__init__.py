"""What the window writes: trades and their sums, ratings, and the messages to programs that have subscribed."""

from window.services.exchange import (
    Verdict,
    batch_of,
    gather_records,
    judge,
    keep_verdicts,
    note_silence,
    receive_records,
    register_platform,
    resend,
    withdraw_platform,
)
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
    "Parcel", "Verdict", "answer_rating", "batch_of", "claim_messages", "create_webhook", "disable_webhook",
    "enable_webhook", "end_webhook", "gather_records", "import_trades", "judge", "keep_verdicts", "note_silence",
    "ping", "rate", "receive_records", "record_outside", "record_section", "record_try", "register_platform",
    "replay", "resend", "review_rating", "rotate_secret", "take_on_rating", "withdraw_platform", "write_messages",
]  # fmt: skip
