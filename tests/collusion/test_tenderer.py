"""The tenderer's side (art. 41): foreknowledge, early files, the last word, tailored clauses; noted, never weighed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from accounts.models import Person
from benchmarks import collusion_tenderer as world
from bidding import queries as bidding
from bidding.models import Clarification, Publication
from collusion import queries, services
from collusion.indicators import (
    tenderer_early_file,
    tenderer_foreknowledge,
    tenderer_last_word,
    tenderer_tailored,
)
from collusion.rules.background import Background
from collusion.rules.case import Bid, Case, Conduct
from collusion.rules.documents import Document, Marks, Place
from collusion.rules.evidence import Indicator, Note
from collusion.rules.frequencies import counted
from collusion.rules.history import Meeting, Pricing
from collusion.rules.publications import Barrier, Paper, Publications, read_publications
from collusion.rules.quoting import phrases_of
from collusion.rules.scan import evaluate
from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from core.ledger.log import entries_of
from tests.collusion.cases import text
from tests.collusion.desk import opened

TOLD = datetime(2026, 3, 2, 1, tzinfo=UTC)
ANSWERED = TOLD + timedelta(days=9)
BEFORE, AFTER = ANSWERED - timedelta(hours=5), ANSWERED + timedelta(hours=5)
PLACE = Place("conduct.json", None, None)
PAPER = text("1-招标文件.docx", "泵房土建与设备安装一次招标，投标人须按图施工。")
ANSWER = "取水头部沉箱改为分两节浮运，第二节在下游三号码头预制后拖航就位。"
CLARIFICATION = text("clarification-1.txt", ANSWER)
KNOWN = Background(tenders=20, bidders=90, grams=counted([phrases_of(["别的项目里说过的一句平常话，与本项目无关。"])]))
COPIED = f"施工安排：{ANSWER}我方据此配置拖轮。"


def noted(indicator: Indicator, case: Case) -> dict[str, Note]:
    """What it notes, by bidder; it says nothing of two and gives what it rests on."""
    assert indicator.notes is not None and indicator.evaluate(case) == []
    items = indicator.notes(case)
    assert all(0 < item.chance <= 0.05 and len(item.told) == 2 and item.rate.name in indicator.rates for item in items)
    assert all(str(sentence) for item in items for sentence in item.told)
    assert not items or indicator.lacking(case) is None
    return {item.bidder: item for item in items}


def told(*, follows: bool = False, asked: str = "", barriers: Sequence[Barrier] = ()) -> Publications:
    papers = (Paper(PAPER.file, TOLD), Paper(CLARIFICATION.file, ANSWERED, asked))
    return Publications(TOLD, follows, papers, tuple(barriers))


def section(texts: Mapping[str, str], came: Mapping[str, datetime], **changes: Any) -> Case:
    """Bids of one text each, with the instant at which each was received."""
    bids = tuple(
        Bid(who, (text(f"{who}.docx", said),), None, None, who, Conduct(came.get(who, BEFORE), PLACE))
        for who, said in texts.items()
    )
    made = Case((PAPER, CLARIFICATION), bids, KNOWN, publications=told())
    return replace(made, **changes)


def test_a_bid_that_quotes_a_clarification_before_it_was_told_is_noted() -> None:
    """What was public before the bid came is subtracted, whoever asked in these words is not accused."""
    indicator = tenderer_foreknowledge.INDICATOR
    early = section({"a": COPIED, "b": "我方自拟方案，与澄清无关。"}, {})
    assert set(noted(indicator, early)) == {"a"}
    assert "分两节浮运" in str(noted(indicator, early)["a"].told[0])
    assert noted(indicator, section({"a": COPIED, "b": "乙"}, {"a": AFTER})) == {}
    asker = replace(early, publications=told(asked=f"请问{ANSWER}"))
    assert noted(indicator, asker) == {}
    ordinary = replace(KNOWN, grams=counted([phrases_of([ANSWER])]))
    assert noted(indicator, replace(early, background=ordinary)) == {}
    before = replace(early, tender=(text(PAPER.file, ANSWER), CLARIFICATION))
    assert noted(indicator, before) == {}
    assert indicator.lacking(replace(early, background=Background())) is not None
    assert indicator.lacking(replace(early, publications=None)) is not None


def test_a_file_saved_before_the_tender_was_told_and_quoting_it_is_noted() -> None:
    """Seen red: without asking whether the text was known from an earlier attempt."""
    indicator = tenderer_early_file.INDICATOR
    body = "响应：泵房土建与设备安装一次招标，投标人须按图施工。"

    def saved(at: datetime | None, created: datetime | None = None, said: str = body) -> Case:
        marks = Marks(created_at=created, modified_at=at)
        bids = (Bid("a", (text("a.docx", said, marks=marks),)), Bid("b", (text("b.docx", body),)))
        return Case((PAPER, CLARIFICATION), bids, KNOWN, publications=told())

    early = TOLD - timedelta(days=12)
    assert set(noted(indicator, saved(early))) == {"a"}
    assert noted(indicator, saved(TOLD + timedelta(days=3))) == {}
    assert noted(indicator, saved(TOLD - timedelta(hours=9))) == {}
    assert noted(indicator, saved(TOLD - timedelta(days=400))) == {}
    assert noted(indicator, saved(early, created=early)) == {}
    assert noted(indicator, saved(early, said="去年的施工组织设计范本，与本项目无关。")) == {}
    assert noted(indicator, saved(early, said=ANSWER)) == {}
    assert noted(indicator, replace(saved(early), publications=told(follows=True))) == {}
    assert indicator.lacking(replace(saved(early), publications=told(follows=True))) is not None


def offers(pattern: str, gap: float = 0.004, tenderee: str = "T1") -> tuple[Meeting, ...]:
    """One section per letter: L a later and lower, H later and higher, E a earlier and lower; b is the rival."""
    made = []
    for number, kind in enumerate(pattern):
        low, high = 10_000_000, round(10_000_000 * (1 + gap))
        mine = high if kind == "H" else low
        rival = low if kind == "H" else high
        pair = (("a", mine), ("b", rival)) if kind == "E" else (("b", rival), ("a", mine))
        order = (("c", 12_000_000), *pair)
        made.append(Meeting(f"s{number}", "k", frozenset("abc"), frozenset(), "a", tenderee, frozenset(), order))
    return tuple(made)


@pytest.mark.parametrize(
    ("history", "seen"),
    [
        (offers("LLLLLLL"), {"a"}),
        (offers("LLLLLLLH"), set()),
        (offers("LHLHLLHL"), set()),
        (offers("EEEEEEEEE"), set()),
        (offers("LLLL"), set()),
        (offers("LLLLLLL", gap=0.05), set()),
        (offers("LLLLLLL", tenderee="T2"), set()),
    ],
)
def test_later_and_just_below_again_and_again(history: tuple[Meeting, ...], seen: set[str]) -> None:
    """Seen red: with sections in which it came first counted for it."""
    bids = tuple(Bid(who, (), None, None, who) for who in "abc")
    made = Case((), bids, history=history, pricing=Pricing({}, None, None, "k", "T1"))
    assert set(noted(tenderer_last_word.INDICATOR, made)) == seen


def test_the_section_at_hand_counts_as_well() -> None:
    """Six before are one short; this one makes it seven. Seen red: with earlier sections alone."""
    prices = {"a": 9_990_000, "b": 10_000_000}
    bids = tuple(
        Bid(who, (), fen, None, who, Conduct(AFTER if who == "a" else BEFORE, PLACE)) for who, fen in prices.items()
    )
    made = Case((), bids, history=offers("LLLLL"), pricing=Pricing({}, None, None, "k", "T1"))
    assert set(noted(tenderer_last_word.INDICATOR, made)) == {"a"}
    assert noted(tenderer_last_word.INDICATOR, replace(made, history=offers("LLLL"))) == {}


def test_the_chance_of_standing_alone_by_hand() -> None:
    """Two bidders, one block, no habit: rate times the other's silence; they sum to one with nobody and both.

    Seen red: with the other's rate left out.
    """
    suspect = np.array([True, False, True, False])
    met = np.array([[True, False], [True, True], [False, False], [False, True]])
    found = tenderer_tailored._alone(suspect, met)
    assert found.shape == (4, 2) and (found > 0).all() and (found.sum(axis=1) < 1).all()
    even = np.array([[True, False]] * 4)
    rate = (4 + 5 / 6) / 5
    other = (1 / 6) / 5
    assert tenderer_tailored._alone(np.zeros(4, dtype=bool), even)[0] == pytest.approx(
        [rate * (1 - other), other * (1 - rate)], rel=1e-9
    )


def test_who_answers_the_unusual_with_more_care_is_expected_to_stand_alone_with_it() -> None:
    """Habits of the whole tender count, up to HABIT. Seen red: with no habit."""
    suspect = np.arange(40) % 2 == 0
    met = np.column_stack([suspect | (np.arange(40) % 3 == 0), np.arange(40) % 4 == 1, np.arange(40) % 5 == 2])
    mine = tenderer_tailored._alone(suspect, met)[:, 0]
    assert mine[suspect].mean() > 1.3 * mine[~suspect].mean()


def tailored(*, alone: bool, spread: bool = False) -> Case:
    """Forty requirements, eight of them rare; a alone meets the rare ones, or every one (spread), others the rest."""
    rng = random.Random(7)
    sentences = ["".join(chr(0x4E00 + rng.randrange(6000)) for _ in range(22)) + "。" for _ in range(40)]
    rare = [sentence for number, sentence in enumerate(sentences) if number % 5 == 2]
    rest = [sentence for sentence in sentences if sentence not in rare]
    mine = sentences if spread else rare + rest[:6] if alone else rare[:4] + rest[:12]
    others = rest if alone and not spread else rare[:2] + rest[:10]
    bids = tuple(
        Bid(who, (text(f"{who}.docx", "".join(mine if who == "a" else others)),), None, None, who) for who in "abc"
    )
    known = Background(tenders=20, bidders=90, grams=counted([phrases_of(rest)]))
    return Case((text("1-招标文件.docx", "".join(sentences)),), bids, known, publications=told())


def test_rare_requirements_met_by_one_alone_are_noted_and_a_diligent_bidder_is_not() -> None:
    """Seen red: with every sentence taken for rare."""
    indicator = tenderer_tailored.INDICATOR
    assert set(noted(indicator, tailored(alone=True))) == {"a"}
    assert noted(indicator, tailored(alone=True, spread=True)) == {}
    assert noted(indicator, tailored(alone=False)) == {}
    thin = replace(tailored(alone=True).background, tenders=3)
    assert indicator.lacking(replace(tailored(alone=True), background=thin)) is not None


def test_a_restrictive_clause_published_despite_the_check_counts_as_suspect() -> None:
    """The words are known elsewhere, so that rarity alone says nothing. Seen red: with barriers not read."""
    made = tailored(alone=True)
    sentences = made.tender[0].paragraphs[0].text.split("。")[:-1]
    ordinary = replace(made.background, grams=counted([phrases_of(sentences)]))
    assert noted(tenderer_tailored.INDICATOR, replace(made, background=ordinary)) == {}
    named = [Barrier(sentence[3:9], "《招标投标法实施条例》第三十二条", "确有需要") for sentence in sentences[2::5]]
    warned = replace(made, background=ordinary, publications=told(barriers=named))
    note = noted(tenderer_tailored.INDICATOR, warned)["a"]
    assert "8 句含公布前已提示的限制性条款" in str(note.told[1])


def test_notes_move_no_score() -> None:
    """Nothing of a note is handed to fusion; the docs promise it."""
    case = section({"a": COPIED, "b": "我方自拟方案。"}, {})
    with_notes, without = evaluate(case), evaluate(replace(case, publications=None))
    assert {note.indicator for note in with_notes.notes} == {"tenderer.foreknowledge"} and without.notes == ()
    assert with_notes.pairs == without.pairs


def test_a_record_is_read_with_care() -> None:
    """What is no instant or no text is left out, not guessed."""
    record = {
        "type": "sunbid-publications/v1",
        "published_at": "2026-03-02T01:00:00Z",
        "papers": [{"file": "x", "published_at": "soon"}, {"file": "y", "published_at": "2026-03-02T01:00:00Z"}, 7],
        "barriers": [{"words": ""}, {"words": "本地企业", "cited": "c"}],
    }
    found = read_publications([{"type": "other"}, record])
    assert found is not None and [paper.file for paper in found.papers] == ["y"] and not found.follows
    assert [one.words for one in found.barriers] == ["本地企业"]
    assert read_publications([{**record, "published_at": None}]) is None


def test_the_simulated_tenderers_are_held() -> None:
    """A short run of the benchmark."""
    said: list[str] = []
    assert world.measure(12, said.append) and len(said) == 2


def test_the_platform_tells_its_own_side_and_the_desk_shows_the_note(
    platform: Platform, clock: StoppedClock, app: Any, login: Any
) -> None:
    """The scan reads instants of papers; the page shows the note without a warning, and looking is kept.

    Seen red: with notes of bidders in no ring left out of the page.
    """
    code = "XS-2026-003-01"
    opened(platform, clock, code, {1: COPIED, 2: "乙方自拟方案，另行组织。"})
    archived = Document("旧.txt", "txt", "0" * 64, text("旧.txt", "别的项目里说过的平常话。").paragraphs)
    services.index_of(platform.store).add("old", [world.archived("old", "other", archived)])
    with platform.act(SYSTEM) as act:
        held = bidding.section(act.session, code)
        assert held.published_at is not None
        deadline = held.closing_at
        moved = {"old_deadline_at": deadline, "new_deadline_at": deadline}
        for bid in queries.opened_bids(act.session, held):
            bid.submission.received_at = held.published_at + timedelta(hours=2)
        act.session.add(
            Clarification(
                section_id=held.id, number=1, text=ANSWER, affects_preparation=False, reason="",
                published_at=held.published_at + timedelta(hours=3), **moved,
            )
        )  # fmt: skip
    with platform.reading() as session:
        side = queries.told_by_tenderer(session, bidding.section(session, code))
        assert [one.number for one, _ in side["clarifications"]] == [1] and not side["follows"]
    made = services.scan_section(platform, code)
    assert [(note["indicator"], note["bidder"]) for note in made.result["notes"]] == [("tenderer.foreknowledge", "01")]
    page = login("supervisor").get("/supervise/notes").get_data(as_text=True)
    assert "先于公布知悉澄清内容" in page and "分两节浮运" in page
    english = login("supervisor").get("/supervise/notes?indicator=tenderer.loyalty&lang=en").get_data(as_text=True)
    assert "分两节浮运" not in english
    assert login("bidder").get("/supervise/notes").status_code in (403, 404)
    with platform.reading() as session:
        assert len(entries_of(session, "supervision:notes")) == 2


def test_reasons_given_for_restrictive_clauses_reach_the_scan(platform: Platform, clock: StoppedClock) -> None:
    """Only of what was published. Seen red: with drafts read, too."""
    code = "XS-2026-004-01"
    opened(platform, clock, code, {1: "甲", 2: "乙"})
    clause = {"key": "k", "sort": "clause", "words": "本地企业", "cited": "第三十二条", "reason": "确有需要"}
    with platform.act(SYSTEM) as act:
        held = bidding.section(act.session, code)
        one, other = (person.id for person in act.session.scalars(select(Person).limit(2)))
        for number, state in ((91, "published"), (92, "prepared")):
            act.session.add(
                Publication(
                    section_id=held.id, number=number, kind="notice", content={}, digest="0" * 64,
                    declarations=[clause | {"words": state}, {"key": "p", "sort": "privacy", "reason": "公开电话"}],
                    prepared_by_id=one, prepared_by="甲", prepared_at=act.now, reviewed_by_id=other, reviewed_by="乙",
                    reviewed_at=act.now, state=state, state_at=act.now,
                )
            )  # fmt: skip
        act.session.flush()
        barriers = queries.told_by_tenderer(act.session, held)["barriers"]
    assert barriers == [{"words": "published", "cited": "第三十二条", "reason": "确有需要"}]
