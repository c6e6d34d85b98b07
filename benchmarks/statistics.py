"""The dashboard over a million trades on PostgreSQL: 95th percentile of every query, beside the same SQL by hand.

    python -m benchmarks.statistics [--trades 1000000] [--rounds 200] [--short]

Facts are made in bulk inside the database (six markets, forty regions, five years, 60,000 parties, some five of them a
trade), the kept sums by our own statements, and every sum is recounted from the trades afterwards. Peer: the same
statements as text through psycopg. In turns; the dashboard's two statements, lists behind marks of every kind, and a
page of a list deep inside. The last line has the worst percentile and the worst ratio.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.db import Database
from tests.cluster import Cluster, load_tables, postgresql_programs
from window.queries import View, dashboard, recount, trades
from window.queries.sums import MEASURES
from window.queries.trades import COLUMNS, Cursor
from window.services.trades import sum_up

MOST_MS, MOST_RATIO = 300, 1.5
TODAY = date(2026, 11, 30)
FILL = """
INSERT INTO trade_import (id, sha256, name, source, rows, sums, imported_at, imported_by, leaf_index)
VALUES (1, repeat('0', 64), 'bench', 'bench', {count}, '{{}}', 0, 'bench', 0);
INSERT INTO trade (id, code, name, market, region, traded_on, year, month, sessions, base_kind, base_fen, amount_fen,
  participants, tenderee, winner, import_id, line, leaf_index)
SELECT n, 'B-' || n, '第' || n || '号项目', market, region, to_char(day, 'YYYY-MM-DD'), to_char(day, 'YYYY'),
  to_char(day, 'YYYY-MM'), 1, CASE WHEN market IN ('land', 'mineral') THEN 'floor' ELSE 'ceiling' END,
  amount + (amount / 1000) * (n % 170), amount, 1 + n % 9, '招标人' || n % 4000, '中标人' || n % 60000, 1, n, 0
FROM (SELECT n, (ARRAY['works','procurement','procurement','property','land','mineral','other'])[1 + n % 7] AS market,
  '33' || lpad((1 + (n::bigint * 7919) % 40)::text, 2, '0') || '00' AS region,
  DATE '2022-01-01' + ((n::bigint * 104729) % 1790)::int AS day,
  1000000 + (n::bigint * 15485863) % 90000000000 AS amount
  FROM generate_series(1, {count}) n) made;
