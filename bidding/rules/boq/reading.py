"""Reads a bill from any of its three forms, chosen by what the bytes are and not by what the name says."""

from __future__ import annotations

from decimal import Decimal

from bidding.rules.boq.bill import MAX_BYTES, PRICED, Bill, read_bill
from bidding.rules.boq.stated import StatedBill, StatedLine, refused
from bidding.rules.boq.workbook import read_workbook
from bidding.rules.boq.xml import read_xml
from core.errors import Invalid

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0"


def read_stated(data: bytes) -> StatedBill:
    """What the file states: .xlsx, our XML, or canonical JSON; a finding and no lines for anything else."""
    if data.startswith((*_ZIP, _OLE)):
        return read_workbook(data)
    head = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<"):
        return read_xml(data)
    if head.startswith(b"{"):
        if len(data) > MAX_BYTES:
            return refused("boq.too_big", expected=f"{MAX_BYTES >> 20} MB", found=f"{len(data) / (1 << 20):.1f} MB")
        try:
            return state(read_bill(data))
        except Invalid as refusal:
            return refused("boq.malformed", found=refusal.facts.get("place", ""))
    return refused("boq.not_xlsx", found=ascii(head[:8])[2:-1])


def state(bill: Bill) -> StatedBill:
    """A bill as a file that states exactly it."""
    return StatedBill(
        lines=tuple(
            StatedLine(
                sheet="",
                row=line.number,
                code=line.code,
                name=line.name,
                feature=line.feature,
                unit=line.unit,
                quantity=line.quantity,
                price=_yuan(line.price_fen),
                amount=_yuan(bill.amounts.get(line.number)),
                rate=line.rate,
                part=line.part,
                chapter=line.chapter,
                pricing=line.pricing,
                base=line.base,
            )
            for line in bill.lines
        ),
        total=_yuan(bill.total_fen),
        section=bill.section,
        title=bill.title,
        unpriced=bill.unpriced,
        tender_sha256=(bill.tender_sha256 or "") if bill.kind == PRICED else "",
    )


def _yuan(fen: int | None) -> Decimal | None:
    return None if fen is None else Decimal(fen) / 100
