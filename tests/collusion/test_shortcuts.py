"""What is left out for speed changes nothing: each shortcut against the long way round."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collusion.rules import passages, rarest, reading, rewording, seeding, tender_pairs
from collusion.rules.background import Background
from collusion.rules.folding import CITATIONS
from collusion.rules.frequencies import Counted, Sieve
from collusion.rules.letters import bigram_ids, distinct, fold_all, mixed, stretches
from collusion.rules.reading import Ordinary, Source, read_bid
from tests.collusion.cases import text

Bids = tuple[list[str], list[list[str]]]


@pytest.fixture(scope="module")
def bids() -> Bids:
    """A tender's paragraphs and four bids of the same words that quote it, edit it, and share text of their own."""
    rng = random.Random(9)
    words = ["".join(chr(0x4E00 + rng.randrange(900)) for _ in range(rng.choice((2, 2, 3, 4)))) for _ in range(500)]
    often = [1 / (n + 1) ** 0.9 for n in range(500)]

    def paragraph(sentences: int) -> str:
        return "".join("".join(rng.choices(words, often, k=rng.randrange(4, 14))) + "。" for _ in range(sentences))

    def edited(paragraph: str) -> str:
        return "".join(rng.choice(words) + letter if rng.random() < 0.05 else letter for letter in paragraph)

    tender = [paragraph(rng.choice((1, 4, 40))) for _ in range(30)]
    shared = [paragraph(4) for _ in range(6)]
    made = []
    for number in range(4):
        body = [paragraph(5) for _ in range(40)]
        body[5:5] = rng.sample(tender, 8)
        body[20:20] = [edited(one) for one in rng.sample(tender, 6)]
        for one in shared[number : number + 3]:
            body.insert(rng.randrange(24, len(body)), edited(one))
        made.append([*body[:20], "".join(body[20:])])
    return tender, made


def compared(bids: Bids) -> tuple[list[list[int]], dict[tuple[int, int], passages.Comparison]]:
    """Whose each letter of each bid is, and what every two share."""
    ordinary = Ordinary([text("t", *bids[0])], Background())
    seeds = [seeding.Seeds(read_bid(str(n), [text("b", *body)], ordinary), ordinary) for n, body in enumerate(bids[1])]
    return [seed.stream.sources.tolist() for seed in seeds], dict(passages.compare_all(seeds, ordinary))


