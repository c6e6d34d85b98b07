"""Witnesses: what only grew is cosigned, what did not is refused with the proof kept, and an opening waits for them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import delete
from werkzeug.serving import make_server

from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from core.errors import Conflict, Forbidden, Invalid
from core.ledger import log, vouching
from core.ledger.cosignatures import Cosigner, Witness, cosigners_of
from core.ledger.notes import Head, parse_head
from core.trust import Trust
from portal.cli.witness import EVIDENCE, HEAD, WitnessFolder, held_against, look, witness

EXAMPLE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q"
    "1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcr"
    "tPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    running = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()


@pytest.fixture
def watching(platform: Platform, server: str, tmp_path: Path) -> WitnessFolder:
    made = WitnessFolder.create(
        tmp_path / "w", name="supervision.test", server=server, log_key=str(platform.signer.verifier)
    )
    platform.trust = Trust(witnesses=(made.witness.cosigner,))
    return made


def grow(platform: Platform, count: int = 3) -> log.LedgerHead:
    with platform.act(SYSTEM) as act:
        for number in range(count):
            log.append(act, "test.entry", "section:T-1", {"n": number})
        return log.signed_head(act)


def test_a_cosignature_says_who_when_and_over_which_head() -> None:
    """The layout is that of the example in C2SP's tlog-cosignature: 4 bytes of key id, 8 of time, 64 of signature."""
    from datetime import UTC, datetime

    body = Head("sunbid.test", 7, bytes(32)).text()
    held = Witness("w.test", b"\x07" * 32)
    at = datetime(2026, 10, 8, 1, 0, 7, 123456, tzinfo=UTC)
    line = held.cosign(body, at)
    assert held.cosigner.signed_at(body, line) == at.replace(microsecond=0)
    assert Cosigner.parse(str(held.cosigner)) == held.cosigner
    example = EXAMPLE.splitlines()[5].split(" ")[2]
    assert len(line.split(" ")[2].strip()) == len(example)
    assert parse_head(vouching.body_of(EXAMPLE)).size == 20852163
    for wrong in (line.replace("w.test", "x.test"), line[:-6] + "AAAA=\n", "", "— w.test AAAA\n"):
        with pytest.raises(Invalid, match=r"cosignature\.wrong"):
            held.cosigner.signed_at(body, wrong)
    with pytest.raises(Invalid, match=r"cosignature\.wrong"):
        held.cosigner.signed_at(Head("sunbid.test", 8, bytes(32)).text(), line)
    assert cosigners_of(f"{body}\n{line}", body, [held.cosigner]) == {"w.test": at.replace(microsecond=0)}


def test_a_witness_cosigns_what_grew_and_the_platform_serves_it(
    platform: Platform, watching: WitnessFolder, server: str
) -> None:
    import requests

    for _ in range(3):
        head = grow(platform)
        facts = look(watching)
        assert facts["size"] == head.size and facts["kept"] is True
    told = requests.get(f"{server}/ledger/cosigned", timeout=10).text
    body = vouching.body_of(told)
    assert list(cosigners_of(told, body, [watching.witness.cosigner])) == ["supervision.test"]
    assert requests.get(f"{server}/ledger/heads/{head.size}", timeout=10).text == told
    assert watching.last_note == told
    assert held_against(watching, head.note) == "same log"


def test_a_restarted_witness_goes_on_where_it_was(platform: Platform, watching: WitnessFolder) -> None:
    grow(platform)
    look(watching)
    grow(platform, 2)
    again = WitnessFolder(watching.path)
    assert look(again)["size"] == 5
    assert again.root() == WitnessFolder_root(again)


def WitnessFolder_root(folder: WitnessFolder) -> bytes:
    fresh = WitnessFolder(folder.path)
    fresh.replay()
    return fresh.root()


