"""The text pipeline of COLLUSION App. D: folding, subtraction that survives editing, matching that survives edits."""

from __future__ import annotations

import random
import time

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.collusion_sections import Persona
from collusion.rules.background import ArchivedBid, Background, learn
from collusion.rules.documents import Document
from collusion.rules.folding import fold
from collusion.rules.passages import Comparison, Seeds, compare
from collusion.rules.reading import Ordinary, Source, Stream, read_bid
from collusion.rules.seeding import Field, exact_links
from tests.collusion.cases import text

OWN = (
    "取水泵房基坑采用管井与轻型井点相结合的方式降水，井距十二点五米，坑内设观察井四口。"
    "滤池滤板逐格安装，用电子水准仪复测，单格高差控制在两毫米以内。"
    "清水池池壁一次浇筑高度不超过四点六米，沿环向薄层推进，相邻两层间隔不超过初凝时间。"
)
TENDER = "投标人应当在投标文件中提交施工组织设计，并对不停水接驳方案作出专项说明和应急安排。"


def between(one: str, other: str, tender: str = "", background: Background | None = None) -> Comparison:
    """Compare two one-paragraph bids."""
    ordinary = Ordinary([text("t", tender)] if tender else [], background or Background())
    sides = [Seeds(read_bid(name, [text(name, body)], ordinary), ordinary) for name, body in (("a", one), ("b", other))]
    return compare(sides[0], sides[1], ordinary)


def test_folding_sees_through_disguise_and_finds_the_way_back() -> None:
    """Seen red: without the lookalike table the Cyrillic С stayed; with Cf kept the zero-width space stayed."""
    plain, disguised = "混凝土强度C30，水胶比0.43", "混​凝土强度С３０,水 胶比０.43"
    assert fold(plain).text == fold(disguised).text == "混凝土强度c30水胶比0.43"
    folded = fold(disguised)
    start = folded.text.index("c30")
    first, last = folded.original(start, start + 3)
    assert disguised[first:last] == "С３０"


@given(st.text(max_size=80))
def test_every_folded_letter_has_an_origin(value: str) -> None:
    """Seen red: with one origin per input letter, ligatures such as ﬃ lost theirs."""
    folded = fold(value)
    assert len(folded.text) == len(folded.origins)
    assert list(folded.origins) == sorted(folded.origins)
    assert all(0 <= o < len(value) for o in folded.origins)
    assert all(s < e for s, e in folded.sentences)


def test_every_shared_run_of_eight_is_met_and_none_of_seven() -> None:
    """Seven bids of 2,000 letters with planted runs. Seen red: with a key of nine letters."""
    rng = random.Random(5)
    letters = [chr(0x4E00 + n) for n in range(900)]
    bodies = [rng.choices(letters, k=2_000) for _ in range(7)]
    planted = []
    for number in range(60):
        one, other = rng.sample(range(7), 2)
        at_a, at_b = 16 + 32 * number, 16 + 32 * rng.randrange(60)
        length = 8 if number % 2 else 7
        bodies[one][at_a : at_a + length] = run = rng.choices(letters, k=length)
        bodies[other][at_b : at_b + length] = run
        planted.append((one, at_a, other, at_b, run))
    ordinary = Ordinary([], Background())
    seeds = [Seeds(read_bid(str(n), [text("d", "".join(body))], ordinary), ordinary) for n, body in enumerate(bodies)]
    field = Field(seeds, ordinary)
    links = exact_links(field)
    met = {tuple(sorted(pair)) for pair in zip(links.a.tolist(), links.b.tolist(), strict=True)}
    whole = 0
    for one, at_a, other, at_b, run in planted:
        if bodies[one][at_a : at_a + len(run)] == run == bodies[other][at_b : at_b + len(run)]:
            places = int(field.offsets[one]) + at_a, int(field.offsets[other]) + at_b
            assert (tuple(sorted(places)) in met) == (len(run) == 8), (one, at_a)
            whole += len(run) == 8
    assert whole > 15


