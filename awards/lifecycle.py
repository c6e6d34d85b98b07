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

COMPLAINT = Lifecycle(
    "complaint",
    "filed",
    {
        "return": move("filed", "returned"),
        "file_again": move("returned", "filed"),
        "accept": move("filed", "accepted"),
        "refuse": move("filed", "refused"),
        "withdraw": move(("filed", "returned", "accepted"), "withdrawn"),
        "decide": move("accepted", "decided"),
    },
)
"""A complaint to the regulator (R-553, R-554): accepted in its days, investigated, decided, published."""

SELECTION = Lifecycle(
    "selection",
    "convened",
    {
        "begin": move("convened", "voting"),
        "conclude": move(("convened", "voting"), "concluded"),
        "dissolve": move(("convened", "voting", "concluded"), "dissolved"),
    },
)
"""An award committee's sitting (评定分离): convened, voting in rounds, concluded; dissolved when its winner is lost."""

CONTRACT = Lifecycle(
    "contract",
    "signing",
    {
        "void": move("signing", "void"),
        "conclude": move("signing", "concluded"),
        "complete": move("concluded", "completed"),
        "terminate": move("concluded", "terminated"),
    },
)
"""A contract: put up for signature, concluded with both signatures, performed, or ended early with a settlement."""

SUPPLEMENT = Lifecycle(
    "supplement", "asked", {"approve": move("asked", "approved"), "refuse": move("asked", "refused")}
)
"""A supplement to a closed file: asked by one person, decided by another; approved it is a layer (R-560)."""

RECORDING = Lifecycle("recording", "standing", {"withdraw": move("standing", "withdrawn")})
"""An entry of the index of recordings: it stands, or was withdrawn with a reason; it is never changed (R-261)."""

OBJECTION = Lifecycle("objection", "open", {"answer": move("open", "answered")})
