"""The operator's register: organisations to verify, people and their roles, certification authorities."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.wrappers import Response

from accounts import forms, queries, services
from accounts.access import acting, reading, requires, status_of
from accounts.models import Person
from accounts.routes.blueprint import blueprint
from accounts.rules import Role
from core.act import Act
from core.errors import Refusal
from core.forms import text

REASON = 300


def _done(message: str, endpoint: str, **values: object) -> Response:
    flash(message, "ok")
    return redirect(url_for(endpoint, **values), 303)  # type: ignore[arg-type]


@blueprint.get("/ops/organisations")
@requires(Role.OPERATOR)
def organisations() -> str:
    """Organisations, those still to be verified first."""
    words, waiting = request.args.get("q", "").strip(), request.args.get("state") == "waiting"
    with reading() as session:
        return render_template(
            "accounts/organisations.html",
            found=queries.organisations(session, unverified=waiting, words=words),
            waiting=queries.organisations(session, unverified=True),
            only_waiting=waiting,
            words=words,
        )


def _organisation(organisation_id: int, errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    with reading() as session:
        found = queries.organisation(session, organisation_id)
        page = render_template(
            "accounts/organisation.html",
            organisation=found,
            people=queries.people(session, organisation_id=found.id),
            history=queries.history(session, f"organisation:{found.id}"),
            values=request.form,
            errors=errors,
        )
    return page, status


@blueprint.get("/ops/organisations/<int:organisation_id>")
@requires(Role.OPERATOR)
def organisation(organisation_id: int) -> tuple[str, int]:
    """One organisation: entry, check digits, evidence, who verified it, its people, its history."""
    return _organisation(organisation_id, [])


@blueprint.post("/ops/organisations/<int:organisation_id>/verify")
@requires(Role.OPERATOR)
def verify_organisation(organisation_id: int) -> Response | tuple[str, int]:
    """Confirm the entry against a document (R-014)."""
    try:
        with acting() as act:
            services.verify_organisation(
                act,
                queries.organisation(act.session, organisation_id),
                evidence=text(request.form, "evidence", most=400),
            )
    except Refusal as refusal:
        return _organisation(organisation_id, [refusal], status_of(refusal))
    return _done(_("登记信息已核验。"), "accounts.organisation", organisation_id=organisation_id)


@blueprint.post("/ops/organisations/<int:organisation_id>/correct")
@requires(Role.OPERATOR)
def correct_organisation(organisation_id: int) -> Response | tuple[str, int]:
    """Correct name or region; the old ones stay in the ledger."""
    try:
        with acting() as act:
            services.correct_organisation(
                act,
                queries.organisation(act.session, organisation_id),
                name=text(request.form, "name"),
                region=forms.region(request.form),
                reason=_reason(),
            )
    except Refusal as refusal:
        return _organisation(organisation_id, [refusal], status_of(refusal))
    return _done(_("登记信息已更正，原内容保留在账本中。"), "accounts.organisation", organisation_id=organisation_id)


@blueprint.get("/ops/people")
@requires(Role.OPERATOR)
def people() -> str:
    """People by login or name."""
    words = request.args.get("q", "").strip()
    with reading() as session:
        found = queries.people(session, words=words)
        roles = {person.id: sorted(queries.roles_anywhere(session, person.id)) for person in found}
        return render_template("accounts/people.html", found=found, roles=roles, words=words)


def _person(login: str, errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    with reading() as session:
        found = queries.person(session, login)
        grants = queries.grants(session, found.id)
        page = render_template(
            "accounts/person.html",
            person=found,
            grants=grants,
            names=queries.names_of(session, {one.granted_by for one in grants}),
            certificates=queries.certificates(session, found.id),
            history=queries.history(session, f"person:{found.id}"),
            values=request.form,
            errors=errors,
        )
    return page, status


@blueprint.get("/ops/people/new")
@requires(Role.OPERATOR)
def new_person() -> str:
    """The form for a person: staff, expert, or one more of an organisation."""
    return render_template("accounts/new_person.html", values={}, errors=[])


@blueprint.post("/ops/people")
@requires(Role.OPERATOR)
def register_person() -> Response | tuple[str, int]:
    """Register the person, in the organisation of the code given."""
    try:
        login = text(request.form, "login", most=40)
        password = services.hash_password(forms.new_password(request.form), login=login)
        with acting() as act:
            code = text(request.form, "uscc", most=40, required=False)
            person = services.register_person(
                act,
                login=login,
                name=text(request.form, "person_name", most=80),
                organisation=queries.registered_organisation(act.session, code) if code else None,
                password=password,
            )
    except Refusal as refusal:
        page = render_template("accounts/new_person.html", values=request.form, errors=[refusal])
        return page, status_of(refusal)
    return _done(_("人员已登记。"), "accounts.person", login=person.login)


@blueprint.get("/ops/people/<login>")
@requires(Role.OPERATOR)
def person(login: str) -> tuple[str, int]:
    """One person: roles, certificates, history."""
    return _person(login, [])


def _change(login: str, change: Callable[[Act, Person], object]) -> Response | tuple[str, int]:
    try:
        with acting() as act:
            change(act, queries.person(act.session, login))
    except Refusal as refusal:
        return _person(login, [refusal], status_of(refusal))
    return _done(_("已记录。"), "accounts.person", login=login)


@blueprint.post("/ops/people/<login>/grant")
@requires(Role.OPERATOR)
def grant_role(login: str) -> Response | tuple[str, int]:
    """Give a role everywhere or in one project; clashing roles are refused (R-040)."""
    return _change(login, lambda act, person: services.grant_role(act, person, *forms.role(request.form)))


@blueprint.post("/ops/people/<login>/revoke")
@requires(Role.OPERATOR)
def revoke_role(login: str) -> Response | tuple[str, int]:
    """Take a role back."""
    return _change(login, lambda act, person: services.revoke_role(act, person, *forms.role(request.form)))


@blueprint.post("/ops/people/<login>/disable")
@requires(Role.OPERATOR)
def disable_person(login: str) -> Response | tuple[str, int]:
    """The person cannot sign in any more and is signed out everywhere."""
    return _change(login, lambda act, person: services.disable_person(act, person, reason=_reason()))


@blueprint.post("/ops/people/<login>/enable")
@requires(Role.OPERATOR)
def enable_person(login: str) -> Response | tuple[str, int]:
    """The person may sign in again."""
    return _change(login, lambda act, person: services.enable_person(act, person, reason=_reason()))


@blueprint.post("/ops/people/<login>/reset-factors")
@requires(Role.OPERATOR)
def reset_factors(login: str) -> Response | tuple[str, int]:
    """Take one-time code and passkeys back, for example after a phone was lost."""
    return _change(login, lambda act, person: services.reset_factors(act, person, reason=_reason()))


def _reason() -> str:
    return text(request.form, "reason", most=REASON)


@blueprint.get("/ops/authorities")
@requires(Role.OPERATOR)
def authorities() -> tuple[str, int]:
    """The certification authorities whose certificates count (R-023)."""
    return _authorities([])


def _authorities(errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    with reading() as session:
        page = render_template(
            "accounts/authorities.html", found=queries.all_authorities(session), values=request.form, errors=errors
        )
    return page, status


@blueprint.post("/ops/authorities")
@requires(Role.OPERATOR)
def add_authority() -> Response | tuple[str, int]:
    """Recognise one more authority."""
    try:
        with acting() as act:
            services.add_authority(act, name=text(request.form, "name"), pem=forms.certificate(request.form))
    except Refusal as refusal:
        return _authorities([refusal], status_of(refusal))
    return _done(_("认证机构已加入。"), "accounts.authorities")


@blueprint.post("/ops/authorities/revocations")
@requires(Role.OPERATOR)
def read_revocations() -> Response | tuple[str, int]:
    """Take over an authority's revocation list."""
    try:
        with acting() as act:
            count = services.read_revocations(act, text(request.form, "revocation_list", most=1_000_000))
    except Refusal as refusal:
        return _authorities([refusal], status_of(refusal))
    return _done(_("吊销列表已读入，新增 %(n)s 张。", n=count), "accounts.authorities")


@blueprint.post("/ops/authorities/<int:authority_id>/withdraw")
@requires(Role.OPERATOR)
def withdraw_authority(authority_id: int) -> Response | tuple[str, int]:
    """Certificates of the authority no longer sign in."""
    try:
        with acting() as act:
            services.withdraw_authority(
                act,
                queries.authority(act.session, authority_id),
                reason=_reason(),
            )
    except Refusal as refusal:
        return _authorities([refusal], status_of(refusal))
    return _done(_("已停止承认该认证机构。"), "accounts.authorities")
