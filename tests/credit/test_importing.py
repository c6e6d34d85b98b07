"""Taking over long lists: streamed, resumable, atomic, from every kind of file; nothing else is lost with a bad row."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook
from sqlalchemy import select

from accounts.rules import Role
from core.act import SYSTEM, Act, Platform
from core.clock import StoppedClock
from core.errors import Conflict, Invalid
from core.ledger.log import audit
from credit import queries, services
from credit.models import CreditRecord
from credit.rules import BadRow, Row, parse_list, read_file
from credit.services import importing, parts
from credit.services.parts import Comparison
from tests.conftest import START
from tests.factories import uscc

ActAs = Callable[..., AbstractContextManager[Act]]
SOURCE = "tender_bans"
HEADER = "名称,统一社会信用代码,决定书文号,列入事由,有效期至,移出日期\n"


def rows(*numbers: int, until: str = "", mended: tuple[int, ...] = ()) -> bytes:
    return (
        HEADER
        + "".join(
            f"第{n}号公司,{uscc(n)},〔2026〕{n}号,串通投标,{until},{'2026-09-30' if n in mended else ''}\n"
            for n in numbers
        )
    ).encode()


def begin(platform: Platform, file: bytes, **options: object) -> int:
    with platform.act(SYSTEM) as act:
        return services.begin_import(act, source=SOURCE, file=file, as_of=START, **options).id  # type: ignore[arg-type]


def take(platform: Platform, file: bytes, **options: object) -> importing.CreditImport:
    return services.take_import(platform, SYSTEM, begin(platform, file, **options))


def names(platform: Platform) -> list[str]:
    with platform.reading() as session:
        return sorted(record.name for record in queries.active_records(session, SOURCE))


@pytest.fixture
def small_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing.Taking.batches, "__defaults__", (3,))


@pytest.mark.usefixtures("small_acts")
def test_an_import_counts_as_a_whole_or_not_at_all(platform: Platform) -> None:
    """Half a list is nobody's list: until the last act the one before counts. Seen red: without `_begun`."""
    take(platform, rows(1, 2))
    number = begin(platform, rows(*range(2, 12)))
    seen: list[tuple[int, list[str]]] = []
    services.take_import(platform, SYSTEM, number, told=lambda held: seen.append((held.rows_done, names(platform))))
    assert [done for done, _ in seen] == [3, 6, 9, 10]
    assert all(held == ["第1号公司", "第2号公司"] for _, held in seen)
    assert len(names(platform)) == 10 and "第1号公司" not in names(platform)
    with platform.reading() as session:
        assert list(audit(session, platform.signer.verifier)) == []


@pytest.mark.usefixtures("small_acts")
def test_an_interrupted_import_goes_on_where_it_was(platform: Platform) -> None:
    """Killed after any act, begun again with the same file: every record is there once."""
    file = rows(*range(1, 12))

    class Killed(Exception):
        pass

    for stop in (3, 6, 9, 11):
        number = begin(platform, file)

        def told(held: importing.CreditImport, stop: int = stop) -> None:
            if held.rows_done >= stop:
                raise Killed

        with pytest.raises(Killed):
            services.take_import(platform, SYSTEM, number, told=told)
        with platform.reading() as session:
            held = queries.import_by_id(session, number)
            assert held.rows_done == stop and held.finished_at is None
            assert queries.active_records(session, SOURCE) == []
    assert begin(platform, file) == number, "the same file is the same import"
    done = services.take_import(platform, SYSTEM, number)
    assert (done.rows, done.added) == (11, 11) and len(names(platform)) == 11


