"""Pages and programs' doors of the opening: the public hall, the host's desk, the bidder, the key holders."""

from opening.routes import control, cover, desk, hall, holders, mine
from opening.routes.frame import blueprint

__all__ = ["blueprint", "control", "cover", "desk", "hall", "holders", "mine"]
