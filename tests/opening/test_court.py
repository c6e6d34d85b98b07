"""The court of decryption failures: two statuses with opposite effects, the appeal, and the backup by commitment."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from accounts.queries import holders
from accounts.rules import Role
from core.errors import Conflict, Invalid, Missing, Untimely
from core.ledger.log import entries_of
from core.outbox import unsent
from core.seal import Enclosure, rebuild_archive
from opening import queries, services
from tests.opening.stage import CODE, Bidder, Stage


def archives(stage: Stage, bidder: Bidder) -> dict[str, Path]:
    """The plain archives of a bid, made again from the bidder's own files."""
    sealed = bidder.sealed[-1]
    folder = stage.folder / f"{bidder.letter}-1"
    private = json.loads((folder / "private.json").read_text())
    files = stage.folder / f"files-{bidder.letter}-0"
    slots = {"schedule": "schedule", "technical": "proposal", "price": "boq"}
    names = {"schedule": "schedule.json", "technical": "技术标.txt", "price": "已标价工程量清单.txt"}
    made = {}
    for envelope in sealed.submission["envelopes"]:
        if envelope == "qualification":
            paper = files / "资信文件.txt"
            enclosed = [Enclosure("licence", paper), Enclosure("letter", paper, "投标函.txt")]
        else:
            enclosed = [Enclosure(slots[envelope], files / names[envelope])]
        made[envelope] = rebuild_archive(sealed.submission, private, envelope, enclosed, folder / f"{envelope}.tar")
    return made


def form(stage: Stage, bidder: Bidder, made: dict[str, Path], change: str = "") -> dict[str, Any]:
    """The page's form; `change` names an envelope whose archive has one byte changed."""
    fields: dict[str, Any] = {"form": "backup", "submission": bidder.digest}
    fields["private"] = (
        io.BytesIO((stage.folder / f"{bidder.letter}-1" / "private.json").read_bytes()),
        "private.json",
    )
    for envelope, path in made.items():
        content = bytearray(path.read_bytes())
        if envelope == change:
            content[600] ^= 1
        fields[f"archive-{envelope}"] = (io.BytesIO(bytes(content)), path.name)
    return fields


