"""What an archive says of objections to the documents: both verifiers take the true story and no false one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from awards.rules.verdict.suspensions import check_objections as ours
from awards.rules.verdict.told import Told
from core.errors import Invalid
from verifier.canonical import Wrong
from verifier.claims_objections import check_objections as theirs
from verifier.verdict import Case

SECTION = "section:A1"
Story = dict[str, Any]


def entry(index: int, kind: str, at: str, **facts: Any) -> dict[str, Any]:
    """A told entry."""
    return {"index": index, "kind": kind, "subject": SECTION, "at": f"2026-10-{at}.000000Z", "facts": facts}


def raised(index: int, number: int, at: str, text: str, admissible: bool = True) -> dict[str, Any]:
    """An objection as the ledger tells it."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return entry(index, "document_objection.raise", at, number=number, is_admissible=admissible, text_sha256=digest)


def row(number: int, text: str, answered: bool = True, admissible: bool = True) -> dict[str, Any]:
    """An objection as questions.json tells it."""
    at = "2026-10-20T01:00:00.000000Z"
    return {
        "number": number, "text": text, "is_admissible": admissible, "raised_at": at, "answer_due_at": at,
        "answered_at": at if answered else None,
    }  # fmt: skip


def story() -> Story:
    """Two objections in one suspension of a day and an hour, a late one unanswered, then the closing."""
    return {
        "law": [{"key": "doc_objection_before"}],
        "rows": [row(1, "一"), row(2, "二"), row(3, "三", answered=False, admissible=False)],
        "entries": [
            raised(10, 1, "10T01:00:00", "一"),
            entry(11, "section.suspend", "10T01:00:00", objection=1, deadline="2026-10-30T01:00:00.000000Z"),
            raised(14, 2, "10T05:00:00", "二"),
            entry(15, "clarification.publish", "10T06:00:00", objection={"number": 2, "text": "二"}),
            entry(16, "clarification.publish", "11T02:00:00", objection={"number": 1, "text": "一"}),
            entry(17, "section.resume", "11T02:00:00", deadline="2026-11-01T01:00:00.000000Z"),
            entry(18, "clarification.publish", "12T02:00:00", objection=None),
            raised(19, 3, "28T05:00:00", "三", admissible=False),
            entry(30, "section.close", "31T02:00:00"),
        ],
    }


def judged(told: Story) -> tuple[bool, bool]:
    """Whether ours and theirs take the story."""
    archive = Told.__new__(Told)
    archive.__dict__ |= {
        "questions": {"objections": told["rows"]},
        "ledger": {"entries": told["entries"]},
        "project": {"law": {"rules": told["law"]}},
    }

    class Held(Case):
        """A case without a file."""

        def __init__(self) -> None:
            self.__dict__["entries"] = told["entries"]
            self.archive = self  # type: ignore[assignment]

        section = "A1"  # type: ignore[assignment]

        def json(self, name: str) -> Any:
            return {"law": {"rules": told["law"]}}

    verdicts = []
    for check in (lambda: ours(archive, SECTION), lambda: theirs(Held(), told["rows"])):
        try:
            check()
            verdicts.append(True)
        except (Invalid, Wrong):
            verdicts.append(False)
    return verdicts[0], verdicts[1]


def test_the_true_story_holds() -> None:
    """Also without any objection, and in procurement, where nothing is suspended."""
    assert judged(story()) == (True, True)
    assert judged({"law": [{"key": "doc_objection_before"}], "rows": [], "entries": []}) == (True, True)
    procurement: Story = {
        "law": [],
        "rows": [row(1, "一", answered=False)],
        "entries": [raised(1, 1, "10T01:00:00", "一")],
    }
    assert judged(procurement) == (True, True)


def _another_text(told: Story) -> None:
    told["rows"][1]["text"] = "二改"


def _left_out(told: Story) -> None:
    del told["rows"][2]


def _late_made_timely(told: Story) -> None:
    told["rows"][2]["is_admissible"] = True


def _answer_unpublished(told: Story) -> None:
    told["entries"][3]["facts"]["objection"] = None


def _answered_otherwise(told: Story) -> None:
    told["entries"][3]["facts"]["objection"] = {"number": 2, "text": "别的"}


def _an_hour_less(told: Story) -> None:
    told["entries"][5]["facts"]["deadline"] = "2026-11-01T00:00:00.000000Z"


def _never_resumed(told: Story) -> None:
    del told["entries"][5]


def _closed_meanwhile(told: Story) -> None:
    told["entries"][3:3] = [entry(14, "section.close", "10T05:30:00")]
    told["entries"][2]["index"] = 13


def _not_suspended(told: Story) -> None:
    del told["entries"][5], told["entries"][1]


def _stopped_again(told: Story) -> None:
    told["entries"].insert(8, entry(29, "section.suspend", "29T01:00:00", deadline="2026-11-01T01:00:00.000000Z"))


LIES = [
    _another_text, _left_out, _late_made_timely, _answer_unpublished, _answered_otherwise, _an_hour_less,
    _never_resumed, _closed_meanwhile, _not_suspended,
    _stopped_again,
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_no_lie_passes_either(lie: Callable[[Story], None]) -> None:
    """Seen red: with each `need` of either check taken out in turn, its lie passed."""
    told = story()
    lie(told)
    assert judged(told) == (False, False)
