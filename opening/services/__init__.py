"""Verbs of the opening, in the order of its day: close, names, decryption, draw, prices, record."""

from opening.services.closing import close_and_convene
from opening.services.coefficients import commit_coefficient, draw_coefficients, reveal_coefficient
from opening.services.contents import Looking, keep_contents, look_into, ready_to_look
from opening.services.court import (
    Restored,
    appeal,
    check_backup,
    give_evidence,
    keep_backup,
    overturn,
    refuse_backup,
    restore_backup,
)
from opening.services.cover import except_cover, record_cover
from opening.services.decryption import (
    advance_due,
    close_decryption,
    decide_cause,
    extend,
    fall_back,
    open_decryption,
    pause,
    resume,
    sign_in_bid,
)
from opening.services.devices import name_regulator_key
from opening.services.names import publish_names
from opening.services.peeling import peel_layer, release, report_fault
from opening.services.reading import (
    ask_confirmation,
    confirm_record,
    raise_objection,
    read_prices,
    reply_objection,
)
from opening.services.record import cosign_record, hand_over, render_record, sign_record
from opening.services.sittings import (
    admit,
    announce_supplement,
    convene_second,
    restore,
    withdraw_admission,
)
from opening.services.suspension import (
    announce_reconvening,
    cancel,
    close_incident,
    end_order,
    obey_order,
    raise_incident,
    reconvene,
    suspend,
)
from opening.services.talk import announce, call_bidder, here, keep_presence, record_irregularity, say
from opening.services.unsealing import Unsealed, Unsealing, keep_opened, open_ready, ready_to_unseal, unseal, unseal_all

__all__ = [
    "Looking",
    "Restored",
    "Unsealed",
    "Unsealing",
    "admit",
    "advance_due",
    "announce",
    "announce_reconvening",
    "announce_supplement",
    "appeal",
    "ask_confirmation",
    "call_bidder",
    "cancel",
    "check_backup",
    "close_and_convene",
    "close_decryption",
    "close_incident",
    "commit_coefficient",
    "confirm_record",
    "convene_second",
    "cosign_record",
    "decide_cause",
    "draw_coefficients",
    "end_order",
    "except_cover",
    "extend",
    "fall_back",
    "give_evidence",
    "hand_over",
    "here",
    "keep_backup",
    "keep_contents",
    "keep_opened",
    "keep_presence",
    "look_into",
    "name_regulator_key",
    "obey_order",
    "open_decryption",
    "open_ready",
    "overturn",
    "pause",
    "peel_layer",
    "publish_names",
    "raise_incident",
    "raise_objection",
    "read_prices",
    "ready_to_look",
    "ready_to_unseal",
    "reconvene",
    "record_cover",
    "record_irregularity",
    "refuse_backup",
    "release",
    "render_record",
    "reply_objection",
    "report_fault",
    "restore",
    "restore_backup",
    "resume",
    "reveal_coefficient",
    "say",
    "sign_in_bid",
    "sign_record",
    "suspend",
    "unseal",
    "unseal_all",
    "withdraw_admission",
]
