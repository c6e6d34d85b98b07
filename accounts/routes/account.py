"""One's own account: roles, certificates, passkeys, one-time codes, password, sign-ins."""

from __future__ import annotations

import segno
from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]
from markupsafe import Markup
from werkzeug.wrappers import Response

from accounts import forms, queries, services
from accounts.access import (
    acting,
    current_actor,
    current_person,
    current_sign_in,
    door,
    instant_now,
    limited,
    reading,
    signed_in,
    signing,
    status_of,
    wants_json,
)
from accounts.models import Person
from accounts.routes.blueprint import blueprint
from accounts.rules import changes_passkeys, is_strong
from accounts.rules.certificates import facts_of
from accounts.rules.signing_in import is_totp_secret
from accounts.services.people import totp_address
from core.act import Act
from core.clock import iso
from core.errors import Refusal
from core.forms import text


def _own(act: Act) -> Person:
    """The person signed in, in this act's transaction."""
    actor = current_actor()
    return queries.person_by_id(act.session, actor.person_id or 0)


def _token() -> str:
    return request.cookies.get(door().cookie, "")


def _back(message: str) -> Response:
    flash(message, "ok")
    return redirect(url_for("accounts.account"), 303)


def _account(errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    held, now = current_sign_in(), instant_now()
    person = current_person()
    person_id = person.id if person else 0
    with reading() as session:
        grants = queries.grants(session, person_id)
        page = render_template(
            "accounts/account.html",
            errors=errors,
            person=queries.person_by_id(session, person_id),
            grants=grants,
            names=queries.names_of(session, {one.granted_by for one in grants}),
            certificates=queries.certificates(session, person_id),
            passkeys=queries.passkeys(session, person_id),
            sign_ins=queries.sign_ins(session, person_id, at=now),
            sign_in=held,
            is_strong=held is not None and is_strong(held.method),
            changes_passkeys=held is None or changes_passkeys(held.method),
            is_secure=door().secure or door().origin.startswith("http://localhost"),
        )
    return page, status


@blueprint.get("/account")
@signed_in
def account() -> Response | tuple[str, int]:
    """Who the platform knows one as, and everything that opens the door in one's name."""
    person, actor = current_person(), current_actor()
    if wants_json() and person is not None:
        own = person.organisation
        return jsonify(
            login=person.login,
            name=person.name,
            organisation=own.name if own else None,
            uscc=own.identifier if own else None,
            roles=sorted(actor.roles),
        )
    return _account([])


@blueprint.post("/account/password")
@signed_in
@limited("10/minute")
def set_password() -> Response | tuple[str, int]:
    """A new password; every other sign-in ends."""
    try:
        login = current_actor().name
        new = services.hash_password(forms.new_password(request.form), login=login)
        old = services.prove_old_password(door().platform, login=login, password=request.form.get("old", "")[:400])
        with acting() as act:
            services.change_password(act, _own(act), old=old, new=new, keep=_token())
    except Refusal as refusal:
        return _account([refusal], status_of(refusal))
    return _back(_("口令已更换，其他登录均已失效。"))


@blueprint.get("/account/totp")
@signed_in
def totp() -> tuple[str, int]:
    """A QR code for an authenticator app, and where to type its first code."""
    with acting() as act:
        secret = services.begin_totp(act)
    return _totp(secret, [], 200)


def _totp(secret: str, errors: list[Refusal], status: int) -> tuple[str, int]:
    person = current_person()
    address = totp_address(person, secret, "Sunbid") if person else ""
    drawing = segno.make(address, error="m").svg_inline(border=2, scale=4, svgclass=None, lineclass=None)
    page = render_template(
        "accounts/totp.html",
        secret=secret,
        # segno escapes its own output; nothing the reader typed is in it but the login.
        drawing=Markup(drawing),  # noqa: S704
        errors=errors,
    )
    return page, status


@blueprint.post("/account/totp")
@signed_in
@limited("10/minute")
def confirm_totp() -> Response | tuple[str, int]:
    """The first code binds the secret; from now on one signs in with it."""
    secret = request.form.get("secret", "")[:64]
    try:
        with acting() as act:
            services.confirm_totp(
                act,
                _own(act),
                secret=secret,
                code=text(request.form, "code", most=20),
                keep=None,
                sign_in=current_sign_in(),
            )
    except Refusal as refusal:
        if not is_totp_secret(secret):  # nothing can be drawn of it: the page begins anew
            with acting() as act:
                secret = services.begin_totp(act)
        return _totp(secret, [refusal], status_of(refusal))
    flash(_("动态口令已绑定。请用口令和动态口令重新登录。"), "ok")
    return redirect(url_for("accounts.sign_in"), 303)


@blueprint.post("/account/passkeys/options")
@signed_in
@limited("30/minute")
def begin_passkey() -> Response:
    """What the browser needs to make a passkey."""
    with acting() as act:
        return jsonify(services.begin_passkey(act, _own(act), origin=door().origin))


@blueprint.post("/account/passkeys")
@signed_in
@limited("30/minute")
def register_passkey() -> Response:
    """The passkey the browser made is bound."""
    body = request.get_json(silent=True)
    with acting() as act:
        services.register_passkey(
            act,
            _own(act),
            response=forms.credential(body),
            name=str((body or {}).get("name") or "")[:80] or _("通行密钥"),
            origin=door().origin,
            keep=_token(),
            sign_in=current_sign_in(),
        )
    return jsonify(next=url_for("accounts.account"))


@blueprint.post("/account/passkeys/<int:passkey_id>/remove")
@signed_in
def remove_passkey(passkey_id: int) -> Response | tuple[str, int]:
    """One passkey opens nothing any more."""
    try:
        with acting() as act:
            services.remove_passkey(act, _own(act), passkey_id, sign_in=current_sign_in())
    except Refusal as refusal:
        return _account([refusal], status_of(refusal))
    return _back(_("通行密钥已移除。"))


@blueprint.post("/account/certificates")
@signed_in
@limited("30/minute")
def register_certificate() -> Response | tuple[str, int]:
    """A certificate of a recognised authority is bound to one's name; as JSON by the page that holds its key."""
    try:
        fields = forms.json_fields(request.get_json(silent=True)) if request.is_json else request.form
        with acting() as act:
            held = services.register_certificate(act, _own(act), forms.certificate(fields), sign_in=current_sign_in())
            pem = held.pem
    except Refusal as refusal:
        if wants_json():
            raise
        return _account([refusal], status_of(refusal))
    if wants_json():
        return jsonify(certificate_facts(pem))
    return _back(_("数字证书已登记。"))


@blueprint.post("/account/certificates/examine")
@signed_in
@limited("60/minute")
def examine_certificate() -> Response:
    """What a certificate says, whether it counts or not: a backup may hold one that has expired."""
    return jsonify(certificate_facts(forms.certificate(forms.json_fields(request.get_json(silent=True)))))


def certificate_facts(pem: str) -> dict[str, str]:
    """What the page keeps of a certificate beside its key."""
    facts = facts_of(pem)
    return {
        "name": facts.subject_name,
        "uscc": facts.identifier,
        "person": facts.person,
        "fingerprint": facts.fingerprint,
        "serial": facts.serial,
        "not_before": iso(facts.not_before),
        "not_after": iso(facts.not_after),
    }


@blueprint.get("/account/keys")
@signed_in
@signing
def keys() -> str:
    """The keys this browser holds in one's name: the server knows none of them, scripts show them."""
    return render_template("accounts/keys.html", person=current_person(), agent=door().agent)


@blueprint.post("/account/certificates/<fingerprint>/revoke")
@signed_in
def revoke_certificate(fingerprint: str) -> Response:
    """One's own certificate opens nothing any more, for example after its key was lost."""
    with acting() as act:
        services.revoke_own_certificate(act, _own(act), fingerprint)
    return _back(_("数字证书已停用。"))


@blueprint.post("/account/sign-ins/<int:sign_in_id>/revoke")
@signed_in
def revoke_sign_in(sign_in_id: int) -> Response:
    """One sign-in ends."""
    with acting() as act:
        services.revoke_sign_in(act, _own(act), sign_in_id)
    return _back(_("该次登录已失效。"))


@blueprint.post("/account/sign-ins/revoke")
@signed_in
def revoke_sign_ins() -> Response:
    """Every sign-in but this one ends."""
    with acting() as act:
        services.revoke_sign_ins(act, _own(act), keep=_token())
    return _back(_("其他登录均已失效。"))
