"""Machines across projects: with the regulator's key alone, for a warning in work, told without any identifier."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785

from accounts.queries import person
from accounts.rules import Role
from bidding import queries as bidding
from collusion import queries, services
from collusion.models import DeviceLink
from collusion.rules.machines import Told, shared
from collusion.services import linking
from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from core.errors import Conflict, Invalid
from core.seal import new_identity, recipient_of
from core.seal.age import open_whole
from core.seal.keyfile import KeyFile
from opening import services as opening
from opening.services.devices import keep_record
from tests import factories
from tests.collusion.desk import opened
from tests.collusion.test_desk import CODE, as_login, do, scanned, supervisor
from tests.collusion.test_passages import OWN

OTHER = "XS-2026-002-01"
REASON = "两家设备标识相同，核查其他项目是否出自同一台机器。"
MACHINE = {"mac": "3C-52-82-11-22-33", "disk": "S4EVNX0M778", "cpu": "BFEBFBFF000906EA", "host": "", "tool": "t/1"}
PASSPHRASE = "correct horse battery"


@pytest.fixture
def key() -> str:
    return new_identity()


@pytest.fixture
def desk(platform: Platform, clock: StoppedClock, key: str) -> Platform:
    """Two projects; bid 1 of the first and bid 2 of the other, another bidder's, were made on one machine."""
    with platform.act(supervisor(platform)) as act:
        opening.name_regulator_key(act, recipient_of(key))
    opened(platform, clock, CODE, {1: OWN, 2: OWN, 3: "完全不同的第三家做法，逐段验收。"})
    opened(platform, clock, OTHER, {1: "甲", 2: "乙", 3: "丙"}, others={2: factories.uscc(777), 3: factories.uscc(778)})
    with platform.act(SYSTEM) as act:
        for code in (CODE, OTHER):
            for bid in queries.opened_bids(act.session, bidding.section(act.session, code)):
                own = {**MACHINE, "disk": f"D{code}{bid.number}", "mac": f"02-00-{code[8:11]}-{bid.number}"}
                keep_record(act, bid, MACHINE if (code, bid.number) in ((CODE, 1), (OTHER, 2)) else own)
    with platform.act(factories.actor(platform, Role.SUPERVISOR)) as act:
        services.record_scan(act, bidding.section(act.session, CODE), scanned(platform))
    return platform


def test_another_bidders_bid_in_another_project_on_the_same_machine_is_found_and_kept(
    desk: Platform, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer names bids and kinds, its digest is in the ledger, and no identifier stands in either.

    Records are opened while no act runs: bids that are handed in do not wait for them. Seen red: with the ring's own
    other bids counted as matches, and with the records opened inside the act.
    """
    outside: list[bool] = []

    def looked(sealed: bytes, identity: str) -> bytes:
        outside.append(not (desk.database.is_sqlite and desk.database.gate._depth))
        return open_whole(sealed, identity)

    monkeypatch.setattr(linking, "open_whole", looked)
    with desk.reading() as session:
        (found,) = queries.warnings_of(session, bidding.section(session, CODE))

    def look(identity: str, reason: str, who: str = "a") -> DeviceLink:
        return services.link_devices(desk, supervisor(desk, who), found.code, identity, reason)

    with pytest.raises(Conflict, match=r"link\.not_in_work"):
        look(key, REASON)
    do(desk, services.assign_warning)
    with pytest.raises(Conflict, match=r"warning\.not_yours"):
        look(key, REASON, who="b")
    with pytest.raises(Invalid, match=r"warning\.reason"):
        look(key, "看看")
    with pytest.raises(Invalid, match=r"link\.other_key"):
        look(new_identity(), REASON)
    look(key, REASON)
    assert outside == [True] * 6
    with desk.reading() as session:
        (found,) = queries.warnings_of(session, bidding.section(session, CODE))
        (link,) = queries.device_links(session, found)
        told = [entry.facts for entry in queries.trail(session, found) if entry.kind == "device.link"]
    strong = [match for match in link.answer["matches"] if len(match["equal"]) == 3]
    assert [(match["bid"]["number"], match["other"]["section"], match["other"]["number"]) for match in strong] == [
        (1, OTHER, 2)
    ]
    assert {one["kind"]: one["holders"] for one in strong[0]["equal"]} == {"mac": 2, "disk": 2, "cpu": 5}
    assert link.answer["bids"] == 6 and link.answer["left_out"] == 0
    assert [facts["answer_sha256"] for facts in told] == [hashlib.sha256(rfc8785.dumps(link.answer)).hexdigest()]
    assert told[0]["reason"] == REASON and told[0]["records"] == 6
    kept = json.dumps([link.answer, told]).casefold()
    assert not any(value in kept for value in ("3c5282", "s4evnx0m778", "bfebfbff"))


def test_at_the_desk_the_key_file_is_used_once_and_wrong_ones_are_refused(
    desk: Platform, key: str, app: Any, login: Callable[..., Any]
) -> None:
    do(desk, services.assign_warning)
    browser = as_login(app, desk, supervisor(desk).name)
    url = f"/supervise/warnings/W-{desk.clock.now():%Y}-0001"
    assert "比对其他项目的制作设备" in browser.get(url).get_data(as_text=True)

    def sent(content: bytes) -> Any:
        fields = {"link_reason": REASON, "passphrase": PASSPHRASE, "file": (io.BytesIO(content), "key.age")}
        return browser.post(f"{url}/link", data=fields, content_type="multipart/form-data")

    right = KeyFile(key, secrets.token_bytes(32)).wrapped(PASSPHRASE)
    for refused, told in ((sent(b""), "请选择密钥文件"), (sent(b"no key file at all"), REASON)):
        assert refused.status_code == 422 and told in refused.get_data(as_text=True)
    with desk.reading() as session:
        assert session.query(DeviceLink).count() == 0
    assert sent(right).status_code == 303
    page = browser.get(url).get_data(as_text=True)
    assert OTHER in page and "网卡（5 家中 2 家）" in page and "s4evnx0m778" not in page.casefold()
    with desk.reading() as session:
        name = person(session, "supervisor-a").name
    for told in (page, browser.get("/supervise/machines").get_data(as_text=True)):
        assert name in told.partition("<main")[2] and "supervisor-a" not in told.partition("<main")[2]


def test_a_bidders_own_machine_in_its_other_projects_says_nothing() -> None:
    """Seen red: with bids of the same project compared too."""
    told = [
        Told("P1", "P1-01", 1, "A", "甲", {"mac": "m", "cpu": "c"}),
        Told("P1", "P1-02", 1, "B", "乙", {"mac": "m"}),
        Told("P2", "P2-01", 4, "A", "甲", {"mac": "m", "cpu": "c"}),
        Told("P3", "P3-01", 2, "C", "丙", {"cpu": "c"}),
    ]
    found = shared(told, {("P1-01", 1)})
    assert found["own"] == 1 and found["bidders"] == 3
    assert [(match["other"]["identifier"], match["equal"]) for match in found["matches"]] == [
        ("C", [{"kind": "cpu", "holders": 2}])
    ]
