"""Scenes that stand when the demo's site opens: one file each, played as far as its name says, by its own forms."""
