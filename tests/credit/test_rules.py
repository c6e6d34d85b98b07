"""Lists as read, and what a record means in which regime (R-700…R-709)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid, Refusal
from core.law import Rule, Snapshot
from credit.rules import SOURCES, check_shrink, cutoff_on, judge, matrix, may_mean, names_list, parse_list, read_day
from credit.rules.judging import GENERAL_BAR
from tests.factories import uscc

ON = date(2026, 10, 8)
T = Snapshot("T", "2026-10-01", {})
G = Snapshot("G", "2026-10-01", {})
HEADER = "名称,统一社会信用代码,决定书文号,列入事由,列入日期,有效期至\n"


def verdict(source: str = "serious_dishonesty", law: Snapshot = T, **changed: Any) -> tuple[str, str, str]:
    facts: dict[str, Any] = {"by_code": [], "by_name": [], "on": ON, "as_of": ON, "law": law, "document": ""}
    found = judge(source, **{**facts, **changed})
    return found.outcome, found.decision, found.rule["rule"]


RECORD = {"identifier": uscc(1), "name": "甲", "ban_until": None, "measures": "限制参与招标投标"}


@pytest.mark.parametrize(
    ("regime", "source", "decision"),
    [
        ("G", "judgment_defaulters", "restricted"),
        ("G", "tax_violations", "restricted"),
        ("G", "procurement_violations", "restricted"),
        ("G", "serious_dishonesty", "informed"),
        ("T", "judgment_defaulters", "informed"),
        ("T", "tax_violations", "informed"),
        ("T", "procurement_violations", "informed"),
        ("T", "serious_dishonesty", "restricted"),
    ],
)
def test_the_matrix(regime: str, source: str, decision: str) -> None:
    """R-700 cell by cell. Seen red: with the two regimes exchanged in law.json."""
    assert verdict(source, {"G": G, "T": T}[regime], by_code=[RECORD])[:2] == ("listed", decision)


@pytest.mark.parametrize(
    ("sector", "yuan", "on", "outcome", "bar"),
    [
        ("", 2_000_000, "2026-10-01", "listed", None),
        ("", 1_999_999, "2026-10-01", "minor", "2000000"),
        ("银行业", 4_999_999, "2026-10-01", "minor", "5000000"),
        ("银行业", 5_000_000, "2026-10-01", "minor", "5000000"),
        (" 银行业", 5_000_001, "2026-10-01", "listed", None),
        ("建筑业", 4_999_999, "2026-10-01", "listed", None),
        ("银行业", 9_000_000, "2022-02-07", "unread_row", None),
    ],
)
def test_a_fine_counts_from_the_bar_of_its_sector_on(
    sector: str, yuan: int, on: str, outcome: str, bar: str | None
) -> None:
    """R-705: the general bar is reached, the banks' must be exceeded, and before the rule there was none to go by.

    A law frozen with the general bar does not lower a sector's. Seen red: with the sector's rule overridden by it.
    """
    law = Snapshot("G", on, {})
    general = matrix(law).rules.get("credit.major_fine")
    frozen = Snapshot("G", on, {"credit.major_fine": general} if general else {})
    record = RECORD | {"listed_on": "2022-01-03", "measures": "", "fine_fen": yuan * 100, "sector": sector}
    for held in (law, frozen):
        found = judge("major_penalties", by_code=[record], by_name=[], on=date(2022, 2, 9), as_of=date(2022, 2, 9),
                      law=held, document="")  # fmt: skip
        assert found.outcome == outcome
        assert bar is None or found.rule["value"] == bar


@pytest.mark.parametrize(
    ("named", "day"),
    [
        ("", date(2026, 10, 8)),
        ("deadline", date(2026, 10, 8)),
        ("notice", date(2026, 9, 1)),
        ("query", None),
        ("x", date(2026, 10, 8)),
    ],
)
def test_bans_are_measured_at_the_cut_off_the_document_names(named: str, day: date | None) -> None:
    """R-705; the law's where it names none: a ban that ran out after the notice restricts by the notice only."""
    assert cutoff_on(T, named, notice=date(2026, 9, 1), deadline=date(2026, 10, 8)) == day
    ran_out = RECORD | {"ban_until": "2026-09-20"}
    outcome = verdict(by_code=[ran_out], cutoff=day)[0]
    assert outcome == ("listed" if named == "notice" else "expired")


