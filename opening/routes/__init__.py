"""Pages and programs' doors of the opening: the public hall, the host's desk, the bidder, the key holders."""

from opening.routes import control, court, cover, desk, final_offers, hall, holders, live, mine, outages, talk
from opening.routes.frame import blueprint

__all__ = [
    "blueprint",
    "control",
    "court",
    "cover",
    "desk",
    "final_offers",
    "hall",
    "holders",
    "live",
    "mine",
    "outages",
    "talk",
]
