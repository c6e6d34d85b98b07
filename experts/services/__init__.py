"""What can be done with the pool, a committee, its draw, its reviews, scores and report."""

from experts.services.applications import (
    accept_application,
    apply_for_pool,
    reapply,
    recommend,
    refuse_application,
    return_application,
    withdraw_application,
)
from experts.services.attendance import accept, avoid, declare, decline, sign_in, vote_leader
from experts.services.avoidance import ask_avoidance, decide_avoidance, record_absence, release_member
from experts.services.blind import lock_blind, lock_masked, reopen_masked, save_masked
from experts.services.clarifications import (
    ask_bidder,
    found_slips,
    lapse_clarification,
    propose_correction,
    sign_answer,
    write_answer,
)
from experts.services.cleaning import Cleaning, clean_files, keep_cleaned, ready_to_clean
from experts.services.committee import (
    name_representative,
    opine,
    receive_memo,
    request_committee,
    widen_pools,
)
from experts.services.direct import approve_direct, propose_direct, refuse_direct
from experts.services.draw import (
    announce_expert_draw,
    commit_draw_nonce,
    conclude_expert_draw,
    freeze,
    reveal_draw_nonce,
)
from experts.services.duty import go_off_duty, go_on_duty, name_duty_key, reveal_tables
from experts.services.opinions import answer_opinions, give_opinions, keep_opinions, ready_to_opine
from experts.services.pool import (
    add_expert,
    change_status,
    export_experts,
    found_pool,
    import_experts,
    record_contact,
    record_training,
    renew_term,
    update_declarations,
)
from experts.services.prices import save_price_findings
from experts.services.proofs import drop_clear_proofs, lock_old_proofs
from experts.services.report import deliver_report, record_silence, report_facts, sign_report, write_report
from experts.services.review import begin_scoring, reject_all, save_findings
from experts.services.rollback import ask_rollback, decide_rollback, send_back
from experts.services.scoring import (
    conclude_first_stage,
    explain_outlier,
    lock_committee,
    lock_sheet,
    reopen_sheet,
    save_scores,
)
from experts.services.viewing import record_page

__all__ = [
    "Cleaning",
    "accept",
    "accept_application",
    "add_expert",
    "announce_expert_draw",
    "answer_opinions",
    "apply_for_pool",
    "approve_direct",
    "ask_avoidance",
    "ask_bidder",
    "ask_rollback",
    "avoid",
    "begin_scoring",
    "change_status",
    "clean_files",
    "commit_draw_nonce",
    "conclude_expert_draw",
    "conclude_first_stage",
    "decide_avoidance",
    "decide_rollback",
    "declare",
    "decline",
    "deliver_report",
    "drop_clear_proofs",
    "explain_outlier",
    "export_experts",
    "found_pool",
    "found_slips",
    "freeze",
    "give_opinions",
    "go_off_duty",
    "go_on_duty",
    "import_experts",
    "keep_cleaned",
    "keep_opinions",
    "lapse_clarification",
    "lock_blind",
    "lock_committee",
    "lock_masked",
    "lock_old_proofs",
    "lock_sheet",
    "name_duty_key",
    "name_representative",
    "opine",
    "propose_correction",
    "propose_direct",
    "ready_to_clean",
    "ready_to_opine",
    "reapply",
    "receive_memo",
    "recommend",
    "record_absence",
    "record_contact",
    "record_page",
    "record_silence",
    "record_training",
    "refuse_application",
    "refuse_direct",
    "reject_all",
    "release_member",
    "renew_term",
    "reopen_masked",
    "reopen_sheet",
    "report_facts",
    "request_committee",
    "return_application",
    "reveal_draw_nonce",
    "reveal_tables",
    "save_findings",
    "save_masked",
    "save_price_findings",
    "save_scores",
    "send_back",
    "sign_answer",
    "sign_in",
    "sign_report",
    "update_declarations",
    "vote_leader",
    "widen_pools",
    "withdraw_application",
    "write_answer",
    "write_report",
]  # fmt: skip
