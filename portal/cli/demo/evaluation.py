"""The demo's story, third part: the committee drawn and seated, bids reviewed and scored, the report delivered."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import experts.queries
from accounts.queries import person_by_id
from core.draw.mechanism import nonce_commitment
from core.seal import derive_nonce
from experts.models import Committee, Member
from experts.rules.scores import scored_criteria
from opening.models import Bid
from portal.cli.demo.cast import CONFLICTED
from portal.cli.demo.opening_day import bids_of, key_of, section_of
from portal.cli.demo.papers import CRITERIA
from portal.cli.demo.story import LISTED, SECTION, Story, committee_form

PARTIES = ("tenderee", "officer", "supervisor")
OWN_CODES = {criterion.name: criterion.code for criterion in CRITERIA}
QUALITY = {"changhe": "0.93", "jiangnan": "0.89", "hengji": "0.86", "dongqi": "0.80", "beichen": "0.77"}
CREDIT_CLAUSE = "R4"
"""The clause of the tender document under which the committee rejects the consortium with a listed member."""
UNFIT = "信用核查结果：联合体成员列入严重失信主体名单，视同联合体列入（R-704），见核查证据"


def evaluate(story: Story) -> None:
    """Play the evaluation; afterwards the signed report lies with the tenderee and the result can be re-computed."""
    draw_committee(story)
    seat(story)
    review(story)
    score(story)
    report(story)


def draw_committee(story: Story) -> None:
    """The agent asks, three parties commit, avoidance bars who is tied to a bidder, the seed decides."""
    story.stage.later(hours=3)
    meets = story.stage.clock.now() + timedelta(hours=20)
    story.stage.as_("agent").send(f"/tender/{SECTION}/committee", committee_form(meets))
    officer = story.stage.as_("officer")
    officer.send(f"/tender/{SECTION}/committee/draw")
    label = str(committee_of(story).draw_label)
    for party in PARTIES:
        nonce = bytes.fromhex(derive_nonce(story.stage.cast.identities[party].secret, label))
        story.stage.as_(party).send(
            f"/draws/experts/{SECTION}/commitment", json={"party": party, "commitment": nonce_commitment(nonce)}
        )
    officer.send(f"/tender/{SECTION}/committee/freeze")
    for party in PARTIES:
        reveal = derive_nonce(story.stage.cast.identities[party].secret, label)
        story.stage.as_(party).send(f"/draws/experts/{SECTION}/nonce", json={"party": party, "nonce": reveal})
    excluded = committee_of(story).rounds[-1]["excluded"]
    story.happened["excluded"] = excluded
    story.say("draw", f"专家随机抽取完成，三方随机数共同决定；回避 {len(excluded)} 人（{CONFLICTED} 曾任职于投标人）")


def seat(story: Story) -> None:
    """Drawn experts accept, the tenderee names its representative, everybody signs in, declares and elects a leader."""
    story.stage.as_("tenderee").send(
        f"/tender/{SECTION}/committee/representative",
        {"person": "representative", "authorisation": "滨江水投授〔2026〕8号"},
    )
    for member in seats(story):
        if member.state == "invited":
            story.stage.as_(login_of(story, member)).send(f"/expert/invitations/{member.id}/accept")
    meets = committee_of(story).meets_at
    if meets is not None:
        story.stage.at(meets)
    for member in seats(story):
        browser = story.stage.as_(login_of(story, member))
        browser.send(f"/expert/invitations/{member.id}/sign-in")
        browser.send(f"/expert/{SECTION}/declare", {"discipline": "yes", "no_reason": "yes"})
    first = next(member for member in seats(story) if not member.is_representative)
    for member in seats(story):
        story.stage.as_(login_of(story, member)).send(f"/expert/{SECTION}/leader", {"choice": first.label})
    story.say("committee", f"评标委员会 {len(seats(story))} 人签到、声明无回避情形，推选 {leader(story).label} 为组长")


def review(story: Story) -> None:
    """Everybody reviews every bid against every clause; a consortium with a listed member fails the credit clause."""
    clauses = [clause["code"] for clause in experts_clauses(story)]
    for member in seats(story):
        browser = story.stage.as_(login_of(story, member))
        for bid in bids_of(story):
            form = {}
            for clause in clauses:
                fails = clause == CREDIT_CLAUSE and key_of(story, bid) == LISTED
                form[clause] = "fail" if fails else "pass"
                form[f"{clause}-reason"] = UNFIT if fails else ""
            browser.send(f"/expert/{SECTION}/conformity/{bid.number}", form)
    with story.stage.platform.reading() as session:
        memos = experts.queries.memos(session, experts.queries.committee(session, section_of(session)))
    for memo in memos:
        story.stage.as_(login_of(story, leader(story))).send(
            f"/expert/{SECTION}/memos/{memo.id}",
            {
                "opinion": "noted",
                "reason": "雷同段落与报价规律经委员会阅看属实，是否构成串通投标请行政监督部门核查认定。",
            },
        )
    story.stage.as_(login_of(story, leader(story))).send(f"/expert/{SECTION}/begin-scoring", {"competition_reason": ""})
    story.say("review", "符合性评审：1 家因联合体成员列入严重失信主体名单被否决，其余进入评分；线索已移请监督部门核查")


def score(story: Story) -> None:
    """Everybody scores on their own; nobody sees another's score before the lock."""
    with story.stage.platform.reading() as session:
        criteria = scored_criteria(section_of(session).method)
    for place, member in enumerate(seats(story)):
        browser = story.stage.as_(login_of(story, member))
        for bid in bids_of(story):
            if key_of(story, bid) != LISTED:
                browser.send(f"/expert/{SECTION}/score/{bid.number}", sheet(story, bid, place, criteria))
        story.stage.later(minutes=20)
        story.say("scoring", f"专家 {member.label} 已独立评分并锁定")
    story.stage.as_(login_of(story, leader(story))).send(f"/expert/{SECTION}/lock")


