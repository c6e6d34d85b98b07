"""The demo: one whole tender played with real documents."""
