"""What stands where when the demo's site opens: kept in the demo's folder, told in the terminal and on a page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from core.clock import BEIJING, from_iso
from portal.cli.demo.scenes.scene import Place
from portal.words import demo as words

FILE = "guide.json"


def keep(folder: Path, places: Sequence[Place]) -> None:
    """Write the places into the demo's folder."""
    text = json.dumps([place.told() for place in places], ensure_ascii=False, indent=1)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def kept(folder: Path) -> list[dict[str, Any]]:
    """The tenders in their order, each with its scene, its instant and the places of its people."""
    file = folder / FILE
    places = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return [
        {**_tender(rows := list(group)), "places": rows}
        for _, group in groupby(places, key=lambda place: (place["scene"], place["section"]))
    ]


def _tender(rows: list[dict[str, Any]]) -> dict[str, Any]:
    first = rows[0]
    at = next((row["at"] for row in rows if row["at"]), None)
    return {
        "scene": first["scene"],
        "title": first["title"],
        "section": first["section"],
        "at": from_iso(at) if at else None,
    }


def show(console: Console, folder: Path, site: str) -> None:
    """The closing table in the terminal."""
    table = Table(title=f"现在站着的场景（网页：{site}/demo）", title_justify="left", show_lines=False)
    for heading in ("阶段", "账号", "做什么", "地址"):
        table.add_column(heading, overflow="fold")
    for tender in kept(folder):
        when = f"\n{tender['at'].astimezone(BEIJING):%m-%d %H:%M}" if tender["at"] else ""
        name = f"[bold]{words.SCENES[tender['scene']]}[/bold]\n{tender['title']}{when}"
        for number, place in enumerate(tender["places"]):
            action = str(words.ACTIONS[f"{place['scene']}.{place['action']}"])
            table.add_row("" if number else name, place["login"] or "任何人", action, place["page"])
        table.add_section()
    console.print(table)