def sheet(story: Story, bid: Bid, place: int, criteria: dict[str, dict[str, str]]) -> dict[str, str]:
    """One expert's score sheet for one bid: by the bid's quality, with a leaning of the expert's own."""
    key = key_of(story, bid)
    form = {"then": "lock"}
    for number, (code, criterion) in enumerate(criteria.items()):
        points = Decimal(criterion["points"])
        if criterion["objective"]:
            form[code] = str(story.papers.bids[key].bidder.objective_points[OWN_CODES[criterion["name"]]])
        else:
            leaning = Decimal((place * 7 + number * 3 + bid.number * 5) % 9 - 4) / 100
            form[code] = str((points * (Decimal(QUALITY[key]) + leaning)).quantize(Decimal("0.1")))
        form[f"{code}-note"] = ""
    return form


def report(story: Story) -> None:
    """The leader has the report written, everybody signs in order, the leader delivers it."""
    head = story.stage.as_(login_of(story, leader(story)))
    head.send(f"/expert/{SECTION}/report")
    for _ in seats(story):
        held = committee_of(story)
        with story.stage.platform.reading() as session:
            due = experts.queries.signers(session, experts.queries.committee(session, section_of(session)))
        waiting = [member for member in due if member.signed_at is None]
        if not waiting:
            break
        story.stage.as_(login_of(story, waiting[0])).send(
            f"/expert/{SECTION}/sign", {"report_sha256": str(held.report_sha256), "dissent": ""}
        )
    head.send(f"/expert/{SECTION}/deliver")
    for row in (committee_of(story).result or {})["ranking"]:
        name = next(bid.name for bid in bids_of(story) if bid.number == row["number"])
        parts = f"技术 {row['technical']}＋资信 {row['qualification']}＋报价 {row['price']}"
        story.say("ranking", f"第 {row['rank']} 名 {name}：{parts}＝{row['total']}")


def committee_of(story: Story) -> Committee:
    """The committee as it stands."""
    with story.stage.platform.reading() as session:
        return experts.queries.committee(session, section_of(session))


def seats(story: Story) -> list[Member]:
    """The members who sit, in the order of their seats."""
    with story.stage.platform.reading() as session:
        return experts.queries.live_members(session, experts.queries.committee(session, section_of(session)))


def leader(story: Story) -> Member:
    """The elected leader."""
    return next(member for member in seats(story) if member.is_leader)


def login_of(story: Story, member: Member) -> str:
    """The sign-in name behind a seat; until it is taken only who is on duty can tell."""
    with story.stage.platform.reading() as session:
        return person_by_id(session, experts.queries.identity_of(session, member)[0]).login


def experts_clauses(story: Story) -> list[dict[str, str]]:
    """The clauses of the review."""
    from experts.rules import review_clauses

    with story.stage.platform.reading() as session:
        return review_clauses(section_of(session).method)