def to_fallback(stage: Stage) -> None:
    """Three bids, one opened, the window over."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_window()
    stage.release("a")
    stage.peel("tenderee")
    stage.open_ready()
    stage.clock.advance(minutes=61)
    stage.tick()


def test_a_failure_of_the_platform_is_deemed_withdrawn_and_the_bond_goes_back(stage: Stage, app: Any) -> None:
    """The regulator is warned of the bid that was lost through no fault of its bidder, and of no other.

    Seen red: with judgement giving both statuses the same bond, the bidder's refund vanished; with every status told.
    """
    to_fallback(stage)
    bidder = stage.bidders["b"]
    stage.as_bid("b", bidder.actor, services.give_evidence, role="bidder", text="09:31 页面报 503", code="platform")
    for cause in ("unknown", "unknown"):
        stage.as_bid("b", stage.tenderee, services.decide_cause, cause, "平台日志与证据不符，原因无法查明")
    for cause in ("bidder_key", "bidder_key"):
        stage.as_bid("c", stage.tenderee, services.decide_cause, cause, "投标人自述遗失密钥")
    withdrawn, revoked = stage.bid("b"), stage.bid("c")
    assert (withdrawn.state, revoked.state) == ("deemed_withdrawn", "deemed_revoked")
    assert (withdrawn.judgement["bond"], withdrawn.judgement["claim"]) == ("refunded", True)
    assert (withdrawn.judgement["refund_within"], withdrawn.judgement["refund_unit"]) == ("5", "days")
    assert (revoked.judgement["bond"], revoked.judgement["claim"]) == ("may_be_kept", False)
    assert withdrawn.judgement["evidence"] != [] and revoked.judgement["evidence"] == []
    with stage.platform.reading() as session:
        messages = list(unsent(session))
        supervisors = [one.login for one in holders(session, Role.SUPERVISOR)]
    told = {(message.recipient, message.facts["status"]) for message in messages if message.template == "bid.judged"}
    warned = [(one.recipient, one.facts["number"]) for one in messages if one.template == "bid.lost"]
    assert supervisors and sorted(warned) == sorted((login, withdrawn.number) for login in supervisors)
    assert told == {
        (f"organisation:{withdrawn.organisation_id}", "withdrawn"),
        (f"organisation:{revoked.organisation_id}", "revoked"),
    }
    page = app.test_client().get(f"/opening/{CODE}/decisions/{revoked.number}").get_data(as_text=True)
    assert "可以不予退还" in page and "平台不自动扣留" in page
    page = app.test_client().get(f"/opening/{CODE}/decisions/{withdrawn.number}").get_data(as_text=True)
    assert "应当退还" in page and "直接损失" in page


def test_an_appeal_holds_the_record_and_may_only_help_the_bidder(stage: Stage) -> None:
    """Seen red: with overturn taking any cause a withdrawn bid could be turned against its bidder."""
    to_fallback(stage)
    actor = stage.bidders["b"].actor
    with pytest.raises(Conflict, match=r"bid\.unjudged"):
        stage.as_bid("b", actor, services.appeal, "请再核对")
    for letter in "bc":
        for _ in range(2):
            stage.as_bid(letter, stage.tenderee, services.decide_cause, "bidder_absent", "三次电话未接")
    objection = stage.as_bid("b", actor, services.appeal, "当时平台不可用，附截图")
    assert objection.about == "judgement"
    with pytest.raises(Invalid, match=r"cause\.unfavourable"):
        stage.as_bid("b", stage.tenderee, services.overturn, "bidder_key", "其实是密钥")
    stage.as_bid("b", stage.tenderee, services.overturn, "platform", "探测日志证实 09:30 至 09:52 不可用")
    assert stage.bid("b").state == "deemed_withdrawn"
    assert stage.bid("b").judgement["overturned"]["status"] == "revoked"
    with pytest.raises(Conflict, match=r"bid\.state"):
        stage.as_bid("b", stage.tenderee, services.overturn, "network", "再改一次")
    stage.tick()
    stage.draw()
    stage.act(stage.tenderee, services.read_prices)
    stage.act(stage.tenderee, services.ask_confirmation)
    with pytest.raises(Conflict, match=r"objection\.open"):
        stage.act(stage.tenderee, services.sign_record)
    stage.reply(objection, "经核查改判为平台原因")
    stage.act(stage.tenderee, services.sign_record)


class Whatever(str):
    """A commitment that equals any other."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


