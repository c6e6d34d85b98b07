"""What the bidder's program says: results on stdout (text or JSON), progress on stderr, in the language of LANG."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn


def said(chinese: str, english: str) -> str:
    """The text in the language of LC_ALL, LC_MESSAGES or LANG; Chinese unless English is asked for."""
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return english if spoken.lower().startswith("en") else chinese


def tell(facts: Mapping[str, Any], lines: list[str], *, as_json: bool) -> None:
    """The result: one JSON object, or lines for a person."""
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        for line in lines:
            click.echo(line)


class Bar(Protocol):
    """What counts progress: done and total bytes."""

    def __call__(self, done: int, total: int) -> None: ...


@contextmanager
def bar(label: str, *, quiet: bool) -> Iterator[Bar]:
    """A progress bar on stderr; nothing when `quiet` or when nobody watches."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda done, total: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(label, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
