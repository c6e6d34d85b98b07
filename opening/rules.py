"""Pure rules of the opening: layers, the window's arithmetic, causes of failure, the schedule, the coefficients."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from core.clock import from_iso, iso
from core.draw import mechanism
from core.errors import Conflict, Invalid
from core.seal import lint, lint_package

IDENTITY = "identity"
SCHEDULE = "schedule"
BIDDER_SET = "bidder+tenderee"
DRAW_PARTIES = ("officer", "supervisor")

PRICES_SHOWN = frozenset({"prices_read", "record_confirm", "objection", "record_signed", "handed_over"})
"""States of an opening in which prices may be shown, to anyone (R-257)."""

NAMES_SHOWN = PRICES_SHOWN | {
    "names_published",
    "decrypt_open",
    "decrypt_paused",
    "trustee_fallback",
    "decrypt_closed",
    "coefficients_drawn",
    "suspended",
}
"""States in which the bidders' names are public; before, and when an opening fails for too few bids, they are not."""

OBJECTABLE = frozenset(NAMES_SHOWN - {"record_signed", "handed_over", "suspended"})
"""States in which an objection on the spot is taken (R-259)."""

BIDDER_CAUSES = frozenset({"bidder_absent", "bidder_key", "bidder_certificate", "bidder_file"})
OTHER_CAUSES = frozenset({"platform", "network", "authority", "tenderee"})
CAUSES = (
    "bidder_absent",
    "bidder_key",
    "bidder_certificate",
    "bidder_file",
    "platform",
    "network",
    "authority",
    "tenderee",
)
"""Why a bid was not decrypted: the bidder's own doing → deemed revoked, anything else → deemed withdrawn (R-254)."""

STAGES = ("closed", "names_published", "decrypt_open", "prices_read", "record_confirm", "record_signed")
"""The steps people see, each named by the state that begins it."""

_STEP = {
    "closed": 0,
    "names_published": 1,
    "decrypt_open": 2,
    "decrypt_paused": 2,
    "trustee_fallback": 2,
    "decrypt_closed": 3,
    "coefficients_drawn": 3,
    "prices_read": 3,
    "record_confirm": 4,
    "objection": 4,
    "record_signed": 5,
    "handed_over": 6,
}

_AGE_NONCE = 16
_AGE_TAG = 16
_AGE_CHUNK = 64 * 1024 + _AGE_TAG
_SCHEDULE_TYPE = "sunbid-schedule/v1"
_SCHEDULE_KEYS = {"type", "price_fen", "duration_days", "quality", "manager", "manager_certificate"}


def step_of(state: str) -> int:
    """Which of `STAGES` an opening in `state` has reached; a failed or suspended one stays at the first."""
    return _STEP.get(state, 0)


def check_state(thing: Any, verb: str, allowed: Collection[str]) -> None:
    """Refuse `verb` in a state it does not belong to, as `core.machine.advance` does for moves."""
    if thing.state not in allowed:
        raise Conflict(
            f"{thing.lifecycle.name}.state",
            verb=verb,
            state=thing.state,
            allowed=sorted(allowed),
            subject=thing.subject,
        )


def peeler(set_name: str, stage: int) -> str:
    """The role whose key takes off layer `stage` (0 = outermost) of a package for `set_name`."""
    roles = set_name.split("+")
    if not 0 <= stage < len(roles):
        raise Invalid("peel.stage", field="stage", stage=stage)
    return roles[stage]


def is_final(set_name: str, stage: int) -> bool:
    """Whether `stage` is the innermost layer, after which nothing is sealed any more."""
    return stage == set_name.count("+")


