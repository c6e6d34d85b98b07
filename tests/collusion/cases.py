"""Small cases for indicator tests: values only, one trace each, everything else innocent."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from collusion.rules.background import Background
from collusion.rules.case import Bid, Case, Device
from collusion.rules.documents import BillItem, Document, Marks, Paragraph, Picture, Place
from collusion.rules.evidence import Evidence, Indicator

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)


def text(
    name: str,
    *paragraphs: str,
    marks: Marks | None = None,
    pictures: Sequence[Picture] = (),
    items: Sequence[BillItem] = (),
) -> Document:
    """Make a read document of these paragraphs."""
    return Document(
        name,
        "docx",
        name,
        tuple(Paragraph(p, n) for n, p in enumerate(paragraphs, 1)),
        pictures=tuple(pictures),
        marks=marks or Marks(),
        items=tuple(items),
    )


def bill(prices: Sequence[int], *, provisional: Sequence[int] = (), quantity: int = 10) -> tuple[BillItem, ...]:
    """Make a bill of these unit prices in fen, eight items to a chapter."""
    return tuple(
        BillItem(
            n + 2,
            f"04{n // 8:02d}01{n:03d}001",
            "暂估设备" if n in provisional else f"清单项{n}",
            "",
            "项",
            Decimal(quantity),
            price,
            price * quantity,
        )
        for n, price in enumerate(prices)
    )


def case(
    bids: dict[str, Sequence[Document]],
    *,
    tender: Sequence[Document] = (),
    background: Background | None = None,
    totals: dict[str, int] | None = None,
    devices: dict[str, tuple[str, str]] | None = None,
) -> Case:
    """Make a case of documents by bidder."""
    made = []
    for bidder, documents in sorted(bids.items()):
        device = None
        if devices and bidder in devices:
            adapter, disk = devices[bidder]
            device = Device(frozenset({adapter}), frozenset({disk}), Place("device.json", None, None))
        made.append(Bid(bidder, tuple(documents), (totals or {}).get(bidder), device))
    return Case(tuple(tender), tuple(made), background or Background())


def found(indicator: Indicator, made: Case) -> dict[tuple[str, str], Evidence]:
    """Evaluate an indicator and give its evidence by pair; asserts the contract every indicator keeps."""
    evidence = indicator.evaluate(made)
    for item in evidence:
        assert item.indicator == indicator.identifier
        assert item.family == indicator.family
        assert item.a < item.b
        assert item.rate.name in indicator.rates
        assert item.findings and item.tested
        assert 0 <= item.chance <= 1
        if item.explained_by is not None:
            assert item.llr == 0
    return {(item.a, item.b): item for item in evidence}


def drawn(seed: int, *, width: int = 900, height: int = 600) -> Picture:
    """Make a picture that resembles no other seed's."""
    rng = random.Random(seed)
    return Picture(f"{rng.getrandbits(256):064x}", width, height, rng.getrandbits(256))
