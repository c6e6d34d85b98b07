"""Whole stories through HTTP, the programs of bidders and trustees, and the tick."""
