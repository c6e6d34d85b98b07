"""Kill points, cut power, the last second: what must hold when things break."""
