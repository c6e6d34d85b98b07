"""The ledger of checks and feedback: figures for everybody, the unanswered for who works on them."""

from __future__ import annotations

import csv
import io

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.wrappers import Response as BaseResponse

from accounts.access import acting, current_actor, instant_now, limited, public, reading, requires, status_of
from accounts.rules import Role
from core.clock import iso
from core.errors import Invalid, Refusal
from core.render.figures import Figure, Group, answered_bars
from credit import queries, services
from credit.routes.pages import STAFF, blueprint, uploaded
from credit.rules import GROUPS, LISTS, Count, count, total
from credit.rules.export import plain_cell

MOST_LEDGER = 32 << 20
KINDS = ("", "platform", "ledger")


@blueprint.get("/credit/ledger")
@public
def ledger() -> tuple[str, int]:
    """How many checks were asked and answered, by quarter, list and region; whoever works here sees the open ones."""
    return _ledger([])


def _ledger(errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    by = request.args.get("by", GROUPS[0])
    by = by if by in GROUPS else GROUPS[0]
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    with reading() as session:
        rows = queries.feedback(session, adapter=kind)
        works = current_actor().has(*STAFF)
        groups = count(rows, by)
        page = render_template(
            "credit/ledger.html",
            total=total(rows),
            groups=groups,
            by=by,
            kind=kind,
            by_options=GROUPS,
            kinds=KINDS,
            drawing=_drawing(groups, by),
            waiting=queries.unanswered(session, now=instant_now(), adapter=kind) if works else [],
            works=works,
            may_take=current_actor().has(Role.OPERATOR),
            errors=errors,
        )
    return page, status


def _drawing(groups: list[Count], by: str) -> Figure | None:
    if not groups:
        return None
    shown = [Group(label_of(one.group, by), one.asked, one.answered, one.percent) for one in groups[-24:]]
    return answered_bars(shown, title=_("信用查询与反馈"))


def label_of(group: str, by: str) -> str:
    """A group as a page names it."""
    if by == "quarter":
        return str(_("%(year)s年第%(quarter)s季度", year=group[:4], quarter=group[-1]))
    return str(_(LISTS[group])) if by == "source" and group in LISTS else group or str(_("未标明"))


@blueprint.get("/credit/ledger.csv")
@public
def ledger_csv() -> Response:
    """The same counts as a table."""
    with reading() as session:
        rows = queries.feedback(session, adapter=request.args.get("kind", ""))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["by", "group", "asked", "answered", "unanswered", "percent"])
    for by in GROUPS:
        for one in count(rows, by):
            writer.writerow([by, plain_cell(one.group), one.asked, one.answered, one.asked - one.answered, one.percent])
    whole = total(rows)
    writer.writerow(["all", "", whole.asked, whole.answered, whole.asked - whole.answered, whole.percent])
    return _download("\ufeff" + out.getvalue(), "text/csv; charset=utf-8", "credit-ledger.csv")


@blueprint.get("/credit/unanswered.csv")
@requires(*STAFF)
def unanswered_csv() -> Response:
    """The unanswered with age and next step."""
    with reading() as session:
        waiting = queries.unanswered(session, now=instant_now(), adapter=request.args.get("kind", ""))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["identifier", "name", "section", "source", "region", "asked_at", "age_days", "next_step"])
    for one in waiting:
        asked = one.asked
        cells = [asked.identifier, asked.name, asked.section, asked.source, asked.region, iso(asked.asked_at)]
        writer.writerow([*map(plain_cell, cells), one.age.days, one.step])
    return _download("\ufeff" + out.getvalue(), "text/csv; charset=utf-8", "credit-unanswered.csv")


@blueprint.post("/credit/ledger")
@requires(Role.OPERATOR)
@limited("30/hour", by="token")
def take_ledger() -> BaseResponse | tuple[str, int]:
    """Take over a ledger of earlier checks."""
    try:
        raw, _name = uploaded("file", MOST_LEDGER)
        if not raw:
            raise Invalid("form.required", field="file")
        with acting() as act:
            rows = services.take_ledger(act, raw)
    except Refusal as refusal:
        return _ledger([refusal], status_of(refusal))
    flash(_("已导入台账 %(rows)s 行。", rows=rows), "ok")
    return redirect(url_for("credit.ledger"), 303)


def _download(text: str, kind: str, name: str) -> Response:
    answer = make_response(text)
    answer.headers["Content-Type"] = kind
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
