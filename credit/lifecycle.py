"""The life of a correction request: the party files it, the centre forwards it, the source answers."""

from core.machine import Lifecycle, move

CORRECTION = Lifecycle(
    "credit_correction",
    "filed",
    {
        "forward": move("filed", "forwarded"),
        "return": move("filed", "returned"),
        "uphold": move("forwarded", "upheld"),
        "dismiss": move("forwarded", "dismissed"),
        "withdraw": move(("filed", "forwarded"), "withdrawn"),
    },
)
