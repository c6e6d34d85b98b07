"""Before the blind round (暗标) is locked nobody's page, file or data joins a label with a bidder."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from accounts.queries import person_by_id
from accounts.rules import Role
from bidding import queries as bidding
from bidding.rules import layout
from core.act import SYSTEM, Actor, Platform
from experts import queries
from opening import services
from tests import factories
from tests.crawl import Crawl
from tests.experts.story import METHOD
from tests.journeys.test_blind import MaskedRoom, MaskedWhole
from tests.journeys.whole import signed_in


def at_work(platform: Platform, folder: Path) -> tuple[MaskedWhole, MaskedRoom]:
    """A section opened in one sitting, prices read, its committee in the blind round with copies and first scores."""
    stage = MaskedWhole(platform, folder, method=METHOD, section={"envelopes": layout(is_anonymous=True)})
    for letter in "abc":
        stage.submit(letter)
    stage.to_drawn(*stage.bidders)
    for verb in (services.read_prices, services.ask_confirmation):
        stage.act(stage.tenderee, verb)
    stage.hand_over()
    room = MaskedRoom(platform, stage.clock, code=stage.code, anonymous=True)
    room.add_experts()
    room.request(seats=(("A08", 4),))
    room.draw()
    room.name_representative()
    room.arrive()
    room.elect(next(member.label for member in room.members() if member.seat != "representative"))
    room.clean()
    room.score_blind(lock=False)
    return stage, room


def words_of(stage: MaskedWhole, room: MaskedRoom) -> tuple[dict[str, set[str]], set[str]]:
    """What each label and its document are known by; and what names a bidder."""
    masked: dict[str, set[str]] = {}
    names: set[str] = set()
    with stage.platform.reading() as session:
        held = room.committee(session)
        known = queries.masks(session, held, stage.platform.signer.sign)
        for bid in queries.bids_in_evaluation(session, held.section):
            label = known.label(bid.submission.digest)
            copies = {str(one.sha256) for one in queries.cleaned_files(session, bid)}
            masked[label] = {f"暗标{label}", f"Blind {label}", f"masked-{label}", f"方案{bid.price_fen}", *copies}
            names |= {bid.name, bid.identifier, bid.submission.digest, bid.submission.digest[:16], f"{bid.name}.docx"}
            names |= {f"{(bid.price_fen or 0) / 100:,.2f}"}
    return masked, names


def said(answer: Any) -> str:
    """Everything an answer says, its headers too, the parts of a .docx unpacked."""
    body = answer.get_data()
    text = body.decode("utf-8", "replace") + str(answer.headers)
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            text += "".join(parts.read(name).decode("utf-8", "replace") + name for name in parts.namelist())
    return text


def people(stage: MaskedWhole, room: MaskedRoom, platform: Platform) -> Mapping[str, Actor | None]:
    """Everybody who could be curious: seats, one person of every role, the project's agent, a bidder, the public."""
    seats = {
        "leader" if one.is_leader else one.label: room.person_actor(one)
        for one in room.members()
        if one.is_leader or one.seat == "representative"
    }
    own = {"officer": stage.officer, "supervisor": stage.supervisor, "bidder a": stage.bidders["a"].actor}
    others = {str(role): factories.actor(platform, role) for role in (Role.AGENT, Role.OPERATOR)}
    with platform.act(SYSTEM) as act:
        agent = person_by_id(act.session, others["agent"].person_id or 0)
        bidding.section(act.session, stage.code).project.agent = agent.organisation
    return {**own, **others, **seats, "public": None}


def streamed(browser: Any, stage: MaskedWhole, page: str) -> str:
    """What the hall's stream says at first to whoever looks at that page: the beat and the board."""
    address = f"/opening/{stage.code}/events?page={page}&state={stage.opening.state}&seen=-1"
    answer = browser.get(address, headers={"Accept": "text/event-stream"}, buffered=False)
    assert answer.status_code == 200, address
    parts = list(itertools.islice(answer.response, 2))
    answer.close()
    return "".join(part.decode() if isinstance(part, bytes) else part for part in parts)


