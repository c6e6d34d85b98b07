"""The wizard of a draft: one form per step, the law's answer beside each field as one types, the preview."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, instant_now, reading, requires
from accounts.rules import Role
from bidding import forms, queries, rules, services
from bidding.models import Section
from bidding.queries import bonds
from bidding.routes.blueprint import blueprint, counts_of, done, frame_of, local, shown_findings
from bidding.rules.envelopes import has_second_sitting, is_anonymous, names_of
from bidding.rules.law import CATEGORIES, REGIMES, law_on
from bidding.rules.method import kind_of, scored_of
from bidding.rules.notice import PARTICULARS
from bidding.rules.periods import bands
from bidding.rules.procedures import choices
from bidding.rules.readiness import FORMS, STEPS, first_open
from core.calendar import day_of, national
from core.errors import Conflict, Invalid, Missing, Refusal
from core.law import Snapshot
from core.render.figures import Figure, Stage, timeline


@blueprint.route("/tender/projects/<code>/edit", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def update_project(code: str) -> Response | tuple[str, int]:
    """The project's own facts, until its first publication freezes the rules."""
    errors: list[Refusal] = []
    if request.method == "POST":
        try:
            values = forms.read_update(request.form)
            with acting() as act:
                services.update_project(act, queries.own_project(act.session, code, act.actor), **values)
            return done(_("项目已保存。"), "bidding.project", code=code)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        project = queries.own_project(session, code, current_actor())
        if project.law is not None:
            raise Conflict("project.published", project=code)
        names = ("regime", "category", "is_mandatory", "region", "funding", "description")
        kept = {"project_name": project.name, **{name: getattr(project, name) for name in names}}
        page = render_template(
            "bidding/update_project.html",
            project=project,
            errors=errors,
            values=request.form if errors else kept,
            regimes=REGIMES,
            categories=CATEGORIES,
        )
    return page, 422 if errors else 200


