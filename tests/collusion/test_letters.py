"""Text as arrays says the same as text letter by letter, and keys keep their promises."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collusion.rules import meetings
from collusion.rules.folding import fold, folded_letter
from collusion.rules.frequencies import FEW, Counted, counted, smaller
from collusion.rules.letters import distinct, fold_all, gram_keys, keys_of, mixed, ragged, runs, within

PARAGRAPH = st.text(
    alphabet=st.one_of(st.characters(exclude_categories=("Cs",)), st.sampled_from("泵ﬃ⒈㈠.．5。\u200b\nС")), max_size=40
)


@given(st.lists(PARAGRAPH, max_size=5))
def test_folding_all_is_folding_each(paragraphs: list[str]) -> None:
    """Letters, origins, sentences. Seen red: with the dot of ⒈ dropped, and paragraphs joined without an end."""
    letters = fold_all(paragraphs)
    assert np.array_equal(distinct(letters.codes.astype(np.uint64)), np.unique(letters.codes))
    for number, paragraph in enumerate(paragraphs):
        folded = fold(paragraph)
        at = np.flatnonzero(letters.paragraph == number)
        assert "".join(map(chr, letters.codes[at].tolist())) == folded.text
        assert tuple((letters.origins[at] - letters.starts[number]).tolist()) == folded.origins
        ends = np.flatnonzero(np.diff(letters.sentence[at])) + 1 if at.size else np.zeros(0, dtype=int)
        assert [end for _, end in folded.sentences[:-1]] == ends.tolist()


def test_chinese_letters_known_from_the_start_fold_as_one_by_one() -> None:
    """All that stand in the table. Seen red: with the lookalikes among them left as they are."""
    every = [chr(point) for point in range(0x4E00, 0x9FA6)]
    letters = fold_all(["".join(every)])
    assert "".join(map(chr, letters.codes.tolist())) == "".join(map(folded_letter, every))


def test_the_same_phrase_has_the_same_key_wherever_it_stands() -> None:
    """Seen red: with the position mixed into the key."""
    text = "取水泵房基坑降水取水泵房基"
    codes = np.array([ord(c) for c in text], dtype=np.uint32)
    keys = gram_keys(codes)
    assert keys[0] == keys[8] == keys_of(["取水泵房基"])[0]
    assert len(set(keys[:8].tolist())) == 8
    assert gram_keys(codes[:4]).size == 0


def test_ten_thousand_phrases_have_ten_thousand_keys() -> None:
    """Seen red: with one factor for all places, phrases of the same letters in another order met."""
    rng = random.Random(4)
    grams = list({"".join(rng.choices("甲乙丙丁戊己庚辛", k=5)) for _ in range(10_000)})
    assert len(set(keys_of(grams).tolist())) == len(grams)


def test_stretches_end_where_their_group_ends() -> None:
    """Seen red: with groups not looked at, a run crossed a paragraph."""
    mask = np.array([1, 1, 1, 0, 1], dtype=bool)
    group = np.array([0, 0, 1, 1, 1], dtype=np.int32)
    starts, ends = runs(mask, group)
    assert list(zip(starts.tolist(), ends.tolist(), strict=True)) == [(0, 2), (2, 3), (4, 5)]
    assert within(group, 2).tolist() == [True, False, True, True]
    at, owner = ragged(np.array([3, 10]), np.array([2, 3]))
    assert at.tolist() == [3, 4, 10, 11, 12] and owner.tolist() == [0, 0, 1, 1, 1]


def test_counts_are_of_groups_and_the_smaller_wins() -> None:
    """Seen red: with the larger of tenders and bidders."""
    one, two, three = (np.array(keys, dtype=np.uint64) for keys in ([1, 5], [5, 9], [5]))
    made = smaller(counted([one, two, three]), counted([distinct(np.concatenate([one, two])), three]))
    assert made.of(np.array([1, 5, 9, 7], dtype=np.uint64)).tolist() == [1, 2, 1, 0]
    assert 5 in made and 7 not in made and len(made) == 3 and not Counted()


def test_keys_sort_as_plainly_and_stably_even_where_their_upper_bits_are_equal() -> None:
    """Seen red: without sorting in full those whose upper bits are equal."""
    rng = np.random.default_rng(4)
    for keys in (
        rng.integers(0, 40, 3_000, dtype=np.uint64),
        rng.integers(0, 2**63, 3_000, dtype=np.uint64),
        np.concatenate([rng.integers(0, 9, 500), rng.integers(0, 9, 500) + 2**50]).astype(np.uint64),
        np.zeros(1, dtype=np.uint64),
    ):
        assert np.array_equal(meetings.stable_order(keys), np.argsort(keys, kind="stable"))


def test_counts_asked_through_the_table_are_those_of_the_sorted_keys() -> None:
    """Seen red: without asking again for keys that share a slot."""
    rng = np.random.default_rng(5)
    keys = np.unique(rng.integers(0, 2**42, 20_000, dtype=np.uint64))
    held = Counted(keys, rng.integers(1, 9, keys.size))
    asked = np.concatenate([keys[::2], rng.integers(0, 2**42, 5_000, dtype=np.uint64)])
    assert asked.size > FEW and np.array_equal(held.of(asked), held._sought(asked))


def test_what_stands_in_two_bids_is_never_left_out() -> None:
    """Seen red: with bids numbered from the second on, those of the first and the last slot met nobody."""
    rng = np.random.default_rng(6)
    keys = [mixed(rng.integers(0, 3_000, 1_300, dtype=np.uint64)) for _ in range(7)]
    for kept, bids in ((keys, 7), ([*keys, *[keys[0][:0]] * 300], 307)):
        told = meetings.in_two(kept)
        assert len(told) == bids
        for number in range(7):
            others = np.concatenate(keys[:number] + keys[number + 1 :])
            assert told[number][np.isin(keys[number], others)].all()
    alone = [mixed(np.arange(1_300, dtype=np.uint64) + np.uint64(1_300 * n)) for n in range(7)]
    assert np.concatenate(meetings.in_two(alone)).mean() < 0.4
    met, places, bid = meetings.met_in_two(alone, [np.arange(1_300)] * 7)
    assert met.size == places.size == bid.size < 900
