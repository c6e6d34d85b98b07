"""R8: what belongs to another cannot be told from what does not exist: by status, headers, text or time of the answer.

A tenderee has a draft and a published section with bids, and everybody has an account. Everything their side is shown
and the public is not is asked for by strangers, by GET and by POST, beside the same address with the names of things
nobody has. And no stranger gets in where another's section is the key.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from accounts.rules import Role
from benchmarks.figures.leaking import ALIKE, LOG, Site, site
from bidding.models import Section
from tests.bidding.stage import Bidder, Stage
from tests.conftest import Browser
from tests.crawl import Answer, Crawl, built, read, what_differs

OWNERS = (Role.TENDEREE, Role.AGENT, Role.BIDDER, Role.OFFICER, Role.SUPERVISOR, Role.OPERATOR)
STRANGERS = (Role.TENDEREE, Role.AGENT, Role.BIDDER, Role.EXPERT)
"""Those who see only what is theirs; officer, supervisor and operator see every section of the place by their office."""
OPEN = frozenset(
    {
        *("bidding.ask_question", "bidding.prepare_bid", "bidding.raise_objection", "bidding.submit_bid"),
        *("bidding.workspace", "opening.my_bid", "opening.trouble", "awards.complaint"),
    }
)
"""Pages of a published section that are for every bidder, or for everyone signed in."""
LEFT = LOG | ALIKE | {"accounts.totp"}


@dataclass(frozen=True)
class Probe:
    """A thing of another asked for by a stranger, and its twin that nobody has."""

    who: str
    browser: Browser
    headers: dict[str, str]
    method: str
    address: str
    twin: str
    words: frozenset[str]

    def ask(self, address: str) -> Answer:
        """The answer, with the names of both things struck out."""
        answer = read(self.browser, address, self.method, self.headers or None).without(self.words)
        if answer.status == 303:
            read(self.browser, "/status")  # takes up what the next page would have shown
        return answer

    def difference(self) -> str:
        """What tells the two answers apart; empty where nothing does."""
        one, other = self.ask(self.address), self.ask(self.twin)
        return "" if one == other else f"{self.method} {self.address} ({self.who}): {what_differs(one, other)}"


@dataclass(frozen=True)
class Found:
    """How many probes there were, which could be told apart, which let a stranger in, and the two series of times."""

    probes: int
    told_apart: list[str]
    let_in: list[str]
    pairs: int
    p: float


def absent(value: str) -> str:
    """A value of the same shape that names nothing."""
    if value.isdecimal():
        return str(int(value) + 700_000)
    if len(value) == 64:
        return hashlib.sha256(f"nothing {value}".encode()).hexdigest()
    head, dash, rest = value.partition("-")
    return f"{head}-9{rest[1:]}" if dash and rest[:1].isdecimal() else f"{value[:-1]}9"


def probes(here: Site, private: Crawl, strangers: dict[str, Browser]) -> Iterator[Probe]:
    """For every rule with private values in its address, each stranger's question and its twin."""
    adapter = here.app.url_map.bind("localhost")
    forms = {who: {"Origin": "http://localhost", "X-CSRFToken": b.csrf_token()} for who, b in strangers.items()}
    for method in ("GET", "POST"):
        for rule, _, address, values in private.addresses(method):
            if not values:
                continue
            others = {name: absent(value) for name, value in values.items()}
            words = frozenset({*values.values(), *others.values()})
            for who, browser in strangers.items():
                headers = forms[who] if method == "POST" else {}
                yield Probe(who, browser, headers, method, address, built(adapter, rule, others, method), words)


def kolmogorov_smirnov(one: Sequence[float], other: Sequence[float]) -> float:
    """The p-value of the two-sample test, by Kolmogorov's limit (some hundred values on each side suffice)."""
    first, second = sorted(one), sorted(other)
    gap = max(
        abs(bisect_right(first, value) / len(first) - bisect_right(second, value) / len(second))
        for value in (*first, *second)
    )
    reach = gap * math.sqrt(len(first) * len(second) / (len(first) + len(second)))
    total = 2 * sum((-1) ** (term - 1) * math.exp(-2 * (term * reach) ** 2) for term in range(1, 101))
    return min(1.0, max(0.0, total)) if reach > 0.2 else 1.0


