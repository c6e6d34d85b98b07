"""Key holders' and bidders' programs against a real server, and what they refuse to do for a lying one."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from werkzeug.serving import make_server

from accounts import services as accounts
from accounts.cli import KEY, Identity
from accounts.queries import person as person_of
from bidding.cli.folder import DESTINATION_FILE, BidFolder
from core.act import SYSTEM, Platform
from core.clock import iso
from core.errors import Conflict, Invalid, Refusal, Untimely
from core.ledger.log import platform_signer
from core.seal import peel, recipient_of
from opening import services
from opening.cli import opening, trustee
from opening.cli.keyring import Keyring
from opening.cli.proof import check_closing, check_content, check_task
from tests.opening.stage import CODE, TRUSTEES, Stage


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The site on a port of this machine."""
    running = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()


def certify(stage: Stage, actor: Any, own: Identity) -> None:
    """The demonstration authority certifies the folder's key for the person."""
    with stage.platform.act(SYSTEM) as act:
        person = person_of(act.session, actor.name)
        assert person.organisation is not None
        certificate = stage.authority.issue(
            own.public_key,
            name=person.organisation.name,
            identifier=person.organisation.identifier,
            person=person.name,
            at=stage.clock.now(),
        )
        accounts.register_certificate(act, person, certificate)
    own.accept_certificate(certificate)


def run(command: Any, *arguments: str, fails: bool = False) -> Any:
    """Run a command in this process; its JSON."""
    result = CliRunner().invoke(command, [*arguments, "--json"])
    if fails:
        assert result.exit_code != 0
        return result.exception
    if result.exception is not None:
        raise result.exception
    return json.loads(result.stdout)


@pytest.fixture
def rings(platform: Platform, tmp_path: Path) -> dict[str, Path]:
    """A key folder for each trustee, made by the program, with its backup."""
    folders = {role: tmp_path / "keys" / role for role in TRUSTEES}
    for role, folder in folders.items():
        run(trustee, "keygen", str(folder), "--backup", str(tmp_path / "backup" / role))
    return folders


@pytest.fixture
def hall(stage: Stage, app: Flask, server: str, rings: dict[str, Path]) -> Callable[..., Any]:
    """`hall(role, "open", …)`: a trustee's program against the server; keys of the section are the stage's."""
    for role, folder in rings.items():
        certify(stage, stage.trustees[role], Identity(folder))
        path = folder / "sections" / f"{CODE}.age"
        path.parent.mkdir(mode=0o700)
        path.touch(mode=0o600)
        path.write_text(stage.keys[role] + "\n")

    def program(role: str, command: str, *arguments: str, **options: Any) -> Any:
        common = ("--server", server, "--identity", str(rings[role]), "--section", CODE)
        return run(trustee, command, *common, *arguments, **options)

    return program


def test_keys_are_private_backed_up_and_never_overwritten(rings: dict[str, Path], tmp_path: Path) -> None:
    """Sabotage: without the comparison a backup of another key passed; without O_EXCL a second keygen replaced it."""
    folder = rings["officer"]
    assert (folder / KEY).stat().st_mode & 0o777 == 0o600
    assert Identity(tmp_path / "backup" / "officer").recipient == Identity(folder).recipient
    assert (
        run(trustee, "keygen", str(folder), "--backup", str(tmp_path / "elsewhere"), fails=True).code
        == "identity.exists"
    )
    for backup in (tmp_path / "new", tmp_path / "new" / "inside"):
        assert (
            run(trustee, "keygen", str(tmp_path / "new"), "--backup", str(backup), fails=True).code == "key.no_backup"
        )
    ring = Keyring(folder)
    key = ring.make_key(CODE)
    assert ring.make_key(CODE) == key != ring.make_key("OTHER-1")
    backup = tmp_path / "backup" / "officer" / "sections" / f"{CODE}.age"
    assert backup.read_text().strip() == key and backup.stat().st_mode & 0o777 == 0o600
    backup.write_text("AGE-SECRET-KEY-1WRONG\n")
    with pytest.raises(Conflict, match=r"identity\.exists"):
        ring.make_key(CODE)
    (folder / KEY).chmod(0o644)
    with pytest.raises(Refusal, match=r"key\.open"):
        _ = ring.identity
    with pytest.raises(Invalid):
        ring.make_key("../escape")


