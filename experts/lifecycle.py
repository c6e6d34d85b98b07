"""The lives of what the committee's work is made of, from the application for a pool to the score sheet, as tables."""

from __future__ import annotations

from core.machine import Lifecycle, move

COMMITTEE = Lifecycle(
    "committee",
    "requested",
    {
        "announce_draw": move("requested", "draw_announced"),
        "draw": move("draw_announced", "drawn"),
        "select": move("requested", "drawn"),
        "seat": move("drawn", "seated"),
        "seat_blind": move("drawn", "blind"),
        "lock_blind": move("blind", "seated"),
        "begin_scoring": move("seated", "scoring"),
        "conclude_first": move("scoring", "first_concluded"),
        "lock": move(("scoring", "first_concluded"), "locked"),
        "report": move("locked", "reported"),
        "deliver": move("reported", "delivered"),
        "reseat": move(("blind", "seated", "scoring"), "drawn"),
        "roll_back_review": move(("scoring", "first_concluded", "delivered"), "seated"),
        "roll_back_scoring": move(("locked", "delivered"), "scoring"),
    },
)

MEMBER = Lifecycle(
    "member",
    "invited",
    {
        "accept": move("invited", "accepted"),
        "decline": move("invited", "declined"),
        "avoid": move(("invited", "accepted", "signed_in"), "avoided"),
        "sign_in": move("accepted", "signed_in"),
        "miss": move(("invited", "accepted"), "absent"),
        "sign_report": move("signed_in", "signed"),
        "recall": move("signed", "signed_in"),
    },
)

AVOIDANCE = Lifecycle(
    "avoidance",
    "asked",
    {"uphold": move("asked", "upheld"), "dismiss": move("asked", "dismissed")},
)

SHEET = Lifecycle(
    "sheet",
    "draft",
    {
        "lock": move("draft", "locked"),
        "reopen": move("locked", "draft"),
        "void": move(("draft", "locked"), "void"),
    },
)

APPLICATION = Lifecycle(
    "application",
    "applied",
    {
        "recommend": move("applied", "recommended"),
        "return": move(("applied", "recommended"), "returned"),
        "reapply": move("returned", "applied"),
        "refuse": move(("applied", "recommended"), "refused"),
        "accept": move(("applied", "recommended"), "accepted"),
        "withdraw": move(("applied", "recommended", "returned"), "withdrawn"),
    },
)

SANCTION = Lifecycle(
    "sanction",
    "proposed",
    {
        "state_case": move(("proposed", "heard"), "heard"),
        "confirm": move(("proposed", "heard"), "in_force"),
        "dismiss": move(("proposed", "heard"), "dismissed"),
        "withdraw": move(("proposed", "heard"), "withdrawn"),
        "ask_back": move("in_force", "lift_asked"),
        "keep": move("lift_asked", "in_force"),
        "lift": move("lift_asked", "lifted"),
        "expire": move(("in_force", "lift_asked"), "expired"),
    },
)
"""What is done about an expert's breach of duty: proposed by one person, answered, decided by another (R-315)."""

BID_CLARIFICATION = Lifecycle(
    "bid_clarification",
    "asked",
    {
        "answer": move("asked", "answered"),
        "refuse": move("asked", "refused"),
        "lapse": move("asked", "lapsed"),
    },
)

DIRECT = Lifecycle(
    "direct",
    "proposed",
    {"approve": move("proposed", "approved"), "refuse": move("proposed", "refused")},
)
"""The proposal to determine experts directly instead of drawing them (R-320)."""

MASKED_SHEET = Lifecycle(
    "masked_sheet",
    "draft",
    {
        "lock": move("draft", "locked"),
        "reopen": move("locked", "draft"),
        "void": move(("draft", "locked"), "void"),
    },
)

MASKED = frozenset({"requested", "draw_announced", "drawn", "blind"})
"""Committee states in which the labels of anonymous envelopes (暗标) lead to nobody; no bid is looked at by name."""

ROLLBACK = Lifecycle(
    "rollback",
    "asked",
    {"approve": move("asked", "approved"), "dismiss": move("asked", "dismissed")},
)

CONSULTATION = Lifecycle(
    "consultation",
    "asked",
    {
        "ask_again": move(("asked", "answered", "forgone"), "asked"),
        "answer": move("asked", "answered"),
        "forgo": move("asked", "forgone"),
    },
)
"""What a partner platform is asked for a draw: its candidates, or the decision to draw without them."""

LOAN = Lifecycle(
    "loan",
    "invited",
    {
        "accept": move("invited", "accepted"),
        "decline": move(("invited", "accepted"), "declined"),
        "bar": move(("invited", "accepted"), "barred"),
        "recall": move(("invited", "accepted"), "recalled"),
    },
)
"""One of our experts on a partner's committee."""
