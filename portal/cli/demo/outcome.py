"""The demo's story, last part: the warning decided, candidates, the award, the contract, the archive, its verdict."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import awards.queries
import awards.queries.complaints
import awards.queries.contracts
import collusion.queries
import collusion.services
from awards.models import Complaint, Publicity
from awards.rules.verdict import Line, verify_archive
from collusion.models import Warning
from core.ledger.notes import Verifier
from portal.cli.demo.credit_lists import import_lists
from portal.cli.demo.dispute import dispute
from portal.cli.demo.evaluation import committee_of
from portal.cli.demo.opening_day import bids_of
from portal.cli.demo.performance import sign_the_contract
from portal.cli.demo.recordings import register_recordings
from portal.cli.demo.story import PARTNER, RIGGED, Story
from portal.cli.demo.tender import key_of
from portal.cli.verify import spoken

REASON = "雷同段落、最后修改人及单价固定系数三类证据相互独立，已立案并移送公安机关核查；评标不受本线索自动影响。"


def scan(story: Story) -> None:
    """The watchman reads the opened bids; a warning stands on the two rigged ones and on nobody else."""
    story.stage.ring()
    for warning in warnings_of(story):
        names = "、".join(member["name"] for member in warning.ring)
        pair = warning.card["pairs"][0]
        story.say(
            "warning",
            f"线索 {warning.code}：{names}，独立证据 {len(pair['supporting'])} 类，雷同段落 {len(pair['passages'])} 处",
        )
        for signal in pair["signals"]:
            if signal["llr"] > 0 and not signal["explained_by"]:
                story.say("evidence", f"{signal['name']}（对数似然比 +{signal['llr']:.1f}）")


def dispose(story: Story) -> None:
    """The supervisor takes the warning on and decides it with a reason."""
    supervisor = story.stage.as_("supervisor")
    for warning in warnings_of(story):
        supervisor.read(f"/supervise/warnings/{warning.code}")
        supervisor.send(f"/supervise/warnings/{warning.code}/assign")
        supervisor.send(f"/supervise/warnings/{warning.code}/decide", {"verb": "refer", "reason": REASON})
    story.say("disposition", "行政监督部门已签收、核查并作出处置，全程留痕")


def award(story: Story) -> None:
    """Candidates are published for their days, one objects and complains in vain, the tenderee awards to the first."""
    story.stage.later(hours=20)
    agent = story.stage.as_("agent")
    agent.send(f"/tender/{story.section}/award/candidates")
    publicity = publicity_of(story)
    story.say(
        "candidates", "中标候选人公示，共 " + str(len(publicity.candidates)) + f" 名，至 {publicity.ends_at:%m-%d} 止"
    )
    dispute(story, publicity.candidates)
    story.stage.at(publicity_of(story).ends_at + timedelta(hours=9))
    import_lists(story.stage, PARTNER)  # the law lets no list be older than a week when the award is checked
    story.stage.later(hours=1)
    story.stage.as_("tenderee").send(
        f"/tender/{story.section}/award",
        {"confirmation": story.section, "number": str(publicity.candidates[0])},
    )
    winner = publicity_of(story).winner
    story.say("award", f"中标通知书已发出：{winner.name if winner else '—'}，并同时告知未中标人本人得分")
    sign_the_contract(story, publicity.candidates[0])


def archive(story: Story) -> Path:
    """The section's one file is built; afterwards it stands beside the papers, with the platform's key."""
    story.stage.later(hours=4)
    register_recordings(story)
    with story.stage.platform.act(story.stage.cast.actor("officer")) as act:
        built = collusion.services.archive_section(act, story.row(act.session))
    target = story.stage.folder / f"{story.section}.archive.tar"
    target.write_bytes(story.stage.platform.store.read(built.sha256))
    (story.stage.folder / "platform.key").write_text(str(story.stage.platform.signer.verifier) + "\n")
    story.say("archive", f"一标一档：{target}（{built.size / 1e6:.1f} MB，{len(built.contents)} 个成员）")
    return target


def verify(story: Story, target: Path) -> list[Line]:
    """The verdict on the archive, line by line, from the file alone."""
    key = Verifier.parse((story.stage.folder / "platform.key").read_text())
    lines = []
    with target.open("rb") as file:
        for line in verify_archive(file, key=key):
            lines.append(line)
            story.say("verify", spoken(line, "zh"))
    return lines


def sabotage(story: Story, target: Path) -> bool:
    """Flip one byte in the middle of the archive: the verdict must turn red."""
    raw = bytearray(target.read_bytes())
    raw[len(raw) // 2] ^= 1
    lines = list(verify_archive(io.BytesIO(bytes(raw))))
    story.say("sabotage", "翻转中间一个字节后：" + spoken(next(line for line in lines if not line.holds), "zh"))
    return not all(line.holds for line in lines)


def faults(story: Story, lines: list[Line], red: bool) -> list[str]:
    """What is not as the story promises; empty when all is well."""
    rigged = {warning_key for warning in warnings_of(story) for warning_key in keys_of(story, warning)}
    checks = {
        "the late bid was not refused as late": story.happened.get("late") == "bid.late",
        "the warning does not name the rigged pair alone": rigged == set(RIGGED),
        "not every line of the verdict holds": bool(lines) and all(line.holds for line in lines),
        "a flipped byte went unseen": red,
        "nobody was avoided": len(story.happened.get("excluded", ())) >= 1,
        "the committee did not finish": committee_of(story).state == "delivered",
        "nobody was awarded": publicity_of(story).winner is not None,
        "the complaint was not decided": complaint_of(story).decision is not None,
        "the contract was not concluded": contract_state(story) == "concluded",
        "a refund to another account was not refused and told": bool(story.happened.get("another account")),
        "a bond did not come back": bool(story.happened.get("returned")),
        "the books of bonds are not at zero": bool(story.happened.get("books")),
    }
    return [what for what, holds in checks.items() if not holds]


def keys_of(story: Story, warning: Warning) -> list[str]:
    """Whom a warning names, as the story calls them."""
    numbers = {member["number"] for member in warning.ring}
    return [key_of(bid) for bid in bids_of(story) if bid.number in numbers]


def warnings_of(story: Story) -> list[Warning]:
    """The section's warnings."""
    with story.stage.platform.reading() as session:
        return collusion.queries.warnings_of(session, story.row(session))


def publicity_of(story: Story) -> Publicity:
    """The publicity as it stands."""
    with story.stage.platform.reading() as session:
        return awards.queries.publicity(session, story.row(session))


def complaint_of(story: Story) -> Complaint:
    """The complaint of the story."""
    with story.stage.platform.reading() as session:
        return awards.queries.complaints.complaint(session, story.row(session), 1)


def contract_state(story: Story) -> str:
    """How far the contract has come."""
    with story.stage.platform.reading() as session:
        held = awards.queries.contracts.contract(session, story.row(session))
        return held.state if held else "none"
