"""R21 in its short form: schemathesis tries every operation of the document, as a caller who may everything here."""

from __future__ import annotations

from benchmarks.figures import r21


def test_the_interface_keeps_what_its_document_says() -> None:
    """Seen red: by `--sabotage`, an operation that answers what nobody has documented."""
    found = r21.measure(3, 21, ("signed in",), full=False)
    assert found.failures == {} and found.errors == []
    assert found.requests > 60 and len(found.operations) >= 15


def test_what_is_not_documented_is_found() -> None:
    found = r21.measure(1, 21, ("public",), full=False, sabotage=True, only="/sections")
    assert {what for _, what in found.failures} >= {"Undocumented status code"}
