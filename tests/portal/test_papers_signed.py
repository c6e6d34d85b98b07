"""Signed papers: receipt and opening record as PAdES over PDF/A-3; any change is found; `/verify` says so in words."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from bidding import queries, rules
from bidding.cli.receipts import receipt as receipt_command
from core.act import SYSTEM, Platform
from core.board import publish_notice
from core.clock import StoppedClock
from core.errors import Invalid
from core.ledger.log import signed_head
from core.render.signing import PaperSeal, check_pdf
from core.timestamps import Authority
from portal.cli.papers import verify_pdf
from portal.cli.tsa import SmallTimestampAuthority, serving
from portal.papers import paper_seal
from tests.bidding.stage import Bidder, Stage
from tests.conftest import Browser


@pytest.fixture
def seal(platform: Platform, tmp_path: Path) -> PaperSeal:
    return paper_seal(platform, tmp_path / "paper", "sunbid.test")


@pytest.fixture
def stage(platform: Platform) -> Stage:
    return Stage(platform).publish()


def received(stage: Stage, tmp_path: Path) -> dict[str, Any]:
    _, receipt = stage.commit(Bidder("甲", tmp_path / "bidder").seal(stage.policy()))
    return receipt


def paper(receipt: dict[str, Any], seal: PaperSeal, clock: StoppedClock) -> bytes:
    verified = rules.verify_receipt(receipt)
    at = clock.now()
    pdf = rules.render_receipt(receipt, verified, origin="https://sunbid.test", at=at, extra=[seal.attachment(at)])
    return seal.sign(pdf, reason="递交回执", at=at)


def test_a_receipt_on_paper_is_signed_and_carries_the_receipt(
    stage: Stage, seal: PaperSeal, clock: StoppedClock, tmp_path: Path
) -> None:
    receipt = received(stage, tmp_path)
    verdict = check_pdf(paper(receipt, seal, clock), key=stage.platform.signer.verifier)
    assert verdict.holds
    assert [s.field for s in verdict.signatures] == ["Platform"]
    assert json.loads(verdict.attachments["receipt.json"]) == receipt
    stranger = check_pdf(paper(receipt, seal, clock), key=None)
    assert not stranger.holds and stranger.signatures[0].intact and not stranger.signatures[0].trusted


def test_no_flipped_bit_of_a_signed_paper_goes_unseen(
    stage: Stage, seal: PaperSeal, clock: StoppedClock, tmp_path: Path
) -> None:
    """Sixty places from the first byte to the last. Seen red: with `holds` true wherever there is a signature."""
    pdf = paper(received(stage, tmp_path), seal, clock)
    key = stage.platform.signer.verifier
    unseen = []
    for place in range(0, len(pdf), len(pdf) // 60):
        changed = bytearray(pdf)
        changed[place] ^= 0x04
        try:
            if check_pdf(bytes(changed), key=key).holds:
                unseen.append(place)
        except Invalid:
            pass
    assert unseen == []


def test_another_paper_under_the_same_signature_is_refused(
    stage: Stage, seal: PaperSeal, clock: StoppedClock, tmp_path: Path
) -> None:
    """An update appended after the signature that changes what the page shows. Seen red: with `whole` always true."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    pdf = paper(received(stage, tmp_path), seal, clock)
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    page[generic.NameObject("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.mark_update(page.container_ref)
    out = io.BytesIO()
    writer.write(out)
    verdict = check_pdf(out.getvalue(), key=stage.platform.signer.verifier)
    assert verdict.signatures[0].intact and not verdict.signatures[0].whole and not verdict.holds


def test_another_certificate_is_not_vouched_for(
    stage: Stage, seal: PaperSeal, clock: StoppedClock, tmp_path: Path
) -> None:
    """Whoever signs with a key of their own, and copies the voucher, is not trusted. Seen red: any voucher trusted."""
    receipt = received(stage, tmp_path)
    other = paper_seal(stage.platform, tmp_path / "other", "sunbid.test")
    verified, at = rules.verify_receipt(receipt), clock.now()
    pdf = rules.render_receipt(receipt, verified, origin="", at=at, extra=[seal.attachment(at)])
    verdict = check_pdf(other.sign(pdf, reason="x", at=at), key=stage.platform.signer.verifier)
    assert verdict.signatures[0].intact and not verdict.signatures[0].trusted


def test_with_an_authority_the_signature_bears_its_time_and_without_it_is_signed_all_the_same(
    stage: Stage, seal: PaperSeal, clock: StoppedClock, tmp_path: Path
) -> None:
    receipt = received(stage, tmp_path)
    stamping = SmallTimestampAuthority.create("timestamps.test", at=clock.now())
    key = stage.platform.signer.verifier
    with serving(stamping, clock.now) as address:
        authority = Authority(address, (stamping.root,), tries=1)
        stamped = PaperSeal(seal.key, seal.certificate, seal.voucher, authority)
        verdict = check_pdf(paper(receipt, stamped, clock), key=key, stamp_roots=[stamping.root])
    assert verdict.holds and verdict.signatures[0].stamped_at is not None
    again = check_pdf(paper(receipt, stamped, clock), key=key, stamp_roots=[stamping.root])
    assert again.holds and again.signatures[0].stamped_at is None, "the authority is down now"


def test_a_second_signature_leaves_the_first_whole(
    stage: Stage, seal: PaperSeal, clock: StoppedClock, tmp_path: Path
) -> None:
    """A supervisor's co-signature under the platform's, by another certificate."""
    from core.render.signing import make_certificate

    key, certificate = make_certificate("supervisor", at=clock.now())
    supervisor = PaperSeal(key, certificate, "")
    both = supervisor.sign(
        paper(received(stage, tmp_path), seal, clock), reason="监督联署", at=clock.now(), field_name="Supervisor"
    )
    verdict = check_pdf(both, key=stage.platform.signer.verifier)
    assert [(s.field, s.intact, s.whole) for s in verdict.signatures] == [
        ("Platform", True, True),
        ("Supervisor", True, True),
    ]
    assert [s.trusted for s in verdict.signatures] == [True, False], "nobody has vouched for the second yet"


def test_a_bidder_prints_a_receipt_without_any_server(stage: Stage, tmp_path: Path) -> None:
    receipt = received(stage, tmp_path)
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt), encoding="utf-8")
    done = CliRunner().invoke(receipt_command, ["pdf", str(file), "--server", "https://sunbid.test"])
    assert done.exit_code == 0, done.output
    verdict = check_pdf((tmp_path / "receipt.pdf").read_bytes(), key=stage.platform.signer.verifier)
    assert verdict.signatures == [] and json.loads(verdict.attachments["receipt.json"]) == receipt
    assert rules.receipt_number(receipt) in done.output


