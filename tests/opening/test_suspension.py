"""What stops the day: suspended and resumed at a published instant, cancelled, incidents, a prolonged window."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bidding import queries as bidding
from core.board import notices
from core.clock import iso
from core.errors import Conflict, Invalid, Refusal, Untimely
from core.ledger.log import entries_of
from core.outbox import unsent
from opening import queries, services
from opening.lifecycle import COURSE, OPENING
from opening.models import Peel
from opening.rules import ASIDE, IDENTITY
from tests.opening.stage import CODE, TRUSTEES, Stage

TROUBLE = {"cause": "机房断电", "impact": "全部投标人无法解密", "measures": "切换备用电源，预计一小时"}


def named(stage: Stage) -> list[str]:
    """The names the board shows."""
    with stage.platform.reading() as session:
        return [row["name"] for row in queries.board(session, stage.opening)]


def prices(stage: Stage) -> list[int]:
    """The prices the board shows."""
    with stage.platform.reading() as session:
        return [row["price_fen"] for row in queries.board(session, stage.opening) if row["price_fen"] is not None]


def kinds(stage: Stage) -> list[str]:
    """The kinds of the section's notices, oldest first."""
    with stage.platform.reading() as session:
        return [notice.kind for notice in reversed(notices(session, subject=f"section:{CODE}"))]


def test_the_table_of_the_day_holds_together() -> None:
    """Every state is reached, every one has a way to an end, ends have no way out, and back leads only from aside.

    A day that is handed over is an end, but for the second sitting where envelopes are opened in two (双信封).

    Seen red: with `reconvene` left out of the table, the suspended had no way to an end.
    """
    reached, frontier = {OPENING.start}, [OPENING.start]
    ways = [
        (source, step.target) for step in OPENING.moves.values() for source in step.sources if step.target is not None
    ] + [("suspended", state) for state in COURSE if any(step.target is None for step in OPENING.moves.values())]
    while frontier:
        state = frontier.pop()
        for source, target in ways:
            if source == state and target not in reached:
                reached.add(target)
                frontier.append(target)
    assert reached == set(OPENING.states)
    ways.remove(("handed_over", "names_published"))
    ends = {state for state in OPENING.states if not any(source == state for source, _ in ways)}
    assert ends == {"handed_over", "failed", "cancelled"}
    leading = set(ends)
    while True:
        more = {source for source, target in ways if target in leading} - leading
        if not more:
            break
        leading |= more
    assert leading == set(OPENING.states)
    assert [verb for verb, step in OPENING.moves.items() if step.target is None] == ["reconvene"]
    assert OPENING.moves["reconvene"].sources <= ASIDE


def test_a_suspended_window_keeps_its_time_and_goes_on_at_the_published_instant(stage: Stage) -> None:
    """Seen red: with reconvene not asking for the instant, the opening went on an hour early."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_window()
    stage.release("a")
    stage.clock.advance(minutes=10)
    until = stage.opening.decrypt_until_at
    assert until is not None
    host = stage.tenderee
    stage.act(host, services.suspend, **TROUBLE)
    assert (stage.opening.state, stage.opening.standing) == ("suspended", "decrypt_open")
    for verb in (services.fall_back, services.close_decryption, services.resume, services.read_prices):
        with pytest.raises(Conflict, match=r"opening\.state"):
            stage.act(host, verb)
    with pytest.raises(Refusal):
        stage.release("b")
    with pytest.raises(Conflict, match=r"opening\.unannounced"):
        stage.act(host, services.reconvene)
    now = stage.clock.now()
    with pytest.raises(Untimely, match=r"opening\.reconvene_past"):
        stage.act(host, services.announce_reconvening, now, "电力恢复")
    stage.act(host, services.announce_reconvening, now + timedelta(hours=3), "电力恢复")
    stage.act(host, services.announce_reconvening, now + timedelta(hours=2), "提前修复")
    stage.clock.advance(hours=2, microseconds=-1)
    stage.tick()
    with pytest.raises(Untimely, match=r"opening\.reconvene_early"):
        stage.act(host, services.reconvene)
    stage.clock.advance(microseconds=1)
    stage.act(host, services.reconvene)
    opening = stage.opening
    assert (opening.state, opening.stood_in) == ("decrypt_open", None)
    assert opening.decrypt_until_at == until + timedelta(hours=2)
    (suspension,) = opening.suspensions
    assert suspension["stood_in"] == "decrypt_open" and suspension["reason"] == TROUBLE["cause"]
    assert suspension["until"] == iso(stage.clock.now()) == suspension["reconvene_at"]
    assert kinds(stage)[-3:] == ["opening_suspension", "opening_reconvening", "opening_reconvening"]
    with stage.platform.reading() as session:
        told = {(message.template, message.recipient) for message in unsent(session)}
    owners = {f"organisation:{stage.bid(letter).organisation_id}" for letter in "abc"}
    assert {who for template, who in told if template == "opening.suspended"} == owners
    stage.release("b")
    stage.release("c")
    stage.peel("tenderee")
    stage.tick()
    assert stage.opening.state == "decrypt_closed"


def test_a_pause_that_is_suspended_too_ends_once_and_counts_whole(stage: Stage) -> None:
    """Seen red: with suspend opening a second pause the first one never ended."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_window()
    until = stage.opening.decrypt_until_at
    assert until is not None
    stage.clock.advance(minutes=5)
    stage.act(stage.tenderee, services.pause, "网络抖动")
    stage.clock.advance(minutes=5)
    stage.act(stage.tenderee, services.suspend, **TROUBLE)
    stage.act(stage.tenderee, services.announce_reconvening, stage.clock.now() + timedelta(minutes=20), "电力恢复")
    stage.clock.advance(minutes=30)
    stage.act(stage.tenderee, services.reconvene)
    assert stage.opening.state == "decrypt_paused"
    stage.clock.advance(minutes=1)
    stage.act(stage.tenderee, services.resume)
    assert [pause["until"] is not None for pause in stage.opening.pauses] == [True]
    assert stage.opening.decrypt_until_at == until + timedelta(minutes=36)


