"""The demo's story, third part: the committee drawn and seated, bids reviewed and scored, the report delivered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import experts.queries
from accounts.queries import person_by_id
from core.draw.mechanism import nonce_commitment
from core.seal import derive_nonce
from experts.models import Committee, Member
from experts.rules.scores import scored_criteria
from opening.models import Bid
from portal.cli.demo.cast import CONFLICTED
from portal.cli.demo.opening_day import bids_of
from portal.cli.demo.tender import Tender, key_of

CREDIT_CLAUSE = "R4"
"""The clause of the tender document under which the committee rejects the consortium with a listed member."""
UNFIT = "信用核查结果：联合体成员列入严重失信主体名单，视同联合体列入（R-704），见核查证据"


def evaluate(story: Tender) -> None:
    """Play the evaluation; afterwards the signed report lies with the tenderee and the result can be re-computed."""
    story.stage.later(hours=3)
    draw_committee(story, story.stage.clock.now() + timedelta(hours=20))
    seat(story)
    review(story)
    score(story)
    report(story)


def draw_committee(story: Tender, meets_at: datetime) -> None:
    """The agent asks, three parties commit, avoidance bars who is tied to a bidder, the seed decides."""
    story.stage.as_("agent").send(f"/tender/{story.section}/committee", story.committee(meets_at))
    officer = story.stage.as_("officer")
    officer.send(f"/tender/{story.section}/committee/draw")
    story.say("drawing", "专家抽取已公告，招标人、见证、监督三方各自提交随机数承诺")
    label = str(committee_of(story).draw_label)
    parties = {"tenderee": story.owner, "officer": "officer", "supervisor": "supervisor"}
    for party, login in parties.items():
        nonce = bytes.fromhex(derive_nonce(story.stage.cast.identities[login].secret, label))
        story.stage.as_(login).send(
            f"/draws/experts/{story.section}/commitment", json={"party": party, "commitment": nonce_commitment(nonce)}
        )
    officer.send(f"/tender/{story.section}/committee/freeze")
    for party, login in parties.items():
        reveal = derive_nonce(story.stage.cast.identities[login].secret, label)
        story.stage.as_(login).send(f"/draws/experts/{story.section}/nonce", json={"party": party, "nonce": reveal})
    excluded = committee_of(story).rounds[-1]["excluded"]
    story.happened["excluded"] = excluded
    who = f"（{CONFLICTED} 曾任职于投标人）" if len(excluded) == 1 else ""
    story.say("draw", f"专家随机抽取完成，三方随机数共同决定；回避 {len(excluded)} 人{who}")


def seat(story: Tender) -> None:
    """Drawn experts accept, the tenderee names its representative, everybody signs in, declares and elects a leader."""
    story.stage.as_(story.owner).send(
        f"/tender/{story.section}/committee/representative",
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
        browser.send(f"/expert/{story.section}/declare", {"discipline": "yes", "no_reason": "yes"})
    first = next(member for member in seats(story) if not member.is_representative)
    for member in seats(story):
        story.stage.as_(login_of(story, member)).send(f"/expert/{story.section}/leader", {"choice": first.label})
    story.say("committee", f"评标委员会 {len(seats(story))} 人签到、声明无回避情形，推选 {leader(story).label} 为组长")


def review(story: Tender) -> None:
    """Everybody reviews every bid against every clause; a consortium with a listed member fails the credit clause."""
    clauses = [clause["code"] for clause in experts_clauses(story)]
    for member in seats(story):
        browser = story.stage.as_(login_of(story, member))
        for bid in bids_of(story):
            form = {}
            for clause in clauses:
                fails = clause == CREDIT_CLAUSE and key_of(bid) == story.unfit
                form[clause] = "fail" if fails else "pass"
                form[f"{clause}-reason"] = UNFIT if fails else ""
            browser.send(f"/expert/{story.section}/conformity/{bid.number}", form)
    with story.stage.platform.reading() as session:
        memos = experts.queries.memos(session, experts.queries.committee(session, story.row(session)))
    for memo in memos:
        story.stage.as_(login_of(story, leader(story))).send(
            f"/expert/{story.section}/memos/{memo.id}",
            {
                "opinion": "noted",
                "reason": "雷同段落与报价规律经委员会阅看属实，是否构成串通投标请行政监督部门核查认定。",
            },
        )
    story.stage.as_(login_of(story, leader(story))).send(
        f"/expert/{story.section}/begin-scoring", {"competition_reason": ""}
    )
    told = "1 家因联合体成员列入严重失信主体名单被否决，其余进入评分" if story.unfit else "全部通过，进入评分"
    story.say("review", f"符合性评审：{told}" + ("；线索已移请监督部门核查" if memos else ""))


def score(story: Tender) -> None:
    """Everybody scores on their own; nobody sees another's score before the lock."""
    for place, member in enumerate(seats(story)):
        fill_sheets(story, place, member)
    story.stage.as_(login_of(story, leader(story))).send(f"/expert/{story.section}/lock")


