"""Whole opening days through the services, with real sealed bids and real keys."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from bidding import queries as bidding
from core.board import notices
from core.errors import Conflict, Forbidden, Invalid, Missing, Refusal, Untimely
from core.ledger.log import audit, entries_of
from core.ledger.notes import Verifier
from core.seal import expected, open_sealed, peel, release
from core.seal.age import nest
from opening import queries, services
from opening.lifecycle import OPENING
from opening.models import Peel, PeelFault
from opening.rules import inner_size, record_message
from tests.opening.stage import CODE, TRUSTEES, Stage


def intact(stage: Stage) -> None:
    """The ledger holds together after the day."""
    with stage.platform.reading() as session:
        assert list(audit(session, stage.platform.signer.verifier)) == []


def text_of(pdf: bytes) -> str:
    """All the text of a PDF."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return "".join(page.get_textpage().get_text_range() for page in document)


def test_a_full_day_with_an_absent_bidder_a_decoy_a_corrupted_a_replaced_and_a_withdrawn_bid(stage: Stage) -> None:
    """Five handles and a decoy; every fate of a bid in one record.

    Sabotage: with `superseded` rows left in the closed set, the replaced bid was named twice and this failed.
    """
    stage.submit("a")
    stage.submit("b")
    stage.submit("b", kind="replace")
    garbage = {
        ("price", names): nest(
            b"not an identity file\n", [stage.policy["recipients"][role] for role in names.split("+")]
        )[0]
        for names in ("officer+supervisor", "officer+tenderee", "supervisor+tenderee")
    }
    bidder = stage.bidder("c")
    stage.submit("c", change=lambda sealed: stage.remade(sealed, bidder, garbage))
    stage.submit("d")
    stage.submit("d", kind="withdraw")
    stage.submit("e")
    stage.decoy()
    stage.commit_draw()
    stage.close()
    assert len(stage.opening.closed_set) == 5  # a, b's last, c, e, the decoy
    stage.peel("officer", "supervisor")
    stage.act(stage.tenderee, services.publish_names)
    with stage.platform.reading() as session:
        bids = queries.bids(session, stage.opening)
        notice = notices(session, kind="bidders")[0]
    assert [bid.name for bid in bids] == [stage.bidders[letter].name for letter in "abce"]
    assert [bid.number for bid in bids] == [1, 2, 3, 4]
    assert bids[1].submission.digest == stage.bidders["b"].sealed[1].digest  # the replacement, not what it replaced
    assert all(bid.identity_faults == [] and bid.credit for bid in bids)
    assert [item["trustee"] for item in notice.content["decoys"]] == ["supervisor"]
    stage.act(stage.tenderee, services.open_decryption)
    stage.release("a")
    stage.release("e")
    stage.peel("tenderee")
    stage.tick()
    assert stage.bid("a").state == stage.bid("e").state == "opened_by_bidder"
    with pytest.raises(Conflict, match="sealed_left"):
        stage.act(stage.tenderee, services.close_decryption)
    stage.clock.advance(minutes=30)
    stage.tick()
    assert stage.opening.state == "trustee_fallback"
    with pytest.raises(Conflict, match=r"opening\.state"):
        stage.release("b")
    assert stage.tasks("officer") == []  # before the cause is decided the trustees have nothing to open
    for letter in "bc":
        stage.as_bid(letter, stage.tenderee, services.decide_cause, "bidder_absent", "三次电话未接，签到簿无记录")
    stage.peel(*TRUSTEES)
    stage.tick()
    assert stage.bid("b").state == "opened_by_trustees" and stage.bid("b").cause == "bidder_absent"
    assert stage.bid("c").state == "sealed"
    stage.as_bid("c", stage.tenderee, services.decide_cause, "bidder_file", "两位持钥人均无法打开报价信封")
    assert stage.bid("c").state == "corrupted"
    stage.tick()
    assert stage.opening.state == "decrypt_closed"
    stage.draw()
    stage.act(stage.tenderee, services.read_prices)
    stage.act(stage.tenderee, services.ask_confirmation)
    for letter in "ab":
        stage.as_bid(letter, stage.bidders[letter].actor, services.confirm_record)
    stage.act(stage.tenderee, services.sign_record)
    stage.act(stage.tenderee, services.hand_over)
    with stage.platform.reading() as session:
        section = bidding.section(session, CODE)
        assert section.state == "opened"
        opened = queries.opened_bids(session, section)
        published = notices(session, kind="opening_record")[0]
        pdf = stage.platform.store.read(published.attachments[0]["sha256"])
    assert [bid.price_fen for bid in opened] == [stage.bidders[letter].price_fen for letter in "abe"]
    opening = stage.opening
    words = "".join(text_of(pdf).split())  # a line ends where the paper does
    for bidder in (stage.bidders[letter] for letter in "abce"):
        assert bidder.name in words
    assert "视为撤" not in words and "文件损坏" in words and "持钥人代为解密" in words and "未到场" in words
    assert opening.coefficients["k"] in words
    assert published.attachments[0]["sha256"] == opening.record_sha256
    signature = opening.record_signatures[0]
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = Ed25519PublicKey.from_public_bytes(Verifier.parse(signature["key"]).key)
    key.verify(bytes.fromhex(signature["signature"]), record_message(opening.record_sha256 or ""))
    intact(stage)


