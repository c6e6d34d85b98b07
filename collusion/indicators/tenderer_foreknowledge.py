"""Indicator tenderer.foreknowledge: a bid says word for word what a clarification published only after it came in."""

from __future__ import annotations

from collusion.rules.base_rates import rate
from collusion.rules.case import Bid, Case
from collusion.rules.evidence import ARTICLE_41, SIGNALS, Family, Indicator, Note, Remark, nothing, remark
from collusion.rules.publications import Paper, Publications, minute
from collusion.rules.quoting import Quotation, fresh, longest, phrases_of, texts_of
from collusion.rules.source_text import _l

IDENTIFIER = "tenderer.foreknowledge"


def notes(case: Case) -> list[Note]:
    """Note each bidder whose bid quotes a paper that was published after the bid was received."""
    base, found = rate("foreknowledge"), []
    for bid in case.bids:
        seen = _longest(case, case.publications, bid) if case.publications else None
        if seen is None or bid.conduct is None:
            continue
        paper, quoted = seen
        said = remark(
            _l("投标文件于 %(came)s 收到，含 %(file)s（%(told)s 公布）中的原文 %(n)d 字：“%(words)s”"),
            came=minute(bid.conduct.received_at), told=minute(paper.published_at),
            file=paper.file, n=quoted.letters, words=quoted.words,
        )  # fmt: skip
        tested = remark(_l("收到之前已公布的文件、所答复的提问原文、其他项目的投标文件均已扣除"))
        found.append(Note(IDENTIFIER, bid.bidder, base.value, base, quoted.place, (said, tested)))
    return found


def _longest(case: Case, told: Publications, bid: Bid) -> tuple[Paper, Quotation] | None:
    """The longest quotation of what nobody could know yet, with its paper; what was public or asked is subtracted."""
    if bid.conduct is None:
        return None
    came = bid.conduct.received_at
    later = [paper for paper in told.papers if paper.published_at > max(came, told.published_at)]
    when = {paper.file: paper.published_at for paper in told.papers}
    public = [document for document in case.tender if when.get(document.file, told.published_at) <= came]
    best: tuple[Paper, Quotation] | None = None
    for paper in later:
        known = phrases_of([*texts_of(public), paper.asked])
        texts = texts_of(document for document in case.tender if document.file == paper.file)
        quoted = longest(bid.documents, fresh(texts, known, case.background))
        if quoted is not None and (best is None or quoted.letters > best[1].letters):
            best = (paper, quoted)
    return best


def lacking(case: Case) -> Remark | None:
    """Say whether nothing was published after the notice, or no archive tells what is ordinary."""
    told = case.publications
    if told is None or all(paper.published_at <= told.published_at for paper in told.papers):
        return remark(_l("招标公告之后没有公布过澄清或者修改"))
    if not any(bid.conduct for bid in case.bids):
        return remark(_l("没有收到投标文件的时刻记录"))
    return remark(_l("没有历史档案，无从判断文字是否常见")) if case.background.cold else None


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.CONDUCT,
    name=_l("先于公布知悉澄清内容"),
    clauses=(ARTICLE_41, SIGNALS),
    needs=_l("澄清与修改的公布时刻、最后一次递交的收到时刻、已解密的投标文件"),
    method=_l("在澄清公布之前收到的投标文件中，寻找澄清独有的连续原文（至少二十字）"),
    null_model=_l("无关采购文件之间出现同样长度的连续相同文字的实测概率"),
    false_alarms=_l("无关文件与模拟清白标段实测见文档；不计入得分"),
    exclusions=(
        _l("收到之前已公布的招标文件"),
        _l("所答复的提问、异议原文"),
        _l("其他项目的投标文件中出现过的文字、法规与标准的名称"),
    ),
    clears=_l("说明文字来源：自己曾以其他方式提出该意见，或出自未收录的公开资料"),
    rates=("foreknowledge",),
    evaluate=nothing,
    lacking=lacking,
    notes=notes,
)
