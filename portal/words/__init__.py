"""Sentences: every refusal, state and kind in words, by package."""

from __future__ import annotations

import importlib
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from babel.support import NullTranslations, Translations
from flask_babel import lazy_gettext  # type: ignore[import-untyped]
from flask_babel.speaklater import LazyString  # type: ignore[import-untyped]

from core.calendar import wall_time
from core.clock import from_iso
from core.errors import Refusal
from portal.cli.language import CATALOGUES, terminal_language

PACKAGES = (
    "core",
    "seal",
    "accounts",
    "credit",
    "bidding",
    "boq",
    "publishing",
    "objections",
    "bonds",
    "opening",
    "experts",
    "awards",
    "collusion",
    "archive",
    "waiting",
    "agenda",
    "law",
    "principles",
    "window",
    "api",
    "portal",
    "messages",
)
BETWEEN = lazy_gettext("、")
UNKNOWN = lazy_gettext("平台没有接受这一步（%(code)s）。")


class Facts(dict[str, Any]):
    """A refusal's facts as a sentence shows them; a placeholder without a fact shows a dash, never an error."""

    def __init__(self, facts: dict[str, Any]) -> None:
        super().__init__({name: shown(value) for name, value in facts.items()})

    def __missing__(self, name: str) -> str:
        return "—"


def shown(value: Any) -> str:
    """A fact as text: instants in Beijing time, lists joined, a role by its word, the rest as it is spelled."""
    if isinstance(value, datetime):
        return told_at(value, "%H:%M:%S.%f").removesuffix(".000000")
    if isinstance(value, (list, tuple, set, frozenset)):
        return str(BETWEEN).join(shown(item) for item in value)
    if isinstance(value, StrEnum):
        return state_word(f"{type(value).__name__.lower()}.{value}")
    if isinstance(value, Decimal):
        return format(value, "f")
    return "—" if value is None else str(value)


def told_at(instant: datetime, clock: str) -> str:
    """An instant as `2026-11-20 09:30` in Beijing time; the end of a day is that day's 24:00."""
    day, time = wall_time(instant, clock)
    return f"{day:%Y-%m-%d} {time}"


@cache
def _book(name: str) -> dict[str, LazyString]:
    """All entries of SENTENCES, STATES or KINDS over every package that has words."""
    book: dict[str, LazyString] = {}
    for package in PACKAGES:
        module = f"portal.words.{package}"
        try:
            words = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            continue
        book.update(getattr(words, name, {}))
    return book


def sentences() -> dict[str, LazyString]:
    """Every refusal code with its sentence."""
    return dict(_book("SENTENCES"))


def actor_word(login: str) -> str:
    """Who did something: the platform and the public by their words, a person as is."""
    return str({"system": lazy_gettext("平台"), "public": lazy_gettext("公众")}.get(login, login))


def sentence(refusal: Refusal) -> str:
    """The refusal as a sentence in the reader's language."""
    text = _book("SENTENCES").get(refusal.code, UNKNOWN)
    return str(text) % Facts({"code": refusal.code, **_spoken(refusal)})


def _spoken(refusal: Refusal) -> dict[str, Any]:
    """The facts, with the states and the move of a refused move in words ("opening.state" says 在线解密中)."""
    thing, _, what = refusal.code.rpartition(".")
    if what not in ("state", "stale") or "verb" not in refusal.facts:
        return refusal.facts
    facts = dict(refusal.facts)
    facts["verb"] = kind_word(f"{thing}.{facts['verb']}").removeprefix(f"{thing}.")
    facts["state"] = state_word(f"{thing}.{facts.get('state')}").removeprefix(f"{thing}.")
    if "allowed" in facts:
        facts["allowed"] = [state_word(f"{thing}.{state}").removeprefix(f"{thing}.") for state in facts["allowed"]]
    return facts


def message(template: str, facts: dict[str, Any]) -> str | None:
    """A message of the outbox in the reader's language, its instants in Beijing time; None where nobody has worded it."""
    text = _book("MESSAGES").get(template)
    if text is None:
        return None
    told = {name: from_iso(value) if name == "at" or name.endswith("_at") else value for name, value in facts.items()}
    return str(text) % Facts(told)


def letter_text(template: str, facts: dict[str, Any]) -> str:
    """A letter's words for mail, SMS or a call, in Chinese, outside a request, its instants in Beijing time."""
    text = _book("MESSAGES").get(template)
    if text is None:
        return template
    told = {name: told_at(from_iso(value), "%H:%M") if name.endswith("_at") else value for name, value in facts.items()}
    return str(text._args[0]) % Facts(told)


def state_word(state: str) -> str:
    """A state ("section.closed") in words; the state itself where nobody has named it."""
    return str(_book("STATES").get(state, state))


def kind_word(kind: str) -> str:
    """A kind of notice or ledger entry ("notice.tender") in words; the kind itself where nobody has named it."""
    return str(_book("KINDS").get(kind, kind))


def own_word(name: str) -> str:
    """What the platform itself has put into data (a usual file's name, a standing clause) in the reader's language.

    What a person has written stays as written.
    """
    return str(_book("OWN").get(name, name))


def book(name: str) -> dict[str, LazyString]:
    """All of SENTENCES, STATES or KINDS, by code."""
    return dict(_book(name))


def spoken_outside(code: str, facts: dict[str, Any], language: str | None = None) -> str:
    """The sentence of a code with its facts, outside a request, in `language` or else the terminal's."""
    text = _book("SENTENCES").get(code, UNKNOWN)
    source: str = text._args[0]
    return str(_catalogue(language or terminal_language()).ugettext(source)) % Facts({**facts, "code": code})


def sentence_outside(refusal: Refusal) -> str:
    """The refusal as a sentence outside a request, in the language of the terminal (LC_ALL, LC_MESSAGES, LANG)."""
    return spoken_outside(refusal.code, refusal.facts)


@cache
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(CATALOGUES, [language])


__all__ = [
    "book",
    "kind_word",
    "message",
    "own_word",
    "sentence",
    "sentence_outside",
    "sentences",
    "shown",
    "spoken_outside",
    "state_word",
    "terminal_language",
]