def whole_but_cheaper(stage: Stage, bidder: Bidder, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Archives that are right in themselves, made after the deadline with a lower price."""
    sheet = stage.folder / f"files-{bidder.letter}-0" / "schedule.json"
    kept = sheet.read_bytes()
    sheet.write_bytes(kept.replace(str(bidder.price_fen).encode(), str(bidder.price_fen - 1).encode()))
    with monkeypatch.context() as patched:
        patched.setattr("core.seal.backup.plain_commit", lambda *_: Whatever())
        made = archives(stage, bidder)
    sheet.write_bytes(kept)
    return made


def test_a_backup_opens_the_bid_only_if_it_is_what_was_committed(
    stage: Stage, login: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accepted whole, refused with one byte changed, made anew, with another's, without an envelope, after the window.

    Seen red: with plain_commit not compared in open_archive the archive made anew with another price was taken.
    """
    for letter in "abc":
        stage.submit(letter)
    stage.to_window()
    bidder = stage.bidders["a"]
    made = archives(stage, bidder)
    browser = login(Role.BIDDER, person="a")
    address = f"/opening/{CODE}/backup"
    with pytest.raises(Conflict, match=r"bid\.not_signed_in"):
        stage.as_bid("a", bidder.actor, services.check_backup)
    stage.sign_in("a")
    changed = browser.post(address, data=form(stage, bidder, made, change="price"))
    assert changed.status_code == 422 and stage.bid("a").state == "sealed"
    cheaper = browser.post(address, data=form(stage, bidder, whole_but_cheaper(stage, bidder, monkeypatch)))
    assert cheaper.status_code == 422 and stage.bid("a").state == "sealed"
    made = archives(stage, bidder)
    others = archives(stage, stage.bidders["b"])
    mixed = browser.post(address, data=form(stage, bidder, {**made, "price": others["price"]}))
    assert mixed.status_code == 422
    short = browser.post(address, data=form(stage, bidder, {k: v for k, v in made.items() if k != "schedule"}))
    assert short.status_code == 422
    assert login(Role.BIDDER, person="b").post(address, data=form(stage, bidder, made)).status_code == 404
    assert browser.post(address, data=form(stage, bidder, made)).status_code == 303
    bid = stage.bid("a")
    assert bid.state == "opened_from_backup" and bid.price_fen == bidder.price_fen
    with stage.platform.reading() as session:
        kinds = [entry.kind for entry in entries_of(session, bid.subject)]
    assert kinds.count("bid.refuse_backup") == 4 and kinds[-1] == "bid.open_from_backup"
    stage.clock.advance(minutes=61)
    stage.sign_in("b")
    with pytest.raises(Untimely, match=r"decrypt\.over"):
        stage.as_bid("b", stage.bidders["b"].actor, services.check_backup)
    stage.tick()
    with pytest.raises(Conflict, match=r"backup\.undecided"):
        stage.as_bid("b", stage.bidders["b"].actor, services.check_backup)
    stage.as_bid("b", stage.tenderee, services.decide_cause, "authority", "证书服务中断")
    stage.as_bid("b", stage.bidders["b"].actor, services.check_backup)
    for letter in "bc":
        stage.as_bid(letter, stage.tenderee, services.decide_cause, "authority", "证书服务中断")
    stage.as_bid("c", stage.tenderee, services.decide_cause, "authority", "证书服务中断")
    stage.tick()
    stage.draw()
    stage.act(stage.tenderee, services.read_prices)
    with stage.platform.reading() as session:
        (row,) = [row for row in queries.board(session, stage.opening) if row["number"] == bid.number]
    assert row["price_fen"] == bidder.price_fen


def test_evidence_is_seen_by_who_decides_and_its_bidder_only(stage: Stage, login: Any) -> None:
    """Seen red: with the check of the bid's owner left out another bidder fetched the file."""
    to_fallback(stage)
    digest = stage.bidders["b"].digest
    fields = {
        "form": "evidence", "submission": digest, "evidence-code": "platform", "evidence-text": "见截图",
        "file": (io.BytesIO(b"screenshot"), "../截图.png"),
    }  # fmt: skip
    assert login(Role.BIDDER, person="c").post(f"/opening/{CODE}/evidence", data=fields).status_code == 404
    fields["file"] = (io.BytesIO(b"screenshot"), "../截图.png")
    assert login(Role.BIDDER, person="b").post(f"/opening/{CODE}/evidence", data=fields).status_code == 303
    with stage.platform.reading() as session:
        (item,) = queries.evidence(session, stage.opening)
    assert item.name == "截图.png"
    file = f"/opening/{CODE}/evidence/{item.id}"
    assert login(Role.BIDDER, person="b").get(file).data == b"screenshot"
    assert login(Role.TENDEREE).get(file).status_code == login(Role.SUPERVISOR).get(file).status_code == 200
    assert login(Role.BIDDER, person="c").get(file).status_code == 404
    with pytest.raises(Missing):
        stage.as_bid("b", stage.bidders["c"].actor, services.give_evidence, role="bidder", text="别人的")
