"""Sealing in the page, in a real Chromium against the real site: the whole way, and what goes wrong on it."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import docx
import pytest
from click.testing import CliRunner
from flask import Flask
from playwright.sync_api import Page, expect

from accounts.rules import Role
from bidding import cli, queries, rules
from bidding.cli.folder import BidFolder
from core.act import Platform
from core.clock import StoppedClock
from core.seal import peel
from tests import factories
from tests.bidding import two_persons
from tests.bidding.stage import Stage
from tests.browser.oracles import Watch, problems
from tests.browser.sealing_stage import FILES, Enter, Line, PageBidder

LONG = 90_000
WITHOUT = ("ERR_", "404 (", "/submissions/")
"""What the console says of a broken line, and of a handle that holds nothing yet."""


@pytest.fixture
def stage(platform: Platform) -> Stage:
    """A published section."""
    return Stage(platform).publish()


@pytest.fixture
def enter(app: Flask, stage: Stage, serve: Callable[..., str], new_page: Callable[..., Page]) -> Enter:
    """`enter(width=390)`: a bidder with keys in the browser, before the section."""
    line = Line(app)
    address = serve(line)

    def go(width: int = 1280, **options: object) -> PageBidder:
        page = new_page(width, accept_downloads=True, **options)
        return PageBidder.at(stage, app, line, address, page)

    return go


def watched(bidder: PageBidder) -> Watch:
    """A watch that does not mind what a broken line and an empty handle look like."""
    return Watch(bidder.page, allowed=lambda said: any(part in said for part in WITHOUT))


def send(bidder: PageBidder, said: str = "已递交，这是您的回执") -> None:
    """Press the one button and wait for the receipt."""
    bidder.page.locator("#go").click()
    expect(bidder.page.get_by_role("heading", name=said)).to_be_visible(timeout=LONG)


def download(bidder: PageBidder, button: str) -> str:
    """The text of the file a button of the receipt gives."""
    with bidder.page.expect_download() as given:
        bidder.page.get_by_role("button", name=button).click()
    return given.value.path().read_text(encoding="utf-8")


def lead_a_consortium(page: Page) -> None:
    """A partner, whose code is none yet, and the agreement."""
    page.locator("#consortium-joint").check()
    page.locator("#consortium-lead-work").fill("土建工程")
    page.locator("#consortium-lead-share").fill("60")
    for part, value in (("name", "杭州丙丁机电有限公司"), ("uscc", "9133"), ("work", "机电　安装"), ("share", "40")):
        page.locator(f"#consortium-0-{part}").fill(value)
    agreement: Any = {"name": "联合体协议书.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 agreement"}
    page.locator("#file-qualification-consortium_agreement").set_input_files(agreement)


def sealed_consortium(bidder: PageBidder) -> list[dict[str, Any]]:
    """The members in the identity package that lies in the database, opened with two trustees' keys."""
    with bidder.stage.platform.reading() as session:
        (row,) = queries.submissions(session, bidder.stage.section())
        package = base64.b64decode(row.identity["officer+tenderee"])
    keys = bidder.stage.trustees
    claims = json.loads(peel(peel(package, keys["officer"]), keys["tenderee"]))
    return list(claims["consortium"])


