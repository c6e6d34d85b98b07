"""Whoever adds a rule adds its words: no key, code or source is shown as it is spelled, in either language."""

from __future__ import annotations

import re

from flask import Flask

from portal import lawbook
from portal.words.citing import in_english

CHINESE = re.compile("[\u3001-\u303f\u3400-\u9fff\uff00-\uffef]")


def test_every_source_is_told_in_english_to_its_last_sign() -> None:
    """Seen red: with the measures of a ministry missing from the table."""
    left = {source: told for source in lawbook.sources() if CHINESE.search(told := in_english(source))}
    assert left == {}
    assert in_english("招标投标法实施条例第二十二条、第五十四条") == (
        "Implementing Regulations of the Tendering and Bidding Law, art. 22, art. 54"
    )
    assert in_english("政府采购法第二十二条第一款第五项") == "Government Procurement Law, art. 22, para. 1, item 5"


def test_every_rule_speaks_in_words_in_both_languages(app: Flask) -> None:
    """No key, code or unit is shown as it is spelled. Seen red: with the words of one key taken out."""
    raw = re.compile(r"[a-z]+(_[a-z0-9]+)+|[a-z]+\.[a-zA-Z_]+|%\(")
    wrong = []
    for language in ("zh", "en"):
        with app.test_request_context(f"/?lang={language}"):
            for one in lawbook.groups():
                said = [one.says] if one.says else []
                for rule in one.rules:
                    key = lawbook.state_word(f"key.{rule.key}")
                    said += [key, lawbook.value_of(rule), lawbook.circumstances(rule)]
                text = " ".join(said)
                if raw.search(text) or (language == "en" and CHINESE.search(text)) or not text.strip():
                    wrong.append((language, one.id, text[:120]))
    assert wrong == []
