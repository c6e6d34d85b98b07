"""Tests of the second verifier's own parts, with published vectors and with hostile input."""
