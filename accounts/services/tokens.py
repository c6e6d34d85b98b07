"""Tokens of programs, and the answers kept for requests that are sent twice."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, select, update

from accounts import queries
from accounts.models import ApiToken, KeptAnswer, Person
from accounts.rules.scopes import MOST_TOKENS, PREFIX, check_scopes, token_expiry
from core.act import Act
from core.calendar import day_of, end_of_day
from core.errors import Conflict, Invalid
from core.ledger.log import append

KEPT_FOR = timedelta(hours=24)
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def create_token(
    act: Act, person: Person, *, name: str, scopes: list[str], days: int, by: ApiToken | None = None
) -> tuple[ApiToken, str]:
    """A new token of the person for these scopes, and its text, which nobody can say again.

    `by`: the token that asks for it; then it gets no scope and no day that one does not have. Raises Invalid for
    scopes or days out of bounds, Conflict("token.many") beyond so many that still open something.
    """
    held = [one for one in queries.api_tokens(act.session, person.id) if one.revoked_on is None]
    if sum(one.expires_at > act.now for one in held) >= MOST_TOKENS:
        raise Conflict("token.many", most=MOST_TOKENS)
    chosen = check_scopes(scopes, act.actor.roles, frozenset(by.scopes) if by else None)
    text = PREFIX + base64.urlsafe_b64encode(act.chance(32)).rstrip(b"=").decode()
    number = "tok_" + "".join(ALPHABET[byte % len(ALPHABET)] for byte in act.chance(16))
    token = ApiToken(
        number=number,
        token_digest=queries.digest_of(text),
        hint=text[-4:],
        person_id=person.id,
        name=name,
        scopes=chosen,
        created_on=end_of_day(day_of(act.now) - timedelta(days=1)),
        expires_at=token_expiry(day_of(act.now), days, by.expires_at if by else None),
    )
    act.session.add(token)
    act.session.flush()
    append(
        act,
        "token.create",
        f"person:{person.id}",
        {"token": number, "name": name, "scopes": chosen, "by": by.number if by else None, "actor": act.actor.name},
    )
    return token, text


def revoke_token(act: Act, token: ApiToken) -> None:
    """The token opens nothing from here on; ending it twice changes nothing."""
    if token.revoked_on is None:
        token.revoked_on = end_of_day(day_of(act.now) - timedelta(days=1))
        act.session.flush()
        facts = {"token": token.number, "actor": act.actor.name}
        append(act, "token.revoke", f"person:{token.person_id}", facts)


def revoke_tokens(act: Act, person: Person) -> None:
    """Every token of the person opens nothing from here on: whoever took their key may have made one."""
    for token in queries.api_tokens(act.session, person.id):
        revoke_token(act, token)


def mark_used(act: Act, token_id: int) -> None:
    """Keep the day a token was used on, once a day."""
    today = end_of_day(day_of(act.now) - timedelta(days=1))
    act.session.execute(update(ApiToken).where(ApiToken.id == token_id).values(used_on=today))


def _sealer(bearer: str, key: str) -> ChaCha20Poly1305:
    derived = HKDF(SHA256(), 32, None, b"sunbid-kept-answer/v1\n" + key.encode()).derive(bearer.encode())
    return ChaCha20Poly1305(derived)


def kept_answer(act: Act, *, bearer: str, key: str, request: bytes) -> dict[str, Any] | None:
    """What this program was answered to the same request under this key; None the first time.

    Invalid("idempotency.other") where the key has been used for another request.
    """
    held = act.session.scalar(
        select(KeptAnswer).where(
            KeptAnswer.owner == queries.digest_of(bearer), KeptAnswer.key_digest == queries.digest_of(key)
        )
    )
    if held is None:
        return None
    if held.expires_at <= act.now:
        act.session.delete(held)
        act.session.flush()
        return None
    if held.request_digest != hashlib.sha256(request).hexdigest():
        raise Invalid("idempotency.other", field="Idempotency-Key")
    try:
        plain = _sealer(bearer, key).decrypt(held.sealed[:12], held.sealed[12:], held.request_digest.encode())
    except InvalidTag:
        raise Conflict("idempotency.torn") from None
    answer: dict[str, Any] = json.loads(plain)
    return answer


def reserve_answer(act: Act, *, bearer: str, key: str, request: bytes) -> KeptAnswer:
    """Take the key for this request before anything is done: whoever comes with it meanwhile waits here and is refused.

    The row is empty until `keep_answer`; both are of one act, so nobody ever reads it so.
    """
    held = KeptAnswer(
        owner=queries.digest_of(bearer),
        key_digest=queries.digest_of(key),
        request_digest=hashlib.sha256(request).hexdigest(),
        sealed=b"",
        expires_at=act.now + KEPT_FOR,
    )
    act.session.add(held)
    act.session.flush()
    return held


def keep_answer(act: Act, held: KeptAnswer, *, bearer: str, key: str, answer: dict[str, Any]) -> None:
    """Keep an answer for a day, sealed so that only a request with the same token and key can read it."""
    nonce = act.chance(12)
    plain = json.dumps(answer).encode()
    held.sealed = nonce + _sealer(bearer, key).encrypt(nonce, plain, held.request_digest.encode())
    act.session.flush()


def sweep_answers(act: Act) -> int:
    """Forget the answers whose day is over; their number."""
    swept: Any = act.session.execute(delete(KeptAnswer).where(KeptAnswer.expires_at <= act.now))
    return int(swept.rowcount)
