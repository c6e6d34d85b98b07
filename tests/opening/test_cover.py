"""Nothing is handed to a key holder before outsiders have signed under the closing head, or an officer says why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.rules import Role
from core.act import SYSTEM
from core.errors import Conflict, Untimely
from core.ledger import log, vouching
from core.ledger.cosignatures import Witness
from core.trust import Trust
from opening import services
from portal.cli.tick import tick
from tests.conftest import Browser
from tests.opening.stage import CODE, Stage

WITNESS = Witness("supervision.test", b"\x0a" * 32)


@pytest.fixture
def waiting(stage: Stage) -> Stage:
    """A closed section with three bids whose closing head awaits one witness."""
    stage.platform.trust = Trust(witnesses=(WITNESS.cosigner,), patience=timedelta(minutes=5))
    for letter in "abc":
        stage.submit(letter)
    stage.close()
    return stage


def cosign(stage: Stage, size: int | None = None) -> None:
    """The witness cosigns the newest head, or an earlier one."""
    with stage.platform.act(SYSTEM) as act:
        head = log.head_of_size(act.session, size) if size else log.signed_head(act)
        line = WITNESS.cosign(vouching.body_of(head.note), act.now)
        vouching.keep_cosignature(act, head.note + line)


def kinds(stage: Stage) -> list[str]:
    with stage.platform.reading() as session:
        return [entry.kind for entry in log.entries_of(session, f"opening:{CODE}")]


def test_no_package_leaves_before_the_witness_has_cosigned(waiting: Stage) -> None:
    """Seen red: without `check_covered` in `peel_tasks`, and with the cover recorded whoever is missing."""
    with pytest.raises(Conflict, match=r"opening\.uncovered"):
        waiting.tasks("officer")
    tick(waiting.platform)
    assert waiting.opening.cover is None
    cosign(waiting)
    assert f"cover closing {CODE}" in tick(waiting.platform)
    assert tick(waiting.platform) == [] or f"cover closing {CODE}" not in tick(waiting.platform)
    cover = waiting.opening.cover
    assert [item["witness"] for item in cover["cosignatures"]] == ["supervision.test"]
    assert cover["missing"] == [] and cover["exception"] is None
    waiting.peel("officer", "supervisor")
    told = kinds(waiting)
    assert told.index("opening.cover") < told.index("opening.peel")
    assert told.count("opening.cover") == 1


def test_a_cosignature_from_before_the_closing_covers_nothing(stage: Stage) -> None:
    """Seen red: with the newest cosignature taken, whatever its size."""
    stage.platform.trust = Trust(witnesses=(WITNESS.cosigner,))
    stage.submit("a")
    cosign(stage)
    stage.submit("b")
    stage.submit("c")
    stage.close()
    tick(stage.platform)
    assert stage.opening.cover is None
    cosign(stage, stage.opening.closing_size)
    tick(stage.platform)
    assert stage.opening.cover is not None


def test_an_officer_may_pass_without_a_silent_witness_but_not_soon_and_not_silently(waiting: Stage) -> None:
    """Seen red: without the comparison with the patience."""
    with pytest.raises(Untimely, match=r"opening\.cover_waiting"):
        waiting.act(waiting.officer, services.except_cover, "监督系统断网，已电话核对日志头")
    waiting.clock.advance(minutes=5)
    waiting.act(waiting.officer, services.except_cover, "监督系统断网，已电话核对日志头")
    with waiting.platform.reading() as session:
        (entry,) = [e for e in log.entries_of(session, f"opening:{CODE}") if e.kind == "opening.cover"]
    assert entry.facts["missing"] == ["supervision.test"]
    assert entry.facts["exception"]["by"] == waiting.officer.name
    assert entry.facts["exception"]["reason"] == "监督系统断网，已电话核对日志头"
    waiting.peel("officer", "supervisor")
    with pytest.raises(Conflict, match=r"opening\.covered"):
        waiting.act(waiting.officer, services.except_cover, "再来一次")


def test_without_outsiders_that_too_is_on_record(stage: Stage) -> None:
    for letter in "abc":
        stage.submit(letter)
    stage.close()
    assert stage.opening.cover == {"cosignatures": [], "timestamps": [], "missing": [], "exception": None}
    assert "opening.cover" in kinds(stage)


def test_the_page_says_who_is_awaited_and_only_an_officer_may_pass(
    waiting: Stage, client: Browser, login: Callable[..., Browser]
) -> None:
    address = f"/opening/{CODE}/cover"
    page = client.get(address).get_data(as_text=True)
    assert "supervision.test" in page and "等待联署" in page and "<textarea" not in page
    officer = login(Role.OFFICER)
    assert "<textarea" in officer.get(address).get_data(as_text=True)
    early = officer.post(address, data={"reason": "断网"})
    assert early.status_code == 409 and "须等到" in early.get_data(as_text=True)
    waiting.clock.advance(minutes=6)
    assert officer.post(address, data={"reason": "断网，已电话核对"}).status_code == 303
    page = client.get(address).get_data(as_text=True)
    assert "例外放行" in page and "断网，已电话核对" in page
    assert login(Role.SUPERVISOR).post(address, data={"reason": "断网"}).status_code == 403
