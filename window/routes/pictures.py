"""The dashboard's figures: from sums to marks, each of which leads to the trades it stands for."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from core import money
from core.render.figures import Bar, Figure, bars, columns
from window.queries import Sums, View
from window.queries.sums import ALL, Dashboard
from window.routes.blueprint import word
from window.rules import MARKETS, STAGES, in_unit

NAMES = ("months", "markets", "regions", "stages")
MOST_REGIONS = 24


def unit_of(fens: list[int]) -> tuple[str, int]:
    """The unit amounts are written in, and its fen: by the largest of them, in the reader's language."""
    highest = max((abs(fen) for fen in fens), default=0)
    if str(get_locale() or "zh").startswith("en"):
        return (_("百万元"), 10**8) if highest >= 10**8 else (_("元"), 100)
    if highest >= 10**10:
        return _("亿元"), 10**10
    return (_("万元"), 10**6) if highest >= 10**6 else (_("元"), 100)


def link(view: View, **other: str) -> str:
    """The address of the trades of a view, some of it replaced."""
    chosen = {"period": view.period, "market": view.market, "region": view.region, **other}
    arguments: dict[str, Any] = {name: value for name, value in chosen.items() if value != ALL}
    return url_for("window.trades", **arguments)


def figure(name: str, found: Dashboard) -> Figure | None:
    """One of NAMES; None where there is nothing to draw."""
    return {"months": _months, "markets": _markets, "regions": _regions, "stages": _stages}[name](found)


def _amount(label: str, sums: Sums, unit: int, href: str, note: str = "") -> Bar:
    text = f"{in_unit(sums.amount_fen, unit):f}"
    return Bar(label, sums.amount_fen / unit, text, href if sums.trades else "", note)


def _months(found: Dashboard) -> Figure | None:
    view = found.view
    unit, fen = unit_of([sums.amount_fen for sums in found.by_month.values()])
    months = view.months
    pairs = []
    for before, now in zip(months[12:], months[:12], strict=True):
        label = str(int(now[5:]))
        pairs.append(
            (
                _amount(label, found.by_month[before], fen, link(view, period=before), before),
                _amount(label, found.by_month[now], fen, link(view, period=now), now),
            )
        )
    if not any(sums.trades for sums in found.by_month.values()):
        return None
    best = max(months[:12], key=lambda month: found.by_month[month].amount_fen)
    described = _(
        "%(year)s 年各月成交额与上年同月并列；最高的是 %(month)s 月，%(amount)s %(unit)s。",
        year=view.year, month=int(best[5:]), amount=in_unit(found.by_month[best].amount_fen, fen), unit=unit,
    )  # fmt: skip
    headers = [_("月"), view.year, str(int(view.year) - 1)]
    return columns(_("各月成交额"), described, pairs, unit=unit, headers=headers)


def _markets(found: Dashboard) -> Figure | None:
    kept = [(market, found.by_market[market]) for market in MARKETS if market in found.by_market]
    if not kept:
        return None
    unit, fen = unit_of([sums.amount_fen for _, sums in kept])
    marks = [
        _amount(word(f"market.{market}"), sums, fen, link(found.view, market=market), _sessions(sums))
        for market, sums in kept
    ]
    described = _("%(n)s 个市场的成交额，每条线通向它的成交项目。", n=len(marks))
    return bars(_("各市场成交额"), described, marks, unit=unit, headers=[_("市场"), unit, _("场次")])


def _regions(found: Dashboard) -> Figure | None:
    ranked = sorted(found.by_region.items(), key=lambda one: (-one[1].amount_fen, one[0]))[:MOST_REGIONS]
    if not ranked:
        return None
    unit, fen = unit_of([sums.amount_fen for _, sums in ranked])
    marks = [_amount(region, sums, fen, link(found.view, region=region), _sessions(sums)) for region, sums in ranked]
    described = _("成交额最高的 %(n)s 个地区（按行政区划代码），由高到低。", n=len(marks))
    return bars(_("各地区成交额"), described, marks, unit=unit, headers=[_("地区"), unit, _("场次")])


def _sessions(sums: Sums) -> str:
    return str(_("%(n)s 场", n=sums.sessions))


def _stages(found: Dashboard) -> Figure | None:
    held = {one.stage: one for one in found.stages}
    marks = []
    for name, *_rest in STAGES:
        if name in held:
            one = held[name]
            days = one.seconds / one.times / 86400
            late = (
                _("%(late)s / %(promised)s 次逾期", late=one.late, promised=one.promised)
                if one.promised
                else _("未作承诺")
            )
            marks.append(
                Bar(word(f"stage.{name}"), days, f"{days:.2f}", link(found.view, late=name) if one.late else "", late)
            )
    if not marks:
        return None
    described = _("%(n)s 个环节的平均用时；逾期的环节通向逾期的项目。", n=len(marks))
    return bars(_("各环节平均用时"), described, marks, unit=_("日"), headers=[_("环节"), _("日"), _("对照承诺")])


def plain(fen: int) -> str:
    """An amount for a table of data: yuan with two decimals."""
    return money.plain(fen) if fen >= 0 else f"-{money.plain(-fen)}"
