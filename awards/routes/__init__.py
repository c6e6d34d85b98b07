"""Pages of what follows the evaluation, one file per noun."""

from awards.routes import award, complaints, contracts, exports, recordings, selection, supplements, validity
from awards.routes.frame import blueprint

__all__ = [
    "award",
    "blueprint",
    "complaints",
    "contracts",
    "exports",
    "recordings",
    "selection",
    "supplements",
    "validity",
]
