"""Pages of the pool, the committee's draw, the invitation and the committee room."""

from experts.routes import applications, avoidance, committee, draw, invitations, pool, report, review, room, scoring
from experts.routes.frame import blueprint

__all__ = [
    "applications",
    "avoidance",
    "blueprint",
    "committee",
    "draw",
    "invitations",
    "pool",
    "report",
    "review",
    "room",
    "scoring",
]
