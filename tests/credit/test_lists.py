"""Importing lists and checking parties: atomic, diffed, with evidence that anybody can recompute."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
import rfc8785
from click.testing import CliRunner

from accounts.rules import Role
from core.act import Act, Platform
from core.clock import StoppedClock
from core.errors import Conflict, Invalid
from core.law import Snapshot
from core.ledger.log import audit
from credit import queries, services
from credit.cli import credit
from credit.rules import SOURCES
from tests.conftest import START, Browser
from tests.factories import uscc

ActAs = Callable[..., AbstractContextManager[Act]]
HEADER = "名称,统一社会信用代码,决定书文号,列入事由,列入日期,有效期至,惩戒措施\n"
T = Snapshot("T", "2026-10-01", {})
SOURCE = "serious_dishonesty"


def rows(*numbers: int, reason: str = "拖欠农民工工资") -> bytes:
    return (
        HEADER
        + "".join(f"第{n}号公司,{uscc(n)},〔2026〕{n}号,{reason},2026-03-01,,限制参与招标投标\n" for n in numbers)
    ).encode()


def take(act: Act, file: bytes, *, source: str = SOURCE, hours: int = 0, confirmed: bool = False):  # type: ignore[no-untyped-def]
    return services.import_list(
        act, source=source, file=file, as_of=START + timedelta(hours=hours), confirmed=confirmed
    )


def fresh_lists(act: Act, *listed: int) -> None:
    for source in SOURCES:
        if source != SOURCE:
            take(act, rows(), source=source)
    take(act, rows(*(listed or (77,))))


def ask(act: Act, number: int, **changed: str) -> dict[str, str]:
    party = {"identifier": uscc(number), "name": f"第{number}号公司", **changed}
    checks = services.check_party(act, section_code="BJ-1", stage="opening", law=T, **party)
    return {check.source: check.decision for check in checks}


def test_an_import_says_what_changed(act_as: ActAs, platform: Platform) -> None:
    with act_as(Role.OPERATOR) as act:
        first = take(act, rows(1, 2, 3))
        second = take(act, rows(2, 3, 4, 5))
        third = take(act, rows(2, 3, 4, reason="另有事由") + b"")
        assert [(i.version, i.rows, i.added, i.removed) for i in (first, second, third)] == [
            (1, 3, 3, 0), (2, 4, 2, 1), (3, 3, 0, 1),
        ]  # fmt: skip
        assert act.store.read(second.sha256) == rows(2, 3, 4, 5)
        assert sorted(record.name for record in queries.active_records(act.session, SOURCE)) == [
            "第2号公司", "第3号公司", "第4号公司",
        ]  # fmt: skip
    with platform.reading() as session:
        assert list(audit(session, platform.signer.verifier)) == []


def test_a_file_with_bad_rows_adds_and_ends_nothing(act_as: ActAs) -> None:
    """A torn file must never clear a name. Seen red: with `gone` computed in any case."""
    with act_as(Role.OPERATOR) as act:
        fresh_lists(act, 1, 2)
        done = take(act, rows(3) + f"第1号公司,{uscc(1)},〔2026〕1号,事由,昨天,,\n".encode())
        assert (done.added, done.removed, done.bad_rows) == (
            1, 0,
            [{"line": 3, "reason": "credit.row_date", "text": f"{uscc(1)},第1号公司,〔2026〕1号,事由,昨天,,"}],
        )  # fmt: skip
        assert ask(act, 1)[SOURCE] == "restricted"
        assert ask(act, 2)[SOURCE] == "restricted"


def test_a_party_on_an_unreadable_line_is_pending(act_as: ActAs) -> None:
    with act_as(Role.OPERATOR) as act:
        fresh_lists(act, 1)
        take(act, rows(1) + f"第9号公司,{uscc(9)},x,事由,昨天,,\n".encode())
        assert ask(act, 9)[SOURCE] == "pending"
        assert ask(act, 8)[SOURCE] == "clear"


def test_an_import_is_one_act_or_nothing(act_as: ActAs, platform: Platform) -> None:
    with act_as(Role.OPERATOR) as act:
        take(act, rows(1, 2))
    for broken in (b"\xff\xfe\xff", b"x,y\n", b"", rows() + b'"'):
        with pytest.raises(Invalid), act_as(Role.OPERATOR) as act:
            take(act, broken)
    with platform.reading() as session:
        assert len(queries.active_records(session, SOURCE)) == 2
        assert len(queries.imports(session)) == 1


def test_an_empty_or_shrunken_list_is_not_believed(act_as: ActAs) -> None:
    """Seen red: an export cut off after the heading cleared everybody."""
    with act_as(Role.OPERATOR) as act:
        take(act, rows(*range(1, 21)))
        with pytest.raises(Invalid, match=r"credit\.empty"):
            take(act, rows())
        with pytest.raises(Invalid, match=r"credit\.shrunk"):
            take(act, rows(1, 2, 3))
        assert take(act, rows(1, 2, 3), confirmed=True).removed == 17


def test_time_does_not_run_backwards(act_as: ActAs, clock: StoppedClock) -> None:
    clock.advance(days=2)
    with act_as(Role.OPERATOR) as act:
        take(act, rows(1), hours=24)
        with pytest.raises(Conflict, match=r"credit\.older"):
            take(act, rows(2), hours=1)
        with pytest.raises(Invalid, match=r"credit\.future"):
            take(act, rows(2), hours=24 * 3)


def test_every_check_keeps_evidence_that_recomputes(act_as: ActAs) -> None:
    """R-702, R-706: what was asked, when, of which list, what was found, by which rule."""
    with act_as(Role.OPERATOR) as act:
        fresh_lists(act, 1)
        checks = services.check_party(
            act, section_code="BJ-1", stage="opening", identifier=uscc(1), name="第1号公司", law=T
        )
        assert len(checks) == len(SOURCES)
        for check in checks:
            assert hashlib.sha256(rfc8785.dumps(check.evidence)).hexdigest() == check.evidence_sha256
        hit = next(check for check in checks if check.source == SOURCE)
        assert hit.evidence["records"][0]["reason"] == "拖欠农民工工资"
        assert hit.evidence["list"]["version"] == 1 and hit.evidence["query"]["by"] == act.actor.name
        assert hit.rule["source"] and hit.evidence["repair"]
        assert queries.is_restricted(act.session, "BJ-1", uscc(1))
        assert not queries.is_restricted(act.session, "BJ-2", uscc(1))


def test_a_repaired_record_is_used_no_more_but_the_old_check_stays(act_as: ActAs) -> None:
    """R-706. Seen red: with gone records still matched."""
    with act_as(Role.OPERATOR) as act:
        fresh_lists(act, 1, 2)
        assert ask(act, 1)[SOURCE] == "restricted"
        take(act, rows(2))
        assert ask(act, 1)[SOURCE] == "clear"
        assert not queries.is_restricted(act.session, "BJ-1", uscc(1)), "the newest check prevails"
        decisions = [c.decision for c in queries.checks(act.session, "BJ-1") if c.source == SOURCE]
        assert decisions == ["restricted", "clear"]


def test_a_name_alone_is_pending_and_the_code_decides(act_as: ActAs) -> None:
    with act_as(Role.OPERATOR) as act:
        fresh_lists(act, 1)
        assert ask(act, 50, name="第1号公司")[SOURCE] == "pending"
        assert ask(act, 1, name="改了名的公司")[SOURCE] == "restricted"
        assert ask(act, 1, identifier=f" {uscc(1).lower()} ")[SOURCE] == "restricted"


def test_without_lists_nobody_is_clear(act_as: ActAs, clock: StoppedClock) -> None:
    with act_as(Role.OPERATOR) as act:
        assert set(ask(act, 1).values()) == {"pending"}
        fresh_lists(act)
        assert set(ask(act, 1).values()) == {"clear"}
    clock.advance(days=8)
    with act_as(Role.OPERATOR) as act:
        assert set(ask(act, 1).values()) == {"pending"}


def test_the_evidence_page_is_for_those_who_work_and_for_the_party(
    act_as: ActAs, login: Callable[..., Browser], platform: Platform
) -> None:
    """Another bidder gets the same answer as for a check that does not exist. Seen red: `own_check` without actor."""
    from accounts.queries import organisation
    from tests import factories

    bidder = factories.actor(platform, Role.BIDDER)
    with act_as(Role.OPERATOR) as act:
        fresh_lists(act, 1)
        own = organisation(act.session, bidder.organisation_id or 0)
        check = services.check_party(
            act, section_code="BJ-1", stage="opening", identifier=own.identifier, name=own.name, law=T
        )[0]
        digest = check.evidence_sha256
    for browser in (login(Role.BIDDER), login(Role.SUPERVISOR), login(Role.EXPERT)):
        assert "信用查询证据" in browser.get(f"/credit/checks/{digest}").get_data(as_text=True)
        assert browser.get(f"/credit/checks/{digest}.json").json["section"] == "BJ-1"
        assert browser.get(f"/credit/checks/{digest}/print").status_code == 200
    assert "BJ-1" in login(Role.BIDDER).get("/credit/mine").get_data(as_text=True)
    other = login(Role.BIDDER, person="b")
    json_wanted = {"Accept": "application/json"}
    answers = [other.get(f"/credit/checks/{it}", headers=json_wanted) for it in (digest, "0" * 64)]
    assert [a.status_code for a in answers] == [404, 404]
    assert answers[0].json["detail"] == answers[1].json["detail"]


def test_the_evidence_prints_as_pdf(act_as: ActAs, login: Callable[..., Browser]) -> None:
    with act_as(Role.OPERATOR) as act:
        fresh_lists(act, 1)
        checks = services.check_party(
            act, section_code="BJ-1", stage="opening", identifier=uscc(1), name="第1号公司", law=T
        )
        digest = next(check for check in checks if check.source == SOURCE).evidence_sha256
    answer = login(Role.SUPERVISOR).get(f"/credit/checks/{digest}.pdf")
    assert answer.status_code == 200 and answer.data.startswith(b"%PDF-")
    import pypdfium2

    text = "".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(io.BytesIO(answer.data)))
    assert "拖欠农民工工资" in text and digest[:32] in text.replace("\n", "").replace("\r", "")


def test_an_operator_imports_on_the_page(login: Callable[..., Browser], act_as: ActAs) -> None:
    browser = login(Role.OPERATOR)
    bad = rows(1) + b"x\n"
    fields = {"source": SOURCE, "as_of": "2026-10-08T08:00", "file": (io.BytesIO(bad), "list.csv")}
    answer = browser.post("/credit/imports", data=fields)
    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"]).get_data(as_text=True)
    assert "列数与表头不一致" in page and "无法读取 1 行" in page
    assert "第1号公司" in browser.get("/credit/records?q=第1号").get_data(as_text=True)
    refused = browser.post(
        "/credit/imports", data={**fields, "as_of": "2027-01-01T00:00", "file": (io.BytesIO(rows(1)), "x")}
    )
    assert refused.status_code == 422 and "晚于现在" in refused.get_data(as_text=True)
    assert browser.post("/credit/imports", data={"source": SOURCE, "as_of": "2026-10-08T08:00"}).status_code == 422
    page = browser.get("/credit").get_data(as_text=True)
    assert "尚未导入" in page and "全国失信惩戒措施基础清单" in page


def test_the_terminal_imports_and_checks(platform: Platform, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(rows(1))
    runner = CliRunner()

    def run(*arguments: str) -> tuple[int, str]:
        result = runner.invoke(credit, arguments, obj=platform, catch_exceptions=False)
        return result.exit_code, result.output

    for source in SOURCES:
        assert run("import", source, str(file), "--as-of", "2026-10-08T08:00")[0] == 0
    code, output = run("check", uscc(1), "--name", "第1号公司", "--section", "BJ-1", "--regime", "T")
    assert code == 1 and "✗ 严重失信主体名单" in output
    assert run("check", uscc(2), "--name", "第2号公司", "--section", "BJ-1", "--regime", "T")[0] == 0
    file.write_bytes(rows(1) + b"x\n")
    code, output = run("import", "tax_violations", str(file), "--as-of", "2026-10-08T08:30", "--json")
    assert code == 1 and '"reason": "credit.row_width"' in output
    assert "v2" in run("lists")[1]
    assert str(runner.invoke(credit, ["lists"], obj=None).exception) == "command.no_platform"
