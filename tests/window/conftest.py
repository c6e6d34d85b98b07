"""The evaluation's story, which an award begins with."""

from tests.experts.conftest import story

__all__ = ["story"]