def test_the_whole_way_over_a_line_that_breaks(enter: Enter, tmp_path: Path) -> None:
    """Choose, seal, upload, commit; the receipt holds offline; `core.seal` finds in the store what was chosen.

    Nothing that goes to /files or to the commit bears a cookie, and no upload's bytes bear a bearer.
    What is saved as a whole is the folder the command keeps, and verified by it as the bidder's own. The bidder leads a
    consortium: a code that is none is told and nothing sealed; then its members stand in the sealed identity. Seen red:
    with cookies sent along; with the schedule's wide blank kept; with an identity package left out of the folder.
    """
    bidder = enter()
    with bidder.stage.act(Role.OFFICER) as act:
        queries.section(act.session, bidder.stage.code).accepts_consortium = True
    bidder.line.cut_uploads = [300, 70_000, 0]
    page, watch = bidder.open(), watched(bidder)
    expect(page.locator("#keys-light")).to_contain_text("密钥可用")
    expect(page.locator("#bar-none")).to_contain_text("尚未递交")
    bidder.fill()
    lead_a_consortium(page)
    page.locator("#go").click()
    expect(page.locator("#problems")).to_contain_text("成员 2 统一社会信用代码：“9133”不是统一社会信用代码")
    page.locator("#consortium-0-uscc").fill(factories.uscc(71))
    send(bidder)
    assert bidder.line.cut_uploads == []
    assert [(one["role"], one["uscc"], one["share"]) for one in sealed_consortium(bidder)] == [
        ("lead", "91330200MA0003003N", 6_000), ("member", factories.uscc(71), 4_000),
    ]  # fmt: skip
    (held,) = bidder.held()
    assert (held["kind"], held["state"]) == ("submit", "received")
    unlinked = [
        cookie
        for _, path, cookie in bidder.line.seen
        if path.startswith("/files") or "/submissions" in path or path.startswith("/api/")
    ]
    assert unlinked and not any(unlinked)
    receipt, private = download(bidder, "下载回执"), download(bidder, "下载 private.json")
    (tmp_path / "receipt.json").write_text(receipt)
    key = str(bidder.stage.platform.signer.verifier)
    told = CliRunner().invoke(cli.receipt, ["verify", str(tmp_path / "receipt.json"), "--key", key, "--json"])
    assert json.loads(told.output)["submission_digest"] == held["digest"], told.output
    assert json.loads(private)["submission_digest"] == held["digest"]
    with page.expect_download() as given:
        page.get_by_role("button", name="保存全套").click()
    with zipfile.ZipFile(given.value.path()) as package:
        package.extractall(tmp_path / "folder")
    told = CliRunner().invoke(cli.receipt, ["verify", str(tmp_path / "folder" / "receipt.json"), "--json"])
    facts = json.loads(told.output)
    assert facts["own"] and facts["key_known"] and BidFolder(tmp_path / "folder").digest == held["digest"]
    for slot, (name, content) in FILES.items():
        envelope, _, slot_name = slot.partition("-")
        opened = bidder.opened(envelope, tmp_path / slot)
        assert (opened.folder / "files" / slot_name / name).read_bytes() == content
        assert opened.nonce.hex() == json.loads(private)["nonces"][envelope]
    schedule = json.loads((bidder.opened("schedule", tmp_path).folder / "files/schedule/schedule.json").read_text())
    assert (schedule["price_fen"], schedule["manager"]) == (3_650_000_000, "王 工")
    expect(page.locator("#receipt-code")).to_have_js_property("complete", True)
    assert page.locator("#receipt-code").evaluate("image => image.naturalWidth") > 0
    assert problems(page, watch) == []


def test_replaced_and_withdrawn_with_history(enter: Enter, stage: Stage) -> None:
    """A second bid replaces the first, a typed section code withdraws it; the page tells when each lost its force.

    Seen red: sent as `submit` again; with the button live before the code was typed.
    """
    bidder = enter()
    page = bidder.open()
    bidder.fill()
    send(bidder)
    page.get_by_role("button", name="返回本标段").click()
    expect(page.locator("#bar-held")).to_contain_text("已递交：第 1 份")
    expect(page.locator("#bar-none")).to_be_hidden()
    page.get_by_role("button", name="替换这份投标文件").click()
    bidder.fill(price="36,000,000.00")
    send(bidder, "已替换，这是新的回执")
    page.get_by_role("button", name="返回本标段").click()
    page.locator("summary", has_text="撤回").click()
    button = page.get_by_role("button", name="撤回投标")
    expect(button).to_be_disabled()
    page.locator("#withdraw-confirmation").fill(stage.code)
    button.click()
    expect(page.get_by_role("heading", name="已撤回，这是撤回的回执")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="返回本标段").click()
    expect(page.locator("#history-rows tr")).to_have_count(3)
    expect(page.locator("#history-rows tr").nth(0)).to_contain_text("已于 2026-10-08 09:00:00 被替换")
    expect(page.locator("#history-rows tr").nth(1)).to_contain_text("已于 2026-10-08 09:00:00 撤回")
    expect(page.locator("#bar-none")).to_contain_text("尚未递交")
    assert [row["kind"] for row in bidder.held()] == ["submit", "replace", "withdraw"]
    assert problems(page) == []