def inner_size(package: bytes) -> int:
    """How many bytes are inside an age file, told from its outside: header, nonce and tags are of known size."""
    payload = len(package) - lint(package) - _AGE_NONCE
    return payload - _AGE_TAG * -(-payload // _AGE_CHUNK)


def check_layer(package: bytes, content: bytes) -> None:
    """Refuse what cannot be the sealed layer inside `package`: another size, or not one sealed file.

    Raises Invalid("peel.size") or the refusals of `lint_package`. Whether it opens, only the next holder can tell.
    """
    if len(content) != inner_size(package):
        raise Invalid("peel.size", expected=inner_size(package), found=len(content))
    lint_package(content)


def window_end(opened_at: datetime, minutes: int) -> datetime:
    """When a window opened at the instant ends, if it is never paused."""
    return opened_at + timedelta(minutes=minutes)


def with_pause(pauses: Sequence[Mapping[str, Any]], at: datetime, reason: str, by: str) -> list[dict[str, Any]]:
    """The list of pauses with one more that begins at the instant and has no end yet."""
    return [*(dict(pause) for pause in pauses), {"from": iso(at), "until": None, "reason": reason, "by": by}]


def resumed(
    pauses: Sequence[Mapping[str, Any]], until: datetime, at: datetime
) -> tuple[list[dict[str, Any]], datetime, timedelta]:
    """The pauses with the last one ended at the instant, the window's end moved by its length, and that length."""
    last = {**pauses[-1], "until": iso(at)}
    length = at - from_iso(last["from"])
    return [*(dict(pause) for pause in pauses[:-1]), last], until + length, length


def paused_at(pauses: Sequence[Mapping[str, Any]]) -> datetime | None:
    """Since when the window is paused; None while it runs."""
    return from_iso(pauses[-1]["from"]) if pauses and pauses[-1]["until"] is None else None


def two_bids(identifiers: Iterable[str]) -> frozenset[str]:
    """The identifiers that stand on more than one live bid (R-211)."""
    return frozenset(who for who, count in Counter(identifiers).items() if who and count > 1)


def deemed(cause: str) -> str:
    """The move for a bid that stays sealed for this cause: 撤销 for the bidder's own, 撤回 for any other (R-254)."""
    if cause not in CAUSES:
        raise Invalid("cause.unknown", field="cause", cause=cause)
    return "deem_revoked" if cause in BIDDER_CAUSES else "deem_withdrawn"


def remedy_of(failure: Mapping[str, str]) -> str | None:
    """The RULES id by which the tender documents let k trustees open for a bidder; None where they do not (R-256)."""
    return failure.get("remedy")


def read_schedule(data: bytes) -> dict[str, Any]:
    """The opening schedule (开标一览表) as sealed: price in fen, days, quality, manager and their certificate.

    Raises Invalid("schedule.malformed") naming the place.
    """
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Invalid("schedule.malformed", field="schedule", place="json") from None
    if not isinstance(value, dict) or set(value) != _SCHEDULE_KEYS or value["type"] != _SCHEDULE_TYPE:
        raise Invalid("schedule.malformed", field="schedule", place="keys")
    for key, most in (("price_fen", 10**15), ("duration_days", 100_000)):
        if type(value[key]) is not int or not 0 < value[key] <= most:
            raise Invalid("schedule.malformed", field="schedule", place=key)
    for key in ("quality", "manager", "manager_certificate"):
        text = value[key]
        if not isinstance(text, str) or not text.strip() or len(text) > 200 or not text.isprintable():
            raise Invalid("schedule.malformed", field="schedule", place=key)
    return value


def coefficient_grid(method: Mapping[str, Any]) -> list[str]:
    """Every value the coefficient K may take, ascending, as text with equal places; empty where none is drawn.

    `method["price"]["k_range"]` = [low, high] and `step`. Raises Invalid("method.k_range") unless the step divides the
    range exactly and 0 < low ≤ high.
    """
    price = method.get("price", {})
    if not price.get("k_range"):
        return []
    try:
        low, high = (Decimal(bound) for bound in price["k_range"][:2])
        step = Decimal(price["step"])
    except (InvalidOperation, KeyError, TypeError, ValueError):
        raise Invalid("method.k_range", field="k_range") from None
    if not 0 < low <= high or step <= 0 or (high - low) % step:
        raise Invalid("method.k_range", field="k_range")
    places = max(-int(value.normalize().as_tuple().exponent) for value in (low, high, step))
    count = int((high - low) / step) + 1
    return [f"{low + step * n:.{max(places, 0)}f}" for n in range(count)]


def draw_label(section: str) -> str:
    """The label of a section's coefficient draw."""
    return f"coefficients:{section}"


def draw_steps(seed: bytes, label: str, grid: Iterable[str]) -> list[dict[str, str]]:
    """The grid in the order of the draw with each value's ticket; the first is K."""
    return [
        {"value": value, "ticket": mechanism.ticket(seed, label, value).hex()}
        for value in mechanism.order(seed, label, grid)
    ]


def record_message(sha256: str) -> bytes:
    """What the platform signs under an opening record: "sunbid-record/v1\\n" ‖ the 32 bytes of the PDF's SHA-256."""
    return b"sunbid-record/v1\n" + bytes.fromhex(sha256)


def readout(digest: str) -> bytes:
    """What a bidder signs to confirm: "sunbid-confirm/v1\\n" ‖ the 32 bytes of the digest of what was read out."""
    return b"sunbid-confirm/v1\n" + bytes.fromhex(digest)
