"""The figures' programs in their shortest form: they run and hold, and turn red where they have a sabotage switch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from accounts.rules import Role
from benchmarks.figures import r03, r04, r07, r08, r10, r12, r15, r19, r23
from bidding import queries
from core.act import Platform
from tests import factories
from tests.bidding.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def test_the_last_second_over_http() -> None:
    """R3: what is acknowledged is the closed set, whatever was late; test_committing.py has the guard."""
    found = r03.measure(8, 4, "sqlite", threads=16)
    assert found.holds, found
    assert all(answer.status == 201 or answer.body["code"] == "bid.late" for answer in found.answers)
    assert len(found.answers) == 12


def test_one_opening_of_four_and_sixteen_workers() -> None:
    """R4. Seen red: by `--sabotage`, a worker that writes an opening of its own."""
    tally = r04.measure(2, (4, 16), "sqlite")
    assert tally.single == tally.races == 2, tally.wrong
    assert r04.measure(1, (2,), "sqlite", sabotage=True).single == 0


def test_the_authorisation_matrix(app: Flask, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """R7 on a published section, each thirtieth address. Seen red, as here: a door open to all, ownership unasked."""
    section = Stage(platform).publish().code
    owners = [factories.actor(platform, role).name for role in (Role.TENDEREE, Role.SUPERVISOR)]
    tally = r07.Tally()
    matrix = r07.Matrix(platform, app, "published", tally, section=section, owners=owners)
    cells = matrix.cells(0)
    matrix.ask(cells[::30])
    assert tally.wrong == [] and tally.cells > 70, tally
    r07.stand_open(app, "collusion.warnings")
    matrix.ask([cell for cell in cells if cell.endpoint == "collusion.warnings"])
    assert any("/supervise/warnings" in line and "otherwise" in line for line in tally.wrong)
    monkeypatch.setattr(queries, "own_section", lambda session, code, actor: queries.section(session, code))
    edit = [cell for cell in cells if cell.endpoint == "bidding.objections"]
    matrix.ask(edit)
    assert edit and any("another's" in line and "tenderee-z" in line for line in tally.wrong)


def test_what_is_anothers_is_as_if_it_did_not_exist() -> None:
    """R8, without the times. Seen red: by `--sabotage`, a refusal that tells another's section from none."""
    found = r08.measure(0, most=2)
    assert found.told_apart == found.let_in == []
    assert found.probes > 200


def test_nobody_is_shown_who_bids_or_how_many() -> None:
    """R10, also R-043, R-154, R-208. Seen red: by `--sabotage`, a public page that counts bids."""
    found = r10.measure(2, most=1)
    assert found.different == found.named == []
    assert found.pages > 500


def test_every_coalition_of_three_trustees(tmp_path: Path) -> None:
    """R12. Seen red: with key packages nested one layer short."""
    tally = r12.coalitions(3, tmp_path)
    assert (tally.coalitions, tally.wrong) == (16, 0)


def test_nothing_copied_is_accepted_or_opened(capsys: pytest.CaptureFixture[str]) -> None:
    """R19. Seen red: without the marks of used objects and recipients."""
    assert r19.main([]) == 0
    said = capsys.readouterr().out
    for code in ("bid.copied", "bid.old_policy", "bid.other_section", "seal.wrong_handle", "seal.bulk_mismatch"):
        assert code in said


def test_sabotaged_files_are_named_by_both_verifiers(capsys: pytest.CaptureFixture[str]) -> None:
    """R15 on ten files. `--sabotage originals` takes that line for good: the changed price is then missed."""
    assert r15.main(["--files", "10"]) == 0
    assert "3 of 3 sabotages found and named, 0 false alarms" in capsys.readouterr().out


def test_damaged_documents_crash_nobody() -> None:
    """R22, in a small process of its own: what it forks is bound by a memory that counts what it was forked from.

    Seen red: by `--sabotage`, readers without the net under them; forked from a large process.
    """
    figure = [sys.executable, "-m", "benchmarks.figures.r22"]
    done = subprocess.run([*figure, "--cases", "40"], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "40" in done.stdout.splitlines()[-1], done.stdout + done.stderr
    assert subprocess.run([*figure, "--cases", "150", "--sabotage"], cwd=ROOT, capture_output=True).returncode == 1


def test_the_bomb_zoo_is_refused_by_name() -> None:
    """R23, three animals; all of them by name in tests/core/documents. Seen red: by `--sabotage`."""
    three = frozenset({"ratio", "quadratic entities", "repeated string"})
    tally = r23.measure(only=three)
    assert len(tally.seen) == 3 and not tally.escaped and not tally.large, tally
    assert r23.measure(only=three, sabotage=True).escaped