def test_a_reload_in_mid_upload_goes_on_from_what_was_sealed(enter: Enter, tmp_path: Path) -> None:
    """The line goes down, the page is closed on its bidder; on return the sealed bid is there and is sent as it is.

    What was typed waits under its person's name: the next who signs in at this tab is not shown it. Seen red: with the
    draft kept only after the upload; with the addresses of uploads forgotten; with the section alone in the name.
    """
    bidder = enter()
    page = bidder.open()
    bidder.fill()
    owner = page.locator("#seal").get_attribute("data-owner")
    assert page.evaluate("Object.keys(sessionStorage)") == [f"sunbid-form:{owner}:{bidder.stage.code}"]
    bidder.line.cut_uploads = [10] * 3
    page.locator("#go").click()
    expect(page.locator("[data-line]")).to_contain_text("已上传", timeout=LONG)
    bidder.line.down = True
    expect(page.locator("[data-line]")).to_contain_text("秒后自动重连", timeout=LONG)
    page.on("dialog", lambda dialog: dialog.accept())
    bidder.line.down = False
    bidder.open()
    expect(page.locator("#view-draft")).to_contain_text("施工组织设计.docx", timeout=LONG)
    assert bidder.held() == []
    digest = page.evaluate(
        """async (handle) => (await import("/static/seal/drafts.js")).draftOf(handle).then((draft) => draft.digest)""",
        bidder.handle,
    )
    page.get_by_role("button", name="继续上传并递交").click()
    expect(page.get_by_role("heading", name="已递交，这是您的回执")).to_be_visible(timeout=LONG)
    assert [row["digest"] for row in bidder.held()] == [digest]
    opened = bidder.opened("technical", tmp_path)
    assert (opened.folder / "files/proposal/施工组织设计.docx").read_bytes() == FILES["technical-proposal"][1]


def test_late_is_refused_with_reason_and_next_step(enter: Enter, stage: Stage, clock: StoppedClock) -> None:
    """Sealed in time, committed at the deadline itself: refused, told why; nothing is held; the files stay readable.

    Seen red: with the refusal's code shown alone; with the button left alive.
    """
    bidder = enter()
    page = bidder.open()
    bidder.fill()
    deadline = stage.section().deadline_at
    assert deadline is not None
    clock.advance(seconds=(deadline - clock.now()).total_seconds())
    page.locator("#go").click()
    expect(page.locator("#failure")).to_contain_text("投标截止时间已过，平台没有接收。", timeout=LONG)
    expect(page.locator("#failure")).to_contain_text("R-204")
    assert bidder.held() == []
    page.get_by_role("button", name="返回").click()
    expect(page.locator("#view-draft")).to_contain_text("施工组织设计.docx")
    expect(page.locator("#draft-send")).to_be_disabled()


def test_a_policy_that_changed_meanwhile_means_sealing_again(enter: Enter, stage: Stage, clock: StoppedClock) -> None:
    """A clarification between sealing and commit: told so, sealed again for the new version by one press.

    Seen red: without the comparison before the commit, the server's own refusal came; with the old policy sealed again.
    """
    bidder = enter()
    page = bidder.open()
    bidder.fill()
    bidder.line.cut_uploads = [10] * 3
    bidder.line.down = False
    page.route("**/files", lambda route: route.abort())
    page.locator("#go").click()
    expect(page.locator("[data-line]")).to_contain_text("秒后自动重连", timeout=LONG)
    page.unroute("**/files")
    clock.advance(days=20)
    two_persons.clarify(stage.platform, stage.code, text="桩长 12 米。")
    expect(page.locator("#failure")).to_contain_text("加密", timeout=LONG)
    page.get_by_role("button", name="按新版重新加密并递交").click()
    expect(page.get_by_role("heading", name="已递交，这是您的回执")).to_be_visible(timeout=LONG)
    (held,) = bidder.held()
    with stage.platform.reading() as session:
        newest = queries.policy(session, stage.section())
        assert newest.version == 2
        assert held["content"]["policy_digest"] == newest.digest


