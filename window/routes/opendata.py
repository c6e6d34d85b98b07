"""Open data: processes as OCDS and as records of the national dataset, by year or one by one, and what has changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from flask import Response, current_app, jsonify, render_template, request, stream_with_context, url_for
from flask_babel import force_locale

from accounts.access import door, public, reading
from core.clock import iso
from core.errors import Invalid, Missing
from core.ledger import log
from window import queries
from window.routes.blueprint import blueprint, word
from window.rules import national, ocds

LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
MOST = 1000
KEPT = "public, max-age=60"


@blueprint.get("/open-data")
@public
def open_data() -> str:
    """What can be taken away, in which form, under which licence, and how to follow what changes."""
    with reading() as session:
        return render_template(
            "window/open_data.html",
            years=queries.published_years(session),
            codes=queries.published_codes(session, limit=200),
            groups={name: national.dataset()["groups"][name]["name"] for name in national.groups()},
            prefix=_prefix(),
            licence=LICENCE,
        )


@blueprint.get("/ocds/<code>.json")
@public
def ocds_release(code: str) -> Response:
    """One process as an OCDS 1.1 release package; the entity tag is the release's id."""
    with reading() as session:
        facts = queries.process(session, code)
    told = ocds.package(
        [_release(facts)],
        uri=_address("window.ocds_release", code=code),
        publisher=door().platform.signer.verifier.name,
        published_at=facts["at"],
        licence=LICENCE,
    )
    answer = jsonify(told)
    answer.set_etag(told["releases"][0]["id"])
    answer.headers["Cache-Control"] = KEPT
    answer.make_conditional(request)
    return answer


@blueprint.get("/ocds/<year>.jsonl")
@public
def ocds_year(year: str) -> Response:
    """Every process first published in the year, one release a line."""
    return _lines(year, f"ocds-{year}", lambda facts: [_release(facts)])


@blueprint.get("/open-data/<group>/<year>.jsonl")
@public
def national_year(group: str, year: str) -> Response:
    """The records of one group of the national dataset for a year, one a line."""
    if group not in national.groups():
        raise Missing("dataset.unknown", group=group[:40])
    return _lines(
        year,
        f"{group}-{year}",
        lambda facts: [one for one in national_records(facts, group) if not national.record_faults(one, group)],
    )


@blueprint.get("/open-data/faults/<year>.json")
@public
def national_faults(year: str) -> Response:
    """Records of the year that were left out of the national dataset, each with what is wrong with it."""
    _check_year(year)
    found = []
    with reading() as session:
        for facts in queries.processes(session, year):
            for group in national.groups():
                for one in national_records(facts, group):
                    if wrong := national.record_faults(one, group):
                        found.append({"group": group, "project": facts["code"], "record": one, "faults": wrong})
    return jsonify(year=year, left_out=found)


@blueprint.get("/open-data/national.json")
@public
def national_fields() -> Response:
    """Groups, fields, lists and shapes of the national dataset as published here."""
    return jsonify(national.dataset())


@blueprint.get("/open-data/changes.json")
@public
def changes() -> Response:
    """What has changed after a cursor (`latest`: from now on), in the order of the ledger; go on from `next`."""
    said, limit = request.args.get("after", "-1"), request.args.get("limit", 500, type=int)
    if said != "latest" and not (len(said) < 19 and (said == "-1" or (said.isascii() and said.isdigit()))):
        raise Invalid("changes.after", field="after")
    with reading() as session:
        after = log.size(session) - 1 if said == "latest" else int(said)
        found = queries.changes(session, after, max(1, min(limit, MOST)))
    answer = jsonify(
        after=found.after,
        next=found.next,
        changes=[
            {"cursor": one.leaf_index, "at": iso(one.at), "kind": one.kind, "subject": one.subject,
             "ledger": _address("portal.ledger_entry", index=one.leaf_index)}
            for one in found.entries
        ],
        follow=_address("window.changes", after=found.next),
    )  # fmt: skip
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _lines(year: str, name: str, made: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> Response:
    _check_year(year)

    def told() -> Iterator[str]:
        with reading() as session:
            for facts in queries.processes(session, year):
                for one in made(facts):
                    yield json.dumps(one, ensure_ascii=False, sort_keys=True) + "\n"

    answer = Response(stream_with_context(told()), content_type="application/x-ndjson; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="sunbid-{name}.jsonl"'
    answer.headers["Cache-Control"] = KEPT
    return answer


def _check_year(year: str) -> None:
    if not (len(year) == 4 and year.isascii() and year.isdigit() and "1990" <= year <= "2200"):
        raise Missing("dataset.year", year=year[:10])


def national_records(facts: dict[str, Any], group: str) -> list[dict[str, str]]:
    """The records of one group for a process, with the addresses of this site."""
    return national.records(facts, group, method=_method(facts), address=_notice)


def _release(facts: dict[str, Any]) -> dict[str, Any]:
    return ocds.release(facts, prefix=_prefix(), method=_method(facts), address=_notice)


def _prefix() -> str:
    return str(current_app.extensions["sunbid.settings"].ocds_prefix)


def _method(facts: dict[str, Any]) -> str:
    with force_locale("zh"):
        return word(f"procedure.{facts['procedure']}")


def _notice(number: str) -> str:
    return _address("portal.notice", number=number)


def _address(endpoint: str, **values: Any) -> str:
    return door().origin + url_for(endpoint, **values)
