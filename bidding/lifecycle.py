"""The lives of a section, of what is about to be published, of an objection and of a sealed submission, as tables."""

from __future__ import annotations

from core.machine import Lifecycle, back, move

SECTION = Lifecycle(
    "section",
    "draft",
    {
        "publish": move("draft", "submission_open"),
        "suspend": move("submission_open", "suspended"),
        "resume": move("suspended", "submission_open"),
        "close": move("submission_open", "closed"),
        "mark_opened": move("closed", "opened"),
        "call_final": move("opened", "final_called"),
        "begin_evaluation": move("opened", "evaluating"),
        "deliver_report": move("evaluating", "evaluated"),
        "publish_candidates": move("evaluated", "candidates_published"),
        "award": move(("candidates_published", "evaluated"), "awarded"),
        "archive": move("awarded", "archived"),
        "set_aside": move("awarded", "candidates_published"),
        "set_aside_result": move("awarded", "evaluated"),
        "reopen_evaluation": move(("evaluated", "candidates_published", "awarded"), "evaluating"),
        "fail": move(
            (
                "submission_open", "suspended", "closed", "opened", "evaluating", "evaluated", "candidates_published",
                "awarded",
            ),
            "failed",
        ),
    },
)  # fmt: skip

SUBMISSION = Lifecycle(
    "submission",
    "received",
    {
        "seal": move("received", "sealed"),
        "supersede": move("received", "superseded"),
        "withdraw": move("received", "withdrawn"),
        "unmask": move("sealed", "decoy"),
    },
)

OBJECTION = Lifecycle("document_objection", "open", {"answer": move("open", "answered")})

PUBLICATION = Lifecycle(
    "publication",
    "drafted",
    {
        "submit": move("drafted", "submitted"),
        "publish": move("submitted", "published"),
        "return": move("submitted", "returned"),
        "withdraw": move(("drafted", "submitted"), "withdrawn"),
    },
)

BOND = Lifecycle(
    "bond",
    "declared",
    {
        "accept": move(("declared", "faulty"), "held"),
        "fault": move("declared", "faulty"),
        "waive": move("declared", "waived"),
        "make_due": move(("declared", "held", "faulty", "waived"), "due"),
        "return": move("due", "returned"),
        "forfeit": move(("held", "faulty", "due"), "forfeited"),
        "restore": move("forfeited", "held"),
        "convert": move(("held", "due"), "converted"),
        "dispute": move(("held", "faulty", "due"), "disputed"),
        "settle": back("disputed"),
    },
)

REFUND = Lifecycle(
    "refund",
    "prepared",
    {
        "approve": move("prepared", "approved"),
        "return": move("prepared", "returned"),
        "pay": move("approved", "paid"),
        "stop": move(("prepared", "approved"), "stopped"),
    },
)
