"""The evaluation's story for its tests, and two platforms that share a pool."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from accounts.access import door
from accounts.queries import person_by_id
from accounts.services import open_sign_in
from core.act import Actor, Platform
from core.clock import StoppedClock
from tests import factories
from tests.experts.neighbours import Neighbours, listening, recognise, second_platform
from tests.experts.story import Story


@pytest.fixture
def story(platform: Platform, clock: StoppedClock) -> Story:
    """A story that has not begun."""
    return Story(platform, clock)


@pytest.fixture
def enter(app: Flask, story: Story) -> Callable[[Actor | None], Any]:
    """A browser signed in as the actor; of the public for None."""

    def browser(actor: Actor | None) -> Any:
        client = app.test_client()
        if actor is not None:
            with story.platform.act(actor) as act:
                person = person_by_id(act.session, actor.person_id or 0)
                token = open_sign_in(act, person, method="certificate", carrier="cookie")
            with app.app_context():
                client.set_cookie(door().cookie, token)
        return client

    return browser


@pytest.fixture
def pair(
    platform: Platform, clock: StoppedClock, tmp_path: Path, empty_sqlite: Path, request: pytest.FixtureRequest
) -> Iterator[Neighbours]:
    """A host with an opened section and two experts of its own; a lender that has lent it a pool of eight."""
    from portal.app import Settings, create_app

    lender = second_platform(tmp_path / "lender", empty_sqlite, clock)
    settings = Settings(folder=tmp_path / "lender", origin="http://127.0.0.1", test=True, rates=False)
    site = create_app(settings, lender)
    authority = factories.authority(clock.now())
    for one in (platform, lender):
        recognise(one, authority)
    with listening(site) as url:
        story = Story(platform, clock)
        both = Neighbours(story, lender, site, url, authority, {})
        story.open_section()
        both.meet()
        both.add_lent(8)
        story.add_experts(2)
        yield both
    lender.database.close()
