"""Figures and benchmarks: what the project claims, measured by a command that fails where the target is missed."""
