"""Tests of bonds: rules, institutions, statements, refunds, the books."""
