"""The demo's documents: one tender, six bids in six hands, two of them rigged, all written afresh from a seed."""

from portal.cli.demo.papers.criteria import CRITERIA, PRICE_RULE, Criterion, PriceRule, price_scores
from portal.cli.demo.papers.dates import DEFAULT_DATES, TenderDates
from portal.cli.demo.papers.parties import AGENT, PURCHASER, TENDERER, Bidder, Party, bidders
from portal.cli.demo.papers.write import Bid, Papers, write_papers

__all__ = [
    "AGENT",
    "CRITERIA",
    "DEFAULT_DATES",
    "PRICE_RULE",
    "PURCHASER",
    "TENDERER",
    "Bid",
    "Bidder",
    "Criterion",
    "Papers",
    "Party",
    "PriceRule",
    "TenderDates",
    "bidders",
    "price_scores",
    "write_papers",
]
