"""Credit sources that are due to be asked, and list imports that wait to go on: jobs of their own beside the tick."""

from __future__ import annotations

import logging

import credit.queries
import credit.services
from core.act import SYSTEM, Platform
from core.errors import Refusal

log = logging.getLogger("sunbid.credit")


def ask_credit_sources(platform: Platform) -> list[str]:
    """Ask sources about the checks that wait for an answer; one that is silent holds up nobody but its own."""
    answered = credit.services.ask_sources(platform)
    return [f"{answered} credit answers"] if answered else []


def take_credit_imports(platform: Platform) -> list[str]:
    """Go on with every import that has begun and not ended, also after a restart; a refused one says why."""
    with platform.reading() as session:
        waiting = [(held.id, held.source) for held in credit.queries.running_imports(session)]
    done = []
    for number, source in waiting:
        try:
            credit.services.take_import(platform, SYSTEM, number)
        except Refusal as refusal:
            log.warning("import of %s: %s", source, refusal)
        else:
            done.append(f"import {source}")
    return done
