"""bidbench: bids with planted copies and honest likenesses, a receipt for each fact, and the detectors measured on them."""
