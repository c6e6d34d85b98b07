"""The recordings of a public purchase's rooms, registered through the pages by whoever runs each room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from accounts.rules import Role
from awards.forms import read_recording
from awards.services import register_recording
from bidding import queries as bidding
from core.clock import BEIJING
from tests.conftest import Browser
from tests.journeys.whole import Whole

HALL, ROOM = "开标现场的录音录像", "评标现场的录音录像"


def entry(stage: Whole, place: str, sha256: str, **fields: str) -> dict[str, str]:
    """The form of one recording of the last hour."""
    now = stage.clock.now().astimezone(BEIJING)
    return {
        "place": place, "title": "1 号机位", "media": "video", "began_at": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "ended_at": f"{now - timedelta(minutes=5):%Y-%m-%dT%H:%M}", "sha256": sha256, "size": "7000000000",
        "location": "档案室 3 号柜 硬盘 HD-0417", "custody": "采购人办公室", **fields,
    }  # fmt: skip


def recorded(stage: Whole) -> None:
    """Two recordings stand in the index, registered by the rooms' own people, on a day whose list asks for them."""
    stage.clock.move_to(max(stage.clock.now(), datetime(2026, 12, 2, tzinfo=UTC)))
    for by, room, sha256 in ((stage.tenderee, "opening", "5a" * 32), (stage.officer, "evaluation", "5b" * 32)):
        with stage.platform.act(by) as act:
            read = read_recording(entry(stage, room, sha256))
            register_recording(act, bidding.section(act.session, stage.code), **read)


def register(stage: Whole, login: Callable[..., Browser], client: Browser) -> None:
    """Each room by its own people; what is wrong is named and kept; a wrong entry is withdrawn and stays."""
    page = f"/sections/{stage.code}/recordings"
    tenderee, officer, supervisor = login(Role.TENDEREE), login(Role.OFFICER), login(Role.SUPERVISOR)
    hall, room = "5a" * 32, "5b" * 32

    def sent(by: Browser, expected: int, **form: str) -> str:
        answer = by.post(form.pop("to", page), data=form)
        assert answer.status_code == expected, answer.text
        return answer.text

    refused = sent(tenderee, 422, **entry(stage, "opening", "xyz", custody=""))
    assert refused.count("field-error") == 2 and "档案室 3 号柜 硬盘 HD-0417" in refused, "what was typed is kept"
    assert "由主持它的人登记" in sent(tenderee, 422, **entry(stage, "evaluation", room))
    assert "没有这个评标场地" in sent(officer, 422, **entry(stage, "evaluation:S9", room))
    assert "这一处还没有开始" in sent(tenderee, 422, **entry(stage, "selection", room))
    assert sent(login(Role.TENDEREE, person="stranger"), 404, **entry(stage, "opening", hall))
    sent(tenderee, 303, **entry(stage, "opening", hall))
    assert "已登记为第 1 条" in sent(tenderee, 422, **entry(stage, "opening", hall))
    sent(tenderee, 303, to=f"{page}/1/withdraw", **{"withdraw-1": "登记到了错的一段"})
    sent(tenderee, 303, **entry(stage, "opening", hall))
    assert sent(officer, 403, to=f"{page}/missing", lost="evaluation", reason="录像机整夜断电，没有录到")
    sent(supervisor, 303, to=f"{page}/missing", lost="evaluation", reason="录像机整夜断电，没有录到")
    assert "由监督部门说明" in officer.get(page).text or "缺失" in officer.get(page).text
    sent(officer, 303, **entry(stage, "evaluation", room))
    seen = client.get(page).text
    assert hall in seen and "HD-0417" not in seen and "断电" not in seen and "登记到了错的一段" not in seen
    assert "HD-0417" in supervisor.get(page).text and "断电" in officer.get(page).text
