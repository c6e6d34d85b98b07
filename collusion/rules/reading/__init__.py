"""What of a bid's text is its own: everything else is marked as the tender's, the archive's or a citation (App. D)."""

from collusion.rules.reading.bid import cited, read_bid
from collusion.rules.reading.ordinary import FUZZY_CONTAINMENT, LEAST_FUZZY, LEAST_ISLAND, Ordinary, Weights
from collusion.rules.reading.paragraphs import written
from collusion.rules.reading.stream import Part, Piece, Source, Stream

__all__ = [
    "FUZZY_CONTAINMENT",
    "LEAST_FUZZY",
    "LEAST_ISLAND",
    "Ordinary",
    "Part",
    "Piece",
    "Source",
    "Stream",
    "Weights",
    "cited",
    "read_bid",
    "written",
]