def test_suspended_before_the_names_nothing_of_them_is_shown(stage: Stage, app: Any) -> None:
    """Seen red: with reconvene leading to names_published instead of back to where the day stood."""
    for letter in "abc":
        stage.submit(letter)
    stage.commit_draw()
    stage.close()
    stage.peel(*TRUSTEES)
    stage.act(stage.officer, services.suspend, **TROUBLE)
    assert stage.opening.standing == "closed" and named(stage) == []
    names = [stage.bidders[letter].name for letter in "abc"]
    for page in ("", "/board?state=suspended", "/state"):
        body = app.test_client().get(f"/opening/{CODE}{page}").get_data(as_text=True)
        assert [name for name in names if name in body] == []
    stage.act(stage.officer, services.announce_reconvening, stage.clock.now() + timedelta(minutes=5), "已恢复")
    stage.clock.advance(minutes=5)
    stage.act(stage.officer, services.reconvene)
    stage.act(stage.tenderee, services.publish_names)
    assert named(stage) == names


def test_prices_stay_hidden_or_public_as_they_were_when_the_day_was_suspended(stage: Stage) -> None:
    """Seen red: with PRICES_SHOWN asked of the state, prices once read vanished from a suspended hall."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_drawn()
    stage.act(stage.tenderee, services.suspend, **TROUBLE)
    assert prices(stage) == []
    stage.act(stage.tenderee, services.announce_reconvening, stage.clock.now() + timedelta(minutes=5), "已恢复")
    stage.clock.advance(minutes=5)
    stage.act(stage.tenderee, services.reconvene)
    stage.act(stage.tenderee, services.read_prices)
    read = prices(stage)
    assert len(read) == 3
    stage.act(stage.tenderee, services.suspend, **TROUBLE)
    assert prices(stage) == read


def test_cancelled_before_the_names_nobody_is_named_and_nothing_is_opened(stage: Stage) -> None:
    """Seen red: without forget_names the identity texts stayed in the database."""
    for letter in "abc":
        stage.submit(letter)
    stage.commit_draw()
    stage.close()
    stage.peel(*TRUSTEES)
    with pytest.raises(Invalid):
        stage.act(stage.tenderee, services.cancel, reason="项目取消", basis=" ")
    stage.act(stage.tenderee, services.cancel, reason="立项批文撤销", basis="招标投标法实施条例第三十一条")
    with stage.platform.reading() as session:
        section = bidding.section(session, CODE)
        texts = [peel.content for peel in session.query(Peel).filter(Peel.package == IDENTITY)]
    assert (stage.opening.state, section.state) == ("cancelled", "failed")
    assert named(stage) == [] and set(texts) == {""}
    assert kinds(stage)[-2:] == ["failure", "opening_cancellation"]
    for verb in (services.publish_names, services.reconvene):
        with pytest.raises(Conflict, match=r"opening\.state"):
            stage.act(stage.tenderee, verb)


def test_cancelled_after_the_reading_what_was_public_stays_public(stage: Stage) -> None:
    for letter in "abc":
        stage.submit(letter)
    stage.to_drawn()
    stage.act(stage.tenderee, services.read_prices)
    stage.act(stage.tenderee, services.cancel, reason="采购任务取消", basis="主管部门决定")
    assert len(named(stage)) == 3 and len(prices(stage)) == 3
    with stage.platform.reading() as session:
        entry = entries_of(session, f"opening:{CODE}")[-1]
    assert entry.kind == "opening.cancel" and entry.facts["from"] == "prices_read"


def test_the_window_is_prolonged_with_a_reason_and_never_after_its_end(stage: Stage) -> None:
    """Seen red: with the check of the end left out, a window that was over was opened again."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_window()
    until = stage.opening.decrypt_until_at
    assert until is not None
    with pytest.raises(Invalid, match=r"form\.required"):
        stage.act(stage.tenderee, services.extend, 10, " ")
    for minutes in (0, -5, 24 * 60 + 1):
        with pytest.raises(Invalid, match=r"form\.range"):
            stage.act(stage.tenderee, services.extend, minutes, "网络拥塞")
    stage.act(stage.tenderee, services.extend, 10, "网络拥塞")
    stage.act(stage.tenderee, services.pause, "核实")
    stage.act(stage.tenderee, services.extend, 5, "核实未完")
    stage.clock.advance(minutes=2)
    stage.act(stage.tenderee, services.resume)
    assert stage.opening.decrypt_until_at == until + timedelta(minutes=17)
    assert [item["minutes"] for item in stage.opening.extensions] == [10, 5]
    stage.clock.move_to(until + timedelta(minutes=17))
    with pytest.raises(Untimely, match=r"decrypt\.over"):
        stage.act(stage.tenderee, services.extend, 10, "再等等")


