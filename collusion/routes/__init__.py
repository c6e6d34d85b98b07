"""Pages of the watchman: the regulator's desk, a bidder's answers, and closing a section's file."""

from collusion.routes import archive, desk, figures, machines, materials, notes, papers, registry
from collusion.routes.frame import blueprint

__all__ = ["archive", "blueprint", "desk", "figures", "machines", "materials", "notes", "papers", "registry"]
