"""Verbs of the watchman: scan opened bids, raise warnings, let people decide, learn from closed sections."""

from collusion.services.deciding import (
    BUDGETS,
    answer_material,
    approve_warning,
    ask_bidders,
    assign_warning,
    decide_warning,
    press_warning,
    resume_warning,
    set_budget,
    view_notes,
    view_warning,
)
from collusion.services.layout import key_of, lay_out
from collusion.services.learning import (
    archive_section,
    held_tenders,
    index_of,
    learn_section,
    preview_archive,
    record_learning,
)
from collusion.services.linking import receive_link, take_records
from collusion.services.papers import lead_facts, note_paper, packed, render_lead, take_material
from collusion.services.reading_scores import refit, roll_back
from collusion.services.registry import import_registry
from collusion.services.scanning import record_scan, scan_section
from collusion.services.warnings import raise_warning

__all__ = [
    "BUDGETS",
    "answer_material",
    "approve_warning",
    "archive_section",
    "ask_bidders",
    "assign_warning",
    "decide_warning",
    "held_tenders",
    "import_registry",
    "index_of",
    "key_of",
    "lay_out",
    "lead_facts",
    "learn_section",
    "note_paper",
    "packed",
    "press_warning",
    "preview_archive",
    "raise_warning",
    "receive_link",
    "record_learning",
    "record_scan",
    "refit",
    "render_lead",
    "resume_warning",
    "roll_back",
    "scan_section",
    "set_budget",
    "take_material",
    "take_records",
    "view_notes",
    "view_warning",
]
