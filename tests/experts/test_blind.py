"""The blind round (暗标): labels nobody chose, nothing by name before the lock, scores and findings carried over."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from accounts.rules import Role
from bidding.queries import law_of
from bidding.rules.masks import ROUNDS
from core.draw import mechanism
from core.errors import Conflict, Invalid, Missing
from core.ledger.log import LedgerEntry, audit
from experts import queries, services
from experts.models import CleanedFile, Review
from tests.experts.story import BIDDERS, SCORES, Story


@pytest.fixture
def blind(story: Story) -> Story:
    """A seated committee of a section whose technical envelope is anonymous; its leader is elected."""
    story.anonymous = True
    story.to_seated()
    return story


def state_of(story: Story) -> str:
    with story.platform.reading() as session:
        return story.committee(session).state


def facts_of(story: Story, kind: str) -> list[dict[str, Any]]:
    with story.platform.reading() as session:
        rows = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == kind).order_by(LedgerEntry.leaf_index))
        return [row.facts for row in rows]


def test_the_whole_evaluation_with_an_anonymous_envelope(blind: Story) -> None:
    """Blind scores end up in the result of the very bid; the ledger stays whole."""
    assert state_of(blind) == "blind"
    blind.score_blind(marked=[4])
    blind.lock_blind()
    blind.review()
    blind.begin_scoring()
    blind.score()
    result = blind.lock()
    rejected = [one["number"] for one in result["conformity"]["bids"] if one["rejected"]]
    assert rejected == [4]
    assert next(one for one in result["conformity"]["bids"] if one["number"] == 4)["reasons"][0]["clause"] == (
        "identifying_marks"
    )
    for sheet in result["sheets"]:
        place = ["R1", "M1", "M2", "M3", "M4"].index(sheet["member"])
        shift = Decimal([m.label for m in blind.members()].index(sheet["member"])) / 10
        assert Decimal(sheet["items"]["T1"]) == Decimal(SCORES["T1"][sheet["number"] - 1]) + shift, place
    with blind.platform.reading() as session:
        assert list(audit(session, blind.platform.signer.verifier)) == []


def test_the_labels_follow_from_what_was_committed_and_drawn(blind: Story) -> None:
    """A stranger recomputes the labels from the ledger alone. Seen red: with one secret for all rounds."""
    committed = facts_of(blind, "masks.commit")[0]["commitments"]
    assert len(set(committed)) == ROUNDS
    assert "signature" not in str(facts_of(blind, "masks.commit"))
    blind.score_blind()
    told = blind.lock_blind()
    signature = base64.b64decode(told["signature"])
    secret = hashlib.sha256(b"sunbid-masks/v1\n" + signature).digest()
    assert hashlib.sha256(secret).hexdigest() == committed[0]
    with blind.platform.reading() as session:
        from core.draw import record

        drawn = record.draw(session, f"experts:{blind.code}").seed
        digests = [b.submission.digest for b in queries.bids_in_evaluation(session, blind.section(session))]
    label = f"masks:{blind.code}:1"
    seed = hashlib.sha256(
        b"sunbid-draw/v1\n" + label.encode() + b"\n" + b"".join(sorted([secret, bytes.fromhex(str(drawn))]))
    ).digest()
    assert [row["submission_digest"] for row in told["labels"]] == mechanism.order(seed, label, digests)
    assert [row["number"] for row in told["labels"]] != sorted(row["number"] for row in told["labels"])


def test_nothing_by_name_before_the_lock_of_the_blind_round(blind: Story) -> None:
    """The order is the machine's. Seen red: with `seat` instead of `seat_blind`."""
    with blind.as_member("M1") as act:
        member, held = blind.seat_of(act, "M1"), blind.committee(act.session)
        bid = queries.bids_in_evaluation(act.session, held.section)[0]
        with pytest.raises(Conflict, match=r"committee\.state"):
            services.save_findings(act, member, bid, {"R1": ("pass", "")})
        with pytest.raises(Conflict, match=r"committee\.state"):
            services.begin_scoring(act, held)
        with pytest.raises(Conflict, match=r"committee\.state"):
            services.reject_all(act, held, "没有一份投标满足要求，竞争不足")
        with pytest.raises(Conflict, match=r"blind\.open"):
            queries.own_member(act.session, blind.code, act.actor)
        with pytest.raises(Conflict, match=r"blind\.unfinished"):
            services.lock_blind(act, held)