def test_verbatim_copying_is_found_and_marked() -> None:
    """Seen red: with LEAST_PASSAGE above the paragraph's length."""
    result = between("我方安排如下。" + OWN, OWN + "以上措施由专人落实。")
    assert result.matched > 90
    side = max(result.passages, key=lambda p: p.matched).a
    assert "".join(side.text[s:e] for s, e in side.equal).count("滤板逐格安装") == 1


def test_tender_text_is_never_evidence_even_when_edited() -> None:
    """Seen red: with FUZZY_CONTAINMENT at 1, the edited quote counted (the flaw of whole-run filters)."""
    letters = TENDER.rstrip("。").replace("，", "")
    dense = "了".join((letters[:4], letters[4:8], letters[8:12], letters[12:-12], letters[-12:-8], letters[-8:-4]))
    edited = dense + "了" + letters[-4:] + "。"
    rng = random.Random(3)
    whole = TENDER + "".join(Persona.draw(rng).sentence(rng) for _ in range(60))
    assert between(TENDER, TENDER).matched > 20
    assert between(TENDER, TENDER, tender=whole).matched == 0
    assert between(edited, edited).matched > 20
    assert between(edited, edited, tender=whole).matched == 0


def test_what_is_put_into_a_tender_sentence_stays_evidence() -> None:
    """Seen red: with whole sentences explained instead of their equal parts."""
    inserted = "我方拟以双级哈夫三通带压开孔并备足水量"
    tender = TENDER.rstrip("。") + "，且不得因此降低既有水厂向城区供水的压力、水质和连续性。"
    mixed = tender.replace("不停水接驳方案", "不停水接驳方案" + inserted)
    rng = random.Random(3)
    whole = tender + "".join(Persona.draw(rng).sentence(rng) for _ in range(60))
    result = between(mixed, mixed, tender=whole)
    assert 16 <= result.matched <= len(inserted)


def test_the_archive_explains_what_the_trade_always_says() -> None:
    """Seen red: with the archive's grams not consulted."""
    past = learn([ArchivedBid("other", "someone", (text("x", OWN),))])
    assert between(OWN, OWN).matched > 90
    assert between(OWN, OWN, background=past).matched == 0


def test_a_ring_is_not_explained_by_its_own_past() -> None:
    """Seen red: without `except_bidders`, the ring's earlier bids masked its passages."""
    past = [ArchivedBid("other", "a", (text("x", OWN),)), ArchivedBid("third", "b", (text("y", OWN),))]
    assert between(OWN, OWN, background=learn(past, except_bidders=frozenset({"a", "b"}))).matched > 90


def test_other_bids_of_the_tender_never_make_a_template() -> None:
    """Three of five copy: each pair is found. Seen red: subtracting what half the batch shares leaves nothing."""
    ordinary = Ordinary([text("t", TENDER)], Background())
    persona = random.Random(4)
    own = [" ".join(Persona.draw(persona).sentence(persona) for _ in range(20)) for _ in range(5)]
    bodies = [body + OWN if n < 3 else body for n, body in enumerate(own)]
    seeds = [Seeds(read_bid(str(n), [text("d", body)], ordinary), ordinary) for n, body in enumerate(bodies)]
    for one in range(5):
        for other in range(one + 1, 5):
            matched = compare(seeds[one], seeds[other], ordinary).matched
            assert (matched > 90) == (other < 3), (one, other)


def test_citations_prove_nothing() -> None:
    """Seen red: with CITATIONS matching nothing."""
    cited = "执行《给水排水构筑物工程施工及验收规范》和《混凝土结构工程施工质量验收规范》GB 50204-2015。"
    assert between(cited, cited).matched == 0


