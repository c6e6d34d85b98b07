"""The ledger: an append-only Merkle log of every move, with signed heads and proofs."""
