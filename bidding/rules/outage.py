"""Outages: an outside prober's signed log, the minutes it proves, and how far the deadline moves (R-214)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.clock import from_iso, iso
from core.errors import Invalid, Missing
from core.ledger.notes import Verifier

DOMAIN = b"sunbid-probe/v1\n"
CAUSES = ("platform", "network", "attack", "power", "unknown")
"""Why the platform could not be reached. All of them move the deadline: doubt counts for the bidders."""

SILENCE = 3
"""A pause in the log longer than this many usual gaps is the prober's own silence and proves nothing."""

_KEYS = {"type", "seq", "at", "site", "ok", "status", "ms", "control", "previous"}


@dataclass(frozen=True)
class Probe:
    """One look at the site from outside; `control` is whether another site answered then (None: none was asked)."""

    at: datetime
    ok: bool
    control: bool | None


@dataclass(frozen=True)
class Outage:
    """A span in which the site did not answer; `proven` is the part between the first and the last failure seen."""

    begun_at: datetime
    ended_at: datetime
    proven: timedelta


def body_digest(body: Mapping[str, Any]) -> bytes:
    """What a line of the log is signed and chained by: SHA-256("sunbid-probe/v1\\n" ‖ its canonical JSON)."""
    return hashlib.sha256(DOMAIN + rfc8785.dumps(dict(body))).digest()


def first_link(key: str) -> str:
    """What the first line of a prober's log names as the line before: the hash of its own key's spelling."""
    return hashlib.sha256(DOMAIN + key.encode()).hexdigest()


def read_log(data: bytes, key: str) -> list[Probe]:
    """The probes of a log, if every line is signed by `key` (C2SP spelling) and linked to the one before.

    Raises Invalid("prober.log") naming the line and what is wrong: torn, reordered, cut out, altered or another's.
    """
    verifier = Verifier.parse(key)
    public = Ed25519PublicKey.from_public_bytes(verifier.key)
    previous, last, probes = first_link(key), None, []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            body = json.loads(line)
            signature = base64.b64decode(body.pop("signature"), validate=True)
            at = from_iso(body["at"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Invalid("prober.log", line=number, reason="form") from None
        if set(body) != _KEYS or body["type"] != "sunbid-probe/v1" or type(body["ok"]) is not bool:
            raise Invalid("prober.log", line=number, reason="form")
        digest = body_digest(body)
        try:
            public.verify(signature, DOMAIN + digest)
        except InvalidSignature:
            raise Invalid("prober.log", line=number, reason="signature") from None
        if body["seq"] != number - 1 or body["previous"] != previous:
            raise Invalid("prober.log", line=number, reason="chain")
        if last is not None and at <= last:
            raise Invalid("prober.log", line=number, reason="time")
        previous, last = digest.hex(), at
        probes.append(Probe(at, body["ok"], body["control"]))
    return probes


def outages(probes: Sequence[Probe], start: datetime, until: datetime) -> list[Outage]:
    """The spans within [start, until] in which the site did not answer, from the last answer before to the first after.

    A failure while the control site did not answer either is the prober's own and counts as no look at all. The span
    between an answer and a failure counts for the bidders, except where the prober itself was silent.
    """
    seen = [probe for probe in probes if probe.ok or probe.control is not False]
    gaps = sorted(after.at - before.at for before, after in pairwise(seen))
    usual = gaps[len(gaps) // 2] * SILENCE if gaps else timedelta()
    found: list[Outage] = []
    index = 0
    while index < len(seen):
        if seen[index].ok:
            index += 1
            continue
        first = last = index
        while last + 1 < len(seen) and not seen[last + 1].ok and seen[last + 1].at - seen[last].at <= usual:
            last += 1
        begun, ended = seen[first].at, seen[last].at
        if first and seen[first].at - seen[first - 1].at <= usual:
            begun = seen[first - 1].at
        if last + 1 < len(seen) and seen[last + 1].at - seen[last].at <= usual:
            ended = seen[last + 1].at
        begun, ended = max(begun, start), min(ended, until)
        if begun < ended:
            proven = min(seen[last].at, until) - max(seen[first].at, start)
            found.append(Outage(begun, ended, max(proven, timedelta())))
        index = last + 1
    return found


def together(found: Iterable[Outage]) -> list[Outage]:
    """The outages of several probers as one list of spans that do not overlap: seen by one is seen."""
    joined: list[Outage] = []
    for outage in sorted(found, key=lambda item: (item.begun_at, item.ended_at)):
        if joined and outage.begun_at <= joined[-1].ended_at:
            held = joined.pop()
            ended = max(held.ended_at, outage.ended_at)
            joined.append(Outage(held.begun_at, ended, max(held.proven, outage.proven)))
        else:
            joined.append(outage)
    return joined


def minutes(found: Iterable[Outage]) -> int:
    """The outage's whole minutes, a begun one counted."""
    seconds = sum((item.ended_at - item.begun_at for item in found), timedelta()).total_seconds()
    return int(-(-seconds // 60))


@cache
def _profiles() -> list[dict[str, Any]]:
    return list(json.loads((Path(__file__).resolve().parents[1] / "outage.json").read_text(encoding="utf-8")))


def profile_on(day: date, name: str = "koneps") -> dict[str, Any]:
    """The extension profile in force on the day; Missing("outage.profile") where there is none."""
    for profile in _profiles():
        begun, ended = date.fromisoformat(profile["effective_from"]), profile["effective_to"]
        if profile["name"] == name and begun <= day and (ended is None or day <= date.fromisoformat(ended)):
            return profile
    raise Missing("outage.profile", name=name)


def extended_deadline(deadline: datetime, counted: int, profile: Mapping[str, Any]) -> datetime | None:
    """Where an outage of `counted` minutes moves the deadline at least; None for one too short to count."""
    if counted < profile["least_minutes"]:
        return None
    step = next(s for s in profile["steps"] if s["up_to_minutes"] is None or counted <= s["up_to_minutes"])
    return deadline + timedelta(minutes=step["close_plus_minutes"])


def told(found: Iterable[Outage]) -> list[dict[str, Any]]:
    """The spans as a notice states them."""
    return [
        {"from": iso(o.begun_at), "until": iso(o.ended_at), "proven_seconds": int(o.proven.total_seconds())}
        for o in found
    ]
