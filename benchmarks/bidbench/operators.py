"""How a copy is disguised. Each operator takes sentences and gives (sentence of the original, its disguised copy)."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence

Words = Mapping[str, tuple[str, ...]]
Copies = list[tuple[str, str]]
Operator = Callable[[random.Random, Sequence[str], Words], Copies]

HOMOGLYPHS = str.maketrans("aceopxyABCEHKMOPTX日未已土", "асеорхуАВСЕНКМОРТХ曰末己士")
CONFUSED = {
    "未": "末", "日": "曰", "土": "士", "己": "已", "人": "入", "大": "太", "干": "千", "贝": "见", "0": "O", "1": "l",
    "天": "夭", "广": "厂", "力": "刀", "小": "少", "木": "术", "王": "玉", "白": "自", "目": "日", "田": "由", "口": "囗",
    "的": "旳", "间": "问", "设": "没", "析": "折", "侯": "候", "拨": "拔", "治": "冶", "名": "各", "准": "淮", "今": "令",
}  # fmt: skip
FILLERS = (
    "在现场管理人员统一协调之下", "结合本单位多年经验", "按照既定程序", "经充分论证后", "在确保安全的前提下", "根据实际情况适当",
    "会同有关各方", "在规定时限之内",
)  # fmt: skip
TYPOS = (
    ("安装", "按装"),
    ("部署", "布署"),
    ("其他", "其它"),
    ("账", "帐"),
    ("坐标", "座标"),
    ("黏", "粘"),
    ("戴", "带"),
)
OPENERS = ("对于这一点，", "就此而言，", "需要指出的是，", "在此过程中，", "换言之，")


def verbatim(_: random.Random, sentences: Sequence[str], __: Words) -> Copies:
    """Letter by letter."""
    return [(sentence, sentence) for sentence in sentences]


def _replaced(rng: random.Random, sentence: str, words: Words, share: float) -> str:
    out, at = [], 0
    while at < len(sentence):
        for length in (4, 3, 2):
            word = sentence[at : at + length]
            if word in words:
                out.append(rng.choice(words[word]) if rng.random() < share else word)
                at += length
                break
        else:
            out.append(sentence[at])
            at += 1
    return "".join(out)


def synonyms(share: float) -> Operator:
    """This share of the words of the dictionary give way to a synonym."""
    return lambda rng, sentences, words: [(s, _replaced(rng, s, words, share)) for s in sentences]


def clauses(rng: random.Random, sentences: Sequence[str], _: Words) -> Copies:
    """The clauses of every sentence in another order."""
    found = []
    for sentence in sentences:
        parts = sentence[:-1].split("，")
        rng.shuffle(parts)
        found.append((sentence, "，".join(parts) + sentence[-1]))
    return found


def reorder(rng: random.Random, sentences: Sequence[str], words: Words) -> Copies:
    """The sentences in another order, and their clauses too."""
    found = clauses(rng, sentences, words)
    rng.shuffle(found)
    return found


def homoglyphs(rng: random.Random, sentences: Sequence[str], _: Words) -> Copies:
    """Look-alike letters, zero-width spaces every few letters."""
    found = []
    for sentence in sentences:
        letters = [c + ("\u200b" if rng.random() < 0.3 else "") for c in sentence.translate(HOMOGLYPHS)]
        found.append((sentence, "".join(letters)))
    return found


def padding(rng: random.Random, sentences: Sequence[str], _: Words) -> Copies:
    """A phrase put in after every comma, and one in front of half of the sentences."""
    found = []
    for sentence in sentences:
        body = re.sub("，", lambda _: f"，{rng.choice(FILLERS)}，", sentence)
        found.append((sentence, (rng.choice(OPENERS) if rng.random() < 0.5 else "") + body))
    return found


def numbers(rng: random.Random, sentences: Sequence[str], _: Words) -> Copies:
    """Every number another one."""
    return [(s, re.sub(r"\d", lambda _: str(rng.randrange(10)), s)) for s in sentences]


def typos(rng: random.Random, sentences: Sequence[str], _: Words) -> Copies:
    """The original's own slips are carried over, and one letter in sixty is left out."""
    found = []
    for sentence in sentences:
        original = sentence
        for right, wrong in TYPOS:
            original = original.replace(right, wrong)
        found.append((original, "".join(c for c in original if rng.random() > 1 / 60)))
    return found


def scanned(rng: random.Random, sentences: Sequence[str], _: Words) -> Copies:
    """As an OCR program would read it back: confused letters, some lost, some wrong."""
    found = []
    for sentence in sentences:
        letters = []
        for c in sentence:
            chance = rng.random()
            if chance < 0.01:
                continue
            letters.append(chr(rng.randrange(0x4E00, 0x9FA5)) if chance < 0.025 else CONFUSED.get(c, c))
        found.append((sentence, "".join(letters)))
    return found


def paraphrase(rng: random.Random, sentences: Sequence[str], words: Words) -> Copies:
    """As a translation there and back: particles gone, voice turned, a quarter of the words others, clauses moved."""
    found = []
    for sentence in sentences:
        body = sentence[:-1]
        body = re.sub("的", lambda _: "" if rng.random() < 0.5 else "的", body)
        for one, other in (
            ("应当", "须"),
            ("必须", "务必"),
            ("可以", "能够"),
            ("如果", "若"),
            ("并且", "同时"),
            ("进行", ""),
        ):
            body = body.replace(one, other)
        body = re.sub("(.{2,6})被", r"由\1", body)
        parts = body.split("，")
        if len(parts) > 1 and rng.random() < 0.5:
            at = rng.randrange(len(parts) - 1)
            parts[at], parts[at + 1] = parts[at + 1], parts[at]
        opener = rng.choice(OPENERS) if rng.random() < 0.2 else ""
        found.append((sentence, opener + _replaced(rng, "，".join(parts), words, 0.25) + sentence[-1]))
    return found


def sections(rng: random.Random, sentences: Sequence[str], words: Words) -> Copies:
    """Sections of five sentences in another order, every third sentence left out, a tenth of the words others."""
    blocks = [list(sentences[at : at + 5]) for at in range(0, len(sentences), 5)]
    rng.shuffle(blocks)
    return [
        (s, _replaced(rng, s, words, 0.1))
        for block in blocks
        for n, s in enumerate(block)
        if n % 3 != 2 or len(block) < 3
    ]


def heavy_reorder(rng: random.Random, sentences: Sequence[str], words: Words) -> Copies:
    """Two fifths of the words others and everything in another order."""
    found = [(s, _replaced(rng, copy, words, 0.4)) for s, copy in reorder(rng, sentences, words)]
    return found


DEVELOPED: dict[str, Operator] = {
    "verbatim": verbatim,
    "synonyms15": synonyms(0.15),
    "reorder": reorder,
    "homoglyph+zwsp": homoglyphs,
    "padding": padding,
    "numbers": numbers,
    "typos": typos,
}
"""Operators a detector may be tuned on."""
HELD_OUT: dict[str, Operator] = {
    "synonyms40": synonyms(0.40),
    "synonyms40+reorder": heavy_reorder,
    "ocr": scanned,
    "paraphrase": paraphrase,
    "sections": sections,
    "mix of two": verbatim,
}
"""Operators nobody tuned anything on; `mix of two` alternates sentences of two partners."""
EVERY = {**DEVELOPED, **HELD_OUT}
