"""Folding of written text: what looks the same becomes the same, and every folded letter knows where it came from."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

SENTENCE_ENDS = frozenset("。；！？!?;\n\r\t\v\f\u2028\u2029")
KEPT_SYMBOLS = frozenset("%‰±×℃≤≥")
CITATIONS = re.compile(
    r"《[^《》\n]{1,60}》"
    r"|(?<![A-Za-z])(?:GB|JGJ|CJJ|CJ|SL|DL|DB|JG|JC|CECS|HG|SH|TB|JTG|QB|YB|AQ|ISO|IEC)(?:/?[TZ])?\s?\d{2,6}(?:\.\d+)?"
    r"(?:\s?[-—–]\s?\d{2,4})?"
)
"""Titles and numbers of laws and standards: everyone quotes them, nobody owns them."""

# Left: impostors. Right: what they pretend to be. NFKC already folds width, ligatures and most radicals.
LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορυхⲟ"
    "⺁⺋⺎⺠⺨⺫⺮⻁⻄⻅⻆⻈⻉⻋⻌⻑⻒⻓⻔⻘⻙⻚⻛⻜⻝⻞⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳"
    "ロニカエトハタチ〇○"
    "己巳曰末壬汆淸靑內戶產說絕錄黃",
    "aeopcyxijsdhlqwabezhikmnoptyxavopyxo"
    "厂卩兀民犭罒竹虎西见角讠贝车辶长镸长门青韦页风飞食飠马骨鬼鱼鸟卤麦黄齐齿龙龟"
    "口二力工卜八夕千00"
    "已已日未王氽清青内户产说绝录黄",
)


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text; `origins[i]` is the index in the original of folded letter i; `sentences` are folded spans."""

    text: str
    origins: tuple[int, ...]
    sentences: tuple[tuple[int, int], ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Give the original span of a folded span that is not empty."""
        return self.origins[start], self.origins[end - 1] + 1


@lru_cache(maxsize=65536)
def folded_letter(character: str) -> str:
    """Give what a letter folds to: nothing, one letter, or several."""
    kept = []
    for piece in unicodedata.normalize("NFKC", character).casefold().translate(LOOKALIKES):
        # Only letters and digits stay: zero-width characters, accents, spaces and punctuation go with the rest.
        if unicodedata.category(piece)[0] in "LN" or piece in KEPT_SYMBOLS or piece == ".":
            kept.append(piece)
    return "".join(kept)


def fold(text: str) -> Folded:
    """Fold width, case, homoglyphs, zero-width letters, spaces and punctuation; keep a way back to every letter.

    A full stop survives only between digits, so that 12.5 stays a number.
    """
    letters: list[str] = []
    origins: list[int] = []
    sentences: list[tuple[int, int]] = []
    start = 0
    for index, character in enumerate(text):
        if character in SENTENCE_ENDS:
            if len(letters) > start:
                sentences.append((start, len(letters)))
            start = len(letters)
            continue
        folded = folded_letter(character)
        if folded == "." and not _between_digits(text, index):
            continue
        for letter in folded:
            letters.append(letter)
            origins.append(index)
    if len(letters) > start:
        sentences.append((start, len(letters)))
    return Folded("".join(letters), tuple(origins), tuple(sentences))


def _between_digits(text: str, index: int) -> bool:
    return 0 < index < len(text) - 1 and text[index - 1].isdigit() and text[index + 1].isdigit()


def flat(text: str) -> str:
    """Fold a short value (a name, an address) for comparison."""
    return fold(text).text
