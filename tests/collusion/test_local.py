"""Reading scores as probabilities by what people decided: better or not taken, taken back, never a rank changed."""

from __future__ import annotations

import math
import random

import pytest

from accounts.rules import Role
from collusion import queries, services
from collusion.rules import local
from core.act import Platform
from core.errors import Conflict, Forbidden, Invalid
from tests import factories

REASON = "按本平台已处置线索校准，供研判参考。"


def decided(seed: int, count: int, line: local.Line) -> list[local.Decided]:
    """Leads whose outcome follows a line."""
    rng = random.Random(seed)
    scores = [rng.uniform(2, 12) for _ in range(count)]
    return [(score, rng.random() < line.p(score)) for score in scores]


def test_the_line_people_decide_by_is_found_and_reads_unseen_leads_better() -> None:
    """Seen red: with the gradient's sign turned."""
    truth = local.Line(-7.0, 0.8)
    made = local.fit(decided(1, 600, truth), local.SHIPPED)
    assert made.line.offset == pytest.approx(truth.offset, abs=0.8) and made.line.slope == pytest.approx(0.8, abs=0.1)
    assert made.better and made.count == 600
    fresh = decided(2, 600, truth)
    assert local.brier(fresh, made.line) == pytest.approx(made.brier_after, abs=0.02)
    assert local.calibration_error(fresh, made.line) < 0.06 < local.calibration_error(fresh, local.SHIPPED)
    right = local.fit(decided(3, 120, local.SHIPPED), local.SHIPPED)
    assert not right.better or right.brier_before - right.brier_after < 0.01
    against = local.line_of([(score, score < 6) for score, _ in decided(4, 200, truth)])
    assert against.slope == 0.0


def test_few_cases_stay_near_what_was_shipped() -> None:
    """Seen red: without the prior, a handful of like outcomes gave certainty."""
    line = local.line_of([(8.0, True)] * 6)
    assert math.isfinite(line.offset) and 0.5 < line.slope < 1.6
    assert not local.enough([(8.0, True)] * 60) and not local.enough(decided(1, 29, local.SHIPPED))


def test_drift_is_nothing_for_the_same_and_much_for_others() -> None:
    rng = random.Random(7)
    old = [rng.gauss(5, 1) for _ in range(400)]
    same, other = (
        local.drift(old, [rng.gauss(5, 1) for _ in range(400)]),
        local.drift(old, [rng.gauss(7, 1) for _ in range(400)]),
    )
    assert same is not None and same < 0.1 and other is not None and other > 0.25
    assert local.drift(old[:10], old) is None


def test_a_reading_is_taken_by_a_supervisor_and_taken_back(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both stand in the ledger; one that reads unseen leads worse is not taken. Seen red: without that refusal."""
    from collusion.services import reading_scores

    supervisor = factories.actor(platform, Role.SUPERVISOR)
    with platform.act(factories.actor(platform, Role.TENDEREE)) as act, pytest.raises(Forbidden):
        services.refit(act, REASON)
    with platform.act(supervisor) as act, pytest.raises(Invalid, match=r"model\.few"):
        services.refit(act, REASON)
    monkeypatch.setattr(reading_scores.queries, "decided_scores", lambda _: decided(1, 300, local.Line(-7.0, 0.8)))
    with platform.act(supervisor) as act:
        made = services.refit(act, REASON)
        assert made.content["count"] == 300
    with platform.act(supervisor) as act, pytest.raises(Conflict, match=r"model\.no_better"):
        services.refit(act, REASON)
    with platform.reading() as session:
        assert queries.line_in_force(session) != local.SHIPPED
    with platform.act(supervisor) as act:
        services.roll_back(act, REASON)
    with platform.reading() as session:
        assert queries.line_in_force(session) == local.SHIPPED
        assert len(queries.readings(session)) == 2
    with platform.act(supervisor) as act, pytest.raises(Conflict, match=r"model\.shipped"):
        services.roll_back(act, REASON)
