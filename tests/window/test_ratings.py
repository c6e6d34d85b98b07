"""Service ratings: anybody rates, a bad one goes through its whole loop in time, and what is late is seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from accounts.rules import Role
from core.act import Platform
from core.clock import StoppedClock
from core.ledger.log import entries_of
from tests.conftest import Browser
from window import queries

BAD = {"stars": "1", "topic": "site", "text": "上传大文件三次都中断，没有提示原因。", "contact": "0571-1234"}
ANSWER = "已查明为代理超时，改为续传，并在页面说明原因。"


def test_a_bad_rating_needs_words_and_loses_nothing_typed(client: Browser) -> None:
    """Seen red: with the length not asked."""
    refused = client.post("/ratings/new", data={**BAD, "text": "太差"})
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422 and "请说明原因" in page and ">太差</textarea>" in page and "0571-1234" in page
    assert client.post("/ratings/new", data={**BAD, "stars": "6"}).status_code == 422
    assert client.post("/ratings/new", data={**BAD, "topic": "moon"}).status_code == 422
    assert "收到评价" in client.get("/ratings").get_data(as_text=True)


def test_the_whole_loop_in_time_and_late(
    client: Browser, login: Callable[..., Browser], platform: Platform, clock: StoppedClock
) -> None:
    """Rated, taken on late, put right, sent back, put right again, closed; each step in the ledger, lateness stays."""
    for stars in ("5", "4", "3"):
        assert client.post("/ratings/new", data={"stars": stars, "topic": "opening"}).status_code == 302
    where = client.post("/ratings/new", data=BAD).headers["Location"]
    assert where == "/ratings/PJ2026-00004"
    operator = login(Role.OPERATOR)
    seen = client.get(where).get_data(as_text=True)
    assert "0571-1234" not in seen and BAD["text"] not in seen
    assert BAD["text"] in operator.get(where).get_data(as_text=True)
    with platform.reading() as session:
        due = queries.rating(session, "PJ2026-00004").due_at
    assert due is not None
    clock.move_to(due - timedelta(microseconds=1))
    assert "已逾期" not in client.get(where).get_data(as_text=True)
    clock.move_to(due)
    operator, supervisor = login(Role.OPERATOR), login(Role.SUPERVISOR)
    assert "已逾期" in client.get(where).get_data(as_text=True)
    assert "逾期 1 条" in client.get("/ratings").get_data(as_text=True)
    assert operator.post(f"{where}/answer", data={"how": "rectify", "answer": ANSWER}).status_code == 422
    assert operator.post(f"{where}/take-on").status_code == 302
    assert "已逾期</span>" not in client.get("/ratings").get_data(as_text=True)
    assert operator.post(f"{where}/answer", data={"how": "rectify", "answer": "好"}).status_code == 422
    assert operator.post(f"{where}/answer", data={"how": "rectify", "answer": ANSWER}).status_code == 302
    assert ANSWER in client.get(where).get_data(as_text=True)
    back = {"verdict": "return", "review": "回访时仍有一次中断，请再查网络设备。"}
    assert operator.post(f"{where}/review", data=back).status_code == 403
    assert supervisor.post(f"{where}/review", data=back).status_code == 302
    assert (
        operator.post(
            f"{where}/answer", data={"how": "set_aside", "answer": "设备为用户自有，已告知排查方法。"}
        ).status_code
        == 302
    )
    good = {"verdict": "accept", "review": "已电话核实，用户认可说明。"}
    assert supervisor.post(f"{where}/review", data=good).status_code == 302
    page = client.get(where).get_data(as_text=True)
    assert "已办结" in page and "逾期记录" in page and "退回重办 1 次" in page and "不予采纳的理由" in page
    with platform.reading() as session:
        held = queries.rating(session, "PJ2026-00004")
        kinds = [entry.kind for entry in entries_of(session, held.subject)]
        sums = queries.rating_sums(session, clock.now())
    assert kinds == [
        "rating.receive", "rating.late", "rating.take_on", "rating.rectify", "rating.return", "rating.set_aside",
        "rating.accept",
    ]  # fmt: skip
    assert (sums.total, sums.bad, sums.waiting, sums.overdue, sums.closed) == (4, 1, 0, 0, 1)
    assert client.get("/ratings/PJ2026-00001").status_code == 404
    assert "75.00%" in client.get("/ratings").get_data(as_text=True)
