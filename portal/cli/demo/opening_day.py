"""The demo's story, second part: the opening, from the barrier to the signed record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import opening.queries
from core.errors import Refusal
from opening.lifecycle import OPENED
from opening.models import Bid, Opening
from portal.cli.demo.stage import Browser
from portal.cli.demo.tender import Tender, key_of


def hold_opening(story: Tender) -> None:
    """Play the opening day of the section; afterwards the signed record is public and the bids go to evaluation."""
    story.happened["held"] = len(story.stage.ring())
    story.stage.ring()
    cosign(story)
    host = story.stage.as_("agent")
    close_and_name(story, host)
    decrypt(story, host)
    read_and_sign(story, host)


def cosign(story: Tender) -> None:
    """Nothing is handed out before the supervisor's witness and the authority have signed under the closing head."""
    try:
        story.trustee("officer", "open")
    except Refusal as refusal:
        story.happened["before the cover"] = refusal.code
    story.stage.look()
    held = opening_of(story)
    if held.cover:
        names = [item["witness"] for item in held.cover["cosignatures"]]
        names += [item["authority"] for item in held.cover["timestamps"]]
        story.say("closing", f"截标日志头已由 {'、'.join(names)} 在平台之外联署；此前不交出任何密文")


def close_and_name(story: Tender, host: Browser) -> None:
    """The barrier has closed; two trustees take the names off, decoys fall out, names are published."""
    held = opening_of(story)
    story.say(
        "closing", f"截标屏障：{len(held.closed_set)} 件被冻结，日志头在 {held.closing_size} 条处签署，之后才可能开启"
    )
    for login in ("officer", "supervisor"):
        story.trustee(login, "open")
    story.bonds_told()
    story.stage.later(minutes=4)
    host.send(f"/opening/{story.section}/publish-names")
    story.bonds_told()
    bids = bids_of(story)
    decoys = len(opening_of(story).decoys or [])
    story.say("names", f"公布投标人 {len(bids)} 家（诱饵 {decoys} 件已剔除）：" + "、".join(bid.name for bid in bids))


def decrypt(story: Tender, host: Browser) -> None:
    """Bidders take off their own layer, the tenderee the second; for the absent one two trustees open."""
    story.stage.later(minutes=2)
    host.send(f"/opening/{story.section}/open-decryption")
    present = [bid for bid in bids_of(story) if key_of(bid) != story.absent]
    for bid in present:
        key = key_of(bid)
        story.stage.later(seconds=50)
        for verb in ("sign-in", "release"):
            bidder(story, verb, key)
    story.trustee(story.owner, "open")
    opened = sum(bid.state in OPENED for bid in bids_of(story))
    missing = next((bid for bid in bids_of(story) if key_of(bid) == story.absent), None)
    story.say("decryption", f"{opened} 家在线解密成功" + ("；未到场 1 家，等待解密时限届满" if missing else ""))
    if missing is not None:
        fall_back(story, host, missing)
    host.send(f"/opening/{story.section}/close-decryption")


def fall_back(story: Tender, host: Browser, missing: Bid) -> None:
    """The window passes, the host puts the cause on record, two trustees open for who did not come."""
    held = opening_of(story)
    if held.decrypt_until_at is not None:
        story.stage.at(held.decrypt_until_at + timedelta(seconds=5))
    host.send(
        f"/opening/{story.section}/decide-cause",
        {
            "submission": missing.submission.digest,
            "cause": "bidder_absent",
            "evidence": "投标人未签到，会议期间三次电话未接通，通话记录附卷",
        },
    )
    for login in ("officer", "supervisor"):
        story.stage.later(minutes=1)
        story.trustee(login, "open")
    story.say("fallback", f"{missing.name}未到场，见证人与监督员依规共同开启，原因记入开标记录")


def read_and_sign(story: Tender, host: Browser) -> None:
    """K is drawn, prices are read, who objects is answered, the record is signed and handed over."""
    page = f"/opening/{story.section}"
    if story.has_draw:
        for login in ("officer", "supervisor"):
            story.trustee(login, "reveal-draw")
    story.stage.later(minutes=1)
    host.send(f"{page}/draw-coefficients")
    if story.has_draw:
        k = (opening_of(story).coefficients or {}).get("k")
        story.say("coefficient", f"系数 K = {k}，种子由密封随机数与两名受托人共同决定")
    story.stage.later(minutes=1)
    host.send(f"{page}/read-prices")
    story.stage.later(minutes=6)
    for bid in bids_of(story):
        if bid.price_fen is not None:
            story.say("price", f"{bid.number:>2} 号 {bid.name}  ¥{bid.price_fen / 100:,.2f}")
    host.send(f"{page}/ask-confirmation")
    story.stage.later(minutes=1)
    if story.objector:
        answer_in_hall(story, host)
    for bid in bids_of(story):
        key = key_of(bid)
        if key != story.absent:
            story.stage.later(seconds=25)
            bidder(story, "confirm", key)
    story.stage.later(minutes=2)
    host.send(f"{page}/sign-record")
    host.send(f"{page}/hand-over")
    story.say("record", f"开标记录已签署并公开：{story.stage.server}{page}/record")


def answer_in_hall(story: Tender, host: Browser) -> None:
    """One bidder objects on the spot and is answered."""
    page = f"/opening/{story.section}"
    story.stage.as_(story.objector).send(f"{page}/object", {"text": "请说明未到场投标人由受托人开启的依据。"})
    with story.stage.platform.reading() as session:
        raised = opening.queries.open_objections(session, opening.queries.opening(session, story.row(session)))
    story.stage.later(minutes=3)
    for objection in raised:
        host.send(
            f"{page}/objections/{objection.id}/reply",
            {"reply": "依据招标文件密封规则及电子招标投标办法第三十一条，受托人三取二开启，过程已入存证日志。"},
        )


def bidder(story: Tender, verb: str, key: str) -> None:
    """A bidder's own program on opening day."""
    words: list[str | Path] = ["opening", verb, "--server", story.stage.server]
    words += ["--identity", story.stage.keys(key), "--section", story.section]
    if verb == "release":
        words += ["--bid", story.last_sealed(key)]
    story.stage.command(*words)


def opening_of(story: Tender) -> Opening:
    """The opening as it stands."""
    with story.stage.platform.reading() as session:
        return opening.queries.opening(session, story.row(session))


def bids_of(story: Tender) -> list[Bid]:
    """The named bids as they stand, by number."""
    with story.stage.platform.reading() as session:
        return opening.queries.bids(session, opening.queries.opening(session, story.row(session)))