def test_synonyms_reordering_numbers_and_disguises_do_not_hide_a_copy() -> None:
    """Seen red: with exact runs only, the synonym and reorder variants fell below half."""
    clauses = OWN.split("。")[:-1]
    variants = {
        "synonyms": OWN.replace("采用", "使用")
        .replace("控制", "限制")
        .replace("不超过", "不大于")
        .replace("逐格", "逐块"),
        "reorder": "。".join(clauses[::-1]) + "。",
        "clauses": "。".join("，".join(c.split("，")[::-1]) for c in clauses) + "。",
        "numbers": OWN.replace("四口", "六口").replace("两毫米", "三毫米").replace("四点六", "四点二"),
        "zero width": "​".join(OWN),
        "padding": OWN.replace("，", "，在现场管理人员统一协调之下，"),
    }
    for label, variant in variants.items():
        result = between(OWN, variant)
        assert result.matched >= 0.55 * len(fold(OWN).text), label


def test_heavy_substitution_still_leaves_the_bag_of_words() -> None:
    """No exact run of eight letters is left. Seen red: with exact runs only, nothing was found."""
    original = "取水泵房基坑采用管井与轻型井点结合降水，井距十二点五米，坑内布置观察井四口逐日记录水位。"
    heavy = "坑内布置着观察井四个逐日去记录水位，井距为十二点六米，取水泵房的基坑用管井和轻型井点来结合降水。"
    assert between(original, heavy).matched >= 16


def test_equal_parts_point_at_equal_letters() -> None:
    """Seen red: with spans taken in folded letters instead of original ones."""
    disguised = "​".join(OWN.replace("观察", "监测"))
    for passage in between(OWN, disguised).passages:
        left = "".join(fold(passage.a.text[s:e]).text for s, e in passage.a.equal)
        right = "".join(fold(passage.b.text[s:e]).text for s, e in passage.b.equal)
        assert left == right
        assert OWN[passage.a.offset : passage.a.offset + len(passage.a.text)] == passage.a.text


def test_a_repeated_formula_counts_once() -> None:
    """Seen red: without _each_letter_once the matched letters exceeded the shorter bid."""
    formula = "本分项由生产经理带班逐段验收并留存影像资料。"
    ordinary = Ordinary([], Background())
    many = text("b", *(f"{part}部位的做法见前述章节。{formula}" for part in "甲乙丙丁戊己"))
    sides = [Seeds(read_bid("x", [document], ordinary), ordinary) for document in (text("a", formula), many)]
    assert compare(sides[0], sides[1], ordinary).matched == len(fold(formula).text)


def test_two_authors_of_one_trade_share_next_to_nothing() -> None:
    """Same words, other sentences. Seen red: with SENTENCE_DICE and NEIGHBOUR_DICE at 0.15."""
    rng = random.Random(11)
    one, other = ("\n".join(Persona.draw(rng).sentence(rng) for _ in range(80)) for _ in range(2))
    result = between(one, other)
    assert result.matched <= 0.1 * min(result.own_a, result.own_b)


def test_repeated_paragraphs_and_bills_are_read_once_or_not_at_all() -> None:
    """Seen red: without the set of seen paragraphs a bid handed in as docx and pdf doubled its own text."""
    ordinary = Ordinary([], Background())
    bill = Document("b.xlsx", "xlsx", "b", text("b", "清单项目名称与特征描述很长的一行文字").paragraphs)
    stream: Stream = read_bid("a", [text("x.docx", OWN), text("x.pdf", OWN), bill], ordinary)
    assert len(stream.paragraphs) == 1
    assert Source.OWN in stream.piece(0).sources


def test_six_bids_of_twenty_thousand_letters_take_seconds() -> None:
    """The budget of a hall. Seen red: comparing every sentence with every other took over a minute."""
    rng = random.Random(7)
    ordinary = Ordinary([text("t", *(Persona.draw(rng).sentence(rng) for _ in range(400)))], Background())
    seeds = []
    for bidder in "abcdef":
        author = Persona.draw(rng)
        body = [author.sentence(rng) for _ in range(800)]
        seeds.append(Seeds(read_bid(bidder, [text(bidder, *body)], ordinary), ordinary))
    assert min(seed.stream.letters for seed in seeds) > 15_000
    started = time.monotonic()
    for one in range(6):
        for other in range(one + 1, 6):
            compare(seeds[one], seeds[other], ordinary)
    assert time.monotonic() - started < 30
