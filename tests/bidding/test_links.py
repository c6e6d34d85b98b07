"""Clause links: one file per envelope, about its own files only; whatever is not exactly that is refused by place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bidding.rules.links import build_links, read_links
from core.errors import Invalid
from core.seal import canonical

SECTION = "ZB2026-00001-01"


def link(**changes: Any) -> dict[str, Any]:
    return {"clause": "T1", "slot": "proposal", "file": "技术标.pdf", "from": 2, "to": 3, "place": "", **changes}


def whole(*links: Any, **changes: Any) -> bytes:
    return canonical(
        {"type": "sunbid-links/v1", "section": SECTION, "envelope": "technical", "links": list(links), **changes}
    )


def test_an_envelope_speaks_of_its_own_files_only() -> None:
    """Seen red: with every link in every envelope."""
    links = [{**link(), "envelope": "technical"}, {**link(clause="Q1"), "envelope": "qualification"}]
    data = build_links(SECTION, "technical", links)
    assert data is not None
    assert read_links(data, section=SECTION, envelope="technical") == [link()]
    assert build_links(SECTION, "price", links) is None


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", "json"),
        (b"{" * 9_999, "json"),
        (json.dumps({"type": "sunbid-links/v1"}, indent=1).encode(), "json"),
        (whole(link(), type="x"), "type"),
        (whole(link(), section="OTHER"), "type"),
        (whole(link(), envelope="price"), "type"),
        (whole(), "links"),
        (whole(*[link()] * 501), "links"),
        (whole(link(), "x"), "links.2"),
        (whole(link(more=1)), "links.1"),
        (whole(link(**{"from": 0})), "links.1"),
        (whole(link(**{"from": 4})), "links.1"),
        (whole(link(to=None)), "links.1"),
        (whole(link(to=True)), "links.1"),
        (whole(link(**{"from": None, "to": None})), "links.1"),
        (whole(link(place="x" * 81)), "links.1"),
        (whole(link(place="第三章\n")), "links.1"),
        (whole(link(file="x" * 256)), "links.1"),
    ],
)
def test_what_is_not_exactly_links_is_refused_by_its_place(data: bytes, place: str) -> None:
    """Seen red, one by one."""
    with pytest.raises(Invalid) as caught:
        read_links(data, section=SECTION, envelope="technical")
    assert (caught.value.code, caught.value.facts["place"]) == ("links.malformed", place)


def test_a_word_file_is_linked_by_its_chapter() -> None:
    given = link(**{"from": None, "to": None, "place": "第三章 施工部署"})
    assert read_links(whole(given), section=SECTION, envelope="technical") == [given]
