"""Reads everything the site shows somebody: by following links, and by trying every address with every known value."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from lxml import html
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect, Rule
from werkzeug.routing.converters import ValidationError

from accounts.access import Access, access_of
from tests.conftest import Browser

MOST = 6
"""Values of one parameter that are tried; the archives of a story hold far more files than a rule has cases."""
CHANGING = re.compile(
    r'nonce="[^"]*"|nonce-[\w+/=-]+|name="csrf_token" value="[^"]*"|&#34;X-CSRFToken&#34;: ?&#34;[^&]*&#34;'
    r'|"X-CSRFToken": ?"[^"]*"|"request(?:_id)?": ?"[0-9a-f]{16}"|<dd>[0-9a-f]{16}</dd>'
    r'|<p>[^<]*· <time[^>]*>[^<]*</time></p>\s*<p class="hash-full">[^<]*</p>'
)
"""What a page says anew each time: nonces, tokens, the request's number, and the head of the log
(in every footer)."""
IGNORED = frozenset({"Content-Length", "Set-Cookie", "Date", "Server-Timing", "X-Request-Id"})


@dataclass(frozen=True)
class Answer:
    """What came back for one address: the status, the headers that do not change each time, the text likewise."""

    status: int
    headers: tuple[tuple[str, str], ...]
    text: str

    def without(self, words: Iterable[str]) -> Answer:
        """The same answer with these words struck out, so that two addresses can be compared."""

        def struck(text: str) -> str:
            for word in sorted(set(words), key=len, reverse=True):
                text = text.replace(word, "·")
            return text

        headers = tuple((name, struck(value)) for name, value in self.headers)
        return Answer(self.status, headers, struck(self.text))


def read(browser: Browser, address: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
    """One address as one person sees it; with a method other than GET the headers are sent as they are."""
    answer = browser.open(address, method=method, headers=headers, plain=method != "GET")
    headers = sorted((name, CHANGING.sub("", value)) for name, value in answer.headers if name not in IGNORED)
    text = answer.get_data().decode("utf-8", "replace")
    if answer.is_json and isinstance(answer.json, dict) and "ledger" in answer.json:
        text = json.dumps({**answer.json, "ledger": None})  # the proof of a notice leads to the newest head
    answer.close()
    return Answer(answer.status_code, tuple(headers), CHANGING.sub("", text))


def rules_of(app: Flask, method: str = "GET", *, without: Iterable[str] = ()) -> list[tuple[Rule, Access]]:
    """Every rule for the method, with who may come; the stream, which does not end, is left aside."""
    found = []
    for rule in app.url_map.iter_rules():
        access = access_of(app.view_functions[rule.endpoint])
        if access and method in (rule.methods or set()) and rule.endpoint not in {"opening.events", *without}:
            found.append((rule, access))
    return found


@dataclass
class Crawl:
    """What one or more people have been shown: their answers by address, and every value that stands in an address."""

    app: Flask
    values: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    answers: dict[str, dict[str, Answer]] = field(default_factory=lambda: defaultdict(dict))
    left: frozenset[str] = frozenset()
    most: int = 3
    """Values of one parameter that are tried."""

    def learn(self, address: str) -> None:
        """Keep the values in an address of the site."""
        try:
            _, values = self.app.url_map.bind("localhost").match(address.split("?")[0].split("#")[0], method="GET")
        except (HTTPException, RequestRedirect):
            return
        for name, value in values.items():
            if value != "":
                self.values[name][str(value)] = None

    def follow(self, who: str, browser: Browser, starts: Iterable[str] = ("/",)) -> None:
        """Follow every link from `starts` that leads to an address this crawl reads."""
        adapter = self.app.url_map.bind("localhost")
        waiting, seen = list(starts), set(starts)
        while waiting:
            address = waiting.pop()
            try:
                endpoint, _ = adapter.match(address.split("?")[0], method="GET")
            except (HTTPException, RequestRedirect):
                continue
            if endpoint in ("static", "opening.events") or endpoint in self.left:
                continue
            self.learn(address)
            answer = self.answers[who][address] = read(browser, address)
            for link in links(answer):
                if link not in seen and link.count("?") == 0:
                    seen.add(link)
                    waiting.append(link)

    def addresses(self, method: str = "GET") -> Iterator[tuple[Rule, Access, str, dict[str, str]]]:
        """Every rule with every combination of values known for its parameters (at most `most` of each)."""
        adapter = self.app.url_map.bind("localhost")
        for rule, access in rules_of(self.app, method, without=self.left):
            names = sorted(rule._converters)
            kept = [list(self.values[name])[: self.most] for name in names]
            for chosen in itertools.product(*kept):
                values = dict(zip(names, chosen, strict=True))
                with contextlib.suppress(ValidationError):  # a value of another kind, known under the same name
                    yield rule, access, built(adapter, rule, values, method), values

    def try_all(self, who: str, browser: Browser) -> None:
        """Ask for every address that can be built of what is known."""
        for _, _, address, _ in list(self.addresses()):
            if address not in self.answers[who]:
                self.answers[who][address] = read(browser, address)


def built(adapter: Any, rule: Rule, values: Mapping[str, str], method: str = "GET") -> str:
    """The address of a rule with these values."""
    converted = {name: rule._converters[name].to_python(value) for name, value in values.items()}
    return str(adapter.build(rule.endpoint, converted, method=method))


def links(answer: Answer) -> list[str]:
    """Addresses on this site that a page leads to, without their fragments."""
    kind = dict(answer.headers).get("Content-Type", "")
    if not kind.startswith("text/html") or not answer.text.strip():
        return []
    page = html.fromstring(answer.text)
    found = [*page.xpath("//a/@href"), *page.xpath("//@hx-get"), *page.xpath("//img/@src"), *page.xpath("//@data-url")]
    plain = [str(link).split("#")[0] for link in found]
    return [link for link in plain if link.startswith("/") and not link.startswith("//")]


def differences(before: Crawl, after: Crawl, *, allowed: Iterable[str] = ()) -> list[str]:
    """Where two crawls by the same people saw something else: `who address: what`; `allowed` begin the addresses
    that may differ."""
    found = []
    skipped = tuple(allowed)
    for who, answers in before.answers.items():
        for address, answer in answers.items():
            other = after.answers[who].get(address)
            if other is None or (skipped and address.startswith(skipped)) or answer == other:
                continue
            found.append(f"{who} {address}: {what_differs(answer, other)}")
        found += [f"{who} {address}: new" for address in after.answers[who] if address not in answers]
    return found


def what_differs(one: Answer, other: Answer) -> str:
    """The first thing that two answers do not share."""
    if one.status != other.status:
        return f"status {one.status}, {other.status}"
    if one.headers != other.headers:
        return f"headers {sorted(set(one.headers) ^ set(other.headers))}"
    pairs = zip(one.text.splitlines(), other.text.splitlines(), strict=False)
    line = next(((first, second) for first, second in pairs if first != second), ("", "length"))
    first, second = (" ".join(re.sub(r"<[^>]*>", " ", text).split()) or text.strip() for text in line)
    return f"{first[:160]!r}, {second[:160]!r}"
