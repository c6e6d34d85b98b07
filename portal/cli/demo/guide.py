"""What stands where when the demo's site opens: kept in the demo's folder, told in the terminal and on a page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console

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
    """What stands where, in the terminal: a tender and a line for each account; the page has the links."""
    console.print(f"\n[bold]等人来办的标段[/bold]（每个按钮都在导览页：{site}/demo）")
    for tender in kept(folder):
        when = f"，{tender['at'].astimezone(BEIJING):%m-%d %H:%M}" if tender["at"] else ""
        console.print(f"\n  [bold]{words.SCENES[tender['scene']]}[/bold]  {tender['title']}{when}")
        for action, places in groupby(tender["places"], key=lambda place: f"{place['scene']}.{place['action']}"):
            who = "、".join(place["login"] or "任何人" for place in places)
            console.print(f"    {words.ACTIONS[action]}  [dim]{who}[/dim]")
