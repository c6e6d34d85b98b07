"""Telephone numbers, mail addresses and identity numbers in a bid, told apart by whose they are said to be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collusion.rules.documents import Document, Place

MOBILE = re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
FIXED = re.compile(r"(?<!\d)0\d{2,3}[ \-—–)）]{0,2}\d{7,8}(?!\d)")
MAIL = re.compile(r"(?<![A-Za-z0-9._-])[A-Za-z0-9._-]{2,40}@[A-Za-z0-9-]+(?:\.[A-Za-z]{2,10}){1,3}")
IDENTITY = re.compile(r"(?<![0-9A-Za-z])\d{6}(?:19|20)\d{2}(?:0\d|1[0-2])(?:[0-2]\d|3[01])\d{3}[0-9Xx](?![0-9A-Za-z])")
OTHERS = re.compile(
    r"业主|建设单位|发包人|甲方|监理|设计单位|证明人|银行|开户行|厂家|供应商|生产商|检测机构|招标人|采购人|代理机构|主管部门|医院|派出所"
    r"|消防|急救|气象|环保局|住建局|水务局|监督站|热线|客服"
)
BEFORE = 36
SERVICE = re.compile(r"^(?:400|800|95|96|12)\d+")
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Contact:
    """A number or address as written, where it stands, and whether its surroundings name a third party."""

    kind: str
    value: str
    shown: str
    place: Place
    third_party: bool


def identity_valid(number: str) -> bool:
    """Check the last digit of an 18-digit identity number (GB 11643)."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], ID_WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == number[17].upper()


def contacts(documents: Sequence[Document]) -> dict[tuple[str, str], Contact]:
    """Give (kind, normalised value) → contact; one that ever stands as the bidder's own counts as its own."""
    found: dict[tuple[str, str], Contact] = {}
    for document in documents:
        if document.kind == "xlsx":
            continue
        for paragraph in document.paragraphs:
            place = Place(document.file, paragraph.page, paragraph.number)
            for contact in _in_text(paragraph.text, place):
                known = found.get((contact.kind, contact.value))
                if known is None or (known.third_party and not contact.third_party):
                    found[contact.kind, contact.value] = contact
    return found


def _in_text(text: str, place: Place) -> Iterable[Contact]:
    for kind, pattern in (("mobile", MOBILE), ("telephone", FIXED), ("mail", MAIL), ("identity", IDENTITY)):
        for match in pattern.finditer(text):
            shown = match.group()
            value = (
                shown.casefold()
                if kind == "mail"
                else re.sub(r"\D", "", shown)
                if kind != "identity"
                else shown.upper()
            )
            if kind == "identity" and not identity_valid(value):
                continue
            if kind == "telephone" and SERVICE.match(value):
                continue
            before = text[max(0, match.start() - BEFORE) : match.start()]
            # The nearest party named before the number owns it.
            yield Contact(kind, value, shown, place, bool(OTHERS.search(before)))


def masked(contact: Contact) -> str:
    """Give the value with its middle hidden: a lead is read by many eyes (data minimisation)."""
    value = contact.shown
    keep = 3 if len(value) > 8 else 1
    return value[:keep] + "*" * (len(value) - keep - 4) + value[-4:]
