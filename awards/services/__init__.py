"""What can be done after the evaluation: publish, object, complain, decide, award, set aside, hold again, archive."""

from awards.services.archive import archive_section, preview
from awards.services.award import award
from awards.services.complaints import (
    accept_complaint,
    check_complaint,
    decide_complaint,
    file_complaint,
    lapse_suspension,
    lift_suspension,
    order_suspension,
    record_step,
    refuse_complaint,
    return_complaint,
    withdraw_complaint,
)
from awards.services.completeness import Judged
from awards.services.contracts import (
    bring_signature,
    complete_contract,
    propose_contract,
    record_event,
    sign_contract,
    terminate_contract,
)
from awards.services.exporting import export_archive
from awards.services.objections import answer_objection, file_objection
from awards.services.publicity import end_publicity, publish_candidates
from awards.services.recordings import miss_recording, register_recording, withdraw_recording
from awards.services.renewals import renew_archive
from awards.services.result import announce_result
from awards.services.selection import (
    cast_ballot,
    convene_selection,
    decide_selection,
    declare_selector,
    record_inspection,
    set_selection,
)
from awards.services.selection_report import sign_selection
from awards.services.set_aside import hold_again, judge_abandonment, set_aside_winner
from awards.services.supplements import approve_supplement, ask_supplement, refuse_supplement
from awards.services.validity import answer_extension, ask_extension, conclude_extension

__all__ = [
    "Judged",
    "accept_complaint",
    "announce_result",
    "answer_extension",
    "answer_objection",
    "approve_supplement",
    "archive_section",
    "ask_extension",
    "ask_supplement",
    "award",
    "bring_signature",
    "cast_ballot",
    "check_complaint",
    "complete_contract",
    "conclude_extension",
    "convene_selection",
    "decide_complaint",
    "decide_selection",
    "declare_selector",
    "end_publicity",
    "export_archive",
    "file_complaint",
    "file_objection",
    "hold_again",
    "judge_abandonment",
    "lapse_suspension",
    "lift_suspension",
    "miss_recording",
    "order_suspension",
    "preview",
    "propose_contract",
    "publish_candidates",
    "record_event",
    "record_inspection",
    "record_step",
    "refuse_complaint",
    "refuse_supplement",
    "register_recording",
    "renew_archive",
    "return_complaint",
    "set_aside_winner",
    "set_selection",
    "sign_contract",
    "sign_selection",
    "terminate_contract",
    "withdraw_complaint",
    "withdraw_recording",
]
