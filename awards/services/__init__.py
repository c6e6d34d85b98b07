"""What can be done after the evaluation: publish candidates, object, answer, end the publicity, award."""

from awards.services.archive import archive_section
from awards.services.award import award
from awards.services.objections import answer_objection, file_objection
from awards.services.publicity import end_publicity, publish_candidates
from awards.services.result import announce_result

__all__ = [
    "announce_result", "answer_objection", "archive_section", "award", "end_publicity", "file_objection",
    "publish_candidates",
]  # fmt: skip