def times(asked: Sequence[Probe], pairs: int) -> tuple[list[float], list[float]]:
    """Seconds of the answers about another's things and about their twins, asked for in turn."""
    owned, none = [], []
    for number in range(pairs):
        probe = asked[number % len(asked)]
        both = [(probe.address, owned), (probe.twin, none)]
        for address, kept in both if number % 2 else reversed(both):
            began = time.perf_counter()
            read(probe.browser, address)
            kept.append(time.perf_counter() - began)
    return owned, none


def measure(pairs: int, *, most: int = 12, leak: Callable[[], AbstractContextManager[None]] = nullcontext) -> Found:
    """Probe a site; under `leak` a fault is built in, which must be found."""
    with tempfile.TemporaryDirectory(prefix="sunbid-r8-") as name, site(Path(name) / "site") as here, leak():
        stage = Stage(here.platform).publish()
        here.submit(stage, here.bearer("a"), Bidder("甲建设有限公司", Path(name) / "bidder"))
        published = stage.code
        Stage(here.platform).draft()
        public, known = Crawl(here.app, left=LEFT), Crawl(here.app, left=LEFT, most=most)
        public.follow("public", here.visitor())
        for role in OWNERS:
            known.follow(str(role), here.signed_in(role, "a"))
        strangers = {str(role): here.signed_in(role, "b") for role in STRANGERS}
        private = Crawl(here.app, left=LEFT, most=most)
        for parameter, values in known.values.items():
            private.values[parameter] = {v: None for v in values if v not in public.values[parameter]}
        asked = list(probes(here, private, strangers))
        told = [difference for probe in asked if (difference := probe.difference())]
        let_in = []
        section = Crawl(here.app, left=LEFT)
        section.values["code"] = {published: None}
        for rule, access, address, values in section.addresses():
            if values and access.kind == "roles" and rule.endpoint not in OPEN:
                let_in += [f"{address} ({who})" for who, b in strangers.items() if read(b, address).status == 200]
        timed = [probe for probe in asked if probe.method == "GET"]
        return Found(len(asked), told, let_in, pairs, kolmogorov_smirnov(*times(timed, pairs)) if pairs else 1.0)


@contextmanager
def careless() -> Iterator[None]:
    """The sabotage: whoever asks for another's section is told that it is another's."""
    from bidding import queries
    from core.errors import Forbidden, Missing

    own = queries.own_section

    def telling(session, code, actor):  # type: ignore[no-untyped-def]
        try:
            return own(session, code, actor)
        except Missing:
            if session.scalar(select(Section).where(Section.code == code)) is not None:
                raise Forbidden("door.role") from None
            raise

    queries.own_section = telling
    try:
        yield
    finally:
        queries.own_section = own


def main(argv: list[str]) -> int:
    """`--pairs N` of timed answers (400), `--long` 10,000; `--sabotage`: a refusal that tells, which must be found."""
    parser = argparse.ArgumentParser(prog="R8", description=__doc__)
    parser.add_argument("--pairs", type=int, default=400)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--sabotage", action="store_true")
    options = parser.parse_args(argv)
    found = measure(10_000 if options.long else options.pairs, leak=careless if options.sabotage else nullcontext)
    for line in (*found.told_apart, *found.let_in)[:20]:
        print(line)
    print(
        f"R8: {found.probes} things of others beside things nobody has: {len(found.told_apart)} told apart, "
        f"{len(found.let_in)} strangers let in; times of {found.pairs} pairs: Kolmogorov-Smirnov p = {found.p:.3f}"
    )
    return 0 if not found.told_apart and not found.let_in and found.p > 0.01 else 1
