"""Indicator tenderer.tailored: requirements nobody else's tenders have, met word for word by one bidder alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collusion.rules.background import History
from collusion.rules.base_rates import rate
from collusion.rules.case import Case
from collusion.rules.documents import Place
from collusion.rules.evidence import ARTICLE_41, SIGNALS, Family, Indicator, Note, Remark, nothing, remark
from collusion.rules.folding import flat
from collusion.rules.history import stratified_tail
from collusion.rules.letters import GRAM, fold_all, gram_keys, within
from collusion.rules.quoting import phrases_of, texts_of
from collusion.rules.shown import WORTH_SHOWING
from collusion.rules.source_text import _l

IDENTIFIER = "tenderer.tailored"
LEAST_LETTERS = 12
RARE = 0.5
"""A sentence is rare when so much of it stands in no bid of any other tender."""
MET = 0.9
"""A bid meets a sentence word for word when it holds so much of it."""
BLOCK = 20
"""Sentences in a row, compared with each other alone: who answers a whole chapter answers its rare ones, too."""
LEAST_ALONE = 3
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Requirements:
    """The tender's sentences: where each stands, its words, whether it is suspect, and which bids meet it."""

    places: list[Place]
    words: list[str]
    suspect: Flags
    warned: Flags
    met: Flags


def notes(case: Case) -> list[Note]:
    """Note each bidder that alone meets suspect sentences oftener than it alone meets the sentences around them."""
    found, base = [], rate("history.floor")
    told = _requirements(case)
    if told is None:
        return []
    some: Flags = told.met.sum(axis=1) > 0
    single = np.equal(told.met.sum(axis=1), 1)
    for column, bid in enumerate(case.bids):
        alone: Flags = np.logical_and(single, told.met[:, column])
        hits = np.flatnonzero(alone & told.suspect)
        if hits.size < LEAST_ALONE:
            continue
        tail = stratified_tail(int(hits.size), list(_strata(some, told.suspect, alone)))
        chance = min(1.0, base.value + tail)
        if chance > WORTH_SHOWING:
            continue
        first = int(hits[0])
        said = remark(
            _l("招标文件中 %(n)d 句少见的要求仅该投标人逐字响应（其独自响应的共 %(alone)d 句），例如“%(words)s”"),
            n=int(hits.size), alone=int(alone.sum()), words=told.words[first],
        )  # fmt: skip
        tested = remark(
            _l("只与同一段落前后的要求相比；其中 %(warned)d 句含公布前已提示的限制性条款"),
            warned=int((alone & told.warned).sum()),
        )
        found.append(Note(IDENTIFIER, bid.bidder, chance, base, told.places[first], (said, tested)))
    return found


def _strata(some: Flags, suspect: Flags, alone: Flags) -> Iterator[tuple[int, int, int]]:
    """Per block: sentences somebody meets, of these suspect, of these met by the bidder alone."""
    for start in range(0, some.size, BLOCK):
        block = slice(start, start + BLOCK)
        yield int(some[block].sum()), int((some & suspect)[block].sum()), int(alone[block].sum())


def _requirements(case: Case) -> Requirements | None:
    """Read the tender's sentences, each once, in the order of its files."""
    places, texts = [], []
    for document in case.tender:
        for paragraph in document.paragraphs if document.kind != "xlsx" else ():
            places.append(Place(document.file, paragraph.page, paragraph.number))
            texts.append(paragraph.text)
    letters = fold_all(texts)
    keys = gram_keys(letters.codes)
    if not keys.size:
        return None
    whole = within(letters.sentence, GRAM)
    of, keys = letters.sentence[: keys.size][whole].astype(np.int64), keys[whole]
    count = int(letters.sentence[-1]) + 1
    size = np.bincount(of, minlength=count)
    starts = np.searchsorted(letters.sentence, np.arange(count + 1))
    long = np.diff(starts) >= LEAST_LETTERS
    # A sentence that stands twice (two versions of a paper) counts once.
    seen: set[bytes] = set()
    for number in np.flatnonzero(long).tolist():
        text = letters.codes[starts[number] : starts[number + 1]].tobytes()
        long[number] = text not in seen
        seen.add(text)
    kept = np.flatnonzero(long)
    if not kept.size:
        return None
    unseen = np.bincount(of, case.background.grams.of(keys) == 0, minlength=count)
    met = np.column_stack(
        [
            np.bincount(of, np.isin(keys, phrases_of(texts_of(bid.documents))), minlength=count)[kept]
            >= MET * size[kept]
            for bid in case.bids
        ]
    )
    spans = [(int(letters.origins[starts[n]]), int(letters.origins[starts[n + 1] - 1]) + 1) for n in kept.tolist()]
    words = [letters.raw[start:end] for start, end in spans]
    barriers = [flat(one.words) for one in (case.publications.barriers if case.publications else ())]
    warned = np.array([any(one in flat(text) for one in barriers) for text in words], dtype=bool)
    rare = unseen[kept] >= RARE * size[kept]
    return Requirements(
        [places[int(letters.paragraph[starts[n]])] for n in kept.tolist()],
        [text if len(text) <= 60 else text[:59] + "…" for text in words],
        rare | warned,
        warned,
        met,
    )


def lacking(case: Case) -> Remark | None:
    """Say whether too few other tenders are known to call a requirement rare."""
    if case.background.history is not History.ENOUGH:
        return remark(_l("历史档案不足十二个项目，无从判断要求是否少见"))
    return None if any(document.paragraphs for document in case.tender) else remark(_l("没有可读的招标文件"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.CONDUCT,
    name=_l("少见的要求仅一家逐字响应"),
    clauses=(ARTICLE_41, SIGNALS),
    needs=_l("招标文件、已解密的投标文件、其他项目的历史档案、公布前限制性条款检查的记录"),
    method=_l(
        "在同一段落前后的要求之内比较：仅该投标人逐字响应的句子是否偏向少见的、或已提示限制性的句子（分层精确检验）"
    ),
    null_model=_l("各段之内的超几何分布：是否少见与由谁独自响应无关；外加模型误差下限 0.02"),
    false_alarms=_l("模拟清白标段实测见文档；不计入得分"),
    exclusions=(
        _l("不足三句的不作判断"),
        _l("整章逐字响应的认真投标人：只与同段比较"),
        _l("他人亦响应的要求"),
    ),
    clears=_l("说明该要求出自何处、市场上还有谁能满足；招标人出示设定该要求的论证材料"),
    rates=("history.floor",),
    evaluate=nothing,
    lacking=lacking,
    notes=notes,
)
