"""Sources as adapters behind one question: settings, and asking those that answer queries, outside any act."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

from core.act import SYSTEM, Act, Platform
from core.clock import iso
from core.errors import Conflict, Invalid, Missing, Refusal
from core.ledger.log import append
from core.outgoing import Network
from credit import queries
from credit.models import CreditCheck, CreditSource
from credit.rules import LISTS, SOURCES
from credit.rules.answers import Answer, Question, read_answer
from credit.rules.signatures import KINDS
from credit.services.checking import frame_of, keep_answer
from credit.services.client import Client, Unanswered, check_url, rest_after

AT_ONCE = 20
"""Questions asked in one tick."""
FIRST_WAIT, LONGEST_WAIT = 60, 6 * 3600
"""Seconds until an unanswered check is asked again: twice as long each time, no longer than the second."""


class Asks(Protocol):
    """What every adapter that is asked over a wire does: the bytes of one answer, or Unanswered."""

    def ask(self, asked: Question) -> bytes:
        """The answer's bytes as the source sent them."""


def set_source(
    act: Act,
    *,
    source: str,
    url: str = "",
    key_kind: str = "",
    key: str = "",
    region: str = "",
    per_minute: int = 60,
    is_asked: bool = False,
) -> CreditSource:
    """Say how a list's source signs and whether queries are sent to it.

    Raises Invalid credit.source, .url, .key, .rate; a list of ratings is imported, never asked.
    """
    if source not in LISTS:
        raise Invalid("credit.source", field="source", found=source, options=sorted(LISTS))
    if url or is_asked:
        check_url(url)
    if is_asked and source not in SOURCES:
        raise Invalid("credit.source", field="source", found=source, options=sorted(SOURCES))
    if key_kind not in KINDS or (key_kind and not _is_key(key)) or (is_asked and key_kind == "pkcs7"):
        raise Invalid("credit.key", field="key")
    if not 1 <= per_minute <= 6000:
        raise Invalid("credit.rate", field="per_minute", found=per_minute)
    held = queries.source_settings(act.session, source)
    if held is None:
        held = CreditSource(source=source, set_by=act.actor.name, set_at=act.now, failures=0)
        act.session.add(held)
    held.url, held.key_kind, held.key, held.region = url, key_kind, key.lower() if key_kind else "", region
    held.per_minute, held.is_asked = per_minute, is_asked
    held.set_by, held.set_at, held.failures, held.rests_until = act.actor.name, act.now, 0, None
    act.session.flush()
    append(
        act,
        "credit.source",
        f"credit:{source}",
        {
            "url": url,
            "key_kind": key_kind,
            "key": held.key,
            "per_minute": per_minute,
            "is_asked": is_asked,
            "actor": act.actor.name,
        },
    )
    return held


def _is_key(key: str) -> bool:
    try:
        return len(bytes.fromhex(key)) == 32
    except ValueError:
        return False


def _client(settings: CreditSource, networks: Sequence[Network]) -> Asks:
    key = settings.key if settings.key_kind == "ed25519" else ""
    return Client(settings.url, key, settings.per_minute, networks=networks)


def ask_sources(
    platform: Platform, *, client: Callable[[CreditSource], Asks] | None = None, most: int = AT_ONCE
) -> int:
    """Ask about every check whose turn has come, outside any act, and keep what came; how many were answered.

    A source that fails is asked again later, later each time; one that fails again and again rests. What no source
    answers stays pending, and in the list of the unanswered.
    """
    answered = 0
    clients: dict[str, Asks] = {}
    silent: set[str] = set()
    with platform.reading() as session:
        due = [
            (check, settings)
            for check in queries.due_to_ask(session, platform.clock.now(), most)
            if (settings := queries.source_settings(session, check.source)) is not None
        ]
    for check, settings in due:
        with platform.reading() as session:
            now = queries.source_settings(session, check.source)
        if (
            check.source in silent
            or now is None
            or not now.is_asked
            or (now.rests_until and now.rests_until > platform.clock.now())
        ):
            continue
        made = client(settings) if client is not None else _client(settings, platform.trust.networks)
        asks = clients.setdefault(check.source, made)
        asked = Question(check.source, check.identifier, check.name, check.evidence["query"]["nonce"])
        body, cause = b"", ""
        try:
            body = asks.ask(asked)
        except Unanswered as trouble:
            cause = trouble.cause
            silent.add(check.source)  # its other questions wait for the next time: nobody's tick is held up by it
        with platform.act(SYSTEM) as act:
            try:
                answered += keep_heard(act, check.id, asked, body, cause)
            except Conflict:
                continue  # another worker was quicker
    return answered


def keep_heard(act: Act, check_id: int, asked: Question, body: bytes, cause: str) -> bool:
    """Keep an answer as a check that follows the question, or count the failure; whether there was an answer.

    An answer is used as a whole or not at all; its bytes are kept. Conflict("credit.superseded") where the question
    has been settled meanwhile.
    """
    check = queries.check_by_id(act.session, check_id)
    if queries.successor(act.session, check) is not None:
        check.next_ask_at = None
        act.session.flush()
        return False
    settings = queries.source_settings(act.session, check.source)
    if settings is None:
        raise Missing("credit.source_unknown")
    answer = None
    if not cause:
        try:
            answer = read_answer(body, asked, now=act.now)
        except Refusal as refusal:
            cause = f"answer_{refusal.facts.get('error', 'format')}"
    check.attempts += 1
    if answer is None:
        _count_failure(act, check, settings, cause)
        return False
    stored = act.store.put(body)
    settings.failures, settings.rests_until = 0, None
    check.next_ask_at = None
    heard = Answer(answer.adapter, answer.as_of, answer.by_code, answer.by_name, False, stored.sha256)
    more = {
        "answer": {
            "at": iso(act.now),
            "sha256": stored.sha256,
            "as_of": iso(answer.as_of) if answer.as_of else None,
            "url": settings.url,
            "signed_by": f"ed25519:{settings.key[:16]}" if settings.key_kind else "",
            "attempts": check.attempts,
        }
    }
    keep_answer(act, asked, heard, frame_of(check), follows=check, more=more)
    return True


def _count_failure(act: Act, check: CreditCheck, settings: CreditSource, cause: str) -> None:
    wait = min(FIRST_WAIT * 2 ** (check.attempts - 1), LONGEST_WAIT)
    check.next_ask_at = act.now + timedelta(seconds=wait)
    settings.failures += 1
    rest = rest_after(settings.failures)
    settings.rests_until = act.now + timedelta(seconds=rest) if rest is not None else None
    act.session.flush()
    append(
        act,
        "credit.unanswered",
        f"section:{check.section}",
        {
            "identifier": check.identifier,
            "source": check.source,
            "evidence_sha256": check.evidence_sha256,
            "attempts": check.attempts,
            "cause": cause,
            "next_ask_at": iso(check.next_ask_at),
        },
    )


def answer_body(asked: Question, as_of: str, records: list[dict[str, str]]) -> bytes:
    """An answer as a source that speaks this platform's protocol writes it (docs/credit.md)."""
    query = {
        "source": asked.source,
        "identifier": asked.identifier,
        "name": asked.name,
        "nonce": asked.nonce,
    }
    return json.dumps({"query": query, "as_of": as_of, "records": records}, ensure_ascii=False).encode()