@pytest.mark.parametrize("how", ["shrunk", "changed", "rewritten"])
def test_a_fork_is_refused_and_kept_as_evidence(platform: Platform, watching: WitnessFolder, how: str) -> None:
    """An administrator restores, or rewrites history and signs it anew with the platform's own key.

    Seen red: with `_compare` left out the shrunk log was cosigned; the root computed from the leaves is a second guard.
    """
    grow(platform, 5)
    look(watching)
    cosigned = watching.last_note
    with platform.act(SYSTEM) as act:
        first = {"shrunk": 3, "changed": 4, "rewritten": 2}[how]
        act.session.execute(delete(log.LedgerEntry).where(log.LedgerEntry.leaf_index >= first))
        act.session.execute(delete(log.LedgerNode))
        act.session.execute(delete(log.LedgerHead))
        act.session.flush()
        kept = list(act.session.scalars(log.select(log.LedgerEntry).order_by(log.LedgerEntry.leaf_index)))
        for entry in kept:
            value, level, position = entry.leaf_hash(), 0, entry.leaf_index
            act.session.add(log.LedgerNode(level=0, position=position, hash=value))
            act.session.flush()
            while position & 1:
                left = act.session.get(log.LedgerNode, (level, position - 1))
                assert left is not None
                value = log.merkle.node_hash(left.hash, value)
                level, position = level + 1, position >> 1
                act.session.add(log.LedgerNode(level=level, position=position, hash=value))
        act.session.flush()
        for number in range({"shrunk": 0, "changed": 1, "rewritten": 5}[how]):
            log.append(act, "test.entry", "section:T-2", {"forged": number})
        log.signed_head(act)
    with pytest.raises(Conflict, match=r"witness\.fork") as caught:
        look(watching)
    assert watching.last_note == cosigned, "no head but the honest one was ever cosigned"
    evidence = json.loads(Path(caught.value.facts["file"]).read_text())
    assert evidence["type"] == "sunbid-fork/v1" and evidence["first"] == cosigned
    for note in (evidence["first"], evidence["second"]):
        platform.signer.verifier.check(note)  # both are signed by the platform: it cannot disown either
    if how == "shrunk":
        assert [leaf["index"] for leaf in evidence["missing"]] == [3, 4]
    with pytest.raises(Conflict, match=r"witness\.fork"):
        look(WitnessFolder(watching.path))


def test_two_views_of_one_log_are_found_by_comparing_heads(
    platform: Platform, watching: WitnessFolder, tmp_path: Path
) -> None:
    """PROOF T6: a receipt given to one bidder under another log than the witness has seen."""
    grow(platform, 4)
    look(watching)
    forged = platform.signer.note(Head(platform.signer.verifier.name, 3, b"\x05" * 32).text())
    (tmp_path / "receipt.json").write_text(json.dumps({"checkpoint": forged}))
    (tmp_path / "head.note").write_text(str(watching.last_note))
    result = CliRunner().invoke(
        witness, ["compare", str(watching.path), str(tmp_path / "receipt.json"), str(tmp_path / "head.note")]
    )
    assert result.exit_code == 1
    assert "another log" in result.output and "same log" in result.output
    assert len(list((watching.path / EVIDENCE).iterdir())) == 1


def test_strangers_and_wrong_cosignatures_are_not_kept(
    platform: Platform, watching: WitnessFolder, clock: StoppedClock
) -> None:
    """Seen red: with a line of a known name kept unchecked."""
    head = grow(platform)
    body = vouching.body_of(head.note)
    stranger = Witness("stranger.test", b"\x09" * 32)
    impostor = Witness("supervision.test", b"\x09" * 32)
    for note, kind, code in (
        (head.note + stranger.cosign(body, clock.now()), Forbidden, "cosignature.unknown"),
        (head.note + impostor.cosign(body, clock.now()), Invalid, "cosignature.wrong"),
        (head.note, Forbidden, "cosignature.unknown"),
    ):
        with pytest.raises(kind) as caught, platform.act(SYSTEM) as act:
            vouching.keep_cosignature(act, note)
        assert caught.value.code == code
    other = Head(platform.signer.verifier.name, head.size, bytes(32)).text()
    with pytest.raises(Forbidden, match=r"cosignature\.fork"), platform.act(SYSTEM) as act:
        vouching.keep_cosignature(act, f"{other}\n{watching.witness.cosign(other, clock.now())}")


def test_a_bidder_may_watch_too_though_the_platform_does_not_know_it(
    platform: Platform, server: str, tmp_path: Path
) -> None:
    grow(platform)
    words = ["init", str(tmp_path / "own"), "--name", "bidder.test", "--server", server]
    made = CliRunner().invoke(witness, [*words, "--key", str(platform.signer.verifier)])
    assert Cosigner.parse(made.output.strip()).name == "bidder.test"
    looked = CliRunner().invoke(witness, ["once", str(tmp_path / "own"), "--json"])
    assert looked.exit_code == 0, looked.output
    assert json.loads(looked.output)["kept"] is False
    assert (tmp_path / "own" / HEAD).exists()
    assert (tmp_path / "own" / "witness.key").stat().st_mode & 0o777 == 0o600