@pytest.mark.usefixtures("small_acts")
def test_a_file_that_breaks_off_leaves_nothing_and_says_why(platform: Platform) -> None:
    take(platform, rows(1))
    number = begin(platform, rows(*range(2, 9)) + b'"open')
    with pytest.raises(Invalid, match=r"credit\.format"):
        services.take_import(platform, SYSTEM, number)
    with platform.reading() as session:
        assert queries.import_by_id(session, number).failed == "credit.format"
        assert session.scalars(select(CreditRecord).where(CreditRecord.first_import_id == number)).all() == []
    assert names(platform) == ["第1号公司"]
    take(platform, rows(1, 2))


def test_one_import_of_a_list_at_a_time(platform: Platform, act_as: ActAs) -> None:
    number = begin(platform, rows(1))
    with pytest.raises(Conflict, match=r"credit\.import_running"):
        begin(platform, rows(2))
    with act_as(Role.OPERATOR) as act:
        services.abandon_import(act, queries.import_by_id(act.session, number), "credit.abandoned")
    with pytest.raises(Conflict, match=r"credit\.import_over"):
        services.take_import(platform, SYSTEM, number)
    take(platform, rows(2))


def test_what_changed_is_told_apart(platform: Platform) -> None:
    """Removed, repaired and changed are different ends (R-706)."""
    take(platform, rows(1, 2, 3, 4))
    done = take(
        platform, rows(2, 3, 5, mended=(3,)).replace("〔2026〕2号,串通投标".encode(), "〔2026〕2号,围标".encode())
    )
    assert (done.rows, done.added, done.changed, done.removed, done.repaired) == (2, 1, 1, 2, 1)
    with platform.reading() as session:
        ends = {record.name: record.gone_how for record in queries.records_ended(session, done)}
    assert ends == {"第1号公司": "removed", "第2号公司": "changed", "第3号公司": "repaired", "第4号公司": "removed"}
    assert names(platform) == ["第2号公司", "第5号公司"]


def test_rows_that_contradict_each_other_leave_the_record_as_it_was(platform: Platform) -> None:
    """Seen red: with `_forget` left out the record ended as changed."""
    take(platform, rows(1, 2))
    twice = rows(1, 2, 2) + f"第1号公司,{uscc(1)},〔2026〕1号,另一事由,,\n".encode()
    done = take(platform, twice)
    with platform.reading() as session:
        bad = queries.import_by_id(session, done.id).bad_rows
        held = {record.name: record.reason for record in queries.active_records(session, SOURCE)}
    assert [(one["line"], one["reason"]) for one in bad] == [
        (2, "credit.row_contradiction"),
        (5, "credit.row_contradiction"),
    ]
    assert held == {"第1号公司": "串通投标", "第2号公司": "串通投标"} and done.rows == 1


def test_the_same_rows_from_every_kind_of_file() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in rows(1, 2, until="2026-12-31").decode().splitlines():
        sheet.append(line.split(","))
    packed = io.BytesIO()
    book.save(packed)
    plain = parse_list(rows(1, 2, until="2026-12-31"))
    objects = [{"名称": row.name, "信用代码": row.identifier, "文书号": row.document_number, "事由": row.reason,
                "有效期至": row.ban_until, "另": [1, {"x": "]"}]} for row in plain.rows.values()]  # fmt: skip
    spelled = [
        packed.getvalue(),
        json.dumps(objects, ensure_ascii=False).encode(),
        json.dumps({"records": objects}, ensure_ascii=False, indent=1).encode(),
        "\n".join(json.dumps(one, ensure_ascii=False) for one in objects).encode(),
        rows(1, 2, until="2026-12-31").decode().encode("gb18030"),
    ]
    for raw in spelled:
        assert parse_list(raw) == plain


@pytest.mark.parametrize("cut", [1, 20, 60, -1])
def test_a_json_list_that_breaks_off_is_refused(cut: int) -> None:
    raw = json.dumps([{"name": f"公司{n}", "reason": "x"} for n in range(3)]).encode()[:cut]
    with pytest.raises(Invalid, match=r"credit\.(format|columns)"):
        parse_list(raw)


