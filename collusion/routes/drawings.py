"""The drawings of a card: who is tied to whom, how much text is shared, what each item of evidence weighs, prices."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from flask_babel import gettext as _

from core.render.figures import Figure, Tie, heatmap, network, strip_plot, waterfall
from opening.models import Bid

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
