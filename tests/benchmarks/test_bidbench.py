"""bidbench: receipts that hold, archives without sources, and a detector that beats the peers on it."""

from __future__ import annotations

import json
import random

import pytest

from benchmarks.bidbench import documents, speed
from benchmarks.bidbench.corpus import Corpus
from benchmarks.bidbench.operators import DEVELOPED, EVERY, HELD_OUT
from benchmarks.bidbench.sources import Text, distinct, invented, synonyms
from collusion.rules.folding import flat
from collusion.rules.letters import distinct as each_once
from collusion.rules.letters import fold_all, gram_keys


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """A small corpus of invented texts."""
    return Corpus(invented(count=72), synonyms(None), split="test", seed=5)


def test_a_receipt_says_what_stands_in_the_bids(corpus: Corpus) -> None:
    """Seen red: with the copy put in after its span had been noted."""
    case = corpus.case(3, operator="numbers", share=0.2)
    facts = case.receipt["facts"]
    assert case.ring == ("bidderA", "bidderB") and len(facts) > 5
    for fact in facts:
        for side, key in (("from", "original"), ("to", "copy")):
            bid = case.bids[fact[side]]
            shown = [bid.paragraphs[n - 1][s:e] for n, spans in bid.spans.items() for s, e in spans]
            assert fact[key] in shown
    again = Corpus(invented(count=72), synonyms(None), split="test", seed=5).case(3, operator="numbers", share=0.2)
    assert json.dumps(again.receipt) == json.dumps(case.receipt)
    assert again.bids["bidderC"].paragraphs == case.bids["bidderC"].paragraphs


def test_what_a_bidder_writes_itself_is_never_in_the_archive(corpus: Corpus) -> None:
    """Seen red: with the archive drawn from the case's half of the sources (it gave a false recall of 100 %)."""
    case = corpus.case(8, operator="verbatim", share=0.2)
    for fact in case.receipt["facts"]:
        keys = each_once(gram_keys(fold_all([fact["original"]]).codes))
        assert (corpus.background.grams.of(keys) == 0).mean() > 0.2, fact


def test_sources_and_operators_are_split() -> None:
    """Seen red: with parts of one file on both sides."""
    assert not DEVELOPED.keys() & HELD_OUT.keys()
    texts = invented(count=72)
    halves = [Corpus(texts, {}, split=split, seed=5) for split in ("dev", "test")]
    names = [{t.name for shelf in half.own.values() for t in shelf} for half in halves]
    assert names[0] and names[1] and not names[0] & names[1]
    edition = Text("b", "man", tuple("又" + s for s in texts[0].sentences))
    assert distinct([Text("a", "man", texts[0].sentences), edition])[0].name == "a"
    assert len(distinct([Text("a", "man", texts[0].sentences), edition])) == 1


@pytest.mark.parametrize("operator", sorted(EVERY))
def test_operators_disguise_and_keep_the_original_beside_the_copy(operator: str) -> None:
    """Seen red: with `homoglyphs` leaving the zero-width spaces out."""
    rng = random.Random(2)
    sentences = list(invented(count=2)[1].sentences[:12])
    copies = EVERY[operator](rng, sentences, synonyms(None))
    assert len(copies) >= 8
    if operator not in ("verbatim", "mix of two", "typos"):
        assert sum(one != copy for one, copy in copies) >= len(copies) // 3
    if operator == "homoglyph+zwsp":
        assert all(flat(one) == flat(copy) for one, copy in copies) and any("\u200b" in copy for _, copy in copies)


def test_copies_are_found_where_the_peers_see_little(corpus: Corpus) -> None:
    """Seen red: with the tender and the archive not subtracted, and with edited links left out."""
    found = documents.Found()
    for number, operator in enumerate(("verbatim", "synonyms40+reorder", "homoglyph+zwsp", "ocr")):
        documents.judge(corpus.case(number, operator=operator, share=0.2), found)
    for number, hard in enumerate(("template", "law")):
        documents.judge(corpus.case(100 + number, hard=hard), found)
    limit = found.at(documents.OURS, 0.0)
    assert found.above(documents.OURS, limit, share=0.2) == (4, 4)
    assert found.above(documents.OURS, limit, hard=True)[0] == 0
    assert documents.f1(found.letters)[2] > 0.75
    peer = "leixingti-like"
    assert found.above(peer, found.at(peer, 0.0), share=0.2)[0] < 4


def test_the_speed_programs_find_what_was_planted() -> None:
    """Seen red: with the template left in, every window met every other."""
    work = speed.load(4, 8_000)
    for name in ("sunbid", "TF-IDF windows"):
        recall, precision = speed.judged(work, speed.PROGRAMS[name][0](work))
        assert min(recall[:2]) == 1.0, (name, recall)
        assert precision > 0.05
