"""Verbs on credit: import lists, ask sources, check parties and keep the evidence, facts, corrections."""

from credit.services.checking import (
    check_again,
    check_consortium,
    check_other,
    check_party,
    check_party_again,
    check_qualification,
    clear_for_award,
    keep_evidence,
)
from credit.services.corrections import (
    answer_correction,
    file_correction,
    forward_correction,
    return_correction,
    withdraw_correction,
)
from credit.services.facts import record_fact, record_joint_fact, told_fact, withdraw_fact
from credit.services.importing import abandon_import, begin_import, import_list, take_import
from credit.services.ledgers import choose_incentives, take_ledger
from credit.services.sources import ask_sources, set_source

__all__ = [
    "abandon_import",
    "answer_correction",
    "ask_sources",
    "begin_import",
    "check_again",
    "check_consortium",
    "check_other",
    "check_party",
    "check_party_again",
    "check_qualification",
    "choose_incentives",
    "clear_for_award",
    "file_correction",
    "forward_correction",
    "import_list",
    "keep_evidence",
    "record_fact",
    "record_joint_fact",
    "return_correction",
    "set_source",
    "take_import",
    "take_ledger",
    "told_fact",
    "withdraw_correction",
    "withdraw_fact",
]
