"""What must not be published by mistake: identity numbers, mobile numbers, bank accounts, private mailboxes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from bidding.rules.passages import Passage, key_of

KINDS = ("identity", "mobile", "account", "mailbox", "unread")
REACHABLE = frozenset({"mobile", "mailbox"})
"""What a field for contacts is there to say: in such a field these are no findings."""

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
_GAP = r"[ \-\u2010-\u2015]?"
_IDENTITY = re.compile(rf"(?<![0-9A-Za-z])\d{{6}}{_GAP}\d{{8}}{_GAP}\d{{3}}[0-9Xx](?![0-9A-Za-z])")
_MOBILE = re.compile(
    rf"(?<![0-9A-Za-z.])(?:\+?86{_GAP})?(1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}})(?![0-9A-Za-z]|\.\d|\s*(?:元|万|亿))"
)
_CARD = re.compile(r"(?<![0-9A-Za-z.])\d(?:[ \-]?\d){15,18}(?![0-9A-Za-z]|\.\d)")
_ACCOUNT = re.compile(
    r"(?:账号|帐号|账户号码|帐户号码|银行账户|卡号|account\s*(?:no\.?|number)?)\D{0,12}?(\d(?:[ \-]?\d){11,29})(?!\d)",
    re.I,
)
_MAILBOX = re.compile(r"(?<![\w.+\-])[A-Za-z0-9._%+\-]{1,64}@([A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+)", re.ASCII)
PRIVATE_HOSTS = frozenset(
    {
        "qq.com", "vip.qq.com", "foxmail.com", "163.com", "vip.163.com", "126.com", "vip.126.com", "yeah.net",
        "139.com", "189.cn", "wo.cn", "sina.com", "sina.cn", "vip.sina.com", "sohu.com", "21cn.com", "tom.com",
        "aliyun.com", "gmail.com", "hotmail.com", "outlook.com", "live.com", "live.cn", "msn.com", "icloud.com",
        "yahoo.com", "yahoo.com.cn", "proton.me", "protonmail.com",
    }
)  # fmt: skip
"""Mail services for private people; a unit's own domain is a public address."""


@dataclass(frozen=True)
class Exposure:
    """One finding: its name, kind, where it stands, and the masked text; the whole of it is kept nowhere."""

    key: str
    kind: str
    passage: Passage
    masked: str


def find_private(passages: Iterable[Passage], contacts: Collection[str] = ()) -> list[Exposure]:
    """Every private number or mailbox in the passages, in their order.

    `contacts` names the sources that are meant to tell how to reach somebody; numbers and mailboxes that stand there
    are public wherever else they stand too, identity numbers and accounts are not (个人信息保护法第二十八条).
    """
    listed = list(passages)
    meant = {
        plain
        for passage in listed
        if passage.source in contacts
        for kind, plain in _found(passage.text)
        if kind in REACHABLE
    }
    found: list[Exposure] = []
    for passage in listed:
        for ordinal, (kind, plain) in enumerate(_found(passage.text)):
            if not (kind in REACHABLE and plain in meant):
                found.append(Exposure(key_of(kind, passage, ordinal), kind, passage, mask(plain)))
    return found


def unread(passage: Passage) -> Exposure:
    """A document nobody but a person can look through: that somebody did must be declared."""
    return Exposure(key_of("unread", passage, 0), "unread", passage, passage.text)


def mask(plain: str) -> str:
    """The first three and the last two characters; of a mailbox one, and its host."""
    if "@" in plain:
        return f"{plain[0]}***@{plain.split('@', 1)[1]}"
    return plain[:3] + "*" * max(4, len(plain) - 5) + plain[-2:]


def _found(text: str) -> Iterator[tuple[str, str]]:
    """(kind, the number without gaps); a stretch of text counts once, for the first kind that claims it."""
    plain = "".join(unicodedata.normalize("NFKC", letter)[:1] or letter for letter in text)
    taken: list[tuple[int, int]] = []
    hits: list[tuple[int, str, str]] = []
    looks: tuple[tuple[str, re.Pattern[str], int, Callable[[str], bool]], ...] = (
        ("identity", _IDENTITY, 0, is_identity_number),
        ("account", _CARD, 0, lambda number: number[0] in "3456" and passes_luhn(number)),
        ("account", _ACCOUNT, 1, lambda number: True),
        ("mobile", _MOBILE, 1, lambda number: True),
    )
    for kind, pattern, group, holds in looks:
        for match in pattern.finditer(plain):
            start, end = match.span(group)
            number = re.sub(r"[^0-9Xx]", "", match.group(group)).upper()
            if holds(number) and not any(start < last and first < end for first, last in taken):
                taken.append((start, end))
                hits.append((start, kind, number))
    for match in _MAILBOX.finditer(plain):
        if match.group(1).lower() in PRIVATE_HOSTS:
            hits.append((match.start(), "mailbox", match.group(0)))
    yield from ((kind, number) for _, kind, number in sorted(hits))


def is_identity_number(number: str) -> bool:
    """Whether the 18 characters are a citizen's identity number: a day of birth that exists, and the check character.

    GB 11643-1999, ISO 7064 MOD 11-2.
    """
    if len(number) != 18 or not number[:17].isdigit() or number[0] not in "1234568":
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], WEIGHTS, strict=True))
    return 1900 <= born.year <= 2099 and CHECKS[total % 11] == number[17]


def passes_luhn(number: str) -> bool:
    """Whether a card number's last digit is right (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
