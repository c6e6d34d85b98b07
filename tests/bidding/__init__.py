"""Tests of bidding."""
