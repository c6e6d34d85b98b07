"""Verbs of the watchman: scan opened bids, raise warnings, let people decide, learn from closed sections."""

from collusion.services.layout import key_of, lay_out
from collusion.services.learning import archive_section, held_tenders, index_of, learn_section, record_learning
from collusion.services.scanning import record_scan, scan_section
from collusion.services.warnings import DECISIONS, assign_warning, decide_warning, raise_warning, view_warning

__all__ = [
    "DECISIONS", "archive_section", "assign_warning", "decide_warning", "held_tenders", "index_of", "key_of", "lay_out",
    "learn_section", "raise_warning", "record_learning", "record_scan", "scan_section", "view_warning",
]  # fmt: skip