def test_the_published_secret_opens_the_sealed_schedule(stage: Stage, tmp_path: Path) -> None:
    """Anyone can check a price: the notice's secret opens the sealed file the bidder committed to."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_confirmation()
    with stage.platform.reading() as session:
        told = notices(session, kind="opening_prices")[0]
    for number, (item, letter) in enumerate(zip(told.content["bids"], "abc", strict=True)):
        sealed = stage.bidders[letter].sealed[-1]
        wanted = expected(sealed.submission, "schedule")
        assert told.attachments[number]["sha256"] == wanted.sha256 == item["sealed_sha256"]
        secret = release(item["secret"].encode() + b"\n", wanted.bid_recipient)
        opened = open_sealed(stage.platform.store.path(wanted.sha256), secret, wanted, tmp_path / str(number))
        sheet = json.loads((opened.folder / "files/schedule/schedule.json").read_bytes())
        assert sheet == item["schedule"] and sheet["price_fen"] == stage.bidders[letter].price_fen


@pytest.mark.parametrize("pair", [("officer", "supervisor"), ("officer", "tenderee"), ("supervisor", "tenderee")])
def test_any_two_trustees_read_the_names_and_open_for_an_absent_bidder(stage: Stage, pair: tuple[str, str]) -> None:
    """Sabotage: with only the first set offered by `peel_tasks`, two of the three pairs read nothing."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_names(*pair)
    stage.act(stage.tenderee, services.open_decryption)
    stage.clock.advance(minutes=30)
    stage.tick()
    for letter in "abc":
        stage.as_bid(letter, stage.officer, services.decide_cause, "platform", "平台短信网关故障")
    stage.peel(*pair)
    stage.tick()
    assert {stage.bid(letter).state for letter in "abc"} == {"opened_by_trustees"}
    assert stage.opening.state == "decrypt_closed"


@pytest.mark.parametrize("role", TRUSTEES)
def test_no_single_trustee_reads_a_name(stage: Stage, role: str) -> None:
    for letter in "abc":
        stage.submit(letter)
    stage.close()
    stage.peel(role)
    with pytest.raises(Conflict, match=r"opening\.unnamed") as refused:
        stage.act(stage.tenderee, services.publish_names)
    assert refused.value.facts["left"] == 3


