"""Bills of quantities (工程量清单) as data: read, checked and written by every program alike (docs/spec/boq.md)."""

from bidding.rules.boq.bill import PRICED, TENDER, TYPE, Bill, Line, check_bill, read_bill, share, times
from bidding.rules.boq.checks import check_priced, errors_of, tender_bill
from bidding.rules.boq.reading import read_stated, state
from bidding.rules.boq.stated import ERROR, WARNING, BillFinding, StatedBill, StatedLine
from bidding.rules.boq.template import blank_workbook, write_workbook
from bidding.rules.boq.xml import write_xml

__all__ = [
    "ERROR",
    "PRICED",
    "TENDER",
    "TYPE",
    "WARNING",
    "Bill",
    "BillFinding",
    "Line",
    "StatedBill",
    "StatedLine",
    "blank_workbook",
    "check_bill",
    "check_priced",
    "errors_of",
    "read_bill",
    "read_stated",
    "share",
    "state",
    "tender_bill",
    "times",
    "write_workbook",
    "write_xml",
]
