"""The watchman: indicators over opened bids, evidence, leads for people to judge.

Words: an *indicator* looks for one kind of trace; *evidence* is what it found between two bidders, weighed as a
log-likelihood ratio against a stated base rate; a *family* groups indicators that one cause could move together; a
*ring* is the set of bidders the evidence holds together; a *lead* (线索) is what the regulator reads.

Promises: equality alone is never evidence; other bids of the same tender never count as proof that text is a
template; every piece of evidence names its base rate, where it was found, what innocent explanation was tried and
what would clear it; a lead needs two independent families; nothing here rejects a bid (RULES R-651 to R-654).
"""
