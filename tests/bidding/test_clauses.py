"""Restrictive clauses: what the dated data finds in a fixed set of clauses, what it leaves alone, what it cites."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bidding.rules import Level
from bidding.rules.clauses import checklist, clauses_on, find_clauses
from bidding.rules.concerns import barriers
from bidding.rules.passages import Passage, fold

TODAY = date(2026, 10, 8)
CORPUS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("clauses_corpus.json").read_text(encoding="utf-8"))
TOPICS = {
    "brand", "patent", "origin", "region", "award", "industry", "ownership",
    "scale", "address", "branch", "tax", "consortium", "certificate", "presence",
}  # fmt: skip


def topics(text: str, regime: str = "T", on: date = TODAY) -> set[str]:
    """The topics found in one paragraph."""
    return {hit.clause.topic for hit in find_clauses([Passage("x", "x", text)], clauses_on(regime, on))}


@pytest.mark.parametrize("half", ["tuned", "held out"])
def test_the_fixed_set_is_found_with_few_false_alarms(half: str) -> None:
    """Recall at least 95 % under the right topic, false alarms at most 5 %.

    The set was written with the patterns in mind by the same hand: it guards against loss, it is no proof of quality.
    Seen red: with the excuses left out, four of forty clean clauses alarmed.
    """
    rows = [row for row in CORPUS if row["half"] == half]
    found = [(row, topics(row["text"], row["regime"])) for row in rows]
    bad = [(row, hit) for row, hit in found if row["topic"]]
    clean = [(row, hit) for row, hit in found if not row["topic"]]
    missed = [row["text"] for row, hit in bad if row["topic"] not in hit]
    alarms = [(row["text"], hit) for row, hit in clean if hit]
    assert len(missed) <= 0.05 * len(bad), missed
    assert len(alarms) <= 0.05 * len(clean), alarms


def test_the_exact_words_and_their_place_are_told() -> None:
    """Also through the spaces a PDF puts between letters.

    Seen red: with the folded words shown, and with sentences not folded.
    """
    text = "3.2 投标人须具备资质。投标人注 册 资本不低\n于５０００万元人民币；其他要求见附表。".replace("\n", "\u3000")
    passage = Passage("a" * 64, "招标文件.pdf", text, page=7, paragraph=12)
    (hit,) = find_clauses([passage], clauses_on("T", TODAY))
    assert hit.clause.topic == "scale"
    assert hit.words == "注 册 资本不低\u3000于"
    assert hit.sentence == "投标人注 册 资本不低\u3000于５０００万元人民币"
    assert (hit.passage.page, hit.passage.paragraph) == (7, 12)
    assert "公平竞争审查规则" in hit.clause.cited


@pytest.mark.parametrize(
    ("restrictive", "innocent", "topic"),
    [
        ("水泵采用格兰富CR系列", "水泵采用格兰富CR系列或相当于该档次的产品", "brand"),
        ("须提供制造商授权书", "采购进口产品，须提供制造商授权书", "authorisation"),
        ("投标人须在本市设有分公司", "中标后须在本市设立分公司", "branch"),
        ("须提供本地缴纳社保的证明", "须提供投标人所在地缴纳社保的证明", "tax"),
        ("获得钱江杯的加分", "质量目标：争创钱江杯", "award"),
    ],
)
def test_innocent_uses_are_left_alone(restrictive: str, innocent: str, topic: str) -> None:
    """Each pair differs in what makes it innocent. Seen red: with the excuses not looked at."""
    assert topic in topics(restrictive, "G")
    assert topic not in topics(innocent, "G")


def test_authorisation_is_looked_for_in_procurement_only_and_each_law_from_its_day() -> None:
    """Seen red: with regime and day not looked at."""
    text = "须提供制造商授权书"
    assert topics(text, "G") == {"authorisation"}
    assert topics(text, "T") == set()
    assert topics(text, "G", date(2017, 9, 30)) == set()
    assert "scale" not in topics("注册资本不低于5000万元", "T", date(2024, 4, 30))


def test_the_checklist_names_every_topic_and_its_articles() -> None:
    """A topic without a finding stands in it too. Seen red: with only the found ones listed."""
    clauses = clauses_on("T", TODAY)
    found = find_clauses([Passage("x", "x", "本地企业优先；国有企业参与投标的加3分")], clauses)
    listed = {topic.topic: topic for topic in checklist(found, clauses)}
    assert set(listed) == TOPICS
    assert {name for name, topic in listed.items() if topic.found} == {"address", "ownership"}
    assert all(topic.cited and all("条" in cited for cited in topic.cited) for topic in listed.values())


def test_a_key_changes_with_its_paragraph_and_tells_nothing() -> None:
    """Seen red: with the key made from the place alone."""
    clauses = clauses_on("T", TODAY)
    (one,) = find_clauses([Passage("x", "x", "本地企业优先")], clauses)
    (same,) = find_clauses([Passage("x", "x", "本地企业优先")], clauses)
    (other,) = find_clauses([Passage("x", "x", "本地企业优先。")], clauses)
    assert one.key == same.key != other.key


def test_folding_keeps_the_places() -> None:
    """Seen red: with signs of several letters counted once."""
    text = "Ａ 管㎜，B"
    folded = fold(text)
    assert folded.text == "A管mm，B"
    assert [text[place] for place in folded.places] == ["Ａ", "管", "㎜", "㎜", "，", "B"]


def test_a_long_document_is_read_quickly() -> None:
    """No pattern runs away on hostile paragraphs. Seen red: with a nested star in a pattern."""
    import time

    began = time.monotonic()
    hostile = "本市" * 20_000
    for regime in ("T", "G"):
        find_clauses(
            [Passage("x", "x", hostile), Passage("x", "x", "浙江省内" + "业" * 20_000)], clauses_on(regime, TODAY)
        )
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("须为本市注册企业", "address"),
        ("须在项目所在地设有分支机构", "branch"),
        ("国有企业优先", "ownership"),
        ("水泵指定品牌", "brand"),
        ("注册资本不低于五千万元", "scale"),
        ("获得省级业绩的加 2 分", "region"),
    ],
)
def test_what_was_typed_is_warned_of_beside_the_form(text: str, topic: str) -> None:
    """R-110 warns, a person judges; without a hit that is said too. Seen red: with the list of hits left empty."""
    clauses = clauses_on("T", TODAY)
    (hit,) = find_clauses([Passage("qualification", "qualification", text)], clauses)
    (finding,) = barriers([hit], clauses)
    assert hit.clause.topic == topic
    assert (finding.level, finding.code, finding.field) == (Level.WARN, "notice.barrier", "qualification")
    assert finding.facts["words"] in text and "条" in finding.facts["cited"]
    assert [one.level for one in barriers([], clauses)] == [Level.MET]
