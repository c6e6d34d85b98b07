"""Pages of lists: which count and how fresh they are, imports, their sources, records."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.wrappers import Response as BaseResponse

from accounts.access import acting, current_actor, door, instant_now, limited, public, reading, requires, status_of
from accounts.rules import Role
from core.errors import Invalid, Refusal
from credit import forms, queries, services
from credit.routes.pages import STAFF, blueprint
from credit.rules import CHANNELS, LISTS, REPAIR, rulebook

AT_ONCE = 8 << 20
"""Bytes of a list that are taken over while the operator waits; a longer one is taken by the worker."""


@blueprint.get("/credit")
@public
def lists() -> str:
    """Which lists count, how fresh they are, what they do in which regime, and how to get off them."""
    with reading() as session:
        return render_template(
            "credit/lists.html",
            statistics=queries.statistics(session, now=instant_now()),
            rules=rulebook(),
            sources=LISTS,
            channels=CHANNELS,
            repair=REPAIR,
        )


@blueprint.get("/credit/imports")
@requires(*STAFF)
def imports() -> tuple[str, int]:
    """Every snapshot taken over or under way, and the form for the next."""
    return _imports([])


def _imports(errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    with reading() as session:
        page = render_template(
            "credit/imports.html",
            found=queries.imports(session),
            sources=LISTS,
            values=request.form,
            errors=errors,
            may_import=current_actor().has(Role.OPERATOR),
        )
    return page, status


@blueprint.post("/credit/imports")
@requires(Role.OPERATOR)
@limited("30/hour", by="token")
def import_list() -> BaseResponse | tuple[str, int]:
    """Take over a snapshot of a list: a short one at once, a long one begun here and taken by the worker."""
    upload, signature = request.files.get("file"), request.files.get("signature")
    try:
        source, as_of, confirmed = forms.list_import(request.form)
        if upload is None or not upload.filename:
            raise Invalid("form.required", field="file")
        with acting() as act:
            begun = services.begin_import(
                act,
                source=source,
                file=upload.stream,  # type: ignore[arg-type]
                as_of=as_of,
                confirmed=confirmed,
                signature=signature.stream.read(65536) if signature else b"",
            )
        if begun.size > AT_ONCE:
            flash(_("名单较大，正在后台导入；本页显示进度，完成之前不影响现用名单。"), "info")
            return redirect(url_for("credit.snapshot", import_id=begun.id), 303)
        snapshot = services.take_import(door().platform, current_actor(), begun.id)
    except Refusal as refusal:
        return _imports([refusal], status_of(refusal))
    flash(
        _(
            "已导入第 %(version)s 版：新增 %(added)s 条，结束 %(removed)s 条，无法读取 %(bad)s 行。",
            version=snapshot.version,
            added=snapshot.added,
            removed=snapshot.removed + snapshot.repaired + snapshot.changed,
            bad=snapshot.bad,
        ),
        "warn" if snapshot.bad else "ok",
    )
    return redirect(url_for("credit.snapshot", import_id=snapshot.id), 303)


@blueprint.get("/credit/imports/<int:import_id>")
@requires(*STAFF)
def snapshot(import_id: int) -> str:
    """One snapshot: digest, how far it is, what it changed, and every line that could not be read with its reason."""
    with reading() as session:
        found = queries.import_by_id(session, import_id)
        return render_template(
            "credit/snapshot.html",
            snapshot=found,
            began=queries.records_began(session, found),
            ended=queries.records_ended(session, found),
            may_import=current_actor().has(Role.OPERATOR),
        )


@blueprint.post("/credit/imports/<int:import_id>/abandon")
@requires(Role.OPERATOR)
def abandon_import(import_id: int) -> BaseResponse:
    """Give up an import that is under way; what counted before still counts."""
    with acting() as act:
        services.abandon_import(act, queries.import_by_id(act.session, import_id), "credit.abandoned")
    flash(_("这次导入已放弃，现用名单不变。"), "ok")
    return redirect(url_for("credit.snapshot", import_id=import_id), 303)


@blueprint.get("/credit/sources")
@requires(*STAFF)
def sources() -> tuple[str, int]:
    """How each list's source signs, and whether it is asked."""
    return _sources([])


def _sources(errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    with reading() as session:
        page = render_template(
            "credit/sources.html",
            settings={source: queries.source_settings(session, source) for source in LISTS},
            sources=LISTS,
            values=request.form,
            errors=errors,
            now=instant_now(),
            may_set=current_actor().has(Role.OPERATOR),
        )
    return page, status


@blueprint.post("/credit/sources")
@requires(Role.OPERATOR)
def set_source() -> BaseResponse | tuple[str, int]:
    """Say how a list's source signs and whether queries are sent to it."""
    try:
        wanted = forms.source(request.form)
        with acting() as act:
            services.set_source(act, **wanted)
    except Refusal as refusal:
        return _sources([refusal], status_of(refusal))
    flash(_("来源设定已保存。"), "ok")
    return redirect(url_for("credit.sources"), 303)


@blueprint.get("/credit/records")
@requires(*STAFF)
def records() -> str:
    """Records by code or name, ended ones too."""
    words = request.args.get("q", "").strip()
    with reading() as session:
        found = queries.records(session, words) if words else []
        return render_template("credit/records.html", found=found, words=words, sources=LISTS)
