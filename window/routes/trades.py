"""Trades in lists and one by one: what stands behind every mark of the dashboard."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for

from accounts.access import instant_now, public, reading
from core.calendar import day_of
from window import forms, queries
from window.queries.sums import ALL
from window.queries.trades import Cursor
from window.routes import pictures
from window.routes.blueprint import blueprint, table
from window.rules import MARKETS

PAGE = 50
MOST = 10_000
HEADERS = (
    "code", "name", "market", "region", "traded_on", "sessions", "base_kind", "base_yuan", "amount_yuan", "tenderee",
    "winner", "participants", "ledger",
)  # fmt: skip


@blueprint.get("/trades")
@public
def trades() -> str:
    """Trades of a period, market and region, newest first; the address says which."""
    after, late, text = forms.read_list(request.args)
    with reading() as session:
        years = queries.years(session)
        view = forms.read_view(request.args, years, default=f"{day_of(instant_now()).year}", open_period=True)
        found = queries.trades(session, view, after=after, late=late, words=text, limit=PAGE + 1)
        chosen = {
            "period": view.period,
            "market": view.market,
            "region": view.region,
            "late": late or ALL,
            "q": text or ALL,
        }
        arguments: dict[str, Any] = {name: value for name, value in chosen.items() if value != ALL}
        shown = found[:PAGE]
        return render_template(
            "window/trades.html",
            found=shown,
            view=view,
            years=years,
            regions=queries.regions(session, view.period[:4]),
            markets=MARKETS,
            late=late,
            text=text,
            arguments=arguments,
            following=url_for("window.trades", **arguments, after=str(Cursor(shown[-1].traded_on, shown[-1].id)))
            if len(found) > PAGE
            else None,
            ALL=ALL,
        )


@blueprint.get("/trades.csv")
@public
def trades_csv() -> Response:
    """The same list as CSV, at most ten thousand lines at a time; `after` goes on."""
    after, late, text = forms.read_list(request.args)
    with reading() as session:
        view = forms.read_view(request.args, (), default="", open_period=True)
        found = queries.trades(session, view, after=after, late=late, words=text, limit=MOST)
    rows = [
        [
            one.code, one.name, one.market, one.region, one.traded_on, one.sessions, one.base_kind,
            "" if one.base_fen is None else pictures.plain(one.base_fen), pictures.plain(one.amount_fen), one.tenderee,
            one.winner, one.participants, one.leaf_index,
        ]
        for one in found
    ]  # fmt: skip
    answer = table("sunbid-trades", HEADERS, rows)
    if len(found) == MOST:
        last = Cursor(found[-1].traded_on, found[-1].id)
        more: dict[str, Any] = {**request.args, "after": str(last)}
        answer.headers["Link"] = f'<{url_for("window.trades_csv", **more)}>; rel="next"'
    return answer


@blueprint.get("/trades/<code>")
@public
def trade(code: str) -> str:
    """One trade: where it comes from, its amounts, how long its stages took, its place in the ledger."""
    with reading() as session:
        found = queries.trade(session, code)
        return render_template(
            "window/trade.html",
            trade=found,
            stages=queries.stages_of(session, found),
            origin=queries.import_of(session, found),
        )
