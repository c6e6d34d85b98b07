"""Pure rules on identity: roles, the unified social credit code, which roles exclude each other."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from enum import StrEnum

from core.errors import Invalid

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class Role(StrEnum):
    """What a person may be, on the platform or in one project."""

    TENDEREE = "tenderee"
    AGENT = "agent"
    BIDDER = "bidder"
    EXPERT = "expert"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    OPERATOR = "operator"
    FINANCE = "finance"


EXCLUSIVE = frozenset(
    {Role.TENDEREE, Role.AGENT, Role.BIDDER, Role.EXPERT, Role.SUPERVISOR, Role.OPERATOR, Role.FINANCE}
)
"""No person holds two of these in one project (R-040)."""


def normalise_uscc(text: str) -> str:
    """Trim, fold full-width characters and raise to upper case (R-013)."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def check_uscc(text: str) -> tuple[str, bool]:
    """Return the normalised code and whether both check digits agree (R-010, R-011).

    Invalid("uscc.length") or Invalid("uscc.character") for what cannot be a code at all. A failed check digit only
    warns: non-conforming real codes exist (R-012), so the caller asks for evidence and records it.
    """
    code = normalise_uscc(text)
    if len(code) != 18:
        raise Invalid("uscc.length", field="uscc", found=len(code))
    wrong = sorted({char for char in code if char not in ALPHABET})
    # Organisation codes may end in X, which the alphabet holds; I, O, S, V, Z never occur.
    if wrong:
        raise Invalid("uscc.character", field="uscc", found="".join(wrong))
    return code, outer_check(code) and inner_check(code[8:17])


def outer_check(code: str) -> bool:
    """GB 32100-2015: C18 = (31 - sum of value times weight mod 31) mod 31; the last mod makes 31 a `0` (R-010)."""
    total = sum(ALPHABET.index(char) * weight for char, weight in zip(code[:17], WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31] == code[17]


def inner_check(code: str) -> bool:
    """GB 11714 over positions 9 to 17 (R-011)."""
    total = sum(int(char, 36) * weight for char, weight in zip(code[:8], INNER_WEIGHTS, strict=True))
    digit = 11 - total % 11
    return {10: "X", 11: "0"}.get(digit, str(digit)) == code[8]


def clashing_roles(held: Collection[Role], wanted: Role) -> frozenset[Role]:
    """The roles held in one project that forbid taking `wanted` there (R-040)."""
    return frozenset(role for role in held if role != wanted and role in EXCLUSIVE and wanted in EXCLUSIVE)