def test_the_command_judges_a_paper_and_exits_by_it(
    stage: Stage, seal: PaperSeal, clock: StoppedClock, tmp_path: Path
) -> None:
    pdf = paper(received(stage, tmp_path), seal, clock)
    key = str(stage.platform.signer.verifier)
    (tmp_path / "good.pdf").write_bytes(pdf)
    (tmp_path / "bad.pdf").write_bytes(pdf[:9000] + b"x" + pdf[9001:])
    good = CliRunner().invoke(
        verify_pdf, [str(tmp_path / "good.pdf"), "--key", key, "--extract", str(tmp_path / "out")]
    )
    assert good.exit_code == 0, good.output
    assert (tmp_path / "out" / "receipt.json").exists()
    bad = CliRunner().invoke(verify_pdf, [str(tmp_path / "bad.pdf"), "--key", key])
    assert bad.exit_code != 0


# The page ------------------------------------------------------------------------------------------------------------


def ask(client: Browser, given: str = "", file: bytes = b"", name: str = "x") -> str:
    data: dict[str, Any] = {"given": given}
    if file:
        data["file"] = (io.BytesIO(file), name)
    return str(client.post("/verify", data=data, content_type="multipart/form-data").get_data(as_text=True))


def test_the_page_checks_a_receipt_its_number_and_its_paper(
    client: Browser, stage: Stage, clock: StoppedClock, tmp_path: Path
) -> None:
    receipt = received(stage, tmp_path)
    page = ask(client, json.dumps(receipt))
    assert "由本平台签名，内容未改动" in page and "时间戳待补" in page and "不成立" not in page
    assert "不成立" in ask(client, json.dumps({**receipt, "section": "OTHER"}))
    number = rules.receipt_number(receipt)
    assert "是这份承诺" in client.get(f"/verify?n={number}").get_data(as_text=True)
    wrong = f"{receipt['leaf_index']}-00000000"
    assert "账本中没有这个回执号" in client.get(f"/verify?n={wrong}").get_data(as_text=True)
    answer = client.post("/receipts/pdf", data={"receipt": json.dumps(receipt)})
    assert answer.status_code == 200 and answer.data.startswith(b"%PDF")
    page = ask(client, file=answer.data, name="receipt.pdf")
    assert "签名完整" in page and "由本平台签名" in page and "不成立" not in page
    broken = bytearray(answer.data)
    broken[len(broken) // 2] ^= 1
    assert "签名被破坏" in ask(client, file=bytes(broken)) or "读不出" in ask(client, file=bytes(broken))


def test_the_page_knows_public_files_and_says_nothing_of_sealed_ones(
    client: Browser, stage: Stage, tmp_path: Path
) -> None:
    """Before the opening a sealed object and a stranger's file get the same answer."""
    receipt = received(stage, tmp_path)
    with stage.platform.reading() as session:
        row = next(iter(queries.submissions(session, stage.section())))
        sealed = row.content["envelopes"]["schedule"]["bulk"]["sha256"]
    same = [re.sub(r"[0-9a-f]{64}|nonce-\S+|\d\d:\d\d:\d\d\S*", "", ask(client, text)) for text in (sealed, "ab" * 32)]
    strip = re.compile(r'nonce="[^"]*"|value="[^"]*"|"X-CSRFToken": "[^"]*"')
    assert strip.sub("", same[0]) == strip.sub("", same[1])
    assert "开标之前的密封件不在查询之列" in same[0]
    assert "公开公告的附件" in ask(client, file=f"tender {stage.code}".encode())
    assert receipt["leaf_commitment"] not in same[0]


def test_the_page_refuses_what_it_does_not_know_with_a_sentence(client: Browser) -> None:
    answer = client.post("/verify", data={"given": "hello"})
    assert answer.status_code == 422 and "认不出" in answer.get_data(as_text=True)
    junk = client.post(
        "/verify", data={"file": (io.BytesIO(b"%PDF-1.7\n" + bytes(2000)), "x.pdf")}, content_type="multipart/form-data"
    )
    assert junk.status_code == 422 and "读不出" in junk.get_data(as_text=True)


def test_an_opening_record_is_recognised_and_a_changed_one_is_not(
    client: Browser, app: Flask, platform: Platform, clock: StoppedClock
) -> None:
    """A record this platform published, and the same page signed by the platform but never published."""
    assert platform.seal is not None
    at = clock.now()
    facts = {"type": "sunbid-opening-record/v1", "section": {"code": "T-01"}}
    seal = platform.seal

    def printed(told: dict[str, Any]) -> bytes:
        from core.render.pdf import Attachment, render_pdf

        data = Attachment("opening-record.json", json.dumps(told).encode(), "x", at)
        return seal.sign(render_pdf("<p>record</p>", attachments=[data, seal.attachment(at)]), reason="开标记录", at=at)

    pdf = printed(facts)
    with platform.act(SYSTEM) as act:
        stored = act.store.put(pdf)
        publish_notice(
            act, kind="opening_record", subject="section:T-01", title="开标记录",
            content={"section": "T-01", "record": facts, "record_sha256": stored.sha256},
            attachments=[{"name": "record.pdf", "sha256": stored.sha256, "size": stored.size}],
        )  # fmt: skip
        signed_head(act)
    page = ask(client, file=pdf)
    assert "内嵌数据与公告一致" in page and "不成立" not in page
    assert "平台没有发布过这些字节" in ask(client, file=printed({**facts, "section": {"code": "T-02"}}))
