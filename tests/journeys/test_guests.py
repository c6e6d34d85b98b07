"""Experts of a partner's pool evaluate here, at a site of their own, to a finished archive that verifies twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from accounts.rules import Role
from core.act import Platform
from core.clock import StoppedClock
from experts.services import exchange, lending, sites
from portal.app import Settings, create_app
from tests import factories
from tests.experts.neighbours import Neighbours, listening, recognise, second_platform
from tests.experts.story import METHOD
from tests.experts.test_sites import ROWS
from tests.journeys.whole import Whole, found_wrong, tampered, wrong_lines


@pytest.mark.slow
def test_guests_of_another_pool_evaluate_to_a_verified_archive(
    platform: Platform, clock: StoppedClock, tmp_path: Path, empty_sqlite: Path, app: Flask
) -> None:
    """Two platforms over HTTP: asked, drawn, told, accepted, arrived by certificate, seated at a guest site, witnessed.

    A guest's seat taken out of its site, or the partner's answer out of the draw, is seen by both verifiers. Seen red:
    with either verifier not asking for the partners.
    """
    stage = Whole(platform, tmp_path / "machines", method=METHOD)
    for letter in "abc":
        stage.submit(letter)
    stage.to_confirmation()
    stage.hand_over()
    room = stage.room()
    lender = second_platform(tmp_path / "lender", empty_sqlite, clock)
    site = create_app(Settings(folder=tmp_path / "lender", origin="http://127.0.0.1", test=True, rates=False), lender)
    authority = factories.authority(clock.now())
    for one in (platform, lender):
        recognise(one, authority)
    with listening(site) as url:
        pair = Neighbours(room, lender, site, url, authority, {})
        pair.meet()
        pair.add_lent(8)
        room.add_experts(2)
        pair.request()
        room.announce()
        room.commit()
        assert exchange.consult_partners(platform, room.actor(Role.OFFICER), room.code) == []
        room.freeze()
        room.reveal()
        room.name_representative()
        with platform.act(room.actor(Role.OFFICER)) as act:
            sites.set_sites(act, room.committee(act.session), [ROWS[0], {**ROWS[1], "partner": "jx"}])
        tell(pair)
        for member in pair.guests():
            with lender.act(pair.lent_actor(member)) as act:
                lending.accept_loan(act, pair.loan_of(act.session, member))
        tell(pair)
        coming = pair.guests()
        assert len(coming) >= 2 and {one.state for one in coming} == {"accepted"}
        for member in coming:
            assert pair.sign_in(app, pair.lent_actor(member).name).status_code == 200
    room.arrive()
    assert {one.site for one in pair.guests()} == {"S2"}
    labels = [one.label for one in pair.guests()]
    with platform.act(room.actor(Role.OFFICER)) as act:
        sites.witness_site(act, room.committee(act.session), "S2", present=labels, note="全部到场")
    room.elect(labels[0])
    room.review()
    room.begin_scoring()
    room.score()
    room.to_report()
    stage.awarded()
    archive = stage.archived()
    lender.database.close()
    assert wrong_lines(stage, archive, tmp_path) == []

    def unsigned(rows: Any) -> None:
        next(row for row in rows if row["label"].startswith("experts:"))["round"]["partners"].clear()

    ours, theirs = found_wrong(stage, tampered(stage, archive, "draws.json", unsigned), tmp_path)
    assert "draws" in ours and "draws" in theirs


def tell(pair: Neighbours) -> None:
    """A minute later the host tells the lender of its seats."""
    pair.clock.advance(seconds=61)
    exchange.tell_seats(pair.host.platform)
