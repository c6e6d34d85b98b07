"""Pure rules of the opening, by subject: steps of the day, what each move needs, layers, the window, causes, K."""

from opening.rules.causes import BIDDER_CAUSES, CAUSES, OTHER_CAUSES, TROUBLES, deemed, judgement, remedy_of
from opening.rules.coefficients import DRAW_PARTIES, coefficient_grid, draw_label, draw_steps
from opening.rules.conditions import HOST_MOVES, Condition, Standing, conditions, first_unmet
from opening.rules.consortia import is_whole, joint_name, members_of, parties_of, published_members, stands_twice
from opening.rules.layers import BIDDER_SET, IDENTITY, check_layer, inner_size, is_final, peeler, two_bids
from opening.rules.schedule import SCHEDULE, read_schedule, readout, record_message
from opening.rules.sittings import due_envelopes, later_envelopes, reads_prices, sitting_of, sittings_of
from opening.rules.stages import (
    ASIDE,
    NAMES_SHOWN,
    OBJECTABLE,
    PRICES_SHOWN,
    STAGES,
    check_state,
    standing,
    step_of,
)
from opening.rules.window import extended, paused_at, resumed, window_end, with_pause

__all__ = [
    "ASIDE",
    "BIDDER_CAUSES",
    "BIDDER_SET",
    "CAUSES",
    "DRAW_PARTIES",
    "HOST_MOVES",
    "IDENTITY",
    "NAMES_SHOWN",
    "OBJECTABLE",
    "OTHER_CAUSES",
    "PRICES_SHOWN",
    "SCHEDULE",
    "STAGES",
    "TROUBLES",
    "Condition",
    "Standing",
    "check_layer",
    "check_state",
    "coefficient_grid",
    "conditions",
    "deemed",
    "draw_label",
    "draw_steps",
    "due_envelopes",
    "extended",
    "first_unmet",
    "inner_size",
    "is_final",
    "is_whole",
    "joint_name",
    "judgement",
    "later_envelopes",
    "members_of",
    "parties_of",
    "paused_at",
    "peeler",
    "published_members",
    "read_schedule",
    "readout",
    "reads_prices",
    "record_message",
    "remedy_of",
    "resumed",
    "sitting_of",
    "sittings_of",
    "standing",
    "stands_twice",
    "step_of",
    "two_bids",
    "window_end",
    "with_pause",
]