def test_what_is_wrong_with_a_file_is_said_before_it_is_sealed(enter: Enter) -> None:
    """Empty, encrypted, renamed, twice, temporary, missing: each with its file and what to do; the button leads there.

    Seen red: with each of the checks left out in turn.
    """
    bidder = enter(390)
    page = bidder.open()
    encrypted = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer\n<</Root 1 0 R/Encrypt 5 0 R>>\nstartxref\n9\n%%EOF\n"
    streamed = b"%PDF-1.7\n9 0 obj<</Type/XRef/Encrypt 5 0 R>>stream\nendstream endobj\nstartxref\n9\n%%EOF\n"
    locked = bytearray(2048)
    locked[:4], locked[30:32], locked[48:52] = b"\xd0\xcf\x11\xe0", (9).to_bytes(2, "little"), bytes(4)
    locked[512:544] = "EncryptedPackage".encode("utf-16-le")
    for slot, name, content, said in (
        ("qualification-licence", "空.pdf", b"", "是空文件（0 字节）"),
        ("qualification-licence", "锁.pdf", encrypted, "设有 PDF 密码"),
        ("qualification-licence", "流.pdf", streamed, "设有 PDF 密码"),
        ("qualification-letter", "~$函.docx", b"x", "临时文件"),
        ("qualification-letter", "假.pdf", b"PK\3\4\x14\0\0\0", "内容不是 PDF 格式"),
        ("technical-proposal", "锁.docx", bytes(locked), "设有打开密码"),
        ("technical-proposal", "锁.zip", b"PK\3\4\x14\0\1\0", "带密码的压缩包"),
        ("price-boq", "清单.xyz", b"x", "格式（XYZ）不常见"),
        ("price-boq", "CON\u202e.xls", b"x", "含有不能用的字符"),
        ("qualification-record", "同.pdf", b"%PDF-1.4 a", "SHA-256"),
        ("qualification-record", "同.PDF", b"%PDF-1.4 b", "重名"),
    ):
        page.locator(f"#file-{slot}").set_input_files(
            [{"name": name, "mimeType": "application/octet-stream", "buffer": content}]
        )
        expect(page.locator(f"[data-slot={slot.partition('-')[2]}] .files")).to_contain_text(said)
    page.locator("#go").click()
    summary = page.locator("#problems")
    expect(summary).to_be_focused()
    for said in ("投标报价：请填写金额", "项目负责人：请填写", "“空.pdf”是空文件", "重名"):
        expect(summary).to_contain_text(said)
    expect(page.locator("#manager-fault")).to_contain_text("请填写")
    expect(page.locator("#manager")).to_have_attribute("aria-describedby", "manager-fault")
    assert bidder.held() == []
    assert problems(page) == []
    page.get_by_label("投标报价").fill("50,000,000")
    expect(page.locator("#price-warning")).to_be_visible()


def test_one_tab_at_a_time(enter: Enter) -> None:
    """A second tab says so, and takes over when the first is closed. Seen red: without the lock."""
    bidder = enter()
    page = bidder.open()
    expect(page.locator("#view-work")).to_be_visible(timeout=LONG)
    second = page.context.new_page()
    second.goto(page.url)
    expect(second.locator("#view-blocked")).to_contain_text("另一个标签页或窗口正在办理本标段")
    page.close()
    expect(second.locator("#view-work")).to_be_visible(timeout=LONG)


