"""What the committee asks a bidder in writing and the answer, as the bytes that are signed (R-420, R-421)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.clock import iso
from core.seal import canonical

QUESTION_TYPE = "sunbid-bid-clarification/v1"
ANSWER_TYPE = "sunbid-bid-clarification-answer/v1"
LEAST_MINUTES, MOST_MINUTES = 10, 7 * 24 * 60


def question_document(
    section: str, number: int, submission: str, *, kind: str, clause: str | None, text: str, basis: Any,
    asked_at: datetime, due_at: datetime,
) -> dict[str, Any]:  # fmt: skip
    """The question as the bidder receives it; it names no member of the committee."""
    return {
        "type": QUESTION_TYPE, "section": section, "number": number, "submission": submission, "kind": kind,
        "clause": clause, "text": text, "basis": basis, "asked_at": iso(asked_at), "due_at": iso(due_at),
    }  # fmt: skip


def answer_document(
    question_sha256: str, *, text: str, accepts: bool | None, files: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The answer that is signed: to which question, in which words, with which files; `accepts` for a correction."""
    return {
        "type": ANSWER_TYPE, "question_sha256": question_sha256, "text": text, "accepts": accepts,
        "files": [{"name": one["name"], "sha256": one["sha256"], "size": one["size"]} for one in files],
    }  # fmt: skip


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of a document's canonical JSON, in hex."""
    return hashlib.sha256(canonical(dict(document))).hexdigest()


def answer_message(answer_sha256: str) -> bytes:
    """What the bidder's certificate signs: "sunbid-answer/v1\\n" ‖ the 32 bytes of the answer document's SHA-256."""
    return b"sunbid-answer/v1\n" + bytes.fromhex(answer_sha256)
