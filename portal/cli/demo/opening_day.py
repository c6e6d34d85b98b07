"""The demo's story, second part: the opening, from the barrier to the signed record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

import bidding.queries
import opening.queries
from bidding.models import Section
from core.errors import Refusal
from opening.lifecycle import OPENED
from opening.models import Bid, Opening
from portal.cli.demo.stage import Browser
from portal.cli.demo.story import ABSENT, RESUBMITS, SECTION, Story


def hold_opening(story: Story) -> None:
    """Play the opening day of the section; afterwards the signed record is public and the bids go to evaluation."""
    story.happened["held"] = len(story.stage.ring())
    story.stage.ring()
    cosign(story)
    host = story.stage.as_("agent")
    close_and_name(story, host)
    decrypt(story, host)
    read_and_sign(story, host)


def cosign(story: Story) -> None:
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


def close_and_name(story: Story, host: Browser) -> None:
    """The barrier has closed; two trustees take the names off, decoys fall out, names are published."""
    held = opening_of(story)
    story.say(
        "closing", f"截标屏障：{len(held.closed_set)} 件被冻结，日志头在 {held.closing_size} 条处签署，之后才可能开启"
    )
    for login in ("officer", "supervisor"):
        story.trustee(login, "open")
    story.houses.look()
    story.stage.later(minutes=4)
    host.send(f"/opening/{SECTION}/publish-names")
    story.houses.look()
    bids = bids_of(story)
    decoys = len(opening_of(story).decoys or [])
    story.say("names", f"公布投标人 {len(bids)} 家（诱饵 {decoys} 件已剔除）：" + "、".join(bid.name for bid in bids))


def decrypt(story: Story, host: Browser) -> None:
    """Bidders take off their own layer, the tenderee the second; for the absent one two trustees open."""
    story.stage.later(minutes=2)
    host.send(f"/opening/{SECTION}/open-decryption")
    present = [bid for bid in bids_of(story) if key_of(story, bid) != ABSENT]
    for bid in present:
        key = key_of(story, bid)
        story.stage.later(seconds=50)
        for verb in ("sign-in", "release"):
            bidder(story, verb, key)
    story.trustee("tenderee", "open")
    opened = sum(bid.state in OPENED for bid in bids_of(story))
    story.say("decryption", f"{opened} 家在线解密成功；未到场 1 家，等待解密时限届满")
    held = opening_of(story)
    if held.decrypt_until_at is not None:
        story.stage.at(held.decrypt_until_at + timedelta(seconds=5))
    missing = next(bid for bid in bids_of(story) if key_of(story, bid) == ABSENT)
    host.send(
        f"/opening/{SECTION}/decide-cause",
        {
            "submission": missing.submission.digest,
            "cause": "bidder_absent",
            "evidence": "投标人未签到，会议期间三次电话未接通，通话记录附卷",
        },
    )
    for login in ("officer", "supervisor"):
        story.stage.later(minutes=1)
        story.trustee(login, "open")
    host.send(f"/opening/{SECTION}/close-decryption")
    story.say("fallback", f"{missing.name}未到场，见证人与监督员依规共同开启，原因记入开标记录")


def read_and_sign(story: Story, host: Browser) -> None:
    """K is drawn, prices are read, one bidder objects and is answered, the record is signed and handed over."""
    for login in ("officer", "supervisor"):
        story.trustee(login, "reveal-draw")
    story.stage.later(minutes=1)
    host.send(f"/opening/{SECTION}/draw-coefficients")
    story.say(
        "coefficient",
        f"系数 K = {(opening_of(story).coefficients or {}).get('k')}，种子由密封随机数与两名受托人共同决定",
    )
    story.stage.later(minutes=1)
    host.send(f"/opening/{SECTION}/read-prices")
    story.stage.later(minutes=6)
    for bid in bids_of(story):
        if bid.price_fen is not None:
            story.say("price", f"{bid.number:>2} 号 {bid.name}  ¥{bid.price_fen / 100:,.2f}")
    host.send(f"/opening/{SECTION}/ask-confirmation")
    story.stage.later(minutes=1)
    objector = story.stage.as_(RESUBMITS)
    objector.send(f"/opening/{SECTION}/object", {"text": "请说明未到场投标人由受托人开启的依据。"})
    with story.stage.platform.reading() as session:
        raised = opening.queries.open_objections(session, opening.queries.opening(session, section_of(session)))
    story.stage.later(minutes=3)
    for objection in raised:
        host.send(
            f"/opening/{SECTION}/objections/{objection.id}/reply",
            {"reply": "依据招标文件密封规则及电子招标投标办法第三十一条，受托人三取二开启，过程已入存证日志。"},
        )
    for bid in bids_of(story):
        key = key_of(story, bid)
        if key != ABSENT:
            story.stage.later(seconds=25)
            bidder(story, "confirm", key)
    story.stage.later(minutes=2)
    host.send(f"/opening/{SECTION}/sign-record")
    host.send(f"/opening/{SECTION}/hand-over")
    story.say("record", f"开标记录已签署并公开：{story.stage.server}/opening/{SECTION}/record")


def bidder(story: Story, verb: str, key: str) -> None:
    """A bidder's own program on opening day."""
    words: list[str | Path] = ["opening", verb, "--server", story.stage.server]
    words += ["--identity", story.stage.keys(key), "--section", SECTION]
    if verb == "release":
        words += ["--bid", story.last_sealed(key)]
    story.stage.command(*words)


def section_of(session: Session) -> Section:
    """The story's section."""
    return bidding.queries.section(session, SECTION)


def opening_of(story: Story) -> Opening:
    """The opening as it stands."""
    with story.stage.platform.reading() as session:
        return opening.queries.opening(session, section_of(session))


def bids_of(story: Story) -> list[Bid]:
    """The named bids as they stand, by number."""
    with story.stage.platform.reading() as session:
        return opening.queries.bids(session, opening.queries.opening(session, section_of(session)))


def key_of(story: Story, bid: Bid) -> str:
    """Whose bid it is, as the story calls them."""
    return next(key for key, papers in story.papers.bids.items() if papers.bidder.uscc == bid.identifier)
