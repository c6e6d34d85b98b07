"""Tests of the open window."""