def test_a_long_json_list_is_read_across_its_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    from credit.rules import reading

    monkeypatch.setattr(reading, "CHUNK", 7)
    raw = json.dumps([{"name": f"公司{n}", "reason": "事由" * (n + 1)} for n in range(9)], ensure_ascii=False).encode()
    assert [line for line, row in read_file(io.BytesIO(raw)) if not isinstance(row, BadRow)] == list(range(1, 10))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"甲,{uscc(1)},1,x,,,1,000", "credit.row_width"),
        (f"甲,{uscc(1)},1,x,,一万", "credit.row_fine"),
        (f"甲,{uscc(1)},1,,,5", "credit.row_reason"),
        ("甲,91,1,x,,5", "credit.row_code"),
        ("甲\0,,1,x,,5", "credit.row_text"),
        (",,1,x,,5", "credit.row_name"),
        ("甲,,1,x,2026-02-30,5", "credit.row_date"),
    ],
)
def test_a_bad_row_loses_nothing_else(row: str, reason: str) -> None:
    raw = f"名称,信用代码,文书号,事由,有效期至,罚款金额\n乙,,1,x,,1.5\n{row}\n丙,,1,x,,\n".encode()
    parsed = parse_list(raw)
    assert [(bad.line, bad.reason) for bad in parsed.bad] == [(3, reason)]
    assert [(one.name, one.fine_fen) for one in parsed.rows.values()] == [("乙", 150), ("丙", None)]


def test_the_worker_goes_on_with_what_a_page_began(platform: Platform, clock: StoppedClock) -> None:
    from portal.cli.credit_sources import take_credit_imports

    begin(platform, rows(1, 2))
    assert take_credit_imports(platform) == [f"import {SOURCE}"]
    assert take_credit_imports(platform) == [] and len(names(platform)) == 2
    begin(platform, b"x,y\n")
    assert take_credit_imports(platform) == []
    with platform.reading() as session:
        assert queries.imports(session)[0].failed == "credit.columns"


def _peak(count: int, known: int, folder: Path) -> int:
    """Bytes held at most while a file is compared with a list of so many records."""
    tracemalloc.start()
    compared = Comparison(folder)
    for start in range(0, known, 500):
        compared.active.add(np.arange(start, start + 1500, dtype=np.int64).reshape(-1, 3))
    for line in range(count):
        compared.add(line, Row(f"{line:018}", f"第{line}号公司", "1", "串通投标"))
    fresh = sum(cells is not None for cells, _ in compared.results())
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fresh == compared.rows == compared.lines and compared.ends.removed.count == known
    return held


def test_a_list_five_times_as_long_takes_no_more_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one part of both is in memory. Seen red: with KEPT so large that nothing is ever written out."""
    monkeypatch.setattr(parts, "KEPT", 8)
    _peak(100, 500, tmp_path)  # what is only loaded once is not of the list
    assert _peak(10_000, 20_000, tmp_path) < 2 * _peak(2_000, 4_000, tmp_path)


@pytest.mark.usefixtures("small_acts")
def test_how_far_an_import_is_only_grows(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading is the first half of the way, writing the second; whoever ends the import stops the reader."""
    monkeypatch.setattr(importing.Taking.read, "__defaults__", (2,))
    number = begin(platform, rows(*range(1, 10)))
    seen: list[float] = []
    done = services.take_import(platform, SYSTEM, number, told=lambda held: seen.append(held.bytes_done / held.size))
    assert seen == sorted(seen) and seen[0] <= 0.5 < seen[-2] and done.bytes_done == done.size
    number = begin(platform, rows(*range(1, 12)))

    def give_up(_: importing.CreditImport) -> None:
        with platform.act(SYSTEM) as act:
            services.abandon_import(act, queries.import_by_id(act.session, number), "credit.abandoned")

    with pytest.raises(Conflict, match=r"credit\.import_over"):
        services.take_import(platform, SYSTEM, number, told=give_up)
    assert len(names(platform)) == 9
