"""The lives of a service rating (好差评) and of a program's subscription, as literal tables."""

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

WEBHOOK = Lifecycle(
    "webhook",
    "active",
    {
        "disable": move("active", "disabled"),
        "enable": move("disabled", "active"),
        "end": move(("active", "disabled"), "ended"),
    },
)
