"""R10: before the opening nobody, the operator included, is shown who bids or how many: the site is read twice, by a
person of every role, before and after bids came in, were replaced, were withdrawn, and documents were fetched."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from accounts.access import door
from accounts.rules import Role
from benchmarks.figures.leaking import ALIKE, LOG, Site, site
from bidding.models import Section
from bidding.queries import submissions
from core.act import SYSTEM
from core.ledger.log import signed_head
from tests.bidding.stage import Bidder, Stage
from tests.conftest import Browser
from tests.crawl import Crawl, differences

GROWING = ("/status", "/readyz")
"""They show how many entries the platform-wide log has."""


@dataclass(frozen=True)
class Found:
    """How many pages were compared, which differed, which named a bidder or a handle."""

    pages: int
    different: list[str]
    named: list[str]


def read(site: Site, people: dict[str, Browser], known: Crawl | None = None, most: int = 3) -> Crawl:
    """Everything the site shows these people."""
    found = Crawl(site.app, left=LOG | ALIKE | {"accounts.totp"}, most=most)
    for who, browser in people.items():
        found.follow(who, browser)
    if known is not None:
        found.values = known.values
    for who, browser in people.items():
        found.try_all(who, browser)
    return found


def measure(bids: int, *, most: int = 3, leak: Callable[[], AbstractContextManager[None]] = nullcontext) -> Found:
    """Compare a site before and after `bids` bids; under `leak` a fault is built in, which must be found."""
    with tempfile.TemporaryDirectory(prefix="sunbid-r10-") as name, site(Path(name) / "site") as here, leak():
        stage = Stage(here.platform).publish()
        with here.platform.act(SYSTEM) as act:
            signed_head(act)  # the footer of every page shows one from now on
        people = {"public": here.visitor(), **{str(role): here.signed_in(role, "a") for role in Role}}
        program = here.bearer("b")
        before = read(here, people, most=most)
        handles = []
        for number in range(bids):
            bidder = Bidder(f"金丝雀{number:05}建设集团有限公司", Path(name) / f"bidder-{number}")
            handles += here.submit(stage, program, bidder, change=number % 3 == 0)
            shutil.rmtree(bidder.folder)
        fetching = here.signed_in(Role.BIDDER, "b")
        for address in before.answers["public"]:
            if address.startswith("/objects/"):
                assert fetching.get(address).status_code == 200
        after = read(here, people, before, most)
        named = [
            f"{who} {address}: {word[:20]}"
            for who, answers in after.answers.items()
            for address, answer in answers.items()
            for word in ("金丝雀", *handles)
            if word in answer.text
        ]
        pages = sum(len(answers) for answers in before.answers.values())
        return Found(pages, differences(before, after, allowed=GROWING), named)


@contextmanager
def counting() -> Iterator[None]:
    """The sabotage: the public page of a section says how many bids there are."""
    from bidding.routes import public

    render = public.render_template

    def counted(template: str, **values: object) -> str:
        text = render(template, **values)
        section = values.get("section")
        if not isinstance(section, Section):
            return text
        with door().platform.reading() as session:
            return f"{text}<!-- {len(submissions(session, section))} -->"

    public.render_template = counted
    try:
        yield
    finally:
        public.render_template = render


def main(argv: list[str]) -> int:
    """`--bids N` (6), `--long` 200 with more values tried; `--sabotage`: a page that counts bids, which must be found."""
    parser = argparse.ArgumentParser(prog="R10", description=__doc__)
    parser.add_argument("--bids", type=int, default=6)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--sabotage", action="store_true")
    options = parser.parse_args(argv)
    bids, most = (200, 12) if options.long else (options.bids, 3)
    found = measure(bids, most=most, leak=counting if options.sabotage else nullcontext)
    for line in (*found.different, *found.named)[:20]:
        print(line)
    print(
        f"R10: {found.pages} pages read by {len(Role) + 1} kinds of people before and after {bids} bids: "
        f"{len(found.different)} differ, {len(found.named)} name a bidder or a handle"
    )
    return 0 if not found.different and not found.named else 1
