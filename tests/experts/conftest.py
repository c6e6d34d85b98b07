"""The evaluation's story for its tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from accounts.access import door
from accounts.queries import person_by_id
from accounts.services import open_sign_in
from core.act import Actor, Platform
from core.clock import StoppedClock
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
