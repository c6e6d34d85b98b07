"""Bidding: project, section, notice, clarification, and the sealed bid nobody can read before the opening."""
