"""Opening day and each bid's fate on it, as literal tables (design: FIELD §8)."""

from __future__ import annotations

from core.machine import Lifecycle, back, move

COURSE = (
    "closed",
    "names_published",
    "decrypt_open",
    "decrypt_paused",
    "trustee_fallback",
    "decrypt_closed",
    "coefficients_drawn",
    "prices_read",
    "record_confirm",
    "objection",
)
"""The states of the day before the record is signed: out of each the opening may be suspended or cancelled."""

OPENING = Lifecycle(
    "opening",
    "closed",
    {
        "publish_names": move("closed", "names_published"),
        "open_decryption": move("names_published", "decrypt_open"),
        "pause": move("decrypt_open", "decrypt_paused"),
        "resume": move("decrypt_paused", "decrypt_open"),
        "fall_back": move("decrypt_open", "trustee_fallback"),
        "close_decryption": move(("decrypt_open", "trustee_fallback"), "decrypt_closed"),
        "draw_coefficients": move("decrypt_closed", "coefficients_drawn"),
        "read_prices": move("coefficients_drawn", "prices_read"),
        "ask_confirmation": move("prices_read", "record_confirm"),
        "object": move("record_confirm", "objection"),
        "reply": move("objection", "record_confirm"),
        "sign_record": move("record_confirm", "record_signed"),
        "hand_over": move("record_signed", "handed_over"),
        "convene_second": move("handed_over", "names_published"),
        "fail": move(("closed", "names_published", "decrypt_closed"), "failed"),
        "suspend": move(COURSE, "suspended"),
        "reconvene": back("suspended"),
        "cancel": move((*COURSE, "suspended"), "cancelled"),
    },
)

BID = Lifecycle(
    "bid",
    "sealed",
    {
        "open_by_bidder": move("sealed", "opened_by_bidder"),
        "open_by_trustees": move("sealed", "opened_by_trustees"),
        "open_from_backup": move("sealed", "opened_from_backup"),
        "deem_revoked": move("sealed", "deemed_revoked"),
        "deem_withdrawn": move("sealed", "deemed_withdrawn"),
        "overturn": move("deemed_revoked", "deemed_withdrawn"),
        "refuse": move("sealed", "refused"),
        "mark_corrupted": move("sealed", "corrupted"),
        "admit_second": move(("opened_by_bidder", "opened_by_trustees", "opened_from_backup"), "sealed"),
        "return_second": move(("opened_by_bidder", "opened_by_trustees", "opened_from_backup"), "returned"),
        "restore": move("returned", "sealed"),
        "reject": move(("opened_by_bidder", "opened_by_trustees", "opened_from_backup"), "rejected"),
    },
)

OPENED = frozenset({"opened_by_bidder", "opened_by_trustees", "opened_from_backup"})
"""States in which a bid is read out and goes on to evaluation."""
APART = frozenset({"refused", "returned"})
"""States in which a bid stands on the board and takes no part in what is done there."""