@blueprint.route("/tender/sections/<code>/edit", methods=["GET", "POST"], defaults={"step": ""})
@blueprint.route("/tender/sections/<code>/edit/<step>", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def update_section(code: str, step: str) -> Response | tuple[str, int]:
    """One step of the wizard, or with none named the first that is not done; a form without a step holds them all."""
    if step and step not in FORMS:
        raise Missing("section.unknown", section=code)
    errors: list[Refusal] = []
    if request.method == "POST" and request.form.get("go") != "rows":
        try:
            lists = request.form.to_dict(flat=False)
            read = forms.read_step(step, request.form, lists) if step else (forms.read_section(request.form, lists), {})
            with acting() as act:
                section = queries.own_section(act.session, code, act.actor)
                if read[1]:
                    services.update_project(act, section.project, **read[1])
                services.update_section(act, section, **_merged(section, read[0]))
            place = FORMS.index(step) + 1 if step else 0
            if request.form.get("go") == "next" and place == len(FORMS):
                return done(_("草稿已保存，法定检查结果已更新。"), "bidding.preview_section", code=code)
            following = (FORMS[place] if request.form.get("go") == "next" else step) or None
            return done(_("草稿已保存，法定检查结果已更新。"), "bidding.update_section", code=code, step=following)
        except Invalid as refusal:
            errors = [refusal]
    typed = bool(errors) or request.form.get("go") == "rows"
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        if section.state != "draft":
            raise Conflict("section.published", section=code)
        now = instant_now()
        facts, law = queries.notice_facts(session, section, now), queries.law_for(section, now)
        findings = rules.check_notice(facts, law, national())
        chosen = step or (first_open(rules.readiness(findings)) if not errors else "")
        page = render_template(
            "bidding/update_section.html",
            errors=errors,
            step=chosen,
            shown_steps=(chosen,) if chosen else FORMS,
            values=request.form if typed else _values(section),
            lists=request.form.to_dict(flat=False) if typed else _lists(section),
            empty_rows=int(request.form.get("rows", 3)) if request.form.get("rows", "").isdigit() else 3,
            envelopes=names_of(section.envelopes),
            documents=queries.documents(session, section),
            invitees=queries.invitees(session, section),
            choices=_choices(facts, section, now) if chosen == "procedure" else [],
            is_frozen=section.project.law is not None,
            relief=bonds.relief_on(section.project.regime, day_of(now)),
            **_checked(facts, law),
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


@blueprint.post("/tender/sections/<code>/check/<step>")
@requires(Role.TENDEREE, Role.AGENT)
def check_section(code: str, step: str) -> str:
    """What the law says to the step as typed, nothing saved: the parts of the page that change with it."""
    if step not in FORMS:
        raise Missing("section.unknown", section=code)
    errors: list[Refusal] = []
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        if section.state != "draft":
            raise Conflict("section.published", section=code)
        facts, law = queries.notice_facts(session, section, instant_now()), queries.law_for(section, instant_now())
        try:
            values, project = forms.read_step(step, request.form, request.form.to_dict(flat=False))
            facts, law = _supposed(section, facts, law, _merged(section, values), project)
        except Invalid as refusal:
            errors = [refusal]
        return render_template(
            "bidding/check_section.html", errors=errors, step=step, section=section, **_checked(facts, law)
        )


@blueprint.get("/tender/sections/<code>/preview")
@requires(Role.TENDEREE, Role.AGENT)
def preview_section(code: str) -> str:
    """The draft as a bidder will see it, with what still refuses its publication."""
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        if section.state != "draft":
            raise Conflict("section.published", section=code)
        now = instant_now()
        facts, law = queries.notice_facts(session, section, now), queries.law_for(section, now)
        documents = queries.documents(session, section)
        return render_template(
            "bidding/preview_section.html",
            documents=documents,
            older=documents,
            trustees=queries.trustees(session, section),
            questions=[],
            clarifications=[],
            objections=[],
            replaced=[],
            watches=False,
            attempts=queries.attempts(session, section.project),
            notices=[],
            timeline=[],
            barred=queries.barred(session, section.project),
            owns=False,
            accepts_consortia=queries.accepts_consortia(section),
            step="preview",
            **_checked(facts, law),
            **frame_of(session, section),
        )


def _merged(section: Section, values: dict[str, Any]) -> dict[str, Any]:
    """A step's values over the draft: particulars of other steps stay, envelopes and files fit one another."""
    if "particulars" in values:
        values = {**values, "particulars": {**(section.particulars or {}), **values["particulars"]}}
    return values


def _supposed(
    section: Section,
    facts: rules.NoticeFacts,
    law: Snapshot,
    values: dict[str, Any],
    project: dict[str, Any],
) -> tuple[rules.NoticeFacts, Snapshot]:
    """The facts as they would be with the typed values, and the rules that would hold then."""
    known = {field.name for field in dataclasses.fields(facts)}
    changes = {name: value for name, value in {**values, **project}.items() if name in known}
    if "name" in values:
        changes["section_name"] = values["name"]
    if values.get("is_consortium_stated") is False:
        changes["accepts_consortium"] = None
    if section.project.law is None and project:
        law = law_on(
            facts.regime,
            day_of(facts.now),
            procedure=project.get("procedure", facts.procedure),
            category=facts.category,
            is_mandatory=facts.is_mandatory,
            region=section.project.region,
            ground=project.get("ground", facts.ground),
            attempt=facts.attempt,
        )
        # What another procedure does not know is dropped when it is saved; so it is here.
        if changes.get("invitation", facts.invitation) not in law.words("invitation"):
            changes["invitation"] = next(iter(law.words("invitation")), "public")
        if changes.get("ground") not in law.words("grounds"):
            changes["ground"] = ""
    return dataclasses.replace(facts, **changes), law


def _checked(facts: rules.NoticeFacts, law: Snapshot) -> dict[str, Any]:
    """What the checks say, as the wizard's pages show it."""
    findings = rules.check_notice(facts, law, national())
    method = facts.method if kind_of(facts.method) else None
    return {
        "findings": shown_findings(findings),
        "counts": counts_of(findings),
        "steps": rules.readiness(findings),
        "fields": STEPS,
        "law": law,
        "drawing": picture(facts, law),
        "total": str(rules.points_of(method)) if method else None,
    }


def _choices(facts: rules.NoticeFacts, section: Section, now: datetime) -> list[dict[str, Any]]:
    """Every procedure with what the law says to it here, as the form shows it."""
    found = choices(facts, day_of(now), section.project.region)
    shown = [(choice, shown_findings([choice.reason])[0]) for choice in found]
    return [
        {"procedure": choice.procedure, "level": choice.level.value, "law": choice.law, "said": said["said"]}
        for choice, said in shown
    ]


def picture(facts: rules.NoticeFacts, law: Snapshot) -> Figure | None:
    """The draft's time as a drawing with the shortest lawful periods; None while there is nothing to draw."""
    words = {
        "preparation": _("投标准备"),
        "documents": _("文件获取"),
        "last_clarification": _("最后澄清日"),
        "last_objection": _("最后异议日"),
        "opening": _("开标解密"),
        "second_opening": _("第二次开标"),
    }
    stages = [Stage(words[band.code], band.start, band.end, band.lawful_end) for band in bands(facts, law, national())]
    return timeline(stages, now=facts.now, title=_("时间安排与法定最短期限")) if stages else None


def _values(section: Section) -> dict[str, Any]:
    """A draft as its form shows it."""
    price = section.method.get("price", {})
    low, high = (price.get("k_range") or ["0.95", "0.98"])[:2]
    names = names_of(section.envelopes)
    return {
        **{name: getattr(section, name) for name in ("name", "qualification", "credit_rule")},
        **{name: getattr(section, name) for name in ("duration_days", "validity_days", "decrypt_minutes")},
        **{name: getattr(section, name) for name in ("estimate_fen", "control_price_fen", "bond_fen")},
        **{name: section.particulars.get(name, "") for name in PARTICULARS},
        **{name: section.particulars.get(name, "") for name in ("credit_cutoff", "bond_refusal_days")},
        "consortium": ("yes" if section.accepts_consortium else "no") if section.is_consortium_stated else "",
        "procedure": section.project.procedure,
        "ground": section.project.ground,
        "invitation": section.project.invitation,
        "layout": "double" if has_second_sitting(section.envelopes) else "single",
        "is_anonymous": is_anonymous(section.envelopes),
        "with_technical": "technical" in names,
        "with_price": "price" in names,
        "documents_until_at": local(section.documents_until_at),
        "deadline_at": local(section.deadline_at),
        "second_opening_at": local(section.second_opening_at),
        "evaluation": kind_of(section.method) or "comprehensive",
        "formula": price.get("formula", "mean-deviation/v1"),
        "weight": price.get("weight") or "/".join(price.get("weights", [])),
        "basis": price.get("basis", "ranks"),
        "second": price.get("second", "below"),
        **dict(zip(("interval", "interval_high"), price.get("interval", ["0.85", "1.05"]), strict=True)),
        "band_from": price.get("band_from", 15),
        **{
            name: "/".join(values)
            for name, values in zip(("downs", "downs_2", "downs_3"), price.get("downs", [[], [], []]), strict=True)
        },
        "price_points": price.get("points", "50"),
        "k_low": low,
        "k_high": high,
        "k_step": price.get("step", "0.005"),
        "above": price.get("above", "1.0"),
        "below": price.get("below", "0.5"),
        "trim_from": price.get("trim_from", 5),
        **{f"low_{which}": text for which, text in (section.method.get("low_price") or {}).items()},
        **{
            f"deduct_{one['policy']}": one.get("deduct") or one.get("add")
            for one in section.method.get("criteria", [])
            if "policy" in one
        },
        "reference_opinions": bool(section.method.get("reference_opinions")),
        "review": "\n".join(item["text"] for item in section.method.get("review", [])),
    }


def _mode_text(criterion: dict[str, Any]) -> str:
    told = criterion.get("computed")
    return f"工期 {told['full']}-{told['none']}" if told else "/".join(criterion.get("levels", []))


def _lists(section: Section) -> dict[str, list[str]]:
    """A draft's repeated rows as their form shows them."""
    criteria = scored_of(section.method.get("criteria", []))
    return {
        "criterion_name": [item["name"] for item in criteria],
        "criterion_group": [item["group"] for item in criteria],
        "criterion_points": [item["points"] for item in criteria],
        "criterion_text": [item["text"] for item in criteria],
        "criterion_levels": [_mode_text(item) for item in criteria],
        "criterion_objective": [str(number) for number, item in enumerate(criteria, 1) if item["objective"]],
        "slot_name": [item["name"] for item in section.slots],
        "slot_code": [item["slot"] for item in section.slots],
        "slot_envelope": [item["envelope"] for item in section.slots],
        "slot_required": [str(number) for number, item in enumerate(section.slots, 1) if item["required"]],
    }
