"""The evaluation's story, which every award begins with."""

from tests.experts.conftest import story

__all__ = ["story"]
