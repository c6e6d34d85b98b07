"""The verdict on an archive, split by what it looks at."""

from awards.rules.verdict.verdict import Line, verify_archive

__all__ = ["Line", "verify_archive"]
