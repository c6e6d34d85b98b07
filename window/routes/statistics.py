"""The public dashboard: figures of a year or a month, each with its trades, its drawing and its data."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, render_template, request
from flask_babel import gettext as _
from markupsafe import Markup

from accounts.access import instant_now, public, reading
from core import money
from core.calendar import day_of
from core.errors import Missing
from window import forms, queries
from window.queries.sums import ALL, MEASURES, Dashboard, Sums, View
from window.routes import pictures
from window.routes.blueprint import blueprint, table, word
from window.rules import MARKETS, STAGES, growth, in_unit, printed_growth, promises, rounding

HEADERS = ("period", "market", "region", *(name.replace("_fen", "_yuan") for name in MEASURES))


@blueprint.get("/stats")
@public
def statistics() -> str:
    """What was traded: sessions, parties, amount, savings, premium, on the year before, by market, region and month."""
    with reading() as session:
        found = _found(session)
        years = queries.years(session)
        unit, fen = pictures.unit_of([sums.amount_fen for sums in (found.whole, *found.by_market.values())])
        return render_template(
            "window/statistics.html",
            found=found,
            view=found.view,
            years=years or [found.view.year],
            regions=queries.regions(session, found.view.year),
            markets=MARKETS,
            tiles=_tiles(found),
            figures={name: pictures.figure(name, found) for name in pictures.NAMES},
            unit=unit,
            rows=_market_rows(found, fen),
            roundings=_roundings(found, unit, fen),
            stages=_stage_rows(found),
            sources=queries.imports(session)[:5],
            standing=queries.standing(session),
            link=pictures.link,
            ALL=ALL,
            arguments=_arguments(found.view),
        )


@blueprint.get("/stats.csv")
@public
def statistics_csv() -> Response:
    """Every sum of the view as CSV: the whole, each market, each region, each month."""
    with reading() as session:
        found = _found(session)
    view = found.view
    rows = [
        _row(view.period, view.market, view.region, found.now),
        _row(view.before, view.market, view.region, found.before),
    ]
    rows += [_row(view.period, market, view.region, sums) for market, sums in sorted(found.by_market.items())]
    rows += [_row(view.period, view.market, region, sums) for region, sums in sorted(found.by_region.items())]
    rows += [
        _row(month, view.market, view.region, sums) for month, sums in sorted(found.by_month.items()) if sums.trades
    ]
    return table(f"sunbid-statistics-{view.period}", HEADERS, rows)


@blueprint.get("/stats/<name>/figure.svg")
@public
def figure_svg(name: str) -> Response:
    """One figure as a drawing of its own."""
    drawing = _figure(name)
    answer = Response(str(drawing.svg), content_type="image/svg+xml; charset=utf-8")
    answer.headers["Content-Disposition"] = f'inline; filename="sunbid-{name}.svg"'
    return answer


@blueprint.get("/stats/<name>/figure.csv")
@public
def figure_csv(name: str) -> Response:
    """The numbers of one figure."""
    drawing = _figure(name)
    return table(f"sunbid-{name}", drawing.table.headers, drawing.table.rows)


def _figure(name: str) -> Any:
    if name not in pictures.NAMES:
        raise Missing("figure.unknown", name=name[:40])
    with reading() as session:
        drawing = pictures.figure(name, _found(session))
    if drawing is None:
        raise Missing("figure.empty", name=name)
    return drawing


def _found(session: Any) -> Dashboard:
    today = day_of(instant_now())
    view = forms.read_view(request.args, queries.years(session), default=f"{today.year}")
    return queries.dashboard(session, view, today)


def _arguments(view: View) -> dict[str, str]:
    chosen = {"period": view.period, "market": view.market, "region": view.region}
    return {name: value for name, value in chosen.items() if value != ALL}


def _row(period: str, market: str, region: str, sums: Sums) -> list[Any]:
    values = [
        pictures.plain(getattr(sums, name)) if name.endswith("_fen") else getattr(sums, name) for name in MEASURES
    ]
    return [period, market, region, *values]


def tiles_of_year(session: Any) -> list[dict[str, Any]]:
    """The figures of this year, or of the last year with a trade, for the first page; empty before the first trade."""
    held = queries.years(session)
    today = day_of(instant_now())
    if not held:
        return []
    year = f"{today.year}" if f"{today.year}" in held else held[0]
    return _tiles(queries.dashboard(session, View(year), today))[:4]


def _tiles(found: Dashboard) -> list[dict[str, Any]]:
    now = found.now

    def on_year(measure: str) -> str:
        if found.compared_months == 0:
            return str(_("今年尚无完整的月份可比") if len(found.view.period) == 4 else _("本月尚未结束，不作同比"))
        if measure == "parties" and found.compared_months is not None:
            return str(_("不同主体不能按月相加，年末才能同比"))
        if found.growth_of(measure) is None:
            return str(_("上年同期没有数据可比"))
        rate = printed_growth(found.growth_of(measure))
        if found.compared_months is not None:
            return str(_("前 %(n)s 个月同比 %(rate)s", n=found.compared_months, rate=rate))
        return str(_("同比 %(rate)s", rate=rate))

    def amount(fen: int) -> Markup:
        return Markup(current_app.jinja_env.filters["money_prose"](fen))  # noqa: S704 - the filter escapes

    def rate(value: Any) -> str:
        return printed_growth(value).lstrip("+")

    tiles = [
        {"title": _("交易场次"), "value": f"{now.sessions:,}", "unit": _("场"), "note": on_year("sessions")},
        {"title": _("参与主体（去重）"), "value": f"{now.parties:,}", "unit": _("家"), "note": on_year("parties")},
        {"title": _("成交额"), "value": amount(now.amount_fen), "unit": "", "note": on_year("amount_fen")},
        {
            "title": _("节资额"), "value": amount(now.saving_fen), "unit": "",
            "note": _("节资率 %(share)s，%(growth)s", share=rate(now.saving_share), growth=on_year("saving_fen")),
        },
        {
            "title": _("平均参与主体"), "value": f"{in_unit(now.taking_part, now.counted, 1)}" if now.counted else "—",
            "unit": _("家"),
            "note": _("三家及以下的占 %(share)s", share=rate(now.few_share)),
        },
    ]  # fmt: skip
    if now.floor_fen:
        tiles.append(
            {
                "title": _("溢价额"), "value": amount(now.premium_fen), "unit": "",
                "note": _("溢价率 %(share)s，%(growth)s", share=rate(now.premium_share), growth=on_year("premium_fen")),
            }
        )  # fmt: skip
    return tiles


def _market_rows(found: Dashboard, fen: int) -> list[dict[str, Any]]:
    rows = []
    for market in MARKETS:
        sums = found.by_market.get(market)
        if sums is None:
            continue
        before = found.before_by_market.get(market, Sums())
        rows.append(
            {
                "market": {"href": pictures.link(found.view, market=market), "text": word(f"market.{market}")},
                **_cells(sums, fen),
                "growth": printed_growth(growth(sums.sessions, before.sessions))
                if found.compared_months is None
                else "—",
            }
        )
    whole = {"market": {"href": pictures.link(found.view, market=ALL), "text": _("合计")}, **_cells(found.whole, fen)}
    rate = growth(found.whole.sessions, found.whole_before.sessions) if found.compared_months is None else None
    return [*rows, {**whole, "growth": printed_growth(rate)}] if rows else []


def _cells(sums: Sums, fen: int) -> dict[str, Any]:
    return {
        "sessions": f"{sums.sessions:,}",
        "trades": f"{sums.trades:,}",
        "parties": f"{sums.parties:,}",
        "amount": _exact(sums.amount_fen, fen),
        "saving": _exact(sums.saving_fen, fen),
        "share": printed_growth(sums.saving_share).lstrip("+"),
        "premium": _exact(sums.premium_fen, fen) if sums.floor_fen else "—",
    }


def _exact(amount: int, fen: int) -> Markup:
    return Markup('<span title="¥{}">{}</span>').format(money.grouped(amount), f"{in_unit(amount, fen):,f}")


def _roundings(found: Dashboard, unit: str, fen: int) -> list[str]:
    """Why printed parts do not add up, where they do not: in a sentence for each column."""
    told = []
    for name, measure in ((_("成交额"), "amount_fen"), (_("节资额"), "saving_fen"), (_("溢价额"), "premium_fen")):
        parts = [getattr(sums, measure) for sums in found.by_market.values()]
        made = rounding(parts, fen)
        if made.differs:
            told.append(
                _(
                    "%(name)s：各行四舍五入后相加为 %(added)s %(unit)s，合计印为 %(total)s %(unit)s。"
                    "合计先以分精确相加（%(exact)s 元），最后才舍入一次；差 %(gap)s 来自各行各自的舍入，不是错误。",
                    name=name, added=f"{made.added:,f}", total=f"{made.total:,f}", unit=unit,
                    exact=money.grouped(sum(parts)), gap=f"{made.added - made.total:f}",
                )
            )  # fmt: skip
    return told


def _stage_rows(found: Dashboard) -> list[dict[str, Any]]:
    own = promises(day_of(instant_now()))
    held = {one.stage: one for one in found.stages}
    rows = []
    for name, _first, _last, keys in STAGES:
        one = held.get(name)
        if one is None:
            continue
        promise = next((own.rule(key) for key in keys if key in own.rules), None)
        said = (
            _("%(value)s %(unit)s（%(id)s）", value=promise.value, unit=word(f"unit.{promise.unit}"), id=promise.id)
            if promise
            else (_("按项目适用的法定期限") if keys else "—")
        )
        rows.append(
            {
                "stage": word(f"stage.{name}"),
                "times": one.times,
                "mean": f"{one.seconds / one.times / 86400:.2f}",
                "longest": f"{one.longest / 86400:.2f}",
                "promise": said,
                "kept": f"{one.promised - one.late} / {one.promised}" if one.promised else "—",
                "late": {"kind": "warn", "text": _("%(n)s 次逾期", n=one.late)}
                if one.late
                else {
                    "kind": "ok" if one.promised else "muted",
                    "text": _("无逾期") if one.promised else _("未作承诺"),
                },
            }
        )
    return rows
