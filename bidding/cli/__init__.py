"""The bidder's program: seal on one's own machine, upload, submit, replace, withdraw, ask what is held, check receipts.

It imports core.seal, the receipt's check and the client side of accounts; no server, no database.
"""

from bidding.cli.boq import boq
from bidding.cli.receipts import receipt
from bidding.cli.sealing import seal
from bidding.cli.sending import held, replace, submit, withdraw

__all__ = ["boq", "held", "receipt", "replace", "seal", "submit", "withdraw"]
