"""Experts: the pool, the verifiable draw with avoidance, scoring, and the evaluation report."""