def test_a_lying_trustee_is_named_and_another_pair_goes_on(stage: Stage) -> None:
    """Garbage of any kind is kept out and on record with who handed it in.

    Sabotage: with the identity taken unread, the garbage was stored as the identity of the bid.
    """
    for letter in "abc":
        stage.submit(letter)
    stage.commit_draw()
    stage.close()
    task = next(task for task in stage.tasks("officer") if task.set_name == "officer+supervisor")
    fault = stage.hand_in(task, b"garbage")
    assert isinstance(fault, PeelFault) and (fault.by, fault.code) == ("officer", "peel.size")
    # A sealed file of the right size that is not the inner layer: only the next holder can tell, and says so.
    inner = peel(task.content, stage.keys["officer"])
    forged = b""
    while len(forged) != len(inner):  # headers carry a grease stanza of random length
        forged = nest(b"x" * inner_size(inner), [stage.policy["recipients"]["tenderee"]])[0]
    assert isinstance(stage.hand_in(task, forged), Peel)
    next_task = next(
        item for item in stage.tasks("supervisor") if item.stage == 1 and item.submission == task.submission
    )
    with pytest.raises(Invalid, match="not_for_this_key"):
        peel(next_task.content, stage.keys["supervisor"])
    assert stage.report(next_task).by == "supervisor"
    # An innermost text that is not what the bidder sealed is refused with who handed it in.
    stage.peel("officer")
    last = next(item for item in stage.tasks("supervisor") if item.stage == 1 and item.submission != task.submission)
    text = peel(last.content, stage.keys["supervisor"])
    claims = json.loads(text)
    lie = stage.hand_in(last, text.replace(claims["leaf_salt"].encode(), b"0" * 64))
    assert isinstance(lie, PeelFault) and lie.by == "supervisor"
    stage.peel("officer", "tenderee")
    stage.act(stage.tenderee, services.publish_names)
    with stage.platform.reading() as session:
        assert [bid.name for bid in queries.bids(session, stage.opening)] == [
            stage.bidders[letter].name for letter in "abc"
        ]
        kinds = [entry for entry in entries_of(session, stage.opening.subject) if entry.kind == "opening.peel_fault"]
        assert [entry.facts["by"] for entry in kinds] == ["officer", "supervisor", "supervisor"]
    intact(stage)


def test_an_identity_the_bidder_sealed_wrong_is_agreed_on_and_recorded_as_the_bidders_fault(stage: Stage) -> None:
    """Two holders who read the same wrong text show that the bidder sealed it so.

    Sabotage: with `_agreed` always false the names were never published.
    """
    for letter in "ab":
        stage.submit(letter)
    bidder = stage.bidder("c")

    def wrong(sealed: Any) -> Any:
        other = stage.remade(sealed, bidder, {})
        claims = json.loads(
            peel(peel(other.identity["officer+supervisor"], stage.keys["officer"]), stage.keys["supervisor"])
        )
        claims["signature"] = stage.bidder("a").facts and claims["signature"][:-8] + "AAAAAA=="
        return stage.remade(sealed, bidder, {}, json.dumps(claims, ensure_ascii=False).encode())

    stage.submit("c", change=wrong)
    stage.commit_draw()
    stage.close()
    stage.peel(*TRUSTEES)
    stage.act(stage.tenderee, services.publish_names)
    bid = stage.bid("c")
    assert bid.name == bidder.name and bid.identity_faults[0]["code"].startswith("seal.")
    assert stage.bid("a").identity_faults == []


def test_an_identity_package_that_nobody_can_open_does_not_stop_the_day(stage: Stage) -> None:
    """Sabotage: with `unreadable` always false one bidder's garbage stopped the whole opening."""
    for letter in "abc":
        stage.submit(letter)
    bidder = stage.bidder("d")

    def garbage(sealed: Any) -> Any:
        from dataclasses import replace

        from core.seal import leaf_commitment, new_identity, package_hashes, recipient_of

        nobody = recipient_of(new_identity())
        identity = {names: nest(b"x" * 8192, [nobody, nobody])[0] for names in sealed.identity}
        return replace(
            sealed, identity=identity, leaf=leaf_commitment(sealed.leaf_salt, sealed.digest, package_hashes(identity))
        )

    stage.submit("d", change=garbage)
    assert bidder.sealed
    stage.to_names()
    assert stage.bid("d").state == "corrupted" and stage.bid("d").name == ""
    assert stage.bid("d").identity_faults == [{"code": "identity.unreadable", "rule": "R-254"}]


