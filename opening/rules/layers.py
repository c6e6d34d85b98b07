"""Layers of a package: who takes off which, what the inside of an age file must look like from outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from core.errors import Invalid
from core.seal import lint, lint_package

IDENTITY = "identity"
BIDDER_SET = "bidder+tenderee"

_AGE_NONCE = 16
_AGE_TAG = 16
_AGE_CHUNK = 64 * 1024 + _AGE_TAG


def peeler(set_name: str, stage: int) -> str:
    """The role whose key takes off layer `stage` (0 = outermost) of a package for `set_name`."""
    roles = set_name.split("+")
    if not 0 <= stage < len(roles):
        raise Invalid("peel.stage", field="stage", stage=stage)
    return roles[stage]


def is_final(set_name: str, stage: int) -> bool:
    """Whether `stage` is the innermost layer, after which nothing is sealed any more."""
    return stage == set_name.count("+")


def inner_size(package: bytes) -> int:
    """How many bytes are inside an age file, told from its outside: header, nonce and tags are of known size."""
    payload = len(package) - lint(package) - _AGE_NONCE
    return payload - _AGE_TAG * -(-payload // _AGE_CHUNK)


def check_layer(package: bytes, content: bytes) -> None:
    """Refuse what cannot be the sealed layer inside `package`: another size, or not one sealed file.

    Raises Invalid("peel.size") or the refusals of `lint_package`. Whether it opens, only the next holder can tell.
    """
    if len(content) != inner_size(package):
        raise Invalid("peel.size", expected=inner_size(package), found=len(content))
    lint_package(content)


def two_bids(identifiers: Iterable[str]) -> frozenset[str]:
    """The identifiers that stand on more than one live bid (R-211)."""
    return frozenset(who for who, count in Counter(identifiers).items() if who and count > 1)
