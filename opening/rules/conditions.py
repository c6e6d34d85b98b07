"""What each of the host's moves needs: one table for the checklist on the desk and for the refusal of the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.errors import Conflict, Refusal, Untimely
from opening.lifecycle import OPENING

HOST_MOVES = (
    "publish_names",
    "open_decryption",
    "pause",
    "resume",
    "extend",
    "fall_back",
    "close_decryption",
    "draw_coefficients",
    "read_prices",
    "ask_confirmation",
    "sign_record",
    "hand_over",
    "announce_supplement",
    "convene_second",
    "suspend",
    "announce_reconvening",
    "reconvene",
    "cancel",
)
"""The host's moves in the order of the day; `extend` and the announcements change no state."""

_STATES: Mapping[str, frozenset[str]] = {
    "extend": frozenset({"decrypt_open", "decrypt_paused"}),
    "announce_reconvening": frozenset({"suspended"}),
    "announce_supplement": frozenset({"handed_over"}),
    **{verb: OPENING.moves[verb].sources for verb in HOST_MOVES if verb in OPENING.moves},
}


_WHILE_ORDERED = frozenset({"suspend"})
"""What the host may do although the regulator orders the section to stand still (R-562)."""


@dataclass(frozen=True)
class Standing:
    """How the day stands at an instant, as far as moves depend on it; numbers are the bids' places in the list."""

    state: str
    subject: str
    now: datetime
    identities_left: int = 0
    uncommitted: tuple[str, ...] = ()
    unrevealed: tuple[str, ...] = ()
    until: datetime | None = None
    bids: int = 0
    signed_in: int = 0
    sealed: tuple[int, ...] = ()
    open_objections: int = 0
    confirmed: int = 0
    open_incidents: int = 0
    reconvene_at: datetime | None = None
    cosigned: bool = False
    awaits_second: bool = False
    is_admitted: bool = False
    is_held: bool = False
    second_at: datetime | None = None
    is_supplement: bool = False
    supplement_at: datetime | None = None
    is_ordered: bool = False


@dataclass(frozen=True)
class Condition:
    """One precondition of a move: whether it is met, whether it binds, and with which refusal it stops the move."""

    key: str
    met: bool
    facts: Mapping[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None

    @property
    def binds(self) -> bool:
        """Whether the move is refused while this is not met; the others are told and stop nothing."""
        return self.refusal is not None


def conditions(verb: str, day: Standing) -> list[Condition]:
    """Every precondition of the host's move, the state first."""
    allowed = _STATES[verb]
    refusal = Conflict("opening.state", verb=verb, state=day.state, allowed=sorted(allowed), subject=day.subject)
    ordered = Condition("unordered", False, {}, Conflict("opening.ordered")) if day.is_ordered else None
    state = Condition("state", day.state in allowed, {"state": day.state}, refusal)
    return [state, *([ordered] if ordered and verb not in _WHILE_ORDERED else []), *_OWN.get(verb, _none)(day)]


def first_unmet(verb: str, day: Standing) -> Refusal | None:
    """The refusal of the first binding precondition that is not met; None where the move may be made."""
    return next((item.refusal for item in conditions(verb, day) if item.refusal and not item.met), None)


def _none(day: Standing) -> Iterator[Condition]:
    return iter(())


def _publish_names(day: Standing) -> Iterator[Condition]:
    left = day.identities_left
    yield Condition("identities", not left, {"left": left}, Conflict("opening.unnamed", left=left))


def _open_decryption(day: Standing) -> Iterator[Condition]:
    missing = list(day.uncommitted)
    yield Condition("committed", not missing, {"parties": missing}, Conflict("draw.uncommitted", parties=missing))
    yield Condition("signed_in", day.signed_in == day.bids, {"n": day.signed_in, "of": day.bids})


def _window_runs(day: Standing) -> Iterator[Condition]:
    # A paused window has not ended, however late it is: its clock stands.
    over = day.state != "decrypt_paused" and day.until is not None and day.now >= day.until
    yield Condition(
        "window_runs", not over, {"until": day.until}, Untimely("decrypt.over", until=day.until, at=day.now)
    )


def _fall_back(day: Standing) -> Iterator[Condition]:
    over = day.until is None or day.now >= day.until
    yield Condition("window_over", over, {"until": day.until}, Untimely("decrypt.running", until=day.until, at=day.now))


def _close_decryption(day: Standing) -> Iterator[Condition]:
    sealed = list(day.sealed)
    yield Condition("all_decided", not sealed, {"numbers": sealed}, Conflict("opening.sealed_left", numbers=sealed))


def _draw_coefficients(day: Standing) -> Iterator[Condition]:
    silent = list(day.unrevealed)
    yield Condition("revealed", not silent, {"parties": silent}, Conflict("draw.unrevealed", parties=silent))


def _sign_record(day: Standing) -> Iterator[Condition]:
    count, incidents = day.open_objections, day.open_incidents
    yield Condition("objections", not count, {"count": count}, Conflict("objection.open", count=count))
    yield Condition("incidents", not incidents, {"count": incidents}, Conflict("incident.open", count=incidents))
    yield Condition("confirmed", day.confirmed == day.bids, {"n": day.confirmed, "of": day.bids})


def _hand_over(day: Standing) -> Iterator[Condition]:
    yield Condition("cosigned", day.cosigned)


def _convene_second(day: Standing) -> Iterator[Condition]:
    if day.is_supplement and day.awaits_second:
        yield from _convene_supplement(day)
        return
    yield Condition("second_sitting", day.awaits_second, {}, Conflict("opening.one_sitting", subject=day.subject))
    yield Condition("first_stage", day.is_admitted, {}, Conflict("opening.not_admitted", subject=day.subject))
    yield Condition("unasked", not day.is_held, {}, Conflict("opening.second_held", subject=day.subject))
    at = day.second_at
    if at is not None:
        early = Untimely("opening.second_early", second_opening_at=at, at=day.now)
        yield Condition("second_instant", day.now >= at, {"at": at}, early)


def _announce_supplement(day: Standing) -> Iterator[Condition]:
    waits = day.is_supplement and day.awaits_second
    yield Condition("restored", waits, {}, Conflict("opening.none_restored", subject=day.subject))


def _convene_supplement(day: Standing) -> Iterator[Condition]:
    at = day.supplement_at
    yield Condition("supplement_announced", at is not None, {"at": at}, Conflict("opening.supplement_unannounced"))
    if at is not None:
        early = Untimely("opening.supplement_early", supplement_at=at, at=day.now)
        yield Condition("supplement_instant", day.now >= at, {"at": at}, early)


def _reconvene(day: Standing) -> Iterator[Condition]:
    at = day.reconvene_at
    yield Condition("announced", at is not None, {"at": at}, Conflict("opening.unannounced"))
    if at is not None:
        early = Untimely("opening.reconvene_early", reconvene_at=at, at=day.now)
        yield Condition("instant_come", day.now >= at, {"at": at}, early)


_OWN: Mapping[str, Callable[[Standing], Iterator[Condition]]] = {
    "publish_names": _publish_names,
    "open_decryption": _open_decryption,
    "pause": _window_runs,
    "extend": _window_runs,
    "fall_back": _fall_back,
    "close_decryption": _close_decryption,
    "draw_coefficients": _draw_coefficients,
    "sign_record": _sign_record,
    "hand_over": _hand_over,
    "announce_supplement": _announce_supplement,
    "convene_second": _convene_second,
    "reconvene": _reconvene,
}
