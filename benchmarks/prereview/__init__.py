"""Reference opinions measured on a fixed, labelled set and on the demo's bids."""
