"""Names at rest: whoever holds database, disk, log and backups cannot tell who was drawn before sign-in (R-323)."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from accounts.models import Person
from accounts.queries import actor_for
from accounts.rules import Role
from core.act import Actor, Platform
from core.clock import StoppedClock
from core.draw import record
from core.errors import Conflict, Forbidden, Invalid
from core.seal import new_identity, recipient_of
from core.seal.keyfile import KeyFile
from core.vault import Vault, seal_to
from experts import queries, services
from experts.cli import experts as command
from experts.models import DutyKey, Member
from experts.services.masks import candidate_name
from portal.cli.letters import deliver_letters
from portal.cli.site import take_duty
from tests.bidding.test_blind import rows_of
from tests.experts.story import Story
from tests.experts.test_direct import decide, propose

REGISTER = frozenset({"person", "expert", "expert_pool", "role_grant", "sign_in", "pool_application"})
"""Tables that say who is in the pool and who has an account: that is no secret, who was drawn is."""
PASSPHRASE = "值班室的长口令一二三四五"


class Secret(Story):
    """A story whose names are sealed; the officer is on duty unless a step says otherwise."""

    identity: str = ""

    def take_duty(self) -> None:
        with self.platform.act(self.actor(Role.OFFICER)) as act:
            if not self.identity:
                self.identity = new_identity()
                services.name_duty_key(act, recipient_of(self.identity))
            services.go_on_duty(act, self.identity)

    def leave_duty(self) -> None:
        with self.platform.act(self.actor(Role.OFFICER)) as act:
            services.go_off_duty(act)

    def person_actor(self, member: Member) -> Actor:
        number = member.person_id
        if number is None:
            number = self.platform.database.vault.read(str(member.sealed))["person"]
        with self.platform.reading() as session:
            return actor_for(session, session.get_one(Person, number).login)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything any logger says, at its most talkative."""
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def secret(platform: Platform, clock: StoppedClock) -> Secret:
    """An opened section and twelve experts, an officer on duty."""
    story = Secret(platform, clock)
    story.open_section()
    story.add_experts(12)
    story.take_duty()
    return story


def drawn(story: Secret) -> dict[str, dict[str, Any]]:
    """By seat: who really sits there, as only the duty officer knows."""
    found = {}
    with story.platform.reading() as session:
        for member in queries.live_members(session, story.committee(session)):
            if not member.is_representative:
                expert = queries.expert_in(session, member)
                found[member.label] = {"code": expert.code, "login": expert.person.login, "name": expert.person.name}
    return found


