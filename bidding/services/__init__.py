"""Verbs of bidding: from the draft of a project to the sealed set at the closing, and the moves handed down."""

from bidding.services.bill import bill_documents, set_bill
from bidding.services.bonds import Claim, declare_bonds, make_due, present_guarantee
from bidding.services.closing import ClosedSet, close_section, closed_set
from bidding.services.extension import extend_for_outage, probers, register_prober
from bidding.services.invitees import draw_invitees, list_invitees
from bidding.services.lock import lock_row
from bidding.services.moves import (
    bar_from_rerun,
    begin_evaluation,
    deliver_report,
    fail_section,
    keep_objects,
    mark_archived,
    mark_awarded,
    mark_candidates_published,
    mark_opened,
    reopen_evaluation,
    set_aside_award,
    unmask_decoy,
)
from bidding.services.objections import raise_objection
from bidding.services.orders import go_on, stand_still
from bidding.services.projects import (
    add_document,
    choose_incentives,
    create_project,
    create_section,
    update_project,
    update_section,
)
from bidding.services.publication import publish_section
from bidding.services.questions import (
    ask_question,
    draft_clarification,
    publish_clarification,
    submit_clarification,
)
from bidding.services.readings import keep_reading, read_documents
from bidding.services.rounds import call_final_offers
from bidding.services.submissions import Commit, add_dummy_commitment, commit_submission, commit_together
from bidding.services.trustees import register_trustee, rehearse_trustee
from bidding.services.two_persons import (
    choose_second_person,
    return_publication,
    submit_section,
    withdraw_publication,
)
from bidding.services.uploads import append_upload, create_upload, open_upload, sweep_uploads

__all__ = [
    "Claim",
    "ClosedSet",
    "Commit",
    "add_document",
    "add_dummy_commitment",
    "append_upload",
    "ask_question",
    "bar_from_rerun",
    "begin_evaluation",
    "bill_documents",
    "call_final_offers",
    "choose_incentives",
    "choose_second_person",
    "close_section",
    "closed_set",
    "commit_submission",
    "commit_together",
    "create_project",
    "create_section",
    "create_upload",
    "declare_bonds",
    "deliver_report",
    "draft_clarification",
    "draw_invitees",
    "extend_for_outage",
    "fail_section",
    "go_on",
    "keep_objects",
    "keep_reading",
    "list_invitees",
    "lock_row",
    "make_due",
    "mark_archived",
    "mark_awarded",
    "mark_candidates_published",
    "mark_opened",
    "open_upload",
    "present_guarantee",
    "probers",
    "publish_clarification",
    "publish_section",
    "raise_objection",
    "read_documents",
    "register_prober",
    "register_trustee",
    "rehearse_trustee",
    "reopen_evaluation",
    "return_publication",
    "set_aside_award",
    "set_bill",
    "stand_still",
    "submit_clarification",
    "submit_section",
    "sweep_uploads",
    "unmask_decoy",
    "update_project",
    "update_section",
    "withdraw_publication",
]
