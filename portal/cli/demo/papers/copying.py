"""How a passage is copied so that it does not look copied: the edits of the rigged pair, each leaving a receipt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

SYNONYMS = (
    ("采用", "选用"),
    ("设置", "布设"),
    ("确保", "保证"),
    ("及时", "立即"),
    ("严禁", "禁止"),
    ("检查", "核查"),
    ("进行", "开展"),
    ("要求", "规定"),
    ("同时", "并且"),
    ("避免", "防止"),
    ("防止", "避免"),
    ("必须", "应当"),
    ("均匀", "匀称"),
    ("逐层", "分层"),
    ("完成后", "结束后"),
    ("立即", "马上"),
    ("专人", "专职人员"),
    ("我司", "我公司"),
    ("合格后", "通过后"),
    ("控制在", "限制在"),
    ("不得", "不可"),
    ("随时", "即时"),
    ("全部", "所有"),
    ("以内", "范围内"),
)
LOOKALIKES = {"C": "С", "D": "Ｄ", "P": "Р", "A": "А", "T": "Т", "m": "ｍ"}
ZERO_WIDTH = "\u200b"


@dataclass(frozen=True)
class Receipt:
    """One planted passage: its mark, the edits in order, both texts as they stand in the two files."""

    mark: str
    operators: tuple[str, ...]
    source: str
    copy: str


@dataclass
class Copyist:
    """Copies marked passages of one bid into another and remembers each act in `receipts`."""

    passages: Mapping[str, str]
    receipts: list[Receipt] = field(default_factory=list)

    def __call__(self, mark: str, operators: list[str]) -> str:
        """The passage after the edits; raises KeyError for an unknown mark or edit, ValueError for an idle edit."""
        source = text = self.passages[mark]
        for operator in operators:
            name, _, argument = operator.partition("=")
            edited = OPERATORS[name](text, argument)
            if edited == text and name != "verbatim":
                raise ValueError(f"{operator} changes nothing in {mark}")
            text = edited
        self.receipts.append(Receipt(mark, tuple(operators), source, text))
        return text


def _synonyms(text: str, _: str) -> str:
    pattern = re.compile("|".join(re.escape(word) for word, _ in SYNONYMS))
    table = dict(SYNONYMS)
    return pattern.sub(lambda found: table[found[0]], text)


def _reorder(text: str, _: str) -> str:
    """Sentences in pairs change places; the first, which carries the topic, stays when there are three or more."""
    sentences = re.findall(r"[^。；]+[。；]?", text)
    for place in range(int(len(sentences) > 2), len(sentences) - 1, 2):
        sentences[place], sentences[place + 1] = sentences[place + 1], sentences[place]
    return "".join(re.sub("[。；]$", "。", sentence) for sentence in sentences)


def _number(text: str, argument: str) -> str:
    old, new = argument.split(">")
    return text.replace(old, new, 1)


def _homoglyph(text: str, argument: str) -> str:
    return text.replace(argument, LOOKALIKES[argument], 1)


def _zero_width(text: str, argument: str) -> str:
    return text.replace(argument, argument[0] + ZERO_WIDTH + argument[1:], 1)


OPERATORS = {
    "verbatim": lambda text, _: text,
    "synonyms": _synonyms,
    "reorder": _reorder,
    "number": _number,
    "homoglyph": _homoglyph,
    "zero-width": _zero_width,
}
