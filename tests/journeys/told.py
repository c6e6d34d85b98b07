"""Asks, while a tender is played, what waits for each of its people: every line must speak and lead to its page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from flask import Flask

from accounts.queries import actor_for
from portal import agenda
from portal.app import Settings, create_app
from portal.cli.demo.stage import LOG_NAME, Stage

PEOPLE = (
    "tenderee", "representative", "agent", "officer", "supervisor", "finance", "finance2", "operator", "changhe",
    "tianheng", "expert1", "expert2",
)  # fmt: skip


def site(stage: Stage) -> Flask:
    """The site over the played platform, to render lines in."""
    settings = Settings(
        folder=stage.folder / "platform", demo=True, log_name=LOG_NAME, origin="http://127.0.0.1:0", test=True
    )
    return create_app(settings, stage.platform)


def asking(stage: Stage, told: dict[str, set[str]], wrong: list[str]) -> Callable[[str], None]:
    """`ask(where)`: keep who is told of which kind, and every line that cannot be told, is empty or leads nowhere."""
    app = site(stage)
    adapter = app.url_map.bind("localhost")

    def ask(where: str) -> None:
        with app.test_request_context(), stage.platform.reading() as session:
            now = stage.clock.now()
            for login in PEOPLE:
                actor = actor_for(session, login)
                for line in agenda.todo(session, actor, now):
                    told[line.kind].add(login)
                    adapter.match(line.href.split("#")[0], method="GET")
                    if "—" in line.text or "%(" in line.text:
                        wrong.append(f"{where} {login}: {line.text}")
                agenda.others(session, actor, set())
                agenda.lately(session, actor, now)

    return ask


def empty() -> dict[str, set[str]]:
    """Nobody was told anything yet."""
    return defaultdict(set)
