"""Passkeys (WebAuthn): bound to a person, used to sign in, removed."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import delete, select
from webauthn.helpers.exceptions import InvalidAuthenticationResponse, InvalidJSONStructure, InvalidRegistrationResponse
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts import queries
from accounts.models import Passkey, Person, SignIn
from accounts.rules import changes_passkeys
from accounts.services.people import require_factor
from accounts.services.signing_in import (
    open_sign_in,
    revoke_sign_in,
    revoke_sign_ins,
    start_challenge,
    use_challenge,
)
from core.act import Act
from core.errors import Forbidden, Invalid, Missing
from core.ledger.log import append


def begin_passkey(act: Act, person: Person, *, origin: str) -> dict[str, Any]:
    """What `navigator.credentials.create` needs for a new passkey of the person, with a challenge of ours."""
    challenge = start_challenge(act, f"passkey:{person.id}")
    options = webauthn.generate_registration_options(
        rp_id=relying_party(origin),
        rp_name="阳光招采 Sunbid",
        user_id=f"sunbid:{person.id}".encode(),
        user_name=person.login,
        user_display_name=person.name,
        challenge=_bytes(challenge),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=held.credential_id) for held in queries.passkeys(act.session, person.id)
        ],
    )
    value: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return value


def register_passkey(
    act: Act,
    person: Person,
    *,
    response: dict[str, Any],
    name: str,
    origin: str,
    keep: str | None = None,
    sign_in: SignIn | None = None,
) -> Passkey:
    """Bind the passkey the browser made; every sign-in but that of the token `keep` ends; else passkey.invalid."""
    require_factor(act, person, sign_in)
    _require_passkey(act, person, sign_in)
    challenge = _challenge_in(response)
    use_challenge(act, challenge, f"passkey:{person.id}")
    try:
        checked = webauthn.verify_registration_response(
            credential=response,
            expected_challenge=_bytes(challenge),
            expected_rp_id=relying_party(origin),
            expected_origin=origin,
            require_user_verification=True,
        )
    except (InvalidRegistrationResponse, InvalidJSONStructure, ValueError, KeyError):
        raise Invalid("passkey.invalid", field="passkey") from None
    passkey = Passkey(
        person_id=person.id,
        credential_id=checked.credential_id,
        public_key=checked.credential_public_key,
        sign_count=checked.sign_count,
        name=name,
        added_at=act.now,
    )
    act.session.add(passkey)
    act.session.flush()
    revoke_sign_ins(act, person, keep=keep)
    append(act, "passkey.register", f"person:{person.id}", {"name": name, "actor": act.actor.name})
    return passkey


def remove_passkey(act: Act, person: Person, passkey_id: int, *, sign_in: SignIn | None = None) -> None:
    """Remove one passkey of the person; Missing("passkey.unknown") when it is not theirs."""
    _require_passkey(act, person, sign_in)
    removed: Any = act.session.execute(delete(Passkey).where(Passkey.id == passkey_id, Passkey.person_id == person.id))
    if removed.rowcount != 1:
        raise Missing("passkey.unknown")
    append(act, "passkey.remove", f"person:{person.id}", {"actor": act.actor.name})


def _require_passkey(act: Act, person: Person, sign_in: SignIn | None) -> None:
    """Who has a passkey changes passkeys by one: a stolen certificate alone takes none away and adds none.

    Forbidden("passkey.required"); where all are lost an operator resets them (`reset_factors`).
    """
    if sign_in is None or changes_passkeys(sign_in.method):
        return
    if queries.passkeys(act.session, person.id):
        raise Forbidden("passkey.required")


def start_passkey_sign_in(act: Act, *, origin: str) -> dict[str, Any]:
    """What `navigator.credentials.get` needs to sign in with any passkey of this site."""
    options = webauthn.generate_authentication_options(
        rp_id=relying_party(origin),
        challenge=_bytes(start_challenge(act, "passkey")),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    value: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return value


def start_confirmation(act: Act, person: Person, *, origin: str) -> dict[str, Any]:
    """What `navigator.credentials.get` needs to confirm with a passkey of the person.

    The challenge is like any sign-in's: a row that named the person would tell who is about to submit (R-208).
    """
    options = webauthn.generate_authentication_options(
        rp_id=relying_party(origin),
        challenge=_bytes(start_challenge(act, "passkey")),
        allow_credentials=[
            PublicKeyCredentialDescriptor(id=held.credential_id) for held in queries.passkeys(act.session, person.id)
        ],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    value: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return value


def confirm_with_passkey(act: Act, sign_in: SignIn, *, response: dict[str, Any], origin: str) -> str:
    """A new sign-in in the place of `sign_in`, in which a passkey of the same person took part; its token.

    Forbidden("signin.refused") for another person's passkey and for any other answer.
    """
    held = _answered(act, response, origin)
    if held.person_id != sign_in.person_id:
        raise Forbidden("signin.refused")
    person = queries.person_by_id(act.session, held.person_id)
    method = "certificate+passkey" if sign_in.method.startswith("certificate") else "passkey"
    revoke_sign_in(act, person, sign_in.id)
    return open_sign_in(act, person, method=method, carrier=sign_in.carrier)


def sign_in_with_passkey(act: Act, *, response: dict[str, Any], origin: str, carrier: str = "cookie") -> str:
    """Sign in by the passkey's answer to our challenge; the token. Forbidden("signin.refused") for any other answer."""
    held = _answered(act, response, origin)
    return open_sign_in(act, queries.person_by_id(act.session, held.person_id), method="passkey", carrier=carrier)


def _answered(act: Act, response: dict[str, Any], origin: str) -> Passkey:
    """The passkey whose answer to our challenge this is; the challenge is used up."""
    challenge = _challenge_in(response)
    use_challenge(act, challenge, "passkey")
    try:
        raw_id = webauthn.base64url_to_bytes(response["rawId"])
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Forbidden("signin.refused") from None
    held = act.session.scalar(select(Passkey).where(Passkey.credential_id == raw_id))
    if held is None:
        raise Forbidden("signin.refused")
    try:
        checked = webauthn.verify_authentication_response(
            credential=response,
            expected_challenge=_bytes(challenge),
            expected_rp_id=relying_party(origin),
            expected_origin=origin,
            credential_public_key=held.public_key,
            credential_current_sign_count=held.sign_count,
            require_user_verification=True,
        )
    except (InvalidAuthenticationResponse, InvalidJSONStructure, ValueError, KeyError):
        raise Forbidden("signin.refused") from None
    held.sign_count = checked.new_sign_count
    return held


def relying_party(origin: str) -> str:
    """The host name passkeys are bound to; browsers refuse an IP address, so the demo's address is localhost."""
    return urlsplit(origin).hostname or "localhost"


def _bytes(challenge: str) -> bytes:
    return base64.urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4))


def _challenge_in(response: dict[str, Any]) -> str:
    """The challenge the browser says it answers; it counts only if the table holds it."""
    try:
        client = json.loads(webauthn.base64url_to_bytes(response["response"]["clientDataJSON"]))
        return str(client["challenge"])[:100]
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Invalid("passkey.invalid", field="passkey") from None