def test_faults_of_identity_are_recorded_and_the_bid_is_still_opened(stage: Stage) -> None:
    """Revoked certificate, foreign authority, unregistered organisation, two bids of one bidder, other name.

    What happens after the bid was received is no fault: f's certificate has run out since, g's was revoked since.
    Sabotage: with act.now instead of received_at both were faults.
    """
    from accounts import services as accounts
    from accounts.queries import certificates
    from accounts.queries import person as person_of
    from core.act import SYSTEM
    from tests import factories

    stage.submit("a")
    stage.again("a", "a2")
    stage.submit("a2")
    stage.bidder("b", authority=factories.authority(stage.clock.now(), "别处认证中心"))
    stage.submit("b")
    stage.bidder("c")
    with stage.platform.act(SYSTEM) as act:
        person = person_of(act.session, stage.bidders["c"].actor.name)
        accounts.revoke_certificate(act, certificates(act.session, person.id)[0], reason="密钥遗失")
    stage.submit("c")
    bidder = stage.bidder("d")
    facts = {**bidder.facts, "bidder": {**bidder.facts["bidder"], "name": "冒名有限公司"}}
    stage.submit("d", facts=facts)
    bidder = stage.bidder("e")
    stage.submit("e", facts={**bidder.facts, "bidder": {**bidder.facts["bidder"], "uscc": factories.uscc(999)}})
    stage.bidder("f", days=7)
    stage.submit("f")
    stage.submit("g")
    stage.clock.advance(days=1)
    with stage.platform.act(SYSTEM) as act:
        person = person_of(act.session, stage.bidders["g"].actor.name)
        accounts.revoke_certificate(act, certificates(act.session, person.id)[0], reason="离职")
    stage.to_window()
    faults = {letter: {fault["code"] for fault in stage.bid(letter).identity_faults} for letter in stage.bidders}
    assert faults == {
        "a": {"identity.two_bids"},
        "a2": {"identity.two_bids"},
        "b": {"certificate.untrusted"},
        "c": {"certificate.revoked"},
        "d": {"identity.name_differs"},
        "e": {"identity.uscc_differs", "identity.unregistered"},
        "f": set(),
        "g": set(),
    }
    for letter in ("a", "a2", "b", "c", "d"):
        stage.release(letter)
    stage.peel("tenderee")
    stage.open_ready()
    assert {stage.bid(letter).state for letter in ("a", "a2", "b", "c", "d")} == {"opened_by_bidder"}


def test_fewer_than_three_bidders_fail_the_opening_and_nothing_is_opened_or_named(stage: Stage) -> None:
    """R-252; a decoy and a second bid of one bidder do not count.

    Sabotage: counting submissions instead of bidders let two bidders and a decoy pass.
    """
    stage.submit("a")
    stage.again("a", "a2")
    stage.submit("a2")
    stage.submit("b")
    stage.decoy()
    stage.close()
    stage.peel(*TRUSTEES)
    assert stage.act(stage.tenderee, services.publish_names) == []
    opening = stage.opening
    assert opening.state == "failed" and opening.section.state == "failed"
    assert (opening.failure["rule"], opening.failure["found"]) == ("R-252", 2)
    with stage.platform.reading() as session:
        assert queries.bids(session, opening) == [] and queries.board(session, opening) == []
        names = [stage.bidders[letter].name for letter in "ab"]
        layers = session.query(Peel).all()
        assert all(not layer.content for layer in layers)
        for notice in notices(session):
            assert not any(name in json.dumps(notice.content, ensure_ascii=False) for name in names)
    with pytest.raises(Refusal):
        stage.act(stage.tenderee, services.open_decryption)
    intact(stage)


