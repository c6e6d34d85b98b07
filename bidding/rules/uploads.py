"""What may be uploaded: ciphertext only, told from its first bytes; and the refusals in bidding's own words."""

from __future__ import annotations

from core.errors import Invalid, Refusal
from core.seal import MAX_HEADER, MAX_PACKAGE, lint, lint_package, lint_size
from core.seal.submission import MAX_BULK

MAX_LENGTH = MAX_BULK
MAX_PART = 8 << 20
"""The largest body of one request: a worker thread is never held for long (PROOF, gunicorn)."""

_WORDS = {
    "seal.not_encrypted": "bid.not_encrypted",
    "seal.torn": "bid.torn",
    "seal.size_off_ladder": "bid.torn",
    "seal.wrong_section": "bid.other_section",
    "seal.wrong_policy": "bid.old_policy",
    "seal.handle_signature": "bid.handle_signature",
    "seal.succession": "bid.succession",
}


def check_head(head: bytes, *, received: int, length: int) -> bool:
    """Look at the first bytes of an upload; True once they are seen to begin a sealed file, False to wait for more.

    `head`: the first MAX_HEADER bytes or all that came of `received`; `length`: what the whole will have. A bulk file
    must also have a length of the size ladder. Raises the refusals of core.seal.lint.
    """
    try:
        header = lint(head)
    except Invalid as refusal:
        if refusal.code == "seal.torn" and received < min(MAX_HEADER, length):
            return False
        raise
    if length > MAX_PACKAGE:
        lint_size(length, header)
    return True


def check_object(head: bytes, size: int) -> None:
    """`check_head` of a stored object; a package (at most 64 KiB, `head` is all of it) is looked at whole."""
    if size <= MAX_PACKAGE:
        lint_package(head)
    else:
        lint_size(size, lint(head))


def refused(refusal: Refusal) -> Refusal:
    """The refusal in bidding's words where it has some: a bidder reads why, not in which library (R-202)."""
    code = _WORDS.get(refusal.code)
    if code is None:
        return refusal
    facts = dict(refusal.facts)
    return Invalid(code, field=getattr(refusal, "field", None), **facts)
