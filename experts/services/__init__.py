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
from experts.services.avoidance import ask_avoidance, decide_avoidance, record_absence
from experts.services.committee import (
    name_representative,
    opine,
    receive_memo,
    request_committee,
    widen_pools,
)
from experts.services.draw import (
    announce_expert_draw,
    commit_draw_nonce,
    conclude_expert_draw,
    freeze,
    reveal_draw_nonce,
)
from experts.services.pool import (
    add_expert,
    change_status,
    export_experts,
    found_pool,
    import_experts,
    record_training,
    renew_term,
    update_declarations,
)
from experts.services.report import deliver_report, record_silence, report_facts, sign_report, write_report
from experts.services.review import begin_scoring, reject_all, save_findings
from experts.services.scoring import (
    conclude_first_stage,
    explain_outlier,
    lock_committee,
    lock_sheet,
    reopen_sheet,
    save_scores,
)

__all__ = [
    "accept",
    "accept_application",
    "add_expert",
    "announce_expert_draw",
    "apply_for_pool",
    "ask_avoidance",
    "avoid",
    "begin_scoring",
    "change_status",
    "commit_draw_nonce",
    "conclude_expert_draw",
    "conclude_first_stage",
    "decide_avoidance",
    "declare",
    "decline",
    "deliver_report",
    "explain_outlier",
    "export_experts",
    "found_pool",
    "freeze",
    "import_experts",
    "lock_committee",
    "lock_sheet",
    "name_representative",
    "opine",
    "reapply",
    "receive_memo",
    "recommend",
    "record_absence",
    "record_silence",
    "record_training",
    "refuse_application",
    "reject_all",
    "renew_term",
    "reopen_sheet",
    "report_facts",
    "request_committee",
    "return_application",
    "reveal_draw_nonce",
    "save_findings",
    "save_scores",
    "sign_in",
    "sign_report",
    "update_declarations",
    "vote_leader",
    "widen_pools",
    "withdraw_application",
    "write_report",
]  # fmt: skip
