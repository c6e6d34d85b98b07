"""The named files a bid consists of: which slot of which envelope, needed or not."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from core.errors import Invalid

SCHEDULE_SLOT = "schedule"
BOQ_ENVELOPE, BOQ_SLOT = "price", "boq"
"""Where a bidder's priced bill of quantities lies."""
BILL, BILL_TEMPLATE = "bill", "bill_template"
"""The tender documents that are a section's bill as data: its canonical JSON, and the template bidders fill."""

DEFAULT_SLOTS: list[dict[str, Any]] = [
    {"envelope": "schedule", "slot": SCHEDULE_SLOT, "name": "开标一览表", "required": True},
    {"envelope": "qualification", "slot": "licence", "name": "营业执照与资质证书", "required": True},
    {"envelope": "qualification", "slot": "letter", "name": "投标函及授权委托书", "required": True},
    {"envelope": "qualification", "slot": "record", "name": "业绩与信誉材料", "required": False},
    {"envelope": "technical", "slot": "proposal", "name": "技术标（施工组织设计）", "required": True},
    {"envelope": "price", "slot": "boq", "name": "已标价工程量清单", "required": True},
]


def default_slots(envelopes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The usual files of a bid with these envelopes, in their order."""
    return [dict(slot) for one in envelopes for slot in DEFAULT_SLOTS if slot["envelope"] == one["name"]]


def fit_slots(slots: Sequence[dict[str, Any]], envelopes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The slots whose envelopes there are, with the usual files of an envelope that has no required one yet."""
    names = [one["name"] for one in envelopes]
    kept = [slot for slot in slots if slot["envelope"] in names]
    held = {slot["envelope"] for slot in kept if slot["required"]}
    taken = {(slot["envelope"], slot["slot"]) for slot in kept}
    added = [
        slot
        for slot in default_slots(envelopes)
        if slot["envelope"] not in held and (slot["envelope"], slot["slot"]) not in taken
    ]
    return sorted([*kept, *added], key=lambda slot: names.index(slot["envelope"]))


_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


def check_slots(slots: Any, envelopes: Collection[str]) -> list[dict[str, Any]]:
    """The slots themselves, if each is well formed, named once, and every envelope has a required one.

    Raises Invalid("slots.malformed") with the place or Invalid("slots.envelope") for an envelope left empty: an
    envelope without a file cannot be sealed.
    """
    if not isinstance(slots, list):
        raise Invalid("slots.malformed", field="slots", place="0")
    seen = set()
    for number, slot in enumerate(slots, 1):
        whole = isinstance(slot, dict) and set(slot) == {"envelope", "slot", "name", "required"}
        if (
            not whole
            or slot["envelope"] not in envelopes
            or not isinstance(slot["slot"], str)
            or _NAME.fullmatch(slot["slot"]) is None
            or not isinstance(slot["name"], str)
            or not 1 <= len(slot["name"]) <= 80
            or not isinstance(slot["required"], bool)
            or (slot["envelope"], slot["slot"]) in seen
        ):
            raise Invalid("slots.malformed", field="slots", place=str(number))
        seen.add((slot["envelope"], slot["slot"]))
    for envelope in envelopes:
        if not any(slot["envelope"] == envelope and slot["required"] for slot in slots):
            raise Invalid("slots.envelope", field="slots", envelope=envelope)
    return slots


def check_boq_slot(slots: list[dict[str, Any]]) -> None:
    """Refuse (slots.boq) a section that publishes a bill but asks for no priced one in its place."""
    if not any(slot["envelope"] == BOQ_ENVELOPE and slot["slot"] == BOQ_SLOT for slot in slots):
        raise Invalid("slots.boq", field="slots", place=f"{BOQ_ENVELOPE}/{BOQ_SLOT}")
