"""Double entry for bonds: every movement is postings that add up to nothing, in fen; so must all of them (R-155)."""

from __future__ import annotations

from collections.abc import Iterable

BANK, HELD, STRAY, INTEREST, FEE, KEPT, PERFORMANCE = (
    "bank", "held", "stray", "interest", "fee", "kept", "performance",
)  # fmt: skip
"""What lies at the bank; owed to bidders; received for nobody known; interest and late fees paid; kept by decision;
owed to winners as performance bonds. Debits are positive, credits negative."""
ACCOUNTS = (BANK, HELD, STRAY, INTEREST, FEE, KEPT, PERFORMANCE)

Postings = list[tuple[str, int]]


def received(fen: int, *, owed: str = HELD) -> Postings:
    """Money came in; it is owed to a bidder, or to somebody not known yet."""
    return balanced([(BANK, fen), (owed, -fen)])


def moved(fen: int, source: str, target: str) -> Postings:
    """What was owed under one head is owed under another: claimed by its bidder, converted, kept."""
    return balanced([(source, fen), (target, -fen)])


def paid_out(fen: int, interest: int, fee: int, *, owed: str = HELD) -> Postings:
    """Principal, interest and late fee left the bank."""
    return balanced([(owed, fen), (INTEREST, interest), (FEE, fee), (BANK, -(fen + interest + fee))])


def balanced(postings: Postings) -> Postings:
    """The postings without empty ones; ValueError unless they add up to nothing."""
    if sum(fen for _, fen in postings):
        raise ValueError("postings that do not balance")
    return [(account, fen) for account, fen in postings if fen]


def totals(postings: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The balance of every account, all accounts named."""
    found = dict.fromkeys(ACCOUNTS, 0)
    for account, fen in postings:
        found[account] += fen
    return found
