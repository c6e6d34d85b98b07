"""The demo's story: the contract signed, its performance bond paid, a milestone, a supplement to the closed file."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import awards.queries.archives
from awards.queries.contracts import contract, offer_of
from awards.rules.contracts import contract_message
from awards.rules.verdict import Line, verify_layers
from bidding.queries import bonds as queries
from core.ledger.notes import Verifier
from core.money import grouped, plain
from core.render.pdf import render_pdf
from portal.cli.demo.opening_day import bids_of
from portal.cli.demo.story import Story
from portal.cli.demo.tender import key_of
from portal.cli.verify import spoken

TERMS = {
    "payment": "按月计量支付至 80%，竣工验收合格后支付至 97%，余 3% 为质量保证金",
    "acceptance": "按国家现行验收规范和招标文件第五章执行",
    "liability": "按招标文件合同专用条款第 16 条执行",
    "disputes": "向工程所在地人民法院提起诉讼",
}
MILESTONE = "取水泵房基础分部工程验收合格，现场资料已归集"
PAPER = "建筑工程施工许可证（复印件）"
REASON = "施工许可证在合同签订后取得，补入一标一档"


def sign_the_contract(story: Story, winner: int) -> None:
    """The tenderee puts it up as the offer says, both sign its hash with their certificates, it is published."""
    bid = next(one for one in bids_of(story) if one.number == winner)
    key, page = key_of(bid), f"/contracts/{story.section}"
    with story.stage.platform.reading() as session:
        offer = offer_of(awards.queries.publicity(session, story.row(session)))
    terms: dict[str, Any] = {**offer, **TERMS, "price_fen": plain(offer["price_fen"])}
    terms["performance_bond_fen"] = plain(offer["price_fen"] // 20)
    story.stage.later(days=2)
    story.stage.as_("tenderee").send(f"{page}/propose", terms)
    with story.stage.platform.reading() as session:
        held = contract(session, story.row(session))
        sha256 = held.pdf_sha256 if held else ""
    for login in ("tenderee", key):
        made = story.stage.cast.identities[login].sign(contract_message(sha256))
        story.stage.later(hours=3)
        story.stage.as_(login).send(
            f"{page}/sign", json={"pdf_sha256": sha256, "signature": base64.b64encode(made).decode()}
        )
    story.say("contract", f"合同由投标文件生成，双方以证书签署同一指纹 {sha256[:12]}，随即公开")
    story.stage.later(days=1)
    give_performance_bond(story, key)
    story.stage.as_(key).send(page, {"verb": "event", "kind": "milestone", "text": MILESTONE, "amount_fen": ""})
    story.say("contract", f"履约节点：{MILESTONE}")


def give_performance_bond(story: Story, key: str) -> None:
    """The winner pays it in two parts; the bank's later statement alone makes it held, nobody enters anything."""
    with story.stage.platform.reading() as session:
        (bond,) = queries.bonds(session, story.row(session), "performance")
    payer = story.papers.bids[key].bidder
    first = bond.asked_fen // 3
    for fen in (first, bond.asked_fen - first):
        story.houses.pay_performance_bond(key, story.section, payer.name, payer.account, fen)
        story.stage.later(hours=2)
        story.houses.look()
    with story.stage.platform.reading() as session:
        bond = queries.bond_by_id(session, bond.id)
    if bond.state != "held":
        raise RuntimeError(f"the performance bond is {bond.state}")
    story.say("contract", f"履约保证金 {grouped(bond.asked_fen)} 元分两次付到履约账户，银行后续对账单一到即自动对上")


def supplement(story: Story, target: Path) -> list[Line]:
    """Something comes after the file was closed: asked by the officer, approved by the supervisor, a layer over it."""
    paper = render_pdf(
        f"<html lang='zh'><body><h1>{PAPER}</h1><p>工程编号 {story.section}。{REASON}。</p></body></html>"
    )
    page = f"/sections/{story.section}/supplements"
    # The bell is not rung: what the worker does with a closed file it does while the site is served.
    story.stage.clock.advance(hours=2)
    story.houses.look()  # what went out stands on the bank's later statement
    story.stage.as_("officer").send(
        page, {"item": "other", "reason": REASON}, files={"files": ("施工许可证.pdf", io.BytesIO(paper))}
    )
    story.stage.clock.advance(hours=1)
    story.stage.as_("supervisor").send(f"{page}/1/approve")
    layer = story.stage.folder / f"{story.section}.layer-1.tar"
    layer.write_bytes(story.stage.as_("officer").read(f"{page}/1.tar").content)
    key = Verifier.parse((story.stage.folder / "platform.key").read_text())
    with target.open("rb") as file, layer.open("rb") as added:
        lines = list(verify_layers(file, [added], key=key))
    story.say("archive", "封卷以后的补充经另一人批准成为新的一层，原卷一字未动：" + spoken(lines[-1], "zh"))
    return lines
