"""What can be done after the evaluation: publish candidates, object, answer, award, set aside, hold again, archive."""

from awards.services.archive import archive_section
from awards.services.award import award
from awards.services.objections import answer_objection, file_objection
from awards.services.publicity import end_publicity, publish_candidates
from awards.services.result import announce_result
from awards.services.set_aside import hold_again, set_aside_winner

__all__ = [
    "announce_result", "answer_objection", "archive_section", "award", "end_publicity", "file_objection", "hold_again",
    "publish_candidates", "set_aside_winner",
]  # fmt: skip