INSERT INTO participation (trade_id, identifier, market, region, year, month)
SELECT t.id, 'P' || lpad(((t.id * 31 + k * 15013) % 60000)::text, 17, '0'), market, region, year, month
FROM trade t, generate_series(1, 9) k WHERE k <= t.participants;
ANALYZE trade; ANALYZE participation; ANALYZE trade_stage;
"""
BY_HAND = (
    f"SELECT period, market, region, {', '.join(MEASURES)} FROM trade_sum WHERE ((period = %(p)s OR period = %(b)s) AND "
    "region = %(r)s) OR (period = %(p)s AND market = %(m)s) OR (period BETWEEN %(first)s AND %(last)s AND market = %(m)s "
    "AND region = %(r)s)",
    "SELECT stage, times, promised, late, seconds, longest FROM stage_sum WHERE period = %(p)s AND "
    "market = %(m)s AND region = %(r)s",
)


def main(argv: list[str] | None = None) -> int:
    """Print the figures; 0 only where both targets are reached and no sum differs."""
    parser = argparse.ArgumentParser(prog="benchmarks.statistics", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trades", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--short", action="store_true", help="2,000 trades, 5 rounds: shows that it runs")
    given = parser.parse_args(argv)
    if given.short:
        given.trades, given.rounds = 2_000, 5
    programs = postgresql_programs()
    if programs is None:
        print("statistics: NOT MEASURED, no PostgreSQL server is installed")
        return 1
    load_tables()
    cluster = Cluster(programs)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _measure(cluster.fresh(), Path(folder), given.trades, given.rounds)
    finally:
        cluster.stop()


def _measure(url: str, folder: Path, count: int, rounds: int) -> int:
    database = Database(url, folder=folder)
    began = time.monotonic()
    with database.writing() as session:
        for statement in FILL.format(count=count).split(";\n"):
            if statement.strip():
                session.execute(text(statement))
    filled = time.monotonic()
    with database.writing() as session:
        sum_up(session, {row[0] for row in session.execute(text("SELECT DISTINCT month FROM trade"))})
        session.execute(text("ANALYZE trade_sum"))
    summed = time.monotonic()
    with database.reading() as session:
        wrong = list(recount(session))
        parties = session.scalar(text("SELECT count(*) FROM participation"))
    print(f"{count} trades, {parties} takings part: made in {filled - began:.0f} s, summed in {summed - filled:.0f} s,")
    print(f"every sum recounted in {time.monotonic() - summed:.0f} s: {len(wrong)} differences")
    ours: dict[str, list[float]] = {}
    peer: dict[str, list[float]] = {}
    dice = random.Random(2026)
    hand = psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=False)
    hand.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    with Session(database.engine) as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        for number in range(rounds + 5):
            for name, us, them in _questions(session, hand, dice):
                for kept, ask in dice.sample([(ours, us), (peer, them)], 2):
                    asked = time.perf_counter()
                    ask()
                    if number >= 5:  # the first rounds warm both
                        kept.setdefault(name, []).append((time.perf_counter() - asked) * 1000)
    hand.close()
    database.close()
    worst, ratios = 0.0, []
    for name in ours:
        late = [sorted(one)[int(len(one) * 0.95)] for one in (ours[name], peer[name])]
        middle = [statistics.median(one) for one in (ours[name], peer[name])]
        ratios.append(middle[0] / middle[1])
        worst = max(worst, late[0])
        print(
            f"{name:>10}: p95 {late[0]:6.2f} ms, by hand {late[1]:6.2f} ms; medians {middle[0]:.2f} and {middle[1]:.2f} ms,"
            f" {ratios[-1]:.2f}×"
        )
    well = worst < MOST_MS and max(ratios) <= MOST_RATIO and not wrong
    print(
        f"statistics: {count} trades, worst p95 {worst:.1f} ms (target < {MOST_MS}), worst ratio to the same SQL by hand "
        f"{max(ratios):.2f}× (target ≤ {MOST_RATIO}), {len(wrong)} differences on recount"
    )
    return 0 if well else 1


def _questions(
    session: Session, hand: Any, dice: random.Random
) -> list[tuple[str, Callable[[], object], Callable[[], object]]]:
    """What somebody may ask next: of any year or month, market and region, or all."""
    year = dice.choice(["2022", "2023", "2024", "2025", "2026"])
    period = dice.choice([year, f"{year}-{dice.randint(1, 12):02}"])
    market = dice.choice(["*", "*", "works", "procurement", "land"])
    region = dice.choice(["*", "*", "330100", "332000"])
    view = View(period, market, region)
    told = {
        "p": period,
        "b": view.before,
        "m": market,
        "r": region,
        "first": view.before[:4],
        "last": f"{view.year}-99",
    }
    after = Cursor(f"{year}-{dice.randint(1, 12):02}-15", 500)

    def board() -> None:
        session.expunge_all()
        dashboard(session, view, TODAY)

    def board_by_hand() -> None:
        for statement in BY_HAND:
            hand.execute(statement, told).fetchall()

    def listed(cursor: Cursor | None) -> Callable[[], object]:
        def ask() -> None:
            session.expunge_all()
            trades(session, view, after=cursor, limit=51)

        return ask

    def listed_by_hand(cursor: Cursor | None) -> Callable[[], object]:
        where = ["traded_on >= %(p)s", "traded_on <= %(end)s"]
        where += ["market = %(m)s"] if market != "*" else []
        where += ["region = %(r)s"] if region != "*" else []
        where += ["(traded_on, id) < (%(day)s, %(id)s)"] if cursor else []
        statement = f"SELECT {', '.join(COLUMNS)} FROM trade WHERE {' AND '.join(where)} ORDER BY traded_on DESC, id DESC LIMIT 51"
        more = {"end": f"{period}-99", "day": cursor.traded_on if cursor else "", "id": cursor.id if cursor else 0}
        return lambda: hand.execute(statement, {**told, **more}).fetchall()

    return [
        ("dashboard", board, board_by_hand),
        ("list", listed(None), listed_by_hand(None)),
        ("list deep", listed(after), listed_by_hand(after)),
    ]


if __name__ == "__main__":
    sys.exit(main())
