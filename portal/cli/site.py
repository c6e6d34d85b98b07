"""Commands of the whole site: serve, worker, tick, doctor, db, ledger."""

from __future__ import annotations

import ctypes.util
import json
import logging
import os
import shutil
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from core.errors import Invalid, Refusal
from core.ledger import log
from core.ledger.notes import Verifier, open_head
from core.outgoing import networks_of
from core.seal.keyfile import KeyFile
from experts.queries import duty_key

Check = tuple[str, bool, str]
DUTY = click.option(
    "--duty",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="duty key file whose passphrase is asked for: names of committees are readable in this process's memory",
)


def settings_and_platform(*, standing: bool = False) -> tuple[Any, Any]:
    """The installation's settings and platform; with `standing` only on a database that outsiders know (R16)."""
    from portal.app import Settings, build_platform
    from portal.cli.outside import ask_time
    from portal.standing import check_standing

    settings = Settings()
    platform = build_platform(settings)
    if standing:
        ask_time(platform)
        for silent in check_standing(platform, settings.witness_heads):
            click.echo(f"! {silent}", err=True)
    return settings, platform


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen on")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--threads", default=96, show_default=True, type=click.IntRange(4, 1024))
@DUTY
def serve(host: str, port: int, threads: int, duty: Path | None) -> None:
    """Serve the site (gunicorn, one process with threads; several need PostgreSQL and a shared rate store)."""
    from portal.app import Settings, build_platform, create_app
    from portal.cli.outside import ask_time
    from portal.cli.server import run_server

    identity = duty_identity(duty)

    def make() -> Any:
        settings = Settings()
        # Every live hall holds a thread: pages keep a third of them, whatever is set.
        settings.streams = min(settings.streams, threads - max(2, threads // 3))
        platform = build_platform(settings)
        ask_time(platform)
        take_duty(platform, identity)
        return create_app(settings, platform)

    run_server(make, host, port, threads)


def duty_identity(file: Path | None) -> str:
    """The identity in a duty key file, its passphrase asked for at the terminal; empty without a file."""
    if file is None:
        return ""
    return KeyFile.unwrap(file.read_bytes(), click.prompt("passphrase", hide_input=True, err=True)).identity


def take_duty(platform: Any, identity: str) -> None:
    """Hold the identity in this process's memory; Invalid duty.none or duty.other_key where it is not the key's."""
    if not identity:
        return
    with platform.reading() as session:
        held = duty_key(session)
    if held is None:
        raise Invalid("duty.none", field="duty")
    platform.database.vault.open(identity, recipient=held.recipient)


@click.command()
@click.option("--every", default=1.0, show_default=True, help="seconds between two ticks")
@DUTY
def worker(every: float, duty: Path | None) -> None:
    """Ring the bell: apply what is due every second. One is enough; several, or none for a while, do no harm."""
    from apscheduler.schedulers.blocking import BlockingScheduler

    from experts.services.exchange import tell_seats
    from portal.cli.credit_sources import ask_credit_sources, take_credit_imports
    from portal.cli.exchange import exchange_records
    from portal.cli.letters import deliver_letters
    from portal.cli.orders import hand_over_orders
    from portal.cli.outside import Outside, beat
    from portal.cli.tick import tick as apply_due
    from portal.cli.webhooks import deliver_webhooks

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    settings, platform = settings_and_platform(standing=True)
    networks = networks_of(settings.own_networks)
    take_duty(platform, duty_identity(duty))
    outside = Outside(platform)

    def ring(work: Callable[[], list[str]]) -> None:
        for what in work():
            logging.getLogger("sunbid.worker").info("%s", what)

    scheduler = BlockingScheduler(timezone="UTC")
    always: dict[str, Any] = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    scheduler.add_job(ring, "interval", [lambda: apply_due(platform)], seconds=every, **always)
    # Jobs of their own: whoever outside does not answer delays no closing.
    scheduler.add_job(ring, "interval", [lambda: deliver_letters(platform)], seconds=every, **always)
    scheduler.add_job(ring, "interval", [lambda: deliver_webhooks(platform, networks)], seconds=every, **always)
    hand_over = partial(exchange_records, platform, settings.origin.rstrip("/"))
    scheduler.add_job(ring, "interval", [hand_over], seconds=max(every, 5), **always)
    scheduler.add_job(ring, "interval", [lambda: ask_credit_sources(platform)], seconds=max(every, 5), **always)
    scheduler.add_job(ring, "interval", [lambda: take_credit_imports(platform)], seconds=max(every, 5), **always)
    scheduler.add_job(ring, "interval", [lambda: hand_over_orders(platform)], seconds=every, **always)
    scheduler.add_job(ring, "interval", [lambda: tell_seats(platform)], seconds=max(every, 2.0), **always)
    scheduler.add_job(ring, "interval", [outside.ring], seconds=beat(platform.trust.stamp_every), **always)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=scheduler.shutdown).start())
    scheduler.start()


