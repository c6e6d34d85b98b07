"""Looking things up and following them: search, results, draws, notices as Atom, dates as iCalendar."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, current_app, render_template, request, url_for
from flask_babel import gettext as _

from accounts.access import door, instant_now, public, reading
from bidding.models import Section
from core import board
from core.errors import Missing
from window import queries
from window.routes.blueprint import blueprint
from window.rules import feeds

PAGE = 30
FEED = 50
BACK = timedelta(days=30)


@blueprint.get("/search")
@public
def search() -> str:
    """Sections, notices and trades by words."""
    text = request.args.get("q", "").strip()[:100]
    with reading() as session:
        found = queries.search(session, text) if text else None
        return render_template("window/search.html", words=text, found=found)


@blueprint.get("/results")
@public
def results() -> str:
    """Awards, and awards set aside, newest first."""
    page = max(1, request.args.get("page", 1, type=int) or 1)
    with reading() as session:
        found = queries.results(session, limit=PAGE + 1, offset=(page - 1) * PAGE)
        return render_template("window/results.html", found=found[:PAGE], **_pages("window.results", page, len(found)))


@blueprint.get("/draws")
@public
def draws() -> str:
    """Every draw: of experts, of coefficients; each with the page where anybody draws again."""
    page = max(1, request.args.get("page", 1, type=int) or 1)
    with reading() as session:
        found = queries.draws(session, limit=PAGE + 1, offset=(page - 1) * PAGE)
        return render_template("window/draws.html", found=found[:PAGE], **_pages("window.draws", page, len(found)))


def _pages(endpoint: str, page: int, count: int) -> dict[str, Any]:
    return {
        "page": page,
        "previous": url_for(endpoint, page=page - 1) if page > 1 else None,
        "following": url_for(endpoint, page=page + 1) if count > PAGE else None,
    }


@blueprint.get("/notices.atom")
@public
def notices_atom() -> Response:
    """Notices as a feed, with the filters of the page: kind and words."""
    kind, text = request.args.get("kind", "")[:40], request.args.get("q", "").strip()[:100]
    with reading() as session:
        found = board.notices(session, kind=kind or None, words=text, limit=FEED)
    kinds = current_app.jinja_env.filters["kind_word"]
    chosen = {name: value for name, value in (("kind", kind), ("q", text)) if value}
    title = " · ".join([_("交易公告"), *([kinds(f"notice.{kind}")] if kind else []), *([text] if text else [])])
    told = feeds.atom(
        title,
        _address("portal.notices", **chosen),
        _address("window.notices_atom", **chosen),
        [
            feeds.Item(one.title, _address("portal.notice", number=one.number), one.published_at,
                       str(kinds(f"notice.{one.kind}")))
            for one in found
        ],
        now=instant_now(),
        author=_("公共资源交易平台"),
    )  # fmt: skip
    answer = Response(told, content_type="application/atom+xml; charset=utf-8")
    answer.headers["Cache-Control"] = "public, max-age=60"
    return answer


@blueprint.get("/calendar.ics")
@public
def calendar() -> Response:
    """The dates of every published section whose deadline is still to come or not long past."""
    with reading() as session:
        found = queries.dated_sections(session, instant_now() - BACK)
        return _calendar(_("投标截止与开标"), "sunbid", found)


@blueprint.get("/sections/<code>.ics")
@public
def section_calendar(code: str) -> Response:
    """The dates of one section."""
    with reading() as session:
        found = queries.dated_sections(session, instant_now(), code)
        if not found:
            raise Missing("section.unknown", section=code[:60])
        return _calendar(f"{found[0].project.name}{_('（')}{found[0].name}{_('）')}", code, found)


def _calendar(name: str, file: str, sections: list[Section]) -> Response:
    dates = []
    for section in sections:
        title = f"{section.project.name}{_('（')}{section.name}{_('）')}"
        at = {
            "documents": (_("招标文件获取截止"), section.documents_until_at),
            "deadline": (_("投标截止与开标"), section.deadline_at),
            "second": (_("第二次开标"), section.second_opening_at),
        }
        dates += [
            feeds.Date(
                f"{section.code}-{kind}@{door().platform.signer.verifier.name}", f"{what}：{title}", instant,
                _address("bidding.section", code=section.code), section.state_at,
            )
            for kind, (what, instant) in at.items()
            if instant is not None
        ]  # fmt: skip
    answer = Response(feeds.calendar(name, dates), content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = f'inline; filename="{file}.ics"'
    return answer


def _address(endpoint: str, **values: Any) -> str:
    return door().origin + url_for(endpoint, **values)