@pytest.mark.parametrize("regime", ["G"])
def test_under_regime_g_fewer_than_three_opened_bids_end_it(platform: Any, tmp_path: Path, regime: str) -> None:
    """R-255. Sabotage: with `least = 1` for both regimes the section went on."""
    stage = Stage(platform, tmp_path / "machines", regime=regime)
    for letter in "abc":
        stage.submit(letter)
    stage.to_window()
    stage.release("a")
    stage.release("b")
    stage.peel("tenderee")
    stage.open_ready()
    stage.clock.advance(minutes=30)
    stage.tick()
    for _ in range(2):
        stage.as_bid("c", stage.tenderee, services.decide_cause, "bidder_key", "投标人来函称密钥遗失")
    stage.tick()
    assert stage.opening.state == "failed" and stage.opening.failure["rule"] == "R-255"
    assert stage.bid("c").state == "deemed_revoked"


def test_a_cause_is_the_bidders_own_or_not_and_needs_evidence(stage: Stage) -> None:
    """R-254: 撤销 or 撤回, never by default, only after the window, once more than the remedy was tried.

    Sabotage: with the two moves exchanged in rules.deemed both assertions failed.
    """
    for letter in "abcd":
        stage.submit(letter)
    stage.to_window()
    with pytest.raises(Conflict, match=r"opening\.state"):
        stage.as_bid("a", stage.tenderee, services.decide_cause, "bidder_key", "尚在时限内")
    stage.release("c")
    stage.release("d")
    stage.peel("tenderee")
    stage.open_ready()
    with pytest.raises(Untimely, match=r"decrypt\.running"):
        stage.act(stage.tenderee, services.fall_back)
    stage.clock.advance(minutes=30)
    stage.tick()
    with pytest.raises(Invalid, match=r"form\.required"):
        stage.as_bid("a", stage.tenderee, services.decide_cause, "bidder_key", "  ")
    with pytest.raises(Invalid, match=r"cause\.unknown"):
        stage.as_bid("a", stage.tenderee, services.decide_cause, "weather", "下雨")
    for letter, cause in (("a", "bidder_key"), ("b", "platform")):
        stage.as_bid(letter, stage.tenderee, services.decide_cause, cause, "见值班记录")
        assert stage.bid(letter).state == "sealed" and stage.bid(letter).remedy == "trustees"
        stage.as_bid(letter, stage.tenderee, services.decide_cause, cause, "持钥人亦无法到场，见值班记录")
    assert (stage.bid("a").state, stage.bid("b").state) == ("deemed_revoked", "deemed_withdrawn")
    with pytest.raises(Conflict, match=r"bid\.state"):
        stage.as_bid("c", stage.tenderee, services.decide_cause, "bidder_key", "已解密的不能再认定")
    stage.tick()
    assert stage.opening.state == "decrypt_closed"


def test_a_bid_whose_schedule_cannot_be_read_is_corrupted_and_says_why(stage: Stage) -> None:
    """Sabotage: with the schedule read unchecked the price was taken from a float."""
    for letter in "abc":
        stage.submit(letter)
    stage.submit("d", schedule=b'{"type":"sunbid-schedule/v1","price_fen":1.5e9}')
    stage.to_window()
    for letter in "abcd":
        stage.release(letter)
    stage.peel("tenderee")
    stage.tick()
    assert stage.bid("d").state == "corrupted" and stage.bid("d").cause == "schedule.malformed"
    assert stage.opening.state == "decrypt_closed"
    assert list(stage.platform.store.temp.iterdir()) == []


