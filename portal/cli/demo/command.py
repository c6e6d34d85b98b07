"""`sunbid demo`: play one whole tender with real documents, then leave the site running to click through each role."""

from __future__ import annotations

import contextlib
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from core.errors import Refusal
from core.seal.keyfile import KeyFile
from portal.cli.demo.cast import duty_file
from portal.cli.demo.guide import keep, show
from portal.cli.demo.play import play
from portal.cli.demo.scenes.play import DAYS, play_scenes
from portal.cli.demo.stage import LOG_NAME, TSA_NAME, staged
from portal.cli.demo.story import STORY_DAYS, Story

MARK = ".sunbid-demo"
HEADINGS = {
    "papers": "一、真实文件",
    "notice": "二、公告与密封规则",
    "clarification": "三、澄清",
    "submission": "四、密封递交",
    "late": "五、逾期拒收",
    "closing": "六、截标与不见面开标",
    "warning": "七、围串标线索",
    "drawing": "八、专家抽取与评标",
    "disposition": "九、线索处置",
    "candidates": "十、公示、异议与投诉",
    "award": "十一、定标与合同",
    "refund": "十二、保证金退还",
    "archive": "十三、一标一档与核验",
    "scenes": "十四、等人来办的标段",
}
TOLD = ("notice", "offers", "selection", "objection", "draft", "complaint")
"""What is said while the scenes are played; the rest went as in the story."""


@click.command()
@click.option("--headless", is_flag=True, help="play and end: exit 0 if all went as promised, else 1")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def demo(headless: bool, folder: Path, port: int) -> None:
    """Play a tender from notice to verified archive in compressed time, then serve the site on localhost."""
    console = Console(highlight=False)
    folder = fresh(folder)
    began = time.monotonic()
    seen: set[str] = set()

    def say(step: str, sentence: str) -> None:
        if step in HEADINGS and step not in seen:
            console.print(f"\n[bold]{HEADINGS[step]}[/bold]")
        seen.add(step)
        console.print(f"  [dim]{time.monotonic() - began:5.1f}s[/dim]  {sentence}", markup=True)

    now = datetime.now(UTC).replace(microsecond=0)

    def aside(step: str, sentence: str) -> None:
        if step in TOLD:
            say(step, sentence)

    start = (now - timedelta(days=STORY_DAYS + DAYS)).replace(hour=1, minute=0, second=0, microsecond=0)
    with staged(folder, start) as stage:
        wrong = play(Story(stage, say))
        if not wrong:
            say("scenes", "以下标段各停在一个阶段，等人来办")
            keep(folder, play_scenes(stage, aside, datetime.now(UTC).replace(microsecond=0)))
    console.print("")
    if wrong:
        for what in wrong:
            console.print(f"[bold red]✗ {what}[/bold red]")
        sys.exit(1)
    console.print(
        f"[bold green]✓ 全程与承诺一致[/bold green]，用时 {time.monotonic() - began:.0f} 秒。文件在 {folder}："
    )
    console.print("  papers/ 招标与投标文件   bidders/ 密封件与回执   *.archive.tar 一标一档   platform.key 平台公钥")
    console.print(f"  自行核验：./run sunbid verify {folder}/*.archive.tar --key $(cat {folder}/platform.key)")
    port = free_port(port)
    show(console, folder, f"http://localhost:{port}")
    if not headless:
        serve_demo(console, folder, port)


def fresh(folder: Path) -> Path:
    """An empty folder for this play; an earlier demo's is replaced, anything else is never touched."""
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise click.UsageError(f"{folder} is not empty and no demo's: choose another --folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("this folder belongs to `sunbid demo` and is emptied by it\n", encoding="utf-8")
    return folder


def free_port(wanted: int) -> int:
    """The wanted port, or the next free one."""
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise click.ClickException(f"no free port from {wanted} on")


def serve_demo(console: Console, folder: Path, port: int) -> None:
    """Serve the played platform on localhost with the one-click role switch, and ring the worker's bell beside it."""
    from portal.app import Settings, build_platform, create_app
    from portal.cli.demo.desk import open_desk
    from portal.cli.letters import deliver_letters
    from portal.cli.outside import Outside
    from portal.cli.server import run_server
    from portal.cli.site import take_duty
    from portal.cli.tick import tick
    from portal.cli.tsa import SmallTimestampAuthority, server, wall
    from portal.cli.witness import WitnessFolder, look

    stamping = server(SmallTimestampAuthority.in_folder(folder / "tsa", TSA_NAME, at=wall()), wall, "127.0.0.1", 0)
    threading.Thread(target=stamping.serve_forever, daemon=True).start()
    watching = WitnessFolder(folder / "witness")
    settings = Settings(
        folder=folder / "platform",
        demo=True,
        log_name=LOG_NAME,
        origin=f"http://localhost:{port}",
        tsa=f"http://127.0.0.1:{stamping.server_port}/",
        tsa_roots=folder / "tsa" / "root.pem",
        witnesses=[str(watching.witness.cosigner)],
    )
    platform = build_platform(settings)
    identity = KeyFile.read(duty_file(folder).read_text(encoding="ascii")).identity
    take_duty(platform, identity)
    outside = Outside(platform)

    def ring(work: Callable[[], Any], every: float) -> None:
        while True:
            time.sleep(every)
            with contextlib.suppress(Refusal):
                work()

    for work, every in (
        (lambda: tick(platform), 1.0),
        (lambda: deliver_letters(platform), 1.0),
        (outside.ring, 1.0),
        (lambda: look(watching, settings.origin), 10.0),
    ):
        threading.Thread(target=ring, args=[work, every], daemon=True).start()
    console.print(f"\n[bold]网站：http://localhost:{port}[/bold]  页面顶部一键切换角色（仅演示模式）。按 Ctrl+C 结束。")

    def make() -> Any:
        site = build_platform(settings)
        take_duty(site, identity)
        app = create_app(settings, site)
        open_desk(app, folder)
        return app

    run_server(make, "127.0.0.1", port, threads=64)
