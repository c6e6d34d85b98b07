"""The drawings of a card: who is tied to whom, how much text is shared, what each item of evidence weighs, prices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from flask_babel import gettext as _

from collusion.queries.warnings import LeadFigures
from core.render.figures import Bar, Figure, Tie, bars, heatmap, network, strip_plot, waterfall
from opening.models import Bid

Word = Callable[[str], str]
"""A code ("tier.lead") in the reader's words."""
WORTH_A_LINE = 0.5
"""Pairs below this score are no tie: their evidence is about as likely apart as together."""


def ties(result: dict[str, Any], names: dict[str, str], ring: Collection[str]) -> Figure:
    """Every bidder of the section, the ring first and filled, a line where the evidence ties two."""
    keys = sorted(names, key=lambda key: (key not in ring, key))
    place = {key: n for n, key in enumerate(keys)}
    found = [
        Tie(
            place[pair["a"]],
            place[pair["b"]],
            pair["score"],
            pair["tier"] is not None,
            _("得分 %(score)s，支持证据 %(n)s 类", score=f"{pair['score']:+.2f}", n=len(pair["supporting"])),
        )
        for pair in result.get("pairs", [])
        if pair["a"] in place and pair["b"] in place and pair["score"] >= WORTH_A_LINE
    ]
    return network(
        [names[key] for key in keys],
        found,
        marked={place[key] for key in ring if key in place},
        title=_("本标段投标人之间的证据联系"),
        legend=_("实心：本线索涉及"),
    )


def likeness(result: dict[str, Any], names: dict[str, str]) -> Figure:
    """How much of each own text, in per cent, stands again in the other's, after the tender's words are taken out."""
    keys = sorted(names)
    shares: dict[tuple[str, str], float] = {}
    for pair in result.get("pairs", []):
        text = pair["text"]
        own = max(1, min(text["own_a"], text["own_b"]))
        shares[pair["a"], pair["b"]] = shares[pair["b"], pair["a"]] = min(100.0, 100 * text["matched"] / own)
    matrix = [[None if a == b else shares.get((a, b), 0.0) for b in keys] for a in keys]
    title = _("独有文本重合度（百分比，已扣除招标文件）")
    return heatmap([names[key] for key in keys], matrix, title=title, mark_from=15, stems=_("甲乙丙丁戊己庚辛壬癸"))


def weights(pair: dict[str, Any]) -> Figure:
    signals = [
        signal
        for signal in pair["signals"]
        if not signal["explained_by"] and signal.get("weighed", True) and abs(signal["llr"]) >= 0.05
    ]
    items = [(_(signal["name"]), float(signal["llr"])) for signal in signals]
    return waterfall(items or [(_("没有证据"), 0.0)], title=_("各项证据的对数似然比"), total=_("合计（未收缩）"))


def prices(bids: Sequence[Bid], control_price_fen: int) -> Figure:
    """Every read price on one line, with the published limit."""
    found = [(bid.name, bid.price_fen) for bid in bids if bid.price_fen is not None]
    return strip_plot(found, control_price=control_price_fen)


def upheld(figures: LeadFigures, word: Word) -> Figure | None:
    """Month by month, the share of decided leads that was upheld; None before anything was decided."""
    marks = [Bar(month, 100 * right / every, f"{right} / {every}") for month, right, every in figures.months]
    return _bars(_("逐月查实"), marks, unit="%", headers=(_("月份"), _("其中查实")))


def outcomes(figures: LeadFigures, word: Word) -> Figure | None:
    """Leads raised by tier, with what became of them; None before any was raised."""
    rows = [row for row in figures.rows if row[1]]
    told = [f"{row[1]}（{row[2] + row[3]} / {row[2] + row[3] + row[4]}）" for row in rows]
    marks = [Bar(word(f"tier.{row[0]}"), row[1], text) for row, text in zip(rows, told, strict=True)]
    return _bars(_("线索去向"), marks, unit=_("条"), headers=(_("建议"), _("提出（查实 / 已处置）")))


def _bars(title: str, marks: list[Bar], *, unit: str, headers: tuple[str, str]) -> Figure | None:
    told = _("移送与认定计为查实，排除计为误报")
    return bars(title, told, marks, unit=unit, headers=headers) if marks else None


OF_LEADS: dict[str, Callable[[LeadFigures, Word], Figure | None]] = {"upheld": upheld, "outcomes": outcomes}
"""The drawings of what became of the leads, by the name in their addresses."""
