"""Templates of papers: Chinese documents whatever the reader's language, so no web and no catalogue is needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def paper_templates(**filters: Callable[..., Any]) -> jinja2.Environment:
    """The site's templates with these filters; words stay as they are written, and what is not told is an error."""
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    pages.globals["_"] = _as_written
    pages.filters.update(filters)
    return pages


def _as_written(text: str, /, **facts: Any) -> str:
    return text % facts if facts else text
