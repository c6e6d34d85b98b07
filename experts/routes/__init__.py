"""Pages of the pool, the committee's draw, the invitation and the committee room."""

from experts.routes import (
    applications,
    avoidance,
    blind,
    clarifications,
    committee,
    direct,
    draw,
    duty,
    invitations,
    pool,
    report,
    review,
    rollback,
    room,
    scoring,
    viewing,
    watching,
)
from experts.routes.frame import blueprint

__all__ = [
    "applications",
    "avoidance",
    "blind",
    "blueprint",
    "clarifications",
    "committee",
    "direct",
    "draw",
    "duty",
    "invitations",
    "pool",
    "report",
    "review",
    "rollback",
    "room",
    "scoring",
    "viewing",
    "watching",
]  # fmt: skip