def test_a_sealed_file_damaged_by_its_keeper_is_never_blamed_on_the_bidder(stage: Stage) -> None:
    """Sabotage: with every Invalid taken as the bidder's, a flipped byte on our disk marked the bid corrupted."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_window()
    stage.release("a")
    stage.release("b")
    path = stage.platform.store.path(stage.bidders["a"].sealed[-1].submission["envelopes"]["price"]["bulk"]["sha256"])
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    stage.peel("tenderee")
    for _ in range(2):
        stage.tick()
    assert stage.bid("a").state == "sealed" and stage.bid("b").state == "opened_by_bidder"
    with stage.platform.reading() as session:
        kinds = [entry.kind for entry in entries_of(session, stage.bid("a").subject)]
    assert kinds.count("bid.damage") == 1
    raw[-1] ^= 1
    path.write_bytes(raw)  # restored from the backup
    stage.tick()
    assert stage.bid("a").state == "opened_by_bidder"


def test_a_pause_moves_the_end_by_exactly_its_length(stage: Stage) -> None:
    """Sabotage: with the end moved by the pause's start instead of its length the arithmetic failed."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_window()
    began = stage.clock.now()
    stage.clock.advance(minutes=10)
    stage.act(stage.tenderee, services.pause, "网络中断")
    stage.clock.advance(minutes=45, seconds=7.25)
    stage.tick()
    assert stage.opening.state == "decrypt_paused"  # a paused clock never runs out
    with pytest.raises(Conflict):
        stage.release("a")
    stage.act(stage.tenderee, services.resume)
    pause = timedelta(minutes=45, seconds=7.25)
    assert stage.opening.decrypt_until_at == began + timedelta(minutes=30) + pause
    stage.clock.advance(minutes=19, seconds=59)
    stage.release("a")
    stage.clock.advance(seconds=1)
    with pytest.raises(Untimely, match=r"decrypt\.over"):
        stage.release("b")
    with pytest.raises(Untimely, match=r"decrypt\.over"):
        stage.act(stage.tenderee, services.pause, "太晚了")
    with pytest.raises(Invalid):
        stage.act(stage.tenderee, services.pause, " ")


def test_a_late_tick_gives_the_same_state_and_lets_nobody_in(stage: Stage) -> None:
    """The instant decides, not the bell. Sabotage: with the guard on the state alone a late bidder got in."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_window()
    stage.release("a")
    stage.peel("tenderee")
    stage.clock.advance(hours=9)  # the worker slept
    with pytest.raises(Untimely, match=r"decrypt\.over"):
        stage.release("b")
    stage.tick()
    stage.tick()
    assert stage.opening.state == "trustee_fallback"
    assert stage.bid("a").state == "opened_by_bidder"  # released in time, opened late
    with stage.platform.reading() as session:
        assert queries.due(session, stage.clock.now()) == []


def test_an_unanswered_objection_blocks_the_signing(stage: Stage) -> None:
    """R-259. Sabotage: without the open-objection check an early objection was signed over."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_names()
    actor = stage.bidders["b"].actor
    early = stage.as_bid("b", actor, services.raise_objection, "名单中的名称有误")
    stage.act(stage.tenderee, services.open_decryption)
    for letter in "abc":
        stage.release(letter)
    stage.peel("tenderee")
    stage.tick()
    stage.draw()
    stage.act(stage.tenderee, services.read_prices)
    stage.act(stage.tenderee, services.ask_confirmation)
    with pytest.raises(Conflict, match=r"objection\.open"):
        stage.act(stage.tenderee, services.sign_record)
    stage.reply(early, "名称以证书为准，无误")
    first = stage.as_bid("a", stage.bidders["a"].actor, services.raise_objection, "唱标顺序有误")
    second = stage.as_bid("b", actor, services.raise_objection, "要求重新核对报价")
    for objection in (first, second):
        with pytest.raises(Conflict):
            stage.act(stage.tenderee, services.sign_record)
        stage.reply(objection, "经核对无误")
    with pytest.raises(Missing):
        stage.as_bid("a", actor, services.raise_objection, "替别人提异议")
    stage.act(stage.tenderee, services.sign_record)
    assert [item["reply"] for item in stage.opening.record["objections"]] == [
        "名称以证书为准，无误",
        "经核对无误",
        "经核对无误",
    ]
    with pytest.raises(Conflict):
        stage.as_bid("a", stage.bidders["a"].actor, services.raise_objection, "为时已晚")


