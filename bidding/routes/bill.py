"""The bill of quantities: the tenderee's page to publish it as data, the empty layout, XML, requirements."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Response, jsonify, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _  # type: ignore[import-untyped]
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from accounts.access import acting, current_actor, door, public, reading, requires
from accounts.rules import Role
from bidding import queries, rules, services
from bidding.models import Section, TenderDocument
from bidding.queries import bonds
from bidding.routes.blueprint import blueprint, done, frame_of
from bidding.rules.boq import Bill, BillFinding, blank_workbook, errors_of, read_bill, tender_bill, write_workbook
from bidding.rules.boq import write_xml as xml_of
from bidding.rules.boq.apart import read_apart
from bidding.rules.preparation import build_preparation
from bidding.rules.sentences import book, place_of, say
from core.clock import iso
from core.errors import Conflict, Invalid, Missing, Refusal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN_LINES = 200


@blueprint.route("/tender/sections/<code>/boq", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def set_bill(code: str) -> Answer | tuple[str, int]:
    """Publish the bill as data: import .xlsx or XML, every error named by row; what stands, part by part."""
    errors: list[Refusal] = []
    findings: list[BillFinding] = []
    with reading() as session:
        queries.own_section(session, code, current_actor())
    if request.method == "POST":
        try:
            bill, findings = read_uploaded_bill(code)
            with acting() as act:
                services.set_bill(act, queries.own_section(act.session, code, act.actor), bill)
            return done(_("清单已保存，共 %(n)s 项。", n=len(bill.lines)), "bidding.set_bill", code=code)
        except Refused as refused:
            errors, findings = [refused.refusal], refused.findings
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        if section.state != "draft":
            raise Conflict("section.published", section=code)
        page = render_template(
            "bidding/set_bill.html",
            errors=errors,
            found=shown_bill_findings(findings),
            bill=_bill(queries.bill_document(session, section)),
            shown=SHOWN_LINES,
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


@blueprint.get("/tender/boq-blank.xlsx")
@requires(Role.TENDEREE, Role.AGENT)
def blank_bill() -> Response:
    """The empty layout a tenderee fills, with an example of every way of pricing."""
    return _download(blank_workbook(), "工程量清单空白模板.xlsx", XLSX)


@blueprint.get("/tender/sections/<code>/boq-template.xlsx")
@requires(Role.TENDEREE, Role.AGENT)
def draft_template(code: str) -> Response:
    """The template bidders will fill, of a draft: to look at before publication."""
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        bill = _bill(queries.bill_document(session, section))
    if bill is None:
        raise Missing("boq.unknown", section=code)
    return _download(write_workbook(bill), f"{code}-工程量清单模板.xlsx", XLSX)


@blueprint.get("/sections/<code>/boq.xml")
@public
def boq_xml(code: str) -> Response:
    """The published bill as XML (docs/spec/boq.md); its JSON and its template are documents of the notice."""
    with reading() as session:
        section = queries.section(session, code)
        bill = _bill(queries.bill_document(session, section))
    if bill is None:
        raise Missing("boq.unknown", section=code)
    return _download(xml_of(bill), f"{code}-boq.xml", "application/xml")


@blueprint.get("/sections/<code>/preparation.json")
@public
def preparation(code: str) -> Response:
    """What the section asks of a bid, for programs and pages: slots, prices, criteria, bill, rules of a draft."""
    with reading() as session:
        found = queries.section(session, code)
        return jsonify(preparation_of(session, found))


@blueprint.get("/preparation/sentences.json")
@public
def sentences() -> Response:
    """The sentences of findings on drafts and bills, in the reader's language: the page says them itself."""
    language = "en" if str(get_locale()) == "en" else "zh"
    return jsonify({code: spoken[language] for code, spoken in book().items()})


class Refused(Exception):
    """An uploaded bill with errors: the refusal for the summary, every finding for the table."""

    def __init__(self, refusal: Invalid, findings: list[BillFinding]) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.findings = findings


def read_uploaded_bill(code: str) -> tuple[Bill, list[BillFinding]]:
    """The tenderee's bill in the form's file, read apart and outside any transaction; Refused with every finding."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("form.required", field="file")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bill"
        file.save(path)
        stated = read_apart(path)
    title = Path(file.filename.replace("\\", "/")).stem[:100]
    bill, findings = tender_bill(stated, section=code, title=stated.title if stated.section == code else title)
    if bill is None:
        raise Refused(Invalid("boq.refused", field="file", errors=len(errors_of(findings))), findings)
    return bill, findings


def shown_bill_findings(findings: list[BillFinding]) -> list[dict[str, str]]:
    """Findings as a page shows them: where, how grave, what, by which rule."""
    language = "en" if str(get_locale()) == "en" else "zh"
    return [
        {
            "place": place_of(finding.as_json(), language) or "—",
            "kind": "bad" if finding.level == "error" else "warn",
            "text": say(finding.code, finding.as_json(), language),
            "rule": finding.rule,
        }
        for finding in findings
    ]


def preparation_of(session: Session, section: Section) -> dict[str, Any]:
    """The section's requirements as data."""
    bill = queries.bill_document(session, section)
    template = queries.bill_document(session, section, rules.BILL_TEMPLATE)
    policy = queries.policy(session, section)
    return build_preparation(
        section={
            "section": section.code,
            "name": section.name,
            "project": section.project.name,
            "regime": section.project.regime,
            "deadline": iso(section.closing_at),
            "control_price_fen": section.control_price_fen,
            "bond_fen": section.bond_fen,
            "accepts_consortium": queries.accepts_consortia(section),
            "duration_days": section.duration_days,
            "validity_days": section.validity_days,
        },
        method=section.method,
        slots=queries.asked_slots(section),
        bond=bonds.bond_terms(session, section),
        envelopes=policy.content["envelopes"],
        policy_digest=policy.digest,
        bill=None if bill is None or template is None else {
            "sha256": bill.sha256, "size": bill.size, "template_sha256": template.sha256,
        },
    )  # fmt: skip


def _bill(document: TenderDocument | None) -> Bill | None:
    return read_bill(door().platform.store.read(document.sha256)) if document is not None else None


def _download(content: bytes, name: str, mimetype: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