def test_only_the_leader_locks_and_only_what_all_have_finished(blind: Story) -> None:
    """Seen red: lock_blind without the leader, without counting the open sheets."""
    blind.score_blind("M1", "M2", "M3", "M4")
    with pytest.raises(Conflict, match=r"blind\.unfinished"):
        blind.lock_blind()
    blind.score_blind("R1")
    with blind.as_member("M2") as act, pytest.raises(Conflict, match=r"committee\.leader_only"):
        services.lock_blind(act, blind.committee(act.session))
    blind.lock_blind()
    assert state_of(blind) == "seated"
    with blind.as_member("M1") as act, pytest.raises(Conflict, match=r"committee\.state"):
        sheet = queries.masked_sheets(act.session, blind.seat_of(act, "M1"))[0]
        services.save_masked(act, sheet, {}, {}, finding="pass")


def test_blind_scores_and_findings_cannot_be_changed_by_name(blind: Story) -> None:
    """Seen red: save_scores that takes blind codes."""
    blind.score_blind()
    blind.lock_blind()
    with blind.as_member("M1") as act:
        member = blind.seat_of(act, "M1")
        bid = queries.bids_in_evaluation(act.session, blind.section(act.session))[0]
        with pytest.raises(Invalid, match=r"review\.blind_clause"):
            services.save_findings(act, member, bid, {"identifying_marks": ("fail", "改判")})
    blind.review()
    blind.begin_scoring()
    with blind.as_member("M1") as act:
        sheet = queries.own_sheet(act.session, blind.seat_of(act, "M1"), 1)
        with pytest.raises(Invalid, match=r"score\.blind"):
            services.save_scores(act, sheet, {"T1": Decimal(1)})


def test_a_masked_sheet_is_whole_before_it_is_locked(blind: Story) -> None:
    """Seen red: lock_masked without asking for the finding."""
    with blind.as_member("M1") as act:
        sheet = queries.own_masked_sheet(act.session, blind.seat_of(act, "M1"), "01")
        with pytest.raises(Invalid, match=r"blind\.finding"):
            services.lock_masked(act, sheet)
        with pytest.raises(Invalid, match=r"review\.reason"):
            services.save_masked(act, sheet, {}, {}, finding="fail")
        services.save_masked(act, sheet, {"T1": Decimal(20)}, {}, finding="pass")
        with pytest.raises(Invalid, match=r"blind\.missing"):
            services.lock_masked(act, sheet)
        services.save_masked(act, sheet, {"T2": Decimal(10)}, {})
        with pytest.raises(Invalid, match=r"blind\.note"):
            services.lock_masked(act, sheet)
        with pytest.raises(Invalid, match=r"score\.criterion"):
            services.save_masked(act, sheet, {"Q1": Decimal(1)}, {})
    with blind.as_member("M2") as act, pytest.raises(Missing):
        services.save_masked(act, queries.masked_sheets(act.session, blind.seat_of(act, "M1"))[0], {}, {})


def test_a_blind_score_changed_in_another_window_is_not_overwritten(blind: Story, enter: Callable[[Any], Any]) -> None:
    """409 with both values, the saved one stays. Seen red: without the version handed on to `save_masked`."""
    browser = enter(blind.person_actor(next(one for one in blind.members() if one.label == "M1")))
    with blind.platform.reading() as session:
        mask = queries.mask_labels(session, blind.committee(session).section)[0]
    page = f"/expert/{blind.code}/blind/{mask}"
    assert browser.post(page, data={"version": "", "T1": "15"}).status_code == 303
    late = browser.post(page, data={"version": "", "T1": "12"})
    assert late.status_code == 409 and "15.00" in late.text and 'value="12"' in late.text
    fragment = browser.post(page, data={"version": "", "T1": "12"}, headers={"HX-Request": "true"})
    assert fragment.status_code == 409 and blind.clock.now().isoformat() in fragment.text
    assert 'name="version"' in browser.get(page).text