def test_the_long_way_round_finds_the_same(bids: Bids, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen red: with each shortcut leaving out some of what it must look at, or with the long way itself spoilt."""
    quick = compared(bids)
    assert sum(len(found.passages) for found in quick[1].values()) > 4
    assert {Source.TENDER, Source.JOINT, Source.OWN} <= {source for row in quick[0] for source in row}
    ways = {
        "known paragraphs looked into": (reading.bid, "LONG_KNOWN", 10**9),
        "a tender of too many letters": (tender_pairs, "WIDEST", 0),
        "every sentence tried": (
            Ordinary,
            "_perhaps_quoted",
            lambda self, part, pairs: np.flatnonzero(
                (np.diff(part.sentences) >= reading.LEAST_FUZZY)
                & (np.add.reduceat(part.sources == Source.OWN, part.sentences[:-1], dtype=np.int64) > 0)
            ),
        ),
        "every tender sentence tried": (
            Ordinary,
            "_most_in_one",
            lambda self, ids, of, weights, count: np.full(count, np.inf),
        ),
        "one pair of sentences at a time": (rewording, "AT_ONCE", 1),
        "all chains of two paragraphs looked at": (
            passages,
            "_together",
            lambda group, start, length: np.cumsum(np.diff(group, prepend=group[:1]) != 0),
        ),
    }
    for name, (where, what, how) in ways.items():
        with monkeypatch.context() as patch:
            patch.setattr(where, what, how)
            assert compared(bids) == quick, name


def test_a_stretch_grows_from_every_edge_that_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of itself: in passages sentences in other words cover it. Seen red: with no edge, half, or too few told."""
    rng = random.Random(8)
    letters = [chr(0x4E00 + n) for n in range(900)]
    first = ["".join(rng.choices(letters, k=rng.randrange(20, 90))) for _ in range(200)]
    other = ["".join(letter if rng.random() > 0.13 else rng.choice(letters) for letter in one) for one in first]
    ordinary = Ordinary([], Background())
    read = [read_bid(str(n), [text("b", *body)], ordinary) for n, body in enumerate((first, other[99:] + other[:99]))]
    field = seeding.Field([seeding.Seeds(stream, ordinary) for stream in read], ordinary)
    quick = seeding.exact_links(field)
    assert (quick.length_a > 2 * seeding.EIGHT + 2 * seeding.STRETCH).sum() > 20
    monkeypatch.setattr(seeding, "_may_hop", lambda field, edge, shift, step: np.arange(edge.size))
    slow = seeding.exact_links(field)
    assert all(getattr(quick, name).tolist() == getattr(slow, name).tolist() for name in ("a", "b", "length_a", "most"))


@given(st.lists(st.text(alphabet="《》GBJT/ 5020-4.2015条A\n", max_size=60), max_size=3))
@example(["按《规范》和GB/T 50204-2015、xGB 1234。", "《甲《乙》丙", "JGJ 59—2011"])
def test_citations_are_those_of_the_expression(texts: list[str]) -> None:
    """Seen red: with only 《 looked for."""
    letters = fold_all(texts)
    assert list(reading.cited(letters)) == [match.span() for match in CITATIONS.finditer(letters.raw)]


def test_the_rarest_phrases_are_the_least_ranked_each_once() -> None:
    """Seen red: without sorting again the rows in which a phrase stands twice."""
    rng = random.Random(3)
    sentences = ["".join(rng.choices("甲乙丙丁戊己庚辛壬癸子丑寅卯", k=rng.randrange(5, 90))) for _ in range(60)]
    ordinary = Ordinary([text("t", "甲乙丙丁。甲乙戊己。")], Background())
    stream = read_bid("a", [text("b", "。".join(sentences))], ordinary)
    seeds = seeding.Seeds(stream, ordinary)
    bounds = stream.sentences.tolist()
    found = dict(zip(seeds.rare.of.tolist(), seeds.rare.phrases.T.tolist(), strict=True))
    tried = 0
    for number, (start, end) in enumerate(pairwise(bounds)):
        own = stream.sources[start:end] == Source.OWN
        pairs = bigram_ids(stream.codes[start:end])[own[1:] & own[:-1]]
        if own.sum() < rarest.LEAST_SENTENCE:
            assert number not in found
            continue
        each = distinct(pairs)
        weights, spread = ordinary.weights(each), mixed(each)
        order = sorted(range(each.size), key=lambda n: (-min(weights[n] * 2_048, 65_535) // 1, spread[n]))
        wanted = rarest.short(each[order[: rarest.RAREST]]) * rarest.ODD
        assert sorted(phrase for phrase in found[number] if phrase) == sorted(wanted.tolist()), number
        tried += 1
    assert tried > 40


def test_a_sieve_holds_what_it_was_given_and_nothing_else() -> None:
    """Seen red: with the table alone."""
    keys = distinct(mixed(np.arange(5_000, dtype=np.uint64)))
    others = mixed(np.arange(5_000, 400_000, dtype=np.uint64))
    sieve = Sieve(keys)
    assert sieve.holds(keys).all() and not sieve.holds(others).any() and not Sieve(keys[:0])


def test_pairs_of_the_tender_are_told_apart_by_where_they_stand() -> None:
    """In no paragraph, over a sentence's end, in one sentence, in two. Seen red: without the one added to the count."""
    ordinary = Ordinary([text("t", "甲乙丙丁。戊己庚辛", "甲乙。")], Background())
    stream = read_bid("a", [text("b", "甲乙丙丁戊己甲")], ordinary)
    assert stream.told.tolist() == [3, 2, 2, 1, 2, 0, 0]
    many = tender_pairs.TenderPairs(np.array([1], dtype=np.uint64), Counted(np.array([1], np.uint64), np.array([400])))
    codes = np.array([0, 1], dtype=np.uint32)
    assert many.of(codes, bigram_ids(codes)).tolist() == [tender_pairs.MANY]


@given(st.lists(st.booleans(), max_size=30), st.sets(st.integers(1, 29)))
def test_stretches_end_at_every_bound(mask: list[bool], cuts: set[int]) -> None:
    """Seen red: with the bound at the very end taken for one inside."""
    size = len(mask)
    bounds = np.array(sorted({0, size, *(cut for cut in cuts if cut < size)}))
    starts, ends = stretches(np.array(mask, dtype=bool), bounds)
    inside = [place for start, end in zip(starts.tolist(), ends.tolist(), strict=True) for place in range(start, end)]
    assert inside == [place for place, told in enumerate(mask) if told]
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        assert not any(start < bound < end for bound in bounds.tolist())
        assert start in bounds or not mask[start - 1]