def test_an_incident_without_outcome_keeps_the_record_from_being_signed(stage: Stage) -> None:
    """Seen red: with the incidents taken out of the conditions of sign_record."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_confirmation()
    with pytest.raises(Invalid, match=r"form\.required"):
        stage.act(stage.tenderee, services.raise_incident, cause="投影黑屏", impact="", measures="更换")
    stage.act(stage.tenderee, services.raise_incident, cause="投影黑屏", impact="现场看不到", measures="更换")
    with pytest.raises(Conflict, match=r"incident\.open"):
        stage.act(stage.tenderee, services.sign_record)
    with stage.platform.act(stage.tenderee) as act:
        opening = queries.opening(act.session, bidding.section(act.session, CODE))
        (incident,) = queries.incidents(act.session, opening)
        services.close_incident(act, opening, incident, "三分钟后恢复")
        with pytest.raises(Conflict, match=r"incident\.closed"):
            services.close_incident(act, opening, incident, "三分钟后恢复")
    stage.act(stage.tenderee, services.sign_record)
    (told,) = stage.opening.record["incidents"]  # type: ignore[index]
    assert (told["cause"], told["outcome"]) == ("投影黑屏", "三分钟后恢复")


def test_only_the_tenderee_cancels_and_types_the_sections_code(stage: Stage, login: Any) -> None:
    """Seen red: with the officer among the roles of the route the centre could cancel a tender."""
    from accounts.rules import Role

    for letter in "abc":
        stage.submit(letter)
    stage.to_names()
    form = {
        "form": "cancel",
        "cancel-reason": "立项撤销",
        "cancel-basis": "实施条例第三十一条",
        "cancel-confirmation": CODE,
    }
    assert login(Role.OFFICER).post(f"/opening/{CODE}/cancel", data=form).status_code == 403
    browser = login(Role.TENDEREE)
    wrong = browser.post(f"/opening/{CODE}/cancel", data={**form, "cancel-confirmation": "x"})
    assert wrong.status_code == 422 and 'id="cancel-confirmation-error"' in wrong.get_data(as_text=True)
    assert browser.post(f"/opening/{CODE}/cancel", data=form).status_code == 303
    assert stage.opening.state == "cancelled"
    assert browser.get(f"/opening/{CODE}/desk").status_code == 200