def test_a_member_replaced_after_the_lock_scores_under_other_labels(blind: Story) -> None:
    """A second round with a secret of its own; the others' sheets stand, nothing by name goes on meanwhile.

    Seen red: with one secret for all rounds."""
    blind.score_blind()
    first = blind.lock_blind()
    blind.review()
    blind.begin_scoring()
    with blind.as_member("M2") as act:
        services.avoid(act, blind.seat_of(act, "M2"), "发现与投标人有利害关系")
    fresh = next(member.label for member in blind.members() if member.state == "invited")
    blind.arrive(fresh)
    assert state_of(blind) == "blind"
    with blind.as_member("M1") as act, pytest.raises(Conflict, match=r"blind\.open"):
        queries.own_member(act.session, blind.code, act.actor)
    with blind.as_member("M1") as act:
        assert queries.masked_progress(act.session, blind.seat_of(act, "M1")) == []
    blind.score_blind(fresh)
    second = blind.lock_blind()
    assert second["round"] == 2
    assert second["labels"] != first["labels"]
    blind.review({}, fresh)
    blind.begin_scoring()
    blind.score()
    result = blind.lock()
    mine = {sheet["number"]: sheet["items"]["T1"] for sheet in result["sheets"] if sheet["member"] == fresh}
    shift = Decimal([m.label for m in blind.members()].index(fresh)) / 10
    assert {n: Decimal(v) - shift for n, v in mine.items()} == {n: Decimal(SCORES["T1"][n - 1]) for n in mine}
    with blind.platform.reading() as session:
        ids = [m.id for m in blind.members()]
        carried = session.query(Review).where(Review.clause == "identifying_marks", Review.member_id.in_(ids)).count()
    assert carried == 25


def test_a_member_replaced_before_the_lock_leaves_the_round_as_it_is(blind: Story) -> None:
    """R-332. Seen red: leave() that leaves masked sheets standing."""
    blind.score_blind("M1", "M2")
    with blind.as_member("M2") as act:
        services.avoid(act, blind.seat_of(act, "M2"), "发现与投标人有利害关系")
    fresh = next(member.label for member in blind.members() if member.state == "invited")
    blind.arrive(fresh)
    blind.score_blind()
    told = blind.lock_blind()
    assert told["round"] == 1
    assert len(facts_of(blind, "masked_sheet.void")) == 5


def test_the_copies_experts_see_tell_no_author(blind: Story, enter: Callable[[Any], Any]) -> None:
    """The page and the copy name no bidder; the original stays. Seen red: serving the original."""
    blind.clean()
    client = enter(blind.person_actor(next(m for m in blind.members() if m.label == "M1")))
    page = client.get(f"/expert/{blind.code}/blind/01")
    assert page.status_code == 200 and "暗标01" in page.text
    assert not any(name in page.text for name in BIDDERS)
    copy = client.get(f"/expert/{blind.code}/blind/01/files/1")
    assert copy.status_code == 200
    assert not any(name.encode() in copy.data for name in BIDDERS)
    headers = str(copy.headers)
    assert "masked-01-1.docx" in headers and "ETag" not in headers
    with blind.platform.reading() as session:
        rows = session.scalars(select(CleanedFile)).all()
        assert len(rows) == 5 and all(row.fault is None for row in rows)
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(copy.data)) as parts:
        said = b"".join(parts.read(name) for name in parts.namelist()).decode("utf-8", "replace")
    assert "基坑支护采用方案" in said and not any(name in said for name in BIDDERS)
    for address in ("conformity", "scores", "files/1/" + "0" * 64, "memos/1"):
        assert client.get(f"/expert/{blind.code}/{address}").status_code in (404, 409), address


def test_not_every_expert_of_a_blind_round_is_determined_directly(story: Story) -> None:
    """The labels need the seed of a draw. Seen red: propose_direct without asking."""
    story.anonymous = True
    story.open_section()
    codes = story.add_experts()
    story.request()
    with story.platform.act(story.actor(Role.AGENT)) as act:
        held = story.committee(act.session)
        law = law_of(held.section)
        ground = law.words("direct_selection")[0]
        with pytest.raises(Conflict, match=r"direct\.blind"):
            services.propose_direct(
                act, held, [("A08", code) for code in codes[:4]], ground=ground,
                reason="技术复杂，专业性强，随机抽取的专家难以胜任", document="批复〔2026〕1 号",
            )  # fmt: skip