def test_an_insider_with_everything_on_disk_cannot_tell_who_was_drawn(secret: Secret, log: io.StringIO) -> None:
    """Every row outside the register, every file but the register's, every line of log, and the draw's own names.

    The last search is the insider's best: hash every pool code with everything in the database that could be the salt.
    Seen red: with the salt of the round in clear; with the invitation's recipient in clear; with `person_id` kept; with
    the direct selection's people in clear; with the console adapter writing the recipient.
    """
    secret.request()
    propose(secret, ("A08", "ZJ-0001"))
    decide(secret)
    secret.draw()
    deliver_letters(secret.platform)
    seats = drawn(secret)
    assert len(seats) == 4 and seats["D1"]["code"] == "ZJ-0001"
    rows = rows_of(secret.platform)
    elsewhere = {name: held for name, held in rows.items() if name not in REGISTER}
    mine = [row for row in elsewhere["committee_member"] if row["seat"] != "representative"]
    assert [(row["person_id"], row["expert_id"]) for row in mine] == [(None, None)] * 4
    assert all(row["sealed"] for row in mine)
    told = json.dumps(elsewhere, default=str, ensure_ascii=False)
    for seat in seats.values():
        for word in (seat["login"], seat["name"]):
            assert word not in _without_register(elsewhere), (seat, word)
            assert word not in log.getvalue()
    codes = [row["code"] for row in rows["expert"]]
    with secret.platform.reading() as session:
        held = secret.committee(session).rounds[0]
        candidates = set(record.draw(session, held["label"]).candidates or [])
    assert "codes" not in held and "salt" not in held and "evidence" not in held
    salts = set(re.findall(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", told))
    assert len(salts) > 10
    for salt in salts:
        assert not candidates & {candidate_name(salt, held["label"], code) for code in codes}


def _without_register(rows: dict[str, list[dict[str, Any]]]) -> str:
    """The rows, without the ledger entries that took people into the register."""
    kept = {
        name: [
            row
            for row in held
            if name != "ledger_entry"
            or not str(row["kind"]).startswith(("expert.", "person.", "role.", "sign", "organisation."))
        ]
        for name, held in rows.items()
    }
    return json.dumps(kept, default=str, ensure_ascii=False)


def test_off_duty_nothing_is_opened_and_what_needs_a_name_waits(secret: Secret) -> None:
    """A restarted process has nobody on duty. Seen red: `read` that fell back to what was opened before."""
    secret.request()
    secret.announce()
    secret.commit()
    secret.leave_duty()
    with pytest.raises(Conflict, match=r"duty\.closed"):
        secret.freeze()
    secret.take_duty()
    secret.freeze()
    secret.reveal()
    member = secret.members()[0]
    actor = secret.person_actor(member)
    secret.leave_duty()
    with secret.platform.reading() as session:
        assert queries.invitations(session, actor) == []
        supervisor = secret.actor(Role.SUPERVISOR)
        assert {row["name"] for row in queries.roster(session, secret.committee(session), supervisor)} == {None}
        assert queries.standing_by(session, secret.committee(session), secret.clock.now()) == -1
    with pytest.raises(Conflict, match=r"duty\.closed"), secret.platform.act(actor) as act:
        services.accept(act, secret.seat_of(act, member.label))
    secret.take_duty()
    with secret.platform.reading() as session:
        assert [one.id for one in queries.invitations(session, actor)] == [member.id]


def test_only_the_holder_of_a_sealed_seat_finds_and_answers_it(secret: Secret) -> None:
    """Seen red: `holds` true for everybody on duty."""
    secret.request()
    secret.draw()
    first, second = secret.members()[:2]
    own, other = secret.person_actor(first), secret.person_actor(second)
    with secret.platform.reading() as session:
        assert [one.label for one in queries.invitations(session, own)] == [first.label]
        roster = queries.roster(session, secret.committee(session), other)
        assert [row["name"] is not None for row in roster] == [row["label"] == second.label for row in roster]
    with secret.platform.act(own) as act:
        services.accept(act, secret.seat_of(act, first.label))
    with pytest.raises(Exception, match=r"member\.unknown"), secret.platform.act(own) as act:
        services.accept(act, secret.seat_of(act, second.label))


def test_the_evaluation_runs_to_its_report_with_names_sealed_until_sign_in(secret: Secret) -> None:
    """Decline and refill, time conflict, sign-in reveals one seat at a time, the table stands in clear at the end.

    Seen red: sealed seats left out of `busy_people`; `reveal_seat` not called.
    """
    secret.request()
    secret.draw()
    with secret.as_member("M2") as act:
        assert [one.label for one in services.decline(act, secret.seat_of(act, "M2"), "生病")] == ["M5"]
    other = Secret(secret.platform, secret.clock, code="BJ-2026-002-01")
    other.identity = secret.identity
    other.open_section()
    other.request()
    other.announce()
    other.commit()
    other.freeze()
    with secret.platform.reading() as session:
        held = other.committee(session).rounds[0]
        table = queries.table_of(session, held)
        busy = {table["codes"][row["candidate"]] for row in held["excluded"] if row["reasons"] == ["time_conflict"]}
    assert busy == {seat["code"] for seat in drawn(secret).values()}
    secret.name_representative()
    secret.arrive("M1")
    states = {one.label: one.person_id is None for one in secret.members()}
    assert states == {"M1": False, "M3": True, "M4": True, "M5": True, "R1": False}
    secret.arrive()
    secret.elect()
    secret.review()
    secret.begin_scoring()
    secret.score()
    secret.lock()
    secret.report()
    secret.sign()
    secret.deliver()
    with secret.platform.reading() as session:
        held = secret.committee(session).rounds[0]
        assert "sealed" not in held and set(held["codes"]) >= set(record.draw(session, held["label"]).candidates or [])


def test_a_key_is_named_once_and_only_its_identity_opens(secret: Secret) -> None:
    """Seen red: another identity taken; the key changed while seats are sealed to it."""
    officer = secret.actor(Role.OFFICER)
    with pytest.raises(Invalid, match=r"duty\.other_key"), secret.platform.act(officer) as act:
        services.go_on_duty(act, new_identity())
    with pytest.raises(Conflict, match=r"duty\.named"), secret.platform.act(officer) as act:
        services.name_duty_key(act, recipient_of(secret.identity))
    with pytest.raises(Forbidden, match=r"duty\.officer"), secret.platform.act(secret.actor(Role.AGENT)) as act:
        services.name_duty_key(act, recipient_of(new_identity()))
    secret.request()
    secret.draw()
    with pytest.raises(Conflict, match=r"duty\.in_use"), secret.platform.act(officer) as act:
        services.name_duty_key(act, recipient_of(new_identity()))
    with secret.platform.reading() as session:
        assert session.query(DutyKey).one().recipient == recipient_of(secret.identity)


def test_what_was_opened_is_forgotten_when_duty_ends() -> None:
    """Seen red: `close` without clearing what was opened."""
    vault, identity = Vault(), new_identity()
    sealed = seal_to(recipient_of(identity), {"person": 7})
    vault.open(identity, recipient=recipient_of(identity))
    assert vault.read(sealed) == {"person": 7}
    vault.close()
    with pytest.raises(Conflict, match=r"duty\.closed"):
        vault.read(sealed)
    assert vault.recipient is None
    other = new_identity()
    vault.open(other, recipient=recipient_of(other))
    with pytest.raises(Invalid, match=r"seal\.not_for_this_key"):
        vault.read(sealed)


@pytest.mark.slow
def test_the_command_makes_a_key_that_its_passphrase_opens(secret: Secret, tmp_path: Path) -> None:
    """And a process started with the file is on duty. Seen red: the file written readable by others."""
    file = tmp_path / "duty.age"
    run = CliRunner()
    answer = run.invoke(command, ["duty-key", str(file), "--passphrase", PASSPHRASE])
    held = KeyFile.unwrap(file.read_bytes(), PASSPHRASE)
    assert answer.stdout.strip().endswith(recipient_of(held.identity)) and file.stat().st_mode & 0o077 == 0
    before = file.read_bytes()
    again = run.invoke(command, ["duty-key", str(file), "--passphrase", PASSPHRASE]).exception
    assert isinstance(again, Conflict) and again.code == "identity.exists" and file.read_bytes() == before
    secret.leave_duty()
    with pytest.raises(Invalid, match=r"duty\.other_key"):
        take_duty(secret.platform, held.identity)
    take_duty(secret.platform, secret.identity)
    assert secret.platform.database.vault.is_open


@pytest.mark.slow
def test_the_officer_goes_on_duty_on_the_page(
    platform: Platform, clock: StoppedClock, app: Flask, enter: Callable[[Actor | None], Any], tmp_path: Path
) -> None:
    """Wrong file, wrong passphrase, another's key, then the right one; the key is nowhere in the database or on disk.

    Seen red: a key file of any size was read; no file at all was called a table without experts.
    """
    story = Story(platform, clock)
    officer, identity = enter(story.actor(Role.OFFICER)), new_identity()
    assert "尚未登记值班密钥" in officer.get("/officer/duty").text
    assert officer.post("/officer/duty/key", data={"recipient": "age1nonsense"}).status_code == 422
    assert officer.post("/officer/duty/key", data={"recipient": recipient_of(identity)}).status_code == 303
    right = KeyFile(identity, bytes(range(32))).wrapped(PASSPHRASE)
    other = KeyFile(new_identity(), bytes(range(32))).wrapped(PASSPHRASE)

    def begin(content: bytes, passphrase: str = PASSPHRASE) -> Any:
        data = {"file": (io.BytesIO(content), "duty.age"), "passphrase": passphrase}
        return officer.post("/officer/duty/begin", data=data, content_type="multipart/form-data")

    for content, passphrase in ((b"x" * 30_000, PASSPHRASE), (right, "另一个口令另一个口令啊"), (other, PASSPHRASE)):
        assert begin(content, passphrase).status_code == 422
        assert not platform.database.vault.is_open
    assert "20000" in begin(b"x" * 30_000).text
    assert "请选择密钥文件" in begin(b"").text
    assert begin(right).status_code == 303 and platform.database.vault.is_open
    assert "值班中" in officer.get("/officer/duty").text
    for file in platform.database.folder.rglob("*"):
        assert not file.is_file() or identity.encode() not in file.read_bytes()
    assert officer.post("/officer/duty/end").status_code == 303 and not platform.database.vault.is_open
    assert enter(story.actor(Role.AGENT)).get("/officer/duty").status_code == 403