def test_a_record_printed_from_older_facts_is_not_signed(stage: Stage) -> None:
    """Sabotage: without the comparison a confirmation between printing and signing was missing from the PDF."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_confirmation()
    with stage.platform.reading() as session:
        facts = queries.record_facts(session, bidding.section(session, CODE))
    stage.as_bid("a", stage.bidders["a"].actor, services.confirm_record)
    with pytest.raises(Conflict, match=r"record\.changed"):
        stage.act(stage.tenderee, services.sign_record, b"%PDF", facts)


def test_each_step_out_of_order_is_refused(stage: Stage) -> None:
    """At every state of a whole day every verb that does not belong there is refused and changes nothing.

    Sabotage: with `"read_prices": move(("decrypt_closed", "coefficients_drawn"), …)` prices were read undrawn.
    """
    for letter in "abc":
        stage.submit(letter)
    verbs: dict[str, Any] = {
        "publish_names": lambda: stage.act(stage.tenderee, services.publish_names),
        "open_decryption": lambda: stage.act(stage.tenderee, services.open_decryption),
        "pause": lambda: stage.act(stage.tenderee, services.pause, "理由"),
        "resume": lambda: stage.act(stage.tenderee, services.resume),
        "fall_back": lambda: stage.act(stage.tenderee, services.fall_back),
        "close_decryption": lambda: stage.act(stage.tenderee, services.close_decryption),
        "draw_coefficients": lambda: stage.act(stage.tenderee, services.draw_coefficients),
        "read_prices": lambda: stage.act(stage.tenderee, services.read_prices),
        "ask_confirmation": lambda: stage.act(stage.tenderee, services.ask_confirmation),
        "sign_record": lambda: stage.act(stage.tenderee, services.sign_record),
        "hand_over": lambda: stage.act(stage.tenderee, services.hand_over),
    }

    def refused_all() -> None:
        state = stage.opening.state
        for verb, call in verbs.items():
            if state not in OPENING.moves[verb].sources:
                with pytest.raises(Refusal):
                    call()
        assert stage.opening.state == state

    with pytest.raises(Missing, match=r"opening\.unknown"):
        stage.act(stage.tenderee, services.publish_names)
    with pytest.raises(Untimely):
        from bidding.rules import turnstile
        from core.act import SYSTEM

        with stage.platform.act(SYSTEM, through=turnstile(CODE), shared=False) as act:
            services.close_and_convene(act, bidding.section(act.session, CODE))
    stage.close()
    refused_all()
    stage.peel(*TRUSTEES)
    verbs["publish_names"]()
    refused_all()
    with pytest.raises(Conflict, match=r"draw\.uncommitted"):
        verbs["open_decryption"]()
    stage.commit_draw()
    verbs["open_decryption"]()
    refused_all()
    with pytest.raises(Conflict):
        stage.commit_draw("officer")  # the parties' choice is made before the window opens
    with pytest.raises(Conflict):
        stage.act(stage.officer, services.reveal_coefficient, "officer", stage.nonce("officer"))
    verbs["pause"]()
    refused_all()
    verbs["resume"]()
    for letter in "abc":
        stage.release(letter)
    stage.peel("tenderee")
    stage.open_ready()
    verbs["close_decryption"]()
    refused_all()
    with pytest.raises(Conflict, match=r"draw\.unrevealed"):
        verbs["draw_coefficients"]()
    stage.draw()
    refused_all()
    verbs["read_prices"]()
    refused_all()
    verbs["ask_confirmation"]()
    refused_all()
    verbs["sign_record"]()
    refused_all()
    verbs["hand_over"]()
    refused_all()


def test_only_the_key_holder_hands_in_a_layer_and_only_of_the_closed_set(stage: Stage) -> None:
    """Sabotage: without `_check_trustee` anyone with the role peeled; without the set check an old bid was peeled."""
    from accounts.rules import Role
    from tests import factories

    stage.submit("a")
    stage.submit("a", kind="replace")
    stage.submit("b")
    stage.submit("c")
    stage.close()
    task = next(task for task in stage.tasks("officer") if task.set_name == "officer+supervisor")
    content = peel(task.content, stage.keys["officer"])
    other = factories.actor(stage.platform, Role.OFFICER, "b")
    with pytest.raises(Forbidden, match=r"peel\.trustee"):
        stage.hand_in(task, content, other)
    import dataclasses

    with pytest.raises(Forbidden, match=r"peel\.role"):
        stage.hand_in(dataclasses.replace(task, role="supervisor"), content)
    with pytest.raises(Missing, match=r"opening\.not_in_set"):
        stage.hand_in(dataclasses.replace(task, submission=stage.bidders["a"].sealed[0].digest), content)
    with pytest.raises(Missing, match=r"peel\.package"):
        stage.hand_in(dataclasses.replace(task, set_name="bidder+tenderee"), content)
    with pytest.raises(Conflict, match=r"peel\.order"):
        stage.hand_in(dataclasses.replace(task, stage=1, role="supervisor"), content)
    assert isinstance(stage.hand_in(task, content), Peel)
    assert stage.hand_in(task, content).stage == 0  # the same again is the same answer
    with pytest.raises(Conflict, match=r"peel\.done"):
        stage.hand_in(task, content[:-1] + b"x")


def test_the_draw_replays_and_the_script_names_what_was_touched(stage: Stage, tmp_path: Path) -> None:
    """Sabotage: each change below, made in a copy of the record, turns the script red."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_drawn()
    with stage.platform.reading() as session:
        drawn = queries.coefficients(session, bidding.section(session, CODE))
    assert drawn["k"] in ("0.950", "0.955", "0.960", "0.965", "0.970", "0.975", "0.980")
    script = Path(services.__file__).resolve().parents[2] / "docs" / "draw_replay.py"

    def run(record: Any) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "draw.json"
        file.write_text(json.dumps(record))
        environment = {**os.environ, "PYTHONPATH": ""}
        return subprocess.run(
            [sys.executable, "-I", str(script), str(file)], capture_output=True, text=True, env=environment, cwd="/"
        )

    assert run(drawn).returncode == 0
    for change in (
        {"k": "0.950" if drawn["k"] != "0.950" else "0.955"},
        {"seed": "00" * 32},
        {"candidates": drawn["candidates"][:-1]},
        {"bid_nonces": [{**drawn["bid_nonces"][0], "nonce": "11" * 32}, *drawn["bid_nonces"][1:]]},
        {"parties": [{**drawn["parties"][0], "nonce": "22" * 32}, *drawn["parties"][1:]]},
        {"label": "coefficients:OTHER"},
    ):
        assert run({**drawn, **change}).returncode == 1, change
    assert len(script.read_text().splitlines()) <= 40
    assert {item["nonce"] for item in drawn["bid_nonces"]} == {
        (stage.bid(letter).envelopes or {})["schedule"]["nonce"] for letter in "abc"
    }


def test_where_no_coefficient_is_drawn_the_day_goes_on_without(platform: Any, tmp_path: Path) -> None:
    from tests.opening.stage import METHOD

    method = {**METHOD, "price": {"formula": "lowest-first/v1", "points": "50"}}
    stage = Stage(platform, tmp_path / "machines", method=method)
    for letter in "abc":
        stage.submit(letter)
    stage.close()
    stage.peel("officer", "tenderee")
    stage.act(stage.tenderee, services.publish_names)
    stage.act(stage.tenderee, services.open_decryption)
    for letter in "abc":
        stage.release(letter)
    stage.peel("tenderee")
    stage.tick()
    with pytest.raises(Missing, match=r"draw\.none"):
        stage.commit_draw("officer")
    stage.act(stage.tenderee, services.draw_coefficients)
    assert stage.opening.coefficients["k"] is None and stage.opening.state == "coefficients_drawn"
    stage.act(stage.tenderee, services.read_prices)
    stage.act(stage.tenderee, services.ask_confirmation)
    stage.act(stage.tenderee, services.sign_record)
