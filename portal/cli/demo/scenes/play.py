"""All scenes under one clock: their acts in the order of their instants, and the places they leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portal.cli.demo.credit_lists import import_lists
from portal.cli.demo.scenes.committee import Committee
from portal.cli.demo.scenes.drafts import Drafts
from portal.cli.demo.scenes.hall import Hall
from portal.cli.demo.scenes.objection import Objection
from portal.cli.demo.scenes.offers import Offers
from portal.cli.demo.scenes.open import Open
from portal.cli.demo.scenes.publicity import Publicity
from portal.cli.demo.scenes.scene import Place, Scene
from portal.cli.demo.scenes.selection import Selection
from portal.cli.demo.stage import Stage
from portal.cli.demo.story import PARTNER
from portal.cli.demo.tender import Say

SCENES: tuple[type[Scene], ...] = (Hall, Open, Committee, Publicity, Selection, Offers, Objection, Drafts)
DAYS = 38
"""So many days before the site opens the first of them begins."""
LISTS = (15, 6, 1)
"""Days before at which the operator imports the credit lists anew: the law lets none be older than a week."""


def play_scenes(stage: Stage, say: Say, end: datetime, scenes: Sequence[type[Scene]] = SCENES) -> list[Place]:
    """Play every scene up to `end`, at which the clock then stands; what stands where afterwards, in their order."""
    played = [scene(stage, say, end) for scene in scenes]
    acts = [act for scene in played for act in scene.acts()]
    acts += [(played[0].day(days, 8), lambda: import_lists(stage, PARTNER)) for days in LISTS]
    for at, act in sorted(acts, key=lambda timed: timed[0]):
        stage.at(at)
        act()
    stage.at(end)
    return [place for scene in played for place in scene.stands()]
