"""Which tender documents have changed since a bid was made (R-133): said before it is sent and whenever one asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from bidding.cli.telling import said
from core.clock import BEIJING, from_iso

Document = Mapping[str, Any]


def changed_since(made_for: Sequence[Document], newest: Iterable[Document]) -> list[dict[str, Any]]:
    """The newest documents that are not those the bid was made for; nothing where that is not known."""
    if not made_for:
        return []
    known = {one["slot"]: one["sha256"] for one in made_for}
    return [dict(one) for one in newest if known.get(one["slot"]) != one["sha256"]]


def published_after(received_at: str, newest: Iterable[Document]) -> list[dict[str, Any]]:
    """The newest documents that were published after a bid was received, as the page for it says too."""
    return [dict(one) for one in newest if one["version"] > 1 and from_iso(one["published_at"]) > from_iso(received_at)]


def warn_of_changes(changed: Sequence[Document]) -> None:
    """Say on stderr what has changed and what to do; the bid is not stopped: that is the bidder's to judge."""
    if not changed:
        return
    click.echo(
        said(
            "! 文件已更新：您的投标文件按旧版本编制，请核对后决定是否用 sunbid replace 替换（R-133）",
            "! The documents have changed since this bid was made: compare, and replace it if need be (R-133)",
        ),
        err=True,
    )
    for one in changed:
        at = from_iso(one["published_at"]).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
        click.echo(
            said(f"  {one['slot']}：第 {one['version']} 版，{at}", f"  {one['slot']}: version {one['version']}, {at}"),
            err=True,
        )
