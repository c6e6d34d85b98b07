"""Indicator tenderer.tailored: requirements nobody else's tenders have, met word for word by one bidder alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collusion.rules.background import History
from collusion.rules.base_rates import rate
from collusion.rules.case import Case
from collusion.rules.documents import Place
from collusion.rules.evidence import ARTICLE_41, SIGNALS, Family, Indicator, Note, Remark, nothing, remark
from collusion.rules.folding import flat
from collusion.rules.letters import GRAM, fold_all, gram_keys, within
from collusion.rules.odds import mixed_tail
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
"""Sentences in a row, whose answers tell how diligent a bidder is there: a whole chapter answered holds rare ones."""
HABIT = 1.5
"""How many times oftener or more seldom than usual sentences a bidder may answer suspect ones out of habit."""
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
    """Note each bidder that alone meets more suspect sentences than its own and the others' habits let expect."""
    found, base = [], rate("history.floor")
    told = _requirements(case)
    if told is None:
        return []
    expected = _alone(told.suspect, told.met)
    single = np.equal(told.met.sum(axis=1), 1)
    for column, bid in enumerate(case.bids):
        alone: Flags = np.logical_and(single, told.met[:, column])
        hits = np.flatnonzero(alone & told.suspect)
        if hits.size < LEAST_ALONE:
            continue
        tail = mixed_tail(int(hits.size), expected[told.suspect, column].tolist())
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


def _alone(suspect: Flags, met: Flags) -> NDArray[np.float64]:
    """Give per sentence and bidder the chance that it alone meets it, were all to answer as they do around it.

    A bidder's rate of a block is drawn towards its rate of the whole by one sentence; its habit with suspect sentences
    is told from the whole, never beyond HABIT. Bidders answer apart from each other.
    """
    overall = (met.sum(axis=0) + 1) / (len(met) + 2)
    rates = [(met[kind].sum(axis=0) + 2 * overall) / (int(kind.sum()) + 2) for kind in (suspect, ~suspect)]
    habit = np.clip(rates[0] / rates[1], 1 / HABIT, HABIT)
    chance = np.zeros(met.shape)
    for start in range(0, len(met), BLOCK):
        here = slice(start, start + BLOCK)
        rate_here = (met[here].sum(axis=0) + overall) / (len(met[here]) + 1)
        share = float(suspect[here].mean())
        usual = rate_here / (1 - share + share * habit)
        chance[here] = np.minimum(0.97, np.where(suspect[here][:, None], usual * habit, usual))
    nobody = np.prod(1 - chance, axis=1)
    return np.asarray(chance * nobody[:, None] / (1 - chance))


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
        "该投标人独自逐字响应的少见（或已提示限制性）句子，是否多于各家在同一段落前后的响应习惯所能解释的（精确泊松二项检验）"
    ),
    null_model=_l("各家相互独立，按其在同段的响应率与对少见要求的习惯（至多 1.5 倍）响应；外加模型误差下限 0.02"),
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
