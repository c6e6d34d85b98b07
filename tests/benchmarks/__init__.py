"""Tests of the benchmark programs: that they run and check what they time, never how fast."""
