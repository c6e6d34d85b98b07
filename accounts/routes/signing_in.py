"""Signing in and out, registering, and the demonstration's role switch."""

from __future__ import annotations

from flask import jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from accounts import forms, queries, services
from accounts.access import (
    acting,
    admit,
    cookieless,
    current_actor,
    current_sign_in,
    dismiss,
    door,
    limited,
    local_path,
    public,
    signed_in,
    signing,
    status_of,
)
from accounts.routes.blueprint import blueprint
from core.errors import Forbidden, Refusal
from core.forms import text

TRIES = "30/minute;300/hour"
PER_LOGIN = "6/minute;30/hour"


def _page(template: str, status: int = 200, **values: object) -> tuple[str, int]:
    return render_template(f"accounts/{template}.html", **values), status


def _back() -> str:
    return local_path(request.values.get("next"), url_for("portal.todo"))


def _leave_old(token: str) -> None:
    """What this browser was signed in as before ends with the new sign-in."""
    old = request.cookies.get(door().cookie)
    if old and old != token:
        with acting() as act:
            services.sign_out(act, old)


def _enter(token: str, to: str) -> Response:
    _leave_old(token)
    return admit(make_response(redirect(to, 303)), token)


@blueprint.get("/login")
@public
def sign_in() -> tuple[str, int]:
    """Every way to sign in, on one page."""
    return _page("sign_in", back=_back(), errors=[])


@blueprint.post("/login/password")
@public
@limited(TRIES)
@limited(PER_LOGIN, by="login")
def sign_in_with_password() -> Response | tuple[str, int]:
    """Password, and one-time code where one is bound."""
    try:
        proof = services.prove_password(
            door().platform,
            login=text(request.form, "login", most=80),
            password=request.form.get("password", "")[:400],
        )
        with acting() as act:
            token = services.sign_in_with_password(act, proof, code=request.form.get("code", "")[:20])
    except Refusal as refusal:
        return _page("sign_in", status_of(refusal), back=_back(), errors=[refusal])
    return _enter(token, _back())


@blueprint.post("/login/certificate")
@public
@signing
@limited(TRIES)
def start_certificate_sign_in() -> tuple[str, int]:
    """A challenge to sign with one's own tool, and where to put the answer."""
    with acting() as act:
        challenge = services.start_challenge(act)
    return _page("sign_in_with_certificate", back=_back(), challenge=challenge, errors=[])


@blueprint.post("/login/certificate/answer")
@public
@signing
@limited(TRIES)
def sign_in_with_certificate() -> Response | tuple[str, int]:
    """The signed challenge; after a refusal there is a new challenge to sign."""
    try:
        with acting() as act:
            token = services.sign_in_with_certificate(
                act,
                certificate=forms.certificate(request.form),
                challenge=text(request.form, "challenge", most=100),
                signature=forms.signature(request.form),
                carrier="cookie",
                newcomer=door().newcomer,
            )
    except Refusal as refusal:
        with acting() as act:
            challenge = services.start_challenge(act)
        status = status_of(refusal)
        return _page("sign_in_with_certificate", status, back=_back(), challenge=challenge, errors=[refusal])
    return _enter(token, _back())


@blueprint.post("/api/login/challenge")
@public
@cookieless
@limited(TRIES)
def challenge() -> Response:
    """For programs: a challenge; sign "sunbid-login/v1\\n" and it."""
    with acting() as act:
        token = services.start_challenge(act)
    return jsonify(challenge=token, domain="sunbid-login/v1\n", seconds=300)


@blueprint.post("/api/login/certificate")
@public
@cookieless
@limited(TRIES)
def token() -> Response:
    """For programs: certificate, challenge and signature (base64) for a bearer token."""
    fields = forms.json_fields(request.get_json(silent=True))
    with acting() as act:
        token = services.sign_in_with_certificate(
            act,
            certificate=forms.certificate(fields),
            challenge=text(fields, "challenge", most=100),
            signature=forms.signature(fields),
            newcomer=door().newcomer,
        )
    return jsonify(token=token, type="Bearer")


@blueprint.post("/login/passkey/options")
@public
@limited(TRIES)
def start_passkey_sign_in() -> Response:
    """What the browser asks the passkey."""
    with acting() as act:
        return jsonify(services.start_passkey_sign_in(act, origin=door().origin))


@blueprint.post("/login/passkey")
@public
@limited(TRIES)
def sign_in_with_passkey() -> Response:
    """The passkey's answer; says where to go."""
    body = request.get_json(silent=True)
    with acting() as act:
        token = services.sign_in_with_passkey(act, response=forms.credential(body), origin=door().origin)
    _leave_old(token)
    target = body.get("next") if isinstance(body, dict) else None
    to = local_path(target if isinstance(target, str) else None, url_for("portal.todo"))
    return admit(jsonify(next=to), token)


@blueprint.post("/login/confirm/options")
@signed_in
@limited(TRIES)
def start_confirmation() -> Response:
    """What the browser asks a passkey of the person who is signed in, by cookie or as a program."""
    with acting() as act:
        person = queries.person_by_id(act.session, current_actor().person_id or 0)
        return jsonify(services.start_confirmation(act, person, origin=door().origin))


@blueprint.post("/login/confirm")
@signed_in
@limited(TRIES)
def confirm_with_passkey() -> Response:
    """The passkey's answer; a sign-in it took part in comes in the place of this one, carried as this one is."""
    held = current_sign_in()
    if held is None:
        raise Forbidden("signin.required")
    body = request.get_json(silent=True)
    with acting() as act:
        token = services.confirm_with_passkey(act, held, response=forms.credential(body), origin=door().origin)
    if held.carrier == "bearer":
        return jsonify(token=token, type="Bearer")
    target = body.get("next") if isinstance(body, dict) else None
    to = local_path(target if isinstance(target, str) else None, url_for("portal.home"))
    return admit(jsonify(next=to), token, anew=False)


@blueprint.post("/logout")
@public
def sign_out() -> Response:
    """End this browser's sign-in on the server too."""
    if current_sign_in() is not None:
        with acting() as act:
            services.sign_out(act, request.cookies.get(door().cookie, ""))
    return dismiss(make_response(redirect(url_for("portal.home"), 303)))


@blueprint.get("/register")
@public
def register() -> tuple[str, int]:
    """The registration form: free, for every region and ownership, without anybody's approval (R-020, R-021)."""
    return _page("register", values={}, errors=[])


@blueprint.post("/register")
@public
@limited("10/minute;60/hour")
def register_organisation() -> Response | tuple[str, int]:
    """Register the organisation and its first person, who is signed in and led to bind a second factor."""
    try:
        form = forms.registration(request.form)
        password = services.hash_password(form.password, login=form.login)
        with acting() as act:
            organisation = services.register_organisation(
                act, name=form.name, identifier=form.identifier, region=form.region, evidence=form.evidence
            )
            person = services.register_member(
                act, login=form.login, name=form.person_name, organisation=organisation, password=password
            )
            token = services.open_sign_in(act, person, method="password", carrier="cookie")
    except Refusal as refusal:
        return _page("register", status_of(refusal), values=request.form, errors=[refusal])
    return _enter(token, url_for("accounts.totp"))


@blueprint.post("/demo/become")
@public
def become_public() -> Response:
    """In a demonstration: look as the public does."""
    return sign_out()  # type: ignore[no-any-return]


@blueprint.post("/demo/become/<login>")
@public
def become(login: str) -> Response:
    """In a demonstration: be this person, by one click."""
    with acting() as act:
        token = services.become(act, login, demo=door().demo)
    return _enter(token, _back())
