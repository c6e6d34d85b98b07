"""The lives of a publicity of candidates and of an objection to it, as literal tables."""

from __future__ import annotations

from core.machine import Lifecycle, move

PUBLICITY = Lifecycle(
    "publicity",
    "running",
    {
        "suspend": move("running", "suspended"),
        "resume": move("suspended", "running"),
        "end": move("running", "ended"),
        "award": move("ended", "awarded"),
        "lapse": move("awarded", "ended"),
        "revoke": move(("running", "suspended", "ended", "awarded"), "revoked"),
        "renew": move("revoked", "running"),
    },
)

OBJECTION = Lifecycle("objection", "open", {"answer": move("open", "answered")})