def test_a_whole_day_by_the_programs(
    stage: Stage, hall: Callable[..., Any], server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rehearsal, commitment, decoy, layers, release, reveal, confirmation: all through the command line.

    Sabotage: without skipping finished packages the supervisor peeled eight layers, four of them for nothing; without
    `check_closing` in `release` a bidder's layer came off under a stranger's key and before the deadline; with the
    platform asked for the layout a second envelope it no longer named came off in the first sitting.
    """
    stranger = str(platform_signer("sunbid.test", bytes(range(1, 33))).verifier)
    set_clock(monkeypatch, stage)
    for role in TRUSTEES:
        assert hall(role, "rehearse")["rehearsed"] is True
    for role in ("officer", "supervisor"):
        hall(role, "commit-draw")
    hall("supervisor", "decoy", "--smallest")
    folders = {}
    for letter in "abc":
        bidder = stage.bidder(letter)
        stage.submit(letter)
        own = Identity.create(tmp_path / "bidders" / letter)
        (own.folder / "bid.age").write_text(bidder.keys.identity + "\n")
        folders[letter] = own
    assert hall("officer", "open", fails=True).code == "opening.unknown"
    stage.close()
    set_clock(monkeypatch, stage)
    for letter, own in folders.items():
        certify(stage, stage.bidders[letter].actor, own)
    assert hall("officer", "open")["peeled"] == 8  # four packages, two sets each
    assert hall("supervisor", "open")["peeled"] == 4
    stage.act(stage.tenderee, services.publish_names)
    assert len(stage.opening.decoys) == 1
    stage.act(stage.tenderee, services.open_decryption)

    def bidder(letter: str, command: str, *more: str, **options: Any) -> Any:
        return run(
            opening,
            command,
            *more,
            "--server",
            server,
            "--identity",
            str(folders[letter].folder),
            "--section",
            CODE,
            **options,
        )

    key = ("--key", str(stage.platform.signer.verifier))
    assert bidder("a", "release", fails=True).facts["place"] == "platform_key"
    assert bidder("a", "release", "--key", stranger, fails=True).code == "peel.client.proof"
    monkeypatch.setenv("SUNBID_TEST_CLOCK", iso(stage.deadline - timedelta(microseconds=1)))
    assert bidder("a", "release", *key, fails=True).code == "peel.client.early"
    set_clock(monkeypatch, stage)
    # What waits for a second sitting is what was pinned at sealing, whatever the platform says on the day.
    bid = BidFolder(stage.bidders["a"].sealed[-1].folder)
    bid.keep_policy(stage.policy)
    pins = {"server": server, "platform_key": key[1], "trust": None}
    bid.keep(DESTINATION_FILE, {**pins, "later": ["price"]})
    assert bidder("a", "release", "--bid", str(bid.path), fails=True).facts["place"] == "later"
    bid.keep(DESTINATION_FILE, {**pins, "later": []})
    assert list(bidder("a", "release", "--bid", str(bid.path))["released"]) == [bid.digest]
    for letter in "bc":
        assert bidder(letter, "sign-in")["state"] == "decrypt_open"
        assert list(bidder(letter, "release", *key)["released"]) == [stage.bidders[letter].digest]
    assert bidder("a", "release", *key, fails=True).code == "release.nothing"
    assert hall("tenderee", "open")["peeled"] == 12
    assert {stage.bid(letter).state for letter in "abc"} == {"opened_by_bidder"}
    stage.tick()
    for role in ("officer", "supervisor"):
        hall(role, "reveal-draw")
    stage.act(stage.tenderee, services.draw_coefficients)
    stage.act(stage.tenderee, services.read_prices)
    stage.act(stage.tenderee, services.ask_confirmation)
    # The folder's signing key is not the one the bid was signed with: the bid's certificate decides.
    assert bidder("a", "confirm", fails=True).code == "bid.confirmation"


def set_clock(monkeypatch: pytest.MonkeyPatch, stage: Stage) -> None:
    """The programs' own clock shows what the stage's does."""
    monkeypatch.setenv("SUNBID_TEST_CLOCK", iso(stage.clock.now()))


@pytest.fixture
def proof(stage: Stage, app: Flask) -> dict[str, Any]:
    """The proof of closing as the platform gives it."""
    for letter in "abc":
        stage.submit(letter)
    stage.close()
    return app.test_client().get(f"/opening/{CODE}/closing").get_json()  # type: ignore[no-any-return]


def check(stage: Stage, proof: Any, **changes: Any) -> frozenset[str]:
    options: dict[str, Any] = {
        "section": CODE,
        "role": "officer",
        "recipient": recipient_of(stage.keys["officer"]),
        "key": str(stage.platform.signer.verifier),
        "pinned": [stage.policy],
        "now": stage.clock.now(),
        **changes,
    }
    return check_closing(proof, **options)


def test_the_program_opens_nothing_before_the_deadline_by_its_own_clock(stage: Stage, proof: Any) -> None:
    """T2. Sabotage: with the platform's word taken for the time, a platform that closed early got the names."""
    assert check(stage, proof) == {stage.bidders[letter].digest for letter in "abc"}
    with pytest.raises(Untimely, match=r"peel\.client\.early"):
        check(stage, proof, now=stage.deadline - timedelta(microseconds=1))
    later = {**stage.policy, "deadline": "2027-01-01T00:00:00.000000Z"}
    with pytest.raises(Untimely, match=r"peel\.client\.early"):
        check(stage, proof, pinned=[later])  # a platform that hides a later policy from the holder


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("facts", lambda p: p["entry"]["facts"]["closed_set"].append({"submission_digest": "a" * 64})),
        ("facts", lambda p: p["entry"]["facts"]["closed_set"].pop()),
        ("inclusion", lambda p: p["entry"].update(digest="0" * 64)),
        ("inclusion", lambda p: p["inclusion_proof"].reverse() or p["inclusion_proof"].append("0" * 64)),
        ("note.signature", lambda p: p.update(checkpoint=p["checkpoint"].replace("\n", "\n1", 1))),
        ("policy", lambda p: p["policies"].append({**p["policies"][0], "version": 2})),
        ("KeyError", lambda p: p.pop("entry")),
    ],
)
def test_a_proof_that_was_touched_is_named(stage: Stage, proof: Any, place: str, change: Callable[[Any], Any]) -> None:
    """Sabotage: each check left out let its change pass."""
    touched = copy.deepcopy(proof)
    change(touched)
    with pytest.raises(Conflict, match=r"peel\.client\.proof") as refused:
        check(stage, touched)
    assert refused.value.facts["place"] == place


