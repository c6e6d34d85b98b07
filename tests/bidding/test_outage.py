"""An outage proved from outside moves the deadline: the log cannot be made up, doubt counts for the bidders."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bidding import queries as bidding
from bidding import services
from bidding.cli.prober import prober
from bidding.rules import outage, turnstile
from bidding.rules.outage import DOMAIN, body_digest, first_link, read_log
from core.act import SYSTEM
from core.board import notices
from core.clock import iso
from core.errors import Conflict, Invalid, Untimely
from core.ledger.notes import Signer
from tests.opening.stage import CODE, Stage

OWN = Signer("prober.example", bytes(range(32)))
KEY = str(OWN.verifier)


def log(looks: list[tuple[datetime, bool, bool | None]], signer: Signer = OWN) -> bytes:
    """A log as the program writes it."""
    key, lines = str(signer.verifier), []
    previous = first_link(key)
    for seq, (at, ok, control) in enumerate(looks):
        body: dict[str, Any] = {
            "type": "sunbid-probe/v1", "seq": seq, "at": iso(at), "site": "https://sunbid.example", "ok": ok,
            "status": 200 if ok else 0, "ms": 12, "control": control, "previous": previous,
        }  # fmt: skip
        digest = body_digest(body)
        signature = base64.b64encode(signer.sign(DOMAIN + digest)).decode()
        lines.append(json.dumps({**body, "signature": signature}).encode())
        previous = digest.hex()
    return b"\n".join(lines) + b"\n"


def minutely(start: datetime, minutes: int, *, away: range, control: bool | None = True) -> bytes:
    """A look each minute, failing in `away`."""
    looks = [(start + timedelta(minutes=n), n not in away, None if n not in away else control) for n in range(minutes)]
    return log(looks)


@pytest.fixture
def stage(platform: Any, tmp_path: Path) -> Stage:
    return Stage(platform, tmp_path / "machines")


def extend(stage: Stage, data: bytes, key: str = KEY, **options: Any) -> Any:
    options = {"cause": "unknown", "reason": "平台无法访问", **options}
    with stage.platform.act(stage.tenderee, through=turnstile(CODE), shared=False) as act:
        return services.extend_for_outage(act, bidding.section(act.session, CODE), {key: data}, **options)


def register(stage: Stage) -> None:
    with stage.platform.act(stage.supervisor) as act:
        services.register_prober(act, "监督员家中的探测器", KEY)


def test_an_outage_extends_the_deadline_by_the_published_rule_with_notice_policy_and_evidence(stage: Stage) -> None:
    """Up to two hours: +2 h; an unknown cause counts. Bids already committed stay, late ones have until the new one.

    Seen red: with the new policy left out, bidders sealed for a deadline that was no more.
    """
    register(stage)
    stage.submit("a")
    start = stage.deadline - timedelta(hours=5)
    stage.clock.move_to(stage.deadline - timedelta(hours=1))
    data = minutely(start, 240, away=range(60, 100))
    made = extend(stage, data)
    assert made.minutes == 41
    assert made.new_deadline_at == stage.deadline + timedelta(hours=2)
    with stage.platform.reading() as session:
        section = bidding.section(session, CODE)
        policy = bidding.policy(session, section)
        (notice,) = notices(session, kind="correction", subject=section.subject)
    assert section.deadline_at == made.new_deadline_at and policy.content["deadline"] == iso(made.new_deadline_at)
    assert policy.version == 2 and notice.content["extension"]["outage_minutes"] == 41
    assert made.logs[0]["sha256"] in {item["sha256"] for item in notice.attachments}
    with pytest.raises(Invalid, match=r"outage\.none"):
        extend(stage, data)
    stage.clock.move_to(stage.deadline + timedelta(minutes=1))
    stage.policy = policy.content
    stage.submit("b")
    with pytest.raises(Untimely), stage.platform.act(SYSTEM, through=turnstile(CODE), shared=False) as act:
        services.close_section(act, bidding.section(act.session, CODE))


def test_more_than_two_hours_give_a_day_and_nothing_is_shortened(stage: Stage) -> None:
    """Seen red: with the comparison with the least left out the host shortened it."""
    register(stage)
    stage.clock.move_to(stage.deadline - timedelta(minutes=30))
    data = minutely(stage.deadline - timedelta(hours=4), 210, away=range(10, 180))
    with pytest.raises(Invalid, match=r"outage\.shorter"):
        extend(stage, data, deadline_at=stage.deadline + timedelta(hours=23))
    made = extend(stage, data, deadline_at=stage.deadline + timedelta(hours=30))
    assert made.new_deadline_at == stage.deadline + timedelta(hours=30) and made.minutes > 120


def test_a_log_counts_only_if_registered_before_and_decided_in_time(stage: Stage) -> None:
    """Seen red: with registered_at left out a log made up afterwards moved the deadline."""
    start = stage.deadline - timedelta(hours=3)
    data = minutely(start, 120, away=range(30, 60))
    stage.clock.move_to(stage.deadline - timedelta(minutes=30))
    with pytest.raises(Invalid, match=r"prober\.unknown"):
        extend(stage, data)
    register(stage)
    with pytest.raises(Conflict, match=r"prober\.known"):
        register(stage)
    with pytest.raises(Invalid, match=r"outage\.none"):
        extend(stage, data)
    late = minutely(stage.deadline - timedelta(minutes=25), 20, away=range(5, 15))
    stage.clock.move_to(stage.deadline)
    with pytest.raises(Untimely, match=r"outage\.late"):
        extend(stage, late)


def test_the_probers_own_trouble_is_no_outage_and_its_silence_proves_nothing() -> None:
    """Seen red: with the control ignored a prober without network extended every deadline."""
    start = datetime.fromisoformat("2026-10-29T00:00:00+00:00")
    own = read_log(minutely(start, 60, away=range(10, 40), control=False), KEY)
    assert outage.outages(own, start, start + timedelta(hours=1)) == []
    looks = [(start + timedelta(minutes=n), True, None) for n in range(10)]
    looks += [(start + timedelta(minutes=n), n != 200, True if n == 200 else None) for n in range(200, 210)]
    (found,) = outage.outages(read_log(log(looks), KEY), start, start + timedelta(hours=9))
    assert (found.begun_at, found.ended_at) == (start + timedelta(minutes=200), start + timedelta(minutes=201))


@pytest.mark.parametrize("hurt", ["flip", "drop", "swap", "foreign", "append"])
def test_a_touched_log_is_refused_and_the_line_is_named(hurt: str) -> None:
    """Seen red: with the chain not compared a dropped line went unseen."""
    start = datetime.fromisoformat("2026-10-29T00:00:00+00:00")
    lines = minutely(start, 20, away=range(5, 9)).splitlines()
    if hurt == "flip":
        lines[6] = lines[6].replace(b'"ok": false', b'"ok": true ')
    elif hurt == "drop":
        del lines[6]
    elif hurt == "swap":
        lines[6], lines[7] = lines[7], lines[6]
    elif hurt == "foreign":
        lines = log([(start, False, True)], Signer("prober.example", bytes(32))).splitlines()
    else:
        lines.append(lines[3])
    with pytest.raises(Invalid, match=r"prober\.log") as caught:
        read_log(b"\n".join(lines), KEY)
    assert caught.value.facts["line"] == {"flip": 7, "drop": 7, "swap": 7, "foreign": 1, "append": 21}[hurt]


@given(st.lists(st.booleans(), min_size=2, max_size=80))
def test_counted_minutes_never_fall_short_of_the_failures_seen(looks: list[bool]) -> None:
    """Seen red: with the span ending at the last failure instead of the next answer."""
    start = datetime.fromisoformat("2026-10-29T00:00:00+00:00")
    probes = [outage.Probe(start + timedelta(minutes=n), ok, True) for n, ok in enumerate(looks)]
    found = outage.outages(probes, start, start + timedelta(minutes=len(looks) - 1))
    failing = sum(not (a and b) for a, b in pairwise(looks))
    assert sum((o.ended_at - o.begun_at for o in found), timedelta()) == timedelta(minutes=failing)
    assert all(a.ended_at <= b.begun_at for a, b in pairwise(found))


def test_the_program_writes_a_log_that_holds(tmp_path: Path) -> None:
    """The real program against an address nobody answers, run twice; its log is one chain.

    Seen red: with `previous` begun anew at the second run.
    """
    arguments = [
        "run", "--site", "http://127.0.0.1:9", "--log", str(tmp_path / "log"), "--key", str(tmp_path / "key"),
        "--name", "prober.example", "--every", "0.01", "--times", "3",
    ]  # fmt: skip
    for _ in range(2):
        done = CliRunner().invoke(prober, arguments)
        assert done.exit_code == 0, done.output
    key = done.output.split()[0]
    probes = read_log((tmp_path / "log").read_bytes(), key)
    assert [probe.ok for probe in probes] == [False] * 6
    checked = CliRunner().invoke(prober, ["check", str(tmp_path / "log"), "--key", key, "--json"])
    assert json.loads(checked.output)["probes"] == 6
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


def test_a_host_imports_a_log_on_the_page(stage: Stage, login: Any) -> None:
    """Seen red: with a bidder among the hosts of the route."""
    import io

    from accounts.rules import Role

    browser = login(Role.SUPERVISOR)
    added = browser.post(f"/opening/{CODE}/probers", data={"form": "prober", "prober-name": "监督", "prober-key": KEY})
    assert added.status_code == 303
    stage.clock.move_to(stage.deadline - timedelta(minutes=20))
    host = login(Role.TENDEREE)

    def fields(data: bytes) -> dict[str, Any]:
        return {
            "form": "outage",
            "outage-key": KEY,
            "outage-cause": "power",
            "outage-reason": "机房断电",
            "log": (io.BytesIO(data), "l"),
        }

    data = minutely(stage.deadline - timedelta(hours=2), 90, away=range(10, 50))
    assert login(Role.BIDDER).post(f"/opening/{CODE}/outages", data=fields(data)).status_code == 403
    wrong = host.post(f"/opening/{CODE}/outages", data=fields(data.replace(b"true", b"null", 1)))
    assert wrong.status_code == 422
    assert host.post(f"/opening/{CODE}/outages", data=fields(data)).status_code == 303
    page = host.get(f"/opening/{CODE}/outages").get_data(as_text=True)
    assert "机房断电" in page and "41 分钟" in page
