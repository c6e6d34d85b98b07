"""The verdict on an archive, split by what it looks at."""

from awards.rules.verdict.verdict import Line, verify_additions, verify_archive, verify_layers

__all__ = ["Line", "verify_additions", "verify_archive", "verify_layers"]
