"""The ledger of checks and feedback: a city's figures come out of its rows, the unanswered have a next step."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from fractions import Fraction

import pytest

from accounts.rules import Role
from core.act import Act, Platform
from core.clock import StoppedClock
from core.errors import Invalid
from core.law import Snapshot
from credit import queries, services
from credit.rules import Count, count, total
from credit.rules.export import COLUMNS, as_csv, as_groups, plain_cell
from tests.conftest import START, Browser
from tests.credit.city import ledger
from tests.factories import credit_lists, uscc

ActAs = Callable[..., AbstractContextManager[Act]]
T = Snapshot("T", "2026-10-01", {}, {"mandatory": ["yes"]})


def test_a_citys_figures_come_out_of_its_rows(
    act_as: ActAs, login: Callable[..., Browser], client: Browser, platform: Platform
) -> None:
    """4,796 checks, 4,789 feedbacks, 99.85 %: on the page, in the table, by quarter; the seven are listed by name."""
    operator = login(Role.OPERATOR)
    sent = operator.post("/credit/ledger", data={"file": (io.BytesIO(ledger()), "city.csv")})
    assert sent.status_code == 303
    page = client.get("/credit/ledger").get_data(as_text=True)
    assert all(figure in page for figure in ("4,796", "4,789", "99.85", "1,600 / 1,602", "2026年第3季度", "<svg"))
    assert "第100号建设工程有限公司" not in page, "the public sees figures, not names"
    page = login(Role.SUPERVISOR).get("/credit/ledger").get_data(as_text=True)
    assert page.count("到来源网站人工查询并上传证据") == 7 and "第100号建设工程有限公司" in page
    rows = list(csv.DictReader(io.StringIO(client.get("/credit/ledger.csv").get_data(as_text=True).lstrip("\ufeff"))))
    assert [row["percent"] for row in rows if row["by"] == "all"] == ["99.85"]
    assert [row["asked"] for row in rows if row["by"] == "quarter"] == ["1602", "1571", "1623"]
    assert sum(int(row["unanswered"]) for row in rows if row["by"] == "region") == 7
    waiting = login(Role.OFFICER).get("/credit/unanswered.csv").get_data(as_text=True).splitlines()
    assert len(waiting) == 8 and all(line.endswith("by_hand") for line in waiting[1:])
    for by in ("source", "region"):
        assert client.get(f"/credit/ledger?by={by}&kind=ledger").status_code == 200
    again = operator.post("/credit/ledger", data={"file": (io.BytesIO(ledger()), "city.csv")})
    assert again.status_code == 409 and "已经导入过" in again.get_data(as_text=True)
    assert operator.post("/credit/ledger", data={}).status_code == 422


def test_a_share_is_cut_and_never_rounded_up_to_all() -> None:
    """Seen red: with the share formatted by `%.2f`."""
    assert Count("x", 100_000, 99_999).percent == "99.99"
    assert Count("x", 4796, 4789).percent == "99.85"
    assert (Count("x", 5, 5).percent, Count("x", 0, 0).share) == ("100.00", Fraction(1))


@pytest.mark.parametrize(
    ("change", "code", "line"),
    [
        (("C00002", "C00001"), "credit.ledger_twice", None),
        (("judgment_defaulters", "nobody"), "credit.ledger", 3),
        (("informed", "guilty"), "credit.ledger", 2),
        (("asked_at", "when"), "credit.ledger_columns", None),
        (("2026-01-01T09:03", "2025-01-01T09:03"), "credit.ledger", 2),
    ],
)
def test_a_ledger_with_a_wrong_line_is_refused_whole(
    act_as: ActAs, change: tuple[str, str], code: str, line: int | None
) -> None:
    raw = ledger().decode().replace(*change, 1).encode()
    with act_as(Role.OPERATOR) as act, pytest.raises(Invalid) as caught:
        services.take_ledger(act, raw)
    assert (caught.value.code, caught.value.facts.get("line")) == (code, line)
    with act_as(Role.OPERATOR) as act:
        assert queries.feedback(act.session) == []


def test_what_is_unanswered_has_an_age_and_a_next_step(act_as: ActAs, clock: StoppedClock) -> None:
    """A missing list is no answer; a follow-up answers its question and is none itself."""
    with act_as(Role.OFFICER) as act:
        party = {"section_code": "BJ-1", "stage": "opening", "identifier": uscc(1), "name": "第1号公司", "law": T}
        services.check_party(act, **party)  # type: ignore[arg-type]
        waiting = queries.unanswered(act.session, now=act.now)
        assert {one.step for one in waiting} == {"import_list"} and len(waiting) == 6
    clock.advance(days=1)
    with act_as(Role.OFFICER) as act:
        credit_lists(act)
        check = next(one for one in queries.checks(act.session, "BJ-1") if one.source == "tender_bans")
        services.keep_evidence(
            act, check, file=b"%PDF-1.7", name="a.pdf", site="www.creditchina.gov.cn",
            looked_at=act.now, record=None,
        )  # fmt: skip
        rows = queries.feedback(act.session)
        assert total(rows) == Count("", 6, 1)
        assert [one.asked for one in count(rows, "source")] == [1] * 6
        ages = {one.age for one in queries.unanswered(act.session, now=act.now)}
        assert ages == {timedelta(days=1)}


def test_facts_are_exported_in_the_national_groups(
    act_as: ActAs, login: Callable[..., Browser], platform: Platform
) -> None:
    """None is lost, a citizen's number is masked, a cell that a spreadsheet would run is not."""
    told = {
        "collusion_confirmed": ("violation", uscc(1)),
        "restored": ("removal", uscc(2)),
        "contract_broken": ("performance", uscc(3)),
        "expert_sanction": ("expert", "330102199001011234"),
        "something_new": ("other", uscc(5)),
    }
    with act_as(Role.SUPERVISOR) as act:
        for kind, (_, code) in told.items():
            services.record_fact(
                act,
                identifier=code,
                name="=甲",
                kind=kind,
                section_code="BJ-1",
                source=f"warning:{kind}",
                decision="W-1",
                facts={"reason": "串通", "until": "2027-01-01"},
            )
        groups = as_groups(queries.facts_since(act.session), platform_code="sunbid.test")
    assert {group: [row["RECORD_KIND"] for row in rows] for group, rows in groups.items() if rows} == {
        group: [kind] for kind, (group, _) in told.items()
    }
    assert groups["expert"][0]["SUBJECT_CODE"] == "330102********1234"
    assert as_csv(groups).splitlines()[0] == ",".join(COLUMNS) and plain_cell("=1+1") == "'=1+1"
    staff = login(Role.SUPERVISOR)
    assert staff.get("/credit/facts.json").json["violation"][0]["CONFINED_END"] == "2027-01-01"
    assert "'=甲" in staff.get("/credit/facts.csv").get_data(as_text=True)
    assert login(Role.BIDDER).get("/credit/facts.json").status_code == 403
    assert platform.clock.now() >= START
