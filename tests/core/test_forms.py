"""A form is read to its end: every fault is told at once, each with its field; what is good is never refused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidding import forms as bidding
from core.errors import Forbidden, Invalid, Missing
from core.forms import amount, choice, day, decimal, every, fault, instant, integer, text, whole

GOOD = {"name": "一标段", "days": "30", "share": "12.5", "kind": "a", "at": "2026-11-21T09:30", "on": "2026-11-21"}
BAD = {"name": "", "days": "三", "share": "1.234", "kind": "c", "at": "明天", "on": "21/11/2026"}


@whole
def read(fields: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": text(fields, "name"),
        "days": integer(fields, "days", least=1, most=99) + 1,
        "share": decimal(fields, "share", least=Decimal(0), most=Decimal(100)),
        "kind": {"a": 1, "b": 2}[choice(fields, "kind", ("a", "b"))],
        "at": instant(fields, "at").astimezone(),
        "on": day(fields, "on").toordinal(),
        "fen": amount(fields, "fen"),
    }


@given(st.sets(st.sampled_from(sorted(BAD))))
def test_exactly_the_bad_fields_are_refused_all_at_once(bad: set[str]) -> None:
    """Seen red: with readers that raised at the first, and with a stand-in that was returned as a value."""
    fields = {**GOOD, **{name: BAD[name] for name in bad}}
    if not bad:
        assert read(fields)["name"] == "一标段"
        return
    with pytest.raises(Invalid) as caught:
        read(fields)
    told = [one.field for one in every([caught.value])]
    # What looks a stand-in up may end the reading early; nothing good is ever among the refused.
    assert set(told) <= bad and len(told) == len(set(told))
    if "kind" not in bad:
        assert set(told) == bad


def test_alone_a_reader_refuses_at_once_and_an_error_of_the_program_stays_one() -> None:
    """Seen red: with every exception within a form taken for a fault of who typed it."""
    with pytest.raises(Invalid):
        text({}, "name")

    @whole
    def broken(fields: Mapping[str, str]) -> int:
        text(fields, "name")
        return 1 // 0

    with pytest.raises(ZeroDivisionError):
        broken({"name": "x"})
    with pytest.raises(Invalid):
        broken({})
    with pytest.raises(Invalid):
        fault(Invalid("form.required", field="x"), None)


@pytest.mark.parametrize("met", [OSError("disk"), Forbidden("role.missing"), Missing("project.unknown")], ids=str)
def test_beside_a_fault_of_the_form_another_trouble_is_still_told(met: Exception) -> None:
    """A stand-in can lead to a wrong value, not to a lost disk or right. Seen red: with every exception passed over."""

    @whole
    def reading(fields: Mapping[str, str]) -> None:
        text(fields, "name")
        raise met

    with pytest.raises(type(met)) as caught:
        reading({})
    assert caught.value is met


def test_the_wizard_says_what_is_wrong_with_each_field_of_a_step() -> None:
    """Seen red: with the step's numbers read after the first date had been refused."""
    fields = {"documents_until_at": "明天", "deadline_at": "后天", "validity_days": "九十", "decrypt_minutes": "30"}
    with pytest.raises(Invalid) as caught:
        bidding.read_step("procedure", fields, {})
    told = {one.field: one.code for one in every([caught.value])}
    assert told == {
        "validity_days": "form.integer",
        "documents_until_at": "form.instant",
        "deadline_at": "form.instant",
    }
