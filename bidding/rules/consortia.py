"""A consortium bid (联合体投标) on the bidder's machine: what was typed is checked, and becomes what is sealed (R-211).

`static/seal/consortium.js` does the same in the page; `tests/vectors/completeness.json` binds the two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from accounts.rules.identity import check_uscc, normalise_uscc
from core.errors import Invalid

AGREEMENT: dict[str, Any] = {"slot": "consortium_agreement", "name": "联合体协议书", "required": False}
"""Where the joint bidding agreement lies: asked of a consortium and of nobody else (招标投标法第三十一条)."""
PLACES = ("qualification", "price")
"""The envelope it lies in: the first of these there is, never an anonymous one."""
MOST_PARTNERS = 9
MOST_BYTES = 200
WHOLE = 10_000
"""Shares of the work are counted in hundredths of a per cent."""
_SHARE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%?", re.ASCII)

Json = Mapping[str, Any]
Said = tuple[str, str, str, str, str]
"""Code, level (need, fix, advise), field, expected, found: a lack as `completeness` tells it."""


def is_accepted(accepts: bool, is_stated: bool, regime: str) -> bool:
    """Whether consortia may bid: as the notice says; where it says nothing government procurement may not refuse them
    (政府采购法实施条例第十九条, R-112)."""
    return accepts if is_stated else regime == "G"


def joint_slots(slots: Sequence[Mapping[str, Any]], accepted: bool) -> list[dict[str, Any]]:
    """The files of a bid, with a place for the joint bidding agreement where consortia may bid."""
    found = [dict(slot) for slot in slots]
    if not accepted or any(slot["slot"] == AGREEMENT["slot"] for slot in found):
        return found
    for envelope in PLACES:
        last = max((place for place, slot in enumerate(found) if slot["envelope"] == envelope), default=None)
        if last is not None:
            return [*found[: last + 1], {"envelope": envelope, **AGREEMENT}, *found[last + 1 :]]
    return found


def is_joint(typed: Any) -> bool:
    """Whether what was typed says that a consortium bids."""
    return isinstance(typed, Mapping) and typed.get("joint") is True


def check_typed(preparation: Json, draft: Json) -> Iterator[Said]:
    """Everything missing or wrong about the consortium in a draft; nothing for who bids alone where consortia may."""
    typed = draft.get("consortium")
    accepted = bool(preparation.get("accepts_consortium"))
    if not is_joint(typed):
        if not accepted:
            yield "draft.alone", "advise", "consortium.joint", "", ""
        return
    assert isinstance(typed, Mapping)  # noqa: S101 - is_joint
    if not accepted:
        yield "draft.consortium_refused", "fix", "consortium.joint", "", ""
        return
    partners = _partners(typed)
    shares = [_typed(typed.get("lead"), "share"), *(_typed(one, "share") for one in partners)]
    yield from _words(_typed(typed.get("lead"), "work"), "consortium.lead.work")
    yield from _share(shares[0], "consortium.lead.share")
    if not partners:
        yield "draft.member_missing", "need", "consortium.members", "", ""
    if len(partners) > MOST_PARTNERS:
        yield "draft.members_many", "fix", "consortium.members", str(MOST_PARTNERS), str(len(partners))
    held: set[str] = set()
    for place, one in enumerate(partners):
        yield from _words(_typed(one, "name"), f"consortium.{place}.name")
        yield from _code(_typed(one, "uscc"), f"consortium.{place}.uscc", held)
        yield from _words(_typed(one, "work"), f"consortium.{place}.work")
        yield from _share(shares[place + 1], f"consortium.{place}.share")
    read = [read_share(share) for share in shares]
    total = sum(share or 0 for share in read)
    if partners and all(read) and total != WHOLE:
        yield "draft.shares", "fix", "consortium.lead.share", "100", spelled_share(total)
    lying = {(file["envelope"], file["slot"]) for file in draft.get("files", [])}
    for slot in preparation.get("slots", []):
        if slot["slot"] == AGREEMENT["slot"] and (slot["envelope"], slot["slot"]) not in lying:
            yield "draft.file_missing", "need", f"{slot['envelope']}/{slot['slot']}", slot["name"], ""


def sealed_consortium(typed: Any, *, name: str, uscc: str) -> list[dict[str, Any]] | None:
    """What is sealed of it for the bidder of that name and code: null, or the members with the bidder leading.

    Call it once `check_typed` finds nothing to complete or to mend. Raises Invalid("client.member_self") where the
    bidder stands among its own partners.
    """
    if not is_joint(typed):
        return None
    lead, partners = typed.get("lead"), _partners(typed)
    members = [{"name": name, "uscc": uscc, "role": "lead", **_part(lead)}]
    for one in partners:
        code = normalise_uscc(_typed(one, "uscc"))
        if code == normalise_uscc(uscc):
            raise Invalid("client.member_self", field="consortium", uscc=code)
        members.append({"name": _plain(_typed(one, "name")), "uscc": code, "role": "member", **_part(one)})
    return members


def read_share(text: str) -> int | None:
    """A share typed in per cent as hundredths of one; None for what is none, or not above 0 and at most 100."""
    found = _SHARE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        return None
    share = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    return share if 1 <= share <= WHOLE else None


def spelled_share(share: int) -> str:
    """A share in per cent without needless zeros: 6050 → 60.5."""
    return f"{share // 100}.{share % 100:02d}".rstrip("0").rstrip(".")


def _partners(typed: Json) -> list[Any]:
    members = typed.get("members")
    return list(members) if isinstance(members, list) else []


def _part(typed: Any) -> dict[str, Any]:
    return {"share": read_share(_typed(typed, "share")) or 0, "work": _plain(_typed(typed, "work"))}


def _typed(group: Any, name: str) -> str:
    value = group.get(name, "") if isinstance(group, Mapping) else ""
    return value.strip() if isinstance(value, str) else ""


def _plain(text: str) -> str:
    return "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in text).strip()


def _words(text: str, field: str) -> Iterator[Said]:
    value = _plain(text)
    if not value:
        yield "draft.text", "need", field, "", ""
    elif len(value.encode("utf-8", "replace")) > MOST_BYTES or not value.isprintable():
        yield "draft.text_long", "fix", field, str(MOST_BYTES // 3), str(len(value))


def _share(text: str, field: str) -> Iterator[Said]:
    if not text:
        yield "draft.share", "need", field, "", ""
    elif read_share(text) is None:
        yield "draft.share_malformed", "fix", field, "", text


def _code(text: str, field: str, held: set[str]) -> Iterator[Said]:
    """A code must be one; failed check digits only warn: non-conforming real codes exist (R-012)."""
    if not text:
        yield "draft.uscc", "need", field, "", ""
        return
    try:
        code, holds = check_uscc(text)
    except Invalid:
        yield "draft.uscc_malformed", "fix", field, "18", text
        return
    if code in held:
        yield "draft.member_twice", "fix", field, "", code
    held.add(code)
    if not holds:
        yield "draft.uscc_check", "advise", field, "", code