def test_without_keys_without_scripts_without_safety(enter: Enter, new_page: Callable[..., Page]) -> None:
    """Each says why nothing can be sealed here and offers the program. Seen red: with the form shown without keys."""
    bidder = enter()
    page = bidder.page
    page.goto(f"{bidder.address}/receipts/check")
    page.evaluate("""async () => (await import("/static/seal/keys.js")).forgetKeys("bidder-a")""")
    bidder.open()
    expect(page.locator("#view-keys-missing")).to_be_visible(timeout=LONG)
    expect(page.locator("#view-keys-missing")).to_contain_text("这个浏览器里没有您的投标密钥")
    expect(page.locator("#view-work")).to_be_hidden()
    assert problems(page) == []
    plain = new_page(390, javascript=False)
    plain.context.add_cookies(page.context.cookies())
    plain.goto(page.url)
    expect(plain.get_by_text("在网页里加密需要 JavaScript")).to_be_visible()
    unsafe = new_page(390)
    unsafe.context.add_cookies(page.context.cookies())
    unsafe.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    unsafe.goto(page.url)
    expect(unsafe.locator("#view-blocked")).to_contain_text("不是安全连接")
    expect(unsafe.locator("#command")).to_contain_text("sunbid seal")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_every_state_of_the_page_is_sound(enter: Enter, width: int, locale: str) -> None:
    """Form, progress, receipt, history, at both widths and in both languages, by every oracle.

    Seen red: with the finding's text in a number's colour; with a button of 30 px.
    """
    bidder = enter(width, locale=locale)
    page, watch = bidder.open(), watched(bidder)
    expect(page.locator("#view-work")).to_be_visible(timeout=LONG)
    if locale == "en-US":
        expect(page.locator("#go-label")).to_have_text("Seal and submit")
    found = [f"form: {problem}" for problem in problems(page, watch)]
    bidder.fill()
    bidder.line.cut_uploads = [10] * 2
    page.locator("#go").click()
    expect(page.locator("#view-progress")).to_be_visible()
    found += [f"progress: {problem}" for problem in problems(page, watch)]
    expect(page.locator("#view-receipt")).to_be_visible(timeout=LONG)
    found += [f"receipt: {problem}" for problem in problems(page, watch)]
    page.locator("#receipt-back").click()
    expect(page.locator("#history-rows tr")).to_have_count(1)
    found += [f"history: {problem}" for problem in problems(page, watch)]
    assert found == []


def test_the_deadline_bar_warns_of_a_slow_line(enter: Enter, stage: Stage) -> None:
    """More than half of the time left is tight, more than all of it too late. Seen red: with the rate taken in bits."""
    bidder = enter()
    page = bidder.open()
    judged = page.evaluate(
        """async () => {
          const { Pace } = await import("/static/seal/pace.js");
          const pace = new Pace();
          pace.note(0, 0);
          pace.note(1_000_000, 2000);
          return [pace.judge(1_000_000, 100), pace.judge(1_000_000, 3), pace.judge(1_000_000, 1)];
        }"""
    )
    assert [one["urgency"] for one in judged] == ["", "tight", "late"]
    assert judged[0]["rate"] == 500_000 and judged[0]["eta"] == 2
    assert timedelta(seconds=judged[0]["eta"]) < timedelta(seconds=100)


class TestAnonymous:
    """A section whose technical envelope is anonymous (暗标)."""

    @pytest.fixture
    def stage(self, platform: Platform) -> Stage:
        """Published with an anonymous technical envelope."""
        return Stage(platform).publish(envelopes=rules.layout(is_anonymous=True))

    def test_a_wrong_format_is_refused_and_the_bidders_name_is_warned_of(self, enter: Enter) -> None:
        """By the file's name, in a .docx's text, in a PDF's properties. Seen red: with each of the three left out."""
        bidder = enter(390)
        page = bidder.open()
        name = "91330200MA0003003N"  # the credit code of the keys in this browser
        document: Any = docx.Document()
        document.add_paragraph(f"由{name}施工")
        written = io.BytesIO()
        document.save(written)
        told = name.encode("utf-16-be").hex().upper().encode()
        properties = b"%PDF-1.7\n1 0 obj<</Author<FEFF" + told + b">>>endobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"
        files = page.locator("[data-slot=proposal] .files")
        for file, content, said in (
            ("图.xlsx", b"PK\3\4", "不能放进暗标"),
            (f"{name}.pdf", b"%PDF-1.7", f"“{name}.pdf”里有“{name}”"),
            ("方案.docx", written.getvalue(), f"“方案.docx”里有“{name}”"),
            ("属性.pdf", properties, f"“属性.pdf”里有“{name}”"),
        ):
            page.locator("#file-technical-proposal").set_input_files(
                [{"name": file, "mimeType": "application/octet-stream", "buffer": content}]
            )
            expect(files).to_contain_text(said)
        page.locator("#file-qualification-licence").set_input_files(
            [{"name": f"{name}.xlsx", "mimeType": "application/octet-stream", "buffer": b"PK\3\4"}]
        )
        expect(page.locator("[data-slot=licence] .files")).not_to_contain_text("暗标")
        assert problems(page) == []
