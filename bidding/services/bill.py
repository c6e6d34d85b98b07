"""The tenderee's bill of quantities: published as data with the documents, in one form for people and programs."""

from __future__ import annotations

from bidding import rules
from bidding.models import Section, TenderDocument
from bidding.rules.boq import Bill, write_workbook
from bidding.services.projects import add_document
from core.act import Act
from core.store import Stored

BILL_NAME, TEMPLATE_NAME = "boq.json", "工程量清单模板.xlsx"


def set_bill(act: Act, section: Section, bill: Bill) -> TenderDocument:
    """Make `bill` the bill of a draft; it and the template bidders fill are documents from here on, by hash (R-024).

    Invalid("slots.boq") while bidders are not asked for a priced bill. Conflict("section.published") after publication:
    then a clarification publishes the next version (R-107).
    """
    rules.check_boq_slot(section.slots)
    documents = [add_document(act, section, slot, name, stored) for slot, name, stored in bill_documents(act, bill)]
    return documents[0]


def bill_documents(act: Act, bill: Bill) -> list[tuple[str, str, Stored]]:
    """The bill's two documents as (slot, name, stored): its canonical JSON and the .xlsx template made from it."""
    return [
        (rules.BILL, BILL_NAME, act.store.put(bill.canonical())),
        (rules.BILL_TEMPLATE, TEMPLATE_NAME, act.store.put(write_workbook(bill))),
    ]