def test_where_the_document_decides_it_must_name_the_list() -> None:
    naming = "投标人被列入 失信被执行人 的，不得参加投标"
    assert names_list(naming, "judgment_defaulters")
    assert verdict("judgment_defaulters", by_code=[RECORD], document=naming)[1] == "restricted"
    assert verdict("tax_violations", by_code=[RECORD], document=naming)[1] == "informed"


def test_never_silently_clean() -> None:
    """R-703. Seen red: with a missing list taken as an empty one."""
    assert verdict(as_of=None)[:2] == ("no_list", "pending")
    assert verdict(as_of=date(2026, 9, 30))[:2] == ("stale_list", "pending")
    assert verdict(as_of=date(2026, 10, 1))[:2] == ("not_listed", "clear")
    assert verdict(unread=True)[:2] == ("unread_row", "pending")


def test_a_record_restricts_even_on_an_old_list() -> None:
    assert verdict(by_code=[RECORD], as_of=date(2020, 1, 1))[:2] == ("listed", "restricted")


def test_a_name_alone_makes_a_person_look() -> None:
    """R-709. Seen red: with the name counted like the code."""
    assert verdict(by_name=[{**RECORD, "identifier": ""}]) == ("name_only", "pending", "R-709")


def test_a_ban_counts_to_its_last_day() -> None:
    """R-705. Seen red: with `<=`, which frees a party a day early."""
    assert verdict(by_code=[{**RECORD, "ban_until": "2026-10-08"}])[1] == "restricted"
    assert verdict(by_code=[{**RECORD, "ban_until": "2026-10-07"}]) == ("expired", "clear", "R-705")
    assert verdict(by_name=[{**RECORD, "ban_until": "2026-10-07"}])[1] == "clear"


def test_the_law_frozen_with_the_project_prevails() -> None:
    """R-006."""
    frozen = Rule("R-700", "credit.serious_dishonesty", "T", "inform", "effect", "某省条例", "V", "2020-01-01")
    law = Snapshot("T", "2026-10-01", {frozen.key: frozen})
    assert matrix(law).rule(frozen.key).source == "某省条例"
    assert verdict(law=law, by_code=[RECORD])[1] == "informed"


def test_rules_not_yet_in_force_do_not_bind() -> None:
    early = Snapshot("G", "2010-01-01", {})
    with pytest.raises(Refusal, match=r"law\.rule"):
        verdict("judgment_defaulters", early, by_code=[RECORD])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_lists_are_read_in_the_encodings_of_the_offices(encoding: str) -> None:
    text = HEADER + f"甲（集团）公司,{uscc(1).lower()},〔2026〕1号,拖欠工资,2026年3月1日,2027/3/1\n"
    parsed = parse_list(text.encode(encoding))
    (row,) = parsed.rows.values()
    assert (row.identifier, row.name, row.listed_on, row.ban_until) == (
        uscc(1), "甲(集团)公司", "2026-03-01", "2027-03-01",
    )  # fmt: skip
    assert parsed.bad == []


def test_json_is_read_too() -> None:
    raw = json.dumps([{"name": "甲", "uscc": uscc(1), "reason": "r"}, {"name": "乙", "reason": "s"}]).encode()
    assert len(parse_list(raw).rows) == 2
    assert len(parse_list(json.dumps({"records": [{"name": "甲", "reason": "r"}]}).encode()).rows) == 1