@click.command()
@click.option("--json", "as_json", is_flag=True, help="print what was done as JSON")
def tick(as_json: bool) -> None:
    """Apply everything that is due once and say what was done."""
    from experts.services.exchange import tell_seats
    from portal.cli.credit_sources import ask_credit_sources, take_credit_imports
    from portal.cli.exchange import exchange_records
    from portal.cli.letters import deliver_letters
    from portal.cli.orders import hand_over_orders
    from portal.cli.outside import Outside
    from portal.cli.tick import tick as apply_due
    from portal.cli.webhooks import deliver_webhooks

    settings, platform = settings_and_platform(standing=True)
    done = apply_due(platform) + deliver_letters(platform)
    done += deliver_webhooks(platform, networks_of(settings.own_networks))
    done += exchange_records(platform, settings.origin.rstrip("/"))
    done += hand_over_orders(platform) + tell_seats(platform)
    done += take_credit_imports(platform) + ask_credit_sources(platform) + Outside(platform).ring()
    click.echo(json.dumps(done, ensure_ascii=False) if as_json else "\n".join(done) or "nothing is due")


@click.command()
@click.option("--json", "as_json", is_flag=True)
def doctor(as_json: bool) -> None:
    """Check this machine: libraries, fonts, programs, database, ledger key. Exit 1 where something must be mended."""
    checks = machine_checks()
    try:
        settings, platform = settings_and_platform()
        from portal.cli.schema import newest, standing

        stands = standing(platform.database)
        checks.append(
            (
                "database",
                stands == newest(),
                f"{settings.database_url.split('@')[-1]} at {stands or 'no schema: sunbid db upgrade'}",
            )
        )
    except Exception as error:
        checks.append(("database", False, str(error)))
    else:
        checks += standing_checks(settings, platform)
    if as_json:
        click.echo(json.dumps([{"check": c, "ok": ok, "detail": d} for c, ok, d in checks], ensure_ascii=False))
    else:
        for name, ok, detail in checks:
            click.echo(f"{'✓' if ok else '✗'} {name}: {detail}")
    sys.exit(0 if all(ok for _, ok, _ in checks) else 1)


def standing_checks(settings: Any, platform: Any) -> list[Check]:
    """Whether the database is the one that journal and witnesses know, and whether the journal lies elsewhere."""
    from portal.cli import spoken
    from portal.standing import check_standing

    try:
        silent = check_standing(platform, settings.witness_heads)
    except Refusal as refusal:
        return [("standing", False, spoken(refusal).removeprefix("✗ "))]
    found: list[Check] = [("standing", not silent, "; ".join(silent) or f"{1 + len(settings.witness_heads)} sources")]
    file = platform.journal.file
    apart = file.exists() and file.stat().st_dev != settings.folder.stat().st_dev
    return [*found, ("journal", True, f"{file}" + ("" if apart else " (set SUNBID_JOURNAL to another disk)"))]


