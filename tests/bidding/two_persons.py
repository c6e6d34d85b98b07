"""How tests publish: one person of the tenderee prepares and declares, a colleague reviews and publishes."""

from __future__ import annotations

from typing import Any

from accounts.rules import Role
from bidding import queries, rules, services
from bidding.models import Clarification, Publication
from core.act import SYSTEM, Actor, Platform
from core.board import Notice
from core.documents import Document, Paragraph
from tests import factories

REASON = "已由经办人逐条核对，确需保留"


def preparer(platform: Platform) -> Actor:
    """Who prepares."""
    return factories.actor(platform, Role.TENDEREE)


def reviewer(platform: Platform) -> Actor:
    """A colleague of the same organisation."""
    return factories.actor(platform, Role.TENDEREE, "a2")


def read_all(platform: Platform, code: str, *texts: str) -> None:
    """Note what stands in every document of a section without opening it: most tests bring a few bytes for one."""
    with platform.act(SYSTEM) as act:
        section = queries.own_section(act.session, code, SYSTEM)
        for document in queries.documents(act.session, section):
            told = [Paragraph(text, number, 1) for number, text in enumerate(texts or (document.name,), 1)]
            read = Document(document.name, "txt", document.sha256, paragraphs=tuple(told))
            services.keep_reading(act, document.sha256, read)


def submit(platform: Platform, code: str, by: Actor | None = None) -> Publication:
    """Submit a draft with a reason for everything that was found."""
    read_all(platform, code)
    with platform.act(by or preparer(platform)) as act:
        section = queries.own_section(act.session, code, act.actor)
        concerns = queries.notice_concerns(act.session, section, act.now)
        return services.submit_section(act, section, {one.key: REASON for one in concerns})


def publish(platform: Platform, code: str) -> Notice:
    """Submit and publish a draft."""
    held = submit(platform, code)
    with platform.act(reviewer(platform)) as act:
        section = queries.own_section(act.session, code, act.actor)
        return services.publish_section(act, queries.publication(act.session, section, held.number), held.digest)


def draft_clarification(platform: Platform, code: str, **options: Any) -> Publication:
    """Draft and submit a clarification; `question` and `objection` by their numbers."""
    values: dict[str, Any] = {"text": "桩长改为 12 米。", "affects_preparation": True, **options}
    with platform.act(preparer(platform)) as act:
        section = queries.section(act.session, code)
        if isinstance(values.get("question"), int):
            values["question"] = queries.question(act.session, section, values["question"])
        if isinstance(values.get("objection"), int):
            values["objection"] = queries.objection(act.session, section, values["objection"])
        held = services.draft_clarification(act, section, **values)
        concerns = queries.concerns(act.session, held, act.now)
        services.submit_clarification(act, held, {one.key: REASON for one in concerns})
        return held


def pass_on(platform: Platform, code: str, number: int) -> Clarification:
    """Submit and publish a clarification somebody has drafted, its files taken as read."""
    with platform.act(preparer(platform)) as act:
        held = queries.publication(act.session, queries.section(act.session, code), number)
        for one in held.content["documents"]:
            read = Document(one["name"], "txt", one["sha256"], paragraphs=(Paragraph(one["name"], 1, 1),))
            services.keep_reading(act, one["sha256"], read)
        concerns = queries.concerns(act.session, held, act.now)
        services.submit_clarification(act, held, {one.key: REASON for one in concerns})
    with platform.act(reviewer(platform), through=rules.turnstile(code), shared=False) as act:
        held = queries.publication(act.session, queries.section(act.session, code), number)
        return services.publish_clarification(act, held, held.digest)


def clarify(platform: Platform, code: str, **options: Any) -> Clarification:
    """Draft, submit and publish a clarification."""
    held = draft_clarification(platform, code, **options)
    with platform.act(reviewer(platform), through=rules.turnstile(code), shared=False) as act:
        section = queries.section(act.session, code)
        prepared = queries.publication(act.session, section, held.number)
        return services.publish_clarification(act, prepared, held.digest)
