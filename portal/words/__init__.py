"""Sentences: every refusal, state and kind in words, by package."""