def fill_sheets(story: Tender, place: int, member: Member) -> None:
    """One expert scores every bid that was not rejected, and locks each sheet."""
    with story.stage.platform.reading() as session:
        criteria = scored_criteria(story.row(session).method)
    browser = story.stage.as_(login_of(story, member))
    for bid in bids_of(story):
        if key_of(bid) != story.unfit:
            browser.send(f"/expert/{story.section}/score/{bid.number}", sheet(story, bid, place, criteria))
    story.stage.later(minutes=20)
    story.say("scoring", f"专家 {member.label} 已独立评分并锁定")


def sheet(story: Tender, bid: Bid, place: int, criteria: dict[str, Any]) -> dict[str, str]:
    """One expert's score sheet for one bid."""
    form = {"then": "lock"}
    for number, (code, criterion) in enumerate(criteria.items()):
        form[code] = story.points(bid, place, number, criterion)
        form[f"{code}-note"] = ""
    return form


def report(story: Tender) -> None:
    """The leader has the report written, everybody signs in order, the leader delivers it."""
    head = story.stage.as_(login_of(story, leader(story)))
    head.send(f"/expert/{story.section}/report")
    for _ in seats(story):
        held = committee_of(story)
        with story.stage.platform.reading() as session:
            due = experts.queries.signers(session, experts.queries.committee(session, story.row(session)))
        waiting = [member for member in due if member.signed_at is None]
        if not waiting:
            break
        story.stage.as_(login_of(story, waiting[0])).send(
            f"/expert/{story.section}/sign", {"report_sha256": str(held.report_sha256), "dissent": ""}
        )
    head.send(f"/expert/{story.section}/deliver")
    for row in (committee_of(story).result or {})["ranking"]:
        name = next(bid.name for bid in bids_of(story) if bid.number == row["number"])
        parts = f"技术 {row['technical']}＋资信 {row['qualification']}＋报价 {row['price']}"
        story.say("ranking", f"第 {row['rank']} 名 {name}：{parts}＝{row['total']}")


def committee_of(story: Tender) -> Committee:
    """The committee as it stands."""
    with story.stage.platform.reading() as session:
        return experts.queries.committee(session, story.row(session))


def seats(story: Tender) -> list[Member]:
    """The members who sit, in the order of their seats."""
    with story.stage.platform.reading() as session:
        return experts.queries.live_members(session, experts.queries.committee(session, story.row(session)))


def leader(story: Tender) -> Member:
    """The elected leader."""
    return next(member for member in seats(story) if member.is_leader)


def login_of(story: Tender, member: Member) -> str:
    """The sign-in name behind a seat; until it is taken only who is on duty can tell."""
    with story.stage.platform.reading() as session:
        return person_by_id(session, experts.queries.identity_of(session, member)[0]).login


def experts_clauses(story: Tender) -> list[dict[str, str]]:
    """The clauses of the review."""
    from experts.rules import review_clauses

    with story.stage.platform.reading() as session:
        return review_clauses(story.row(session).method)