def joined_in(
    answered: Mapping[tuple[str, str], str], masked: Mapping[str, set[str]], names: set[str]
) -> tuple[dict[str, set[str]], list[tuple[str, str, str]]]:
    """Who was shown which labels, and every name of a bidder in the same answer as a label or its document."""
    shown: dict[str, set[str]] = {}
    joined = []
    for (who, address), text in answered.items():
        found = {label for label, words in masked.items() if any(word in text for word in words)}
        if found:
            shown.setdefault(who, set()).update(found)
            joined += [(who, address, name) for name in names if name in text]
    return shown, joined


@pytest.mark.slow
def test_no_answer_joins_a_label_or_its_document_with_a_bidder_before_the_blind_lock(
    platform: Platform, app: Flask, tmp_path: Path
) -> None:
    """Every address about the section with every value known, for everybody; the hall's stream; every form sent empty.

    Labels, copies and what is written in them are seen in the committee's blind pages alone, and no name there. Seen
    red: with `own_member` open in a blind round, the original served for its copy, a name on the masked sheet, a name
    in the refusal of a form, a document's words beside the names in the stream alone."""
    stage, room = at_work(platform, tmp_path / "machines")
    masked, names = words_of(stage, room)
    assert len(masked) == 3
    browsers = {
        who: signed_in(app, platform, actor) if actor else app.test_client()
        for who, actor in people(stage, room, platform).items()
    }
    crawl = Crawl(app, most=2)
    files = [file for letter in stage.bidders for file in stage.bid(letter).envelopes["technical"]["files"]]
    known = {"code": [stage.code], "mask": masked, "place": ["1"], "number": ["1", "2"], "criterion": ["T1", "Q1"],
             "sha256": [file["sha256"] for file in files], "label": ["M1"], "slot": ["proposal"]}  # fmt: skip
    for name, values in known.items():
        crawl.values[name] |= dict.fromkeys(values)
    addresses = sorted({address for _, _, address, _ in crawl.addresses() if stage.code in address})
    assert len(addresses) > 60
    answered: dict[tuple[str, str], str] = {}
    for who, browser in browsers.items():
        for address in addresses:
            answer = browser.get(address)
            assert answer.status_code < 500, (who, address)
            answered[who, address] = said(answer)
            answer.close()
        for page in ("hall", "mine", "desk"):
            answered[who, f"stream {page}"] = streamed(browser, stage, page)
    assert any("board" in text for (_, address), text in answered.items() if address == "stream hall")
    shown, joined = joined_in(answered, masked, names)
    assert joined == []
    assert set().union(*shown.values()) == set(masked), "the committee sees every label"
    assert len(shown) == 2 and "leader" in shown, set(shown)
    senders = {who: browsers[who] for who in ("agent", "operator", "bidder a", "leader", "public")}
    told, joined = joined_in(posted(crawl, senders, stage.code), masked, names)
    assert joined == [] and set(told) <= set(shown)
    with platform.reading() as session:
        assert room.committee(session).state == "blind", "a form sent empty ended the blind round"


def posted(crawl: Crawl, browsers: Mapping[str, Any], code: str) -> dict[tuple[str, str], str]:
    """What each is answered who sends every form about the section empty, and the page it leads to.

    What ends the blind round, or a seat, by its very name is left to the committee's own tests.
    """
    ending = {"experts.lock_blind", "experts.avoid", "experts.reject_all"}
    forms = sorted(
        {address for rule, _, address, _ in crawl.addresses("POST") if code in address and rule.endpoint not in ending}
    )
    assert len(forms) > 60
    answered = {}
    for who, browser in browsers.items():
        for address in forms:
            answer = browser.post(address, data={}, follow_redirects=True)
            assert answer.status_code < 500, (who, address)
            answered[who, f"POST {address}"] = said(answer)
            answer.close()
    return answered
