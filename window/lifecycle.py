"""The life of a service rating (好差评) as a literal table: a bad one is handled, put right and reviewed."""

from __future__ import annotations

from core.machine import Lifecycle, move

RATING = Lifecycle(
    "rating",
    "received",
    {
        "take_on": move("received", "handling"),
        "rectify": move("handling", "rectified"),
        "set_aside": move("handling", "rectified"),
        "accept": move("rectified", "closed"),
        "return": move("rectified", "handling"),
    },
)
"""Good ratings stay received. Setting a rating aside is an answer too: the reviewer may send it back."""