def test_bad_rows_are_named_by_line_and_reason() -> None:
    rows = [
        f"甲,{uscc(1)},,事由,,",
        ",,,无名,,",
        "乙,12345,,事由,,",
        f"丙,{uscc(2)},,,,",
        f"丁,{uscc(3)},,事由,昨天,",
        "戊,x",
    ]
    parsed = parse_list((HEADER + "\n".join(rows)).encode())
    assert [(bad.line, bad.reason) for bad in parsed.bad] == [
        (3, "credit.row_name"), (4, "credit.row_code"), (5, "credit.row_reason"), (6, "credit.row_date"),
        (7, "credit.row_width"),
    ]  # fmt: skip
    assert len(parsed.rows) == 1


def test_a_failed_check_digit_loses_no_record() -> None:
    """R-012: real codes may not conform."""
    parsed = parse_list((HEADER + "甲,91350211M0000XUF46,,事由,,\n").encode())
    assert next(iter(parsed.rows.values())).identifier == "91350211M0000XUF46"


def test_the_same_row_twice_is_one_and_two_that_differ_are_none() -> None:
    row = f"甲,{uscc(1)},1号,事由,,\n"
    assert len(parse_list((HEADER + row + row).encode()).rows) == 1
    parsed = parse_list((HEADER + row + row.replace("事由", "另一事由") + row).encode())
    assert parsed.rows == {} and [bad.reason for bad in parsed.bad] == ["credit.row_contradiction"] * 2


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"\xff\xff\xff", "credit.encoding"),
        (b"a,b\n1,2\n", "credit.columns"),
        (b"", "credit.columns"),
        (b"[1, 2]", "credit.format"),
        (b'{"records": 7}', "credit.format"),
        (b"[{", "credit.format"),
        ('名称,列入事由\n"未闭合,x\n'.encode(), "credit.format"),
    ],
)
def test_files_that_are_no_list_are_refused(raw: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_list(raw)
    assert caught.value.code == code


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_with_a_reason(raw: bytes) -> None:
    try:
        parse_list(raw)
    except Refusal as refusal:
        assert refusal.code.startswith("credit.")


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_days_are_read_in_every_spelling(on: date) -> None:
    for spelling in (on.isoformat(), f"{on.year}年{on.month}月{on.day}日", f"{on.year}/{on.month}/{on.day}"):
        assert read_day(spelling) == on.isoformat()


def test_a_shrinking_list_needs_a_word() -> None:
    check_shrink(9, 9, confirmed=False)
    check_shrink(10, 5, confirmed=False)
    check_shrink(10, 6, confirmed=True)
    with pytest.raises(Invalid, match=r"credit\.shrunk"):
        check_shrink(10, 6, confirmed=False)


def test_an_unread_row_may_mean_whom_it_shows() -> None:
    bad = [{"line": 3, "text": f"甲 公司,{uscc(1)[:17]}?,昨天"}]
    assert may_mean(bad, uscc(1), "甲公司") and may_mean(bad, uscc(1)[:17], "")
    assert not may_mean(bad, uscc(2), "乙公司")


def test_every_list_has_words_channel_and_way_out() -> None:
    from credit.rules import CHANNELS, REPAIR
    from portal.words.credit import STATES

    for source in SOURCES:
        assert source in CHANNELS and source in REPAIR and f"credit_source.{source}" in STATES


def test_a_document_may_hold_to_the_general_bar_in_every_sector() -> None:
    """A bank's fine of three million: no major one by its sector's bar, one by the document's word (R-705, trust M)."""
    on = date(2026, 10, 1)
    record = RECORD | {"listed_on": "2026-01-03", "measures": "", "fine_fen": 3_000_000_00, "sector": "银行业"}
    seen = [
        judge("major_penalties", by_code=[record], by_name=[], on=on, as_of=on, law=Snapshot("G", "2026-10-01", {}),
              document=document).outcome
        for document in ("", f"查询信用中国。{GENERAL_BAR}。")
    ]  # fmt: skip
    assert seen == ["minor", "listed"]
    assert matrix(Snapshot("G", "2026-10-01", {}), "银行业").rule("credit.major_fine").trust == "M"
