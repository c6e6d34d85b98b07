"""One figure of docs/PROOF.md per file."""