def machine_checks() -> list[Check]:
    """What Sunbid needs of the machine, whether it is there, and which Debian package brings it."""
    checks: list[Check] = [
        ("python", sys.version_info >= (3, 11), sys.version.split()[0]),
        ("sqlite", True, sqlite3.sqlite_version + (" (behind the writer gate)")),
    ]
    for library, package in (("pango-1.0", "libpango-1.0-0"), ("pangoft2-1.0", "libpangoft2-1.0-0")):
        found = ctypes.util.find_library(library)
        checks.append((library, bool(found), found or f"PDF needs Debian package {package}"))
    for program, why in (("age", "for sealing with stock tools"), ("fc-list", "to list fonts")):
        path = shutil.which(program)
        checks.append((program, bool(path) or program == "fc-list", path or f"not installed ({why})"))
    return checks


@click.group()
def db() -> None:
    """The database schema."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest schema; safe to repeat."""
    from portal.cli.schema import keep_proofs_locked, upgrade

    _, platform = settings_and_platform()
    click.echo(upgrade(platform.database))
    keep_proofs_locked(platform)


@click.group()
def ledger() -> None:
    """The ledger: audit it, compare it with a head somebody has kept."""


@ledger.command("verify")
@click.option("--head", "head_file", type=click.Path(exists=True, dir_okay=False), help="a signed head kept elsewhere")
@click.option("--key", help="the platform's key as spelled in its policy; default: this installation's")
@click.option("--json", "as_json", is_flag=True)
def ledger_verify(head_file: str | None, key: str | None, as_json: bool) -> None:
    """Re-compute the whole ledger; with --head also refuse a database older than that head (exit 1)."""
    _, platform = settings_and_platform()
    verifier = Verifier.parse(key) if key else platform.signer.verifier
    with platform.reading() as session:
        size = log.size(session)
        faults = [{"index": fault.index, "reason": fault.reason} for fault in log.audit(session, verifier)]
        if head_file:
            with open(head_file, encoding="utf-8") as file:
                log.check_not_rolled_back(session, open_head(file.read(), verifier))
    if as_json:
        click.echo(json.dumps({"size": size, "faults": faults}, ensure_ascii=False))
    else:
        for fault in faults:
            click.echo(f"✗ {fault['index']}: {fault['reason']}")
        click.echo(f"{size} entries, {len(faults)} faults")
    sys.exit(1 if faults else 0)


@click.group()
def draw() -> None:
    """Draws: re-compute one from its published record."""


@draw.command("verify")
@click.argument("record", type=click.File("r", encoding="utf-8"))
@click.option("--json", "as_json", is_flag=True)
def draw_verify(record: Any, as_json: bool) -> None:
    """Re-compute a draw from the JSON its page offers; exit 1 where anything differs."""
    from core.draw.mechanism import check_reveals, list_digest, order, seed

    told = json.load(record)
    reveals = {party: bytes.fromhex(nonce) for party, nonce in told["reveals"].items()}
    extra = [bytes.fromhex(nonce) for nonce in told.get("extra", [])]
    value = seed(told["label"], [*reveals.values(), *extra])
    lines = {
        "reveals open their commitments": not check_reveals(told["commitments"], reveals),
        "candidate list has its digest": list_digest(told["candidates"]) == told["list_digest"],
        "seed": value.hex() == told["seed"],
        "order": order(value, told["label"], told["candidates"]) == told["order"],
    }
    if as_json:
        click.echo(json.dumps(lines))
    else:
        for what, ok in lines.items():
            click.echo(f"{'✓' if ok else '✗'} {what}")
    sys.exit(0 if all(lines.values()) else 1)


def environment_for(folder: os.PathLike[str], **more: str) -> dict[str, str]:
    """The environment for a child process of the same installation."""
    return {**os.environ, "SUNBID_FOLDER": os.fspath(folder), **more}