def test_another_platform_section_or_recipient_is_refused(stage: Stage, proof: Any) -> None:
    other = str(platform_signer("sunbid.test", bytes(range(1, 33))).verifier)
    for changes in ({"key": other}, {"section": "OTHER"}, {"recipient": recipient_of(stage.keys["tenderee"])}):
        with pytest.raises(Conflict, match=r"peel\.client\.proof"):
            check(stage, proof, **changes)


def test_a_key_that_is_passed_off_as_an_identity_is_not_handed_in(stage: Stage, proof: Any) -> None:
    """A platform may label a bid's key package as an identity package: the holder looks at what comes out.

    Sabotage: without `check_content` the bid's secret was handed in at the names stage.
    """
    sealed = stage.bidders["a"].sealed[-1]
    package = sealed.keys["price"]["officer+supervisor"].read_bytes()
    inner = peel(peel(package, stage.keys["officer"]), stage.keys["supervisor"])
    task = {"submission": sealed.digest, "package": "identity", "set": "officer+supervisor", "stage": 1, "content": ""}
    with pytest.raises(Invalid, match="identity_invalid"):
        check_content(task, inner, CODE)
    identity = peel(peel(sealed.identity["officer+supervisor"], stage.keys["officer"]), stage.keys["supervisor"])
    check_content(task, identity, CODE)
    with pytest.raises(Invalid):
        check_content(task, identity, "OTHER")
    with pytest.raises(Conflict, match=r"peel\.client\.foreign"):
        check_task({**task, "submission": "b" * 64}, check(stage, proof))


def test_a_layer_that_does_not_open_is_reported_by_the_program(
    stage: Stage, hall: Callable[..., Any], proof: Any, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    """Sabotage: without the report the wrong layer stayed in and the set was dead."""
    set_clock(monkeypatch, stage)
    task = next(task for task in stage.tasks("officer") if task.set_name == "officer+supervisor")
    inner = peel(task.content, stage.keys["officer"])
    wrong = inner[:-1] + bytes([inner[-1] ^ 1])
    stage.hand_in(task, wrong)
    key = str(stage.platform.signer.verifier)
    assert hall("supervisor", "open", "--key", key)["reported"] == 1
    again = [item for item in stage.tasks("officer") if item.submission == task.submission]
    assert task.set_name in {item.set_name for item in again}  # what was wrong is out, the officer is asked again
