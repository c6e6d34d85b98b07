"""A second verifier of Sunbid archives, written from docs/spec alone: it shares no code with the platform."""
