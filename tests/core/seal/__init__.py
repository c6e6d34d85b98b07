"""Tests of sealing: round trips, refusals, stock tools, limits."""
