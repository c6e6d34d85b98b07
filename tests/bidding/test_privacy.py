"""What must not be published by mistake: numbers of people and their mailboxes, with their place, shown masked."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bidding.rules.passages import Passage
from bidding.rules.privacy import CHECKS, WEIGHTS, find_private, is_identity_number, mask, passes_luhn


def identity(body: str) -> str:
    """The identity number with these first seventeen digits."""
    return body + CHECKS[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


VALID = identity("33010619900307123")


def found(text: str, source: str = "document") -> list[tuple[str, str]]:
    """(kind, masked) of what is found in one paragraph."""
    return [(hit.kind, hit.masked) for hit in find_private([Passage(source, "x", text)], ("contact",))]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"项目负责人身份证号：{VALID}", "identity"),
        (f"身份证号{VALID[:6]} {VALID[6:14]} {VALID[14:]}。", "identity"),
        ("".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in f"号码{VALID}"), "identity"),
        ("联系人手机 13857123456", "mobile"),
        ("电话：138 5712 3456", "mobile"),
        ("电话：+86-138-5712-3456", "mobile"),
        ("技术咨询 １９９５７１２３４５６", "mobile"),
        ("退款至 6222 0212 0200 0000 001", "account"),
        ("开户行：工行滨江支行，账号：1202020209900012345", "account"),
        ("账号 33001616 7270 5301 2345", "account"),
        ("资料请发 zhangwei88@163.com", "mailbox"),
        ("邮箱：Li.Na_01@QQ.com", "mailbox"),
    ],
)
def test_each_kind_is_found_in_each_spelling(text: str, kind: str) -> None:
    """Seen red: each kind with its look left out; the spaced ones without the gaps; full-width ones without folding."""
    ((seen, _),) = found(text)
    assert seen == kind


@pytest.mark.parametrize(
    "text",
    [
        f"编号 {VALID[:-1]}{'0' if VALID[-1] != '0' else '1'}",
        "统一社会信用代码 91330100MA2CEXAMP4，统一代码 913301007494918267",
        "项目编码 040101001001，图号 20260318-2201-113",
        "最高限价 15000000000 元，合同额 13800000000万元",
        "办公电话 0571-88990011，热线 400-820-8820",
        "见标准 GB/T 13295-2019 第 3.2 条，坐标 120.13857123456",
        "邮箱 zhaobiao@binjiang-water.cn，网址 www.qq.com",
        "账号由投标人填写，投标截止 2026-10-28 09:30",
        "回执指纹 6222021202000000007000",
    ],
)
def test_what_only_looks_like_it_is_no_finding(text: str) -> None:
    """A wrong check character, codes of units and of works, amounts, office numbers, a unit's mailbox.

    Seen red: without the check character, without the units behind amounts, with every mailbox counted.
    """
    assert found(text) == []


def test_contacts_are_public_here_and_everywhere() -> None:
    """A number told as contact is no finding in the documents either; an identity number always is.

    Seen red: with the fields left out of the scan, and with their numbers found again in the document.
    """
    passages = [
        Passage("contact", "联系人", f"周敏 13857123456，{VALID}"),
        Passage("d" * 64, "招标文件.pdf", "联系电话 138-5712-3456，另一人 13900000001", 3, 14),
    ]
    hits = find_private(passages, ("contact", "objection_contact"))
    assert [(hit.kind, hit.passage.source[:1]) for hit in hits] == [("identity", "c"), ("mobile", "d")]
    assert hits[1].masked.endswith("01") and (hits[1].passage.page, hits[1].passage.paragraph) == (3, 14)


def test_nothing_of_a_finding_is_told_but_its_ends() -> None:
    """Seen red: with the middle shown."""
    assert mask("13857123456") == "138******56"
    assert mask(VALID) == VALID[:3] + "*" * 13 + VALID[-2:]
    assert mask("zhangwei88@163.com") == "z***@163.com"
    (hit,) = find_private([Passage("x", "x", f"证号{VALID}")])
    assert VALID[3:16] not in repr(hit.masked) + hit.key


def test_the_check_character_and_the_day_of_birth_are_real() -> None:
    """Every wrong last character is refused, days that do not exist too. Seen red: with the date not looked at."""
    assert sum(is_identity_number(VALID[:-1] + last) for last in "0123456789X") == 1
    assert not is_identity_number(identity("33010619900230123"))
    assert not is_identity_number(identity("33010618900307123"))
    born = date(1950, 1, 1)
    for days in range(0, 20_000, 997):
        assert is_identity_number(identity(f"330106{born + timedelta(days=days):%Y%m%d}007"))


def test_luhn() -> None:
    """Seen red: with the doubled digits counted from the left."""
    assert passes_luhn("6222021202000000001") and not passes_luhn("6222021202000000007")
    assert passes_luhn("4539578763621486") and not passes_luhn("4539578763621485")
