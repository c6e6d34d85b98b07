"""The open window: what the public counts, looks up and takes away once something has been traded.

A *trade* (成交) is one concluded deal, of this platform or of an imported table of earlier years; a *mark* is one drawn
number and leads to the trades it stands for. Promises: sums are exact in fen and taken before any rounding; every
number can be recounted from the trades, every trade has its entry in the ledger; nothing of a section counts here
before it is awarded (R-043).
"""
