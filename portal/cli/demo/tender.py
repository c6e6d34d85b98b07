"""One section as the cast plays it: what the whole story and the smaller scenes do alike, by its own forms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bidding.models import Section
from bidding.queries import own_section, publication, section
from core.clock import BEIJING
from opening.models import Bid
from portal.cli.demo.cast import SPECIALITIES
from portal.cli.demo.papers import AGENT, TenderDates, bidders
from portal.cli.demo.papers.parties import Bidder, Party
from portal.cli.demo.stage import Stage

DECLARED = "经办人与招标人均已核对，确需如此，且不构成对潜在投标人的限制"
CREDIT_RULE = (
    "以投标截止之日为准，由平台查询信用中国、中国政府采购网等名单并留存证据；列入严重失信主体名单的，依招标文件予以否决"
)

Say = Callable[[str, str], None]
"""`say(step, sentence)`: how progress is told."""


@cache
def parties() -> dict[str, Bidder]:
    """The bidders of the cast by sign-in name."""
    return {bidder.key: bidder for bidder in bidders()}


@dataclass
class Tender(ABC):
    """One section: whose it is, what happened so far, and who of its bidders does what out of the ordinary."""

    stage: Stage
    say: Say
    section: str = ""
    owner: str = "tenderee"
    absent: str = ""
    """The bidder that does not come to the opening; two trustees open for it."""
    objector: str = ""
    """The bidder that objects in the hall and is answered."""
    unfit: str = ""
    """The bidder that the committee rejects in the review."""
    has_draw: bool = False
    """Whether a coefficient is drawn: officer and supervisor have committed to their nonces."""
    happened: dict[str, Any] = field(default_factory=dict)

    @property
    def trustees(self) -> tuple[str, str, str]:
        """Who holds the section's keys."""
        return self.owner, "officer", "supervisor"

    def row(self, session: Session) -> Section:
        """The section as it stands."""
        return section(session, self.section)

    def trustee(self, login: str, verb: str, *more: str) -> str:
        """A trustee's own program."""
        where = ("--server", self.stage.server, "--identity", self.stage.keys(login), "--section", self.section)
        return self.stage.command("trustee", verb, *where, *more)

    def upload(self, slot: str, file: Path) -> None:
        """The agent puts a document into the draft."""
        with file.open("rb") as stream:
            self.stage.as_("agent").send(
                f"/tender/sections/{self.section}/documents", {"slot": slot}, files={"file": (file.name, stream)}
            )

    def publish(self) -> int:
        """Trustees register their keys, two people publish the notice, every trustee rehearses; findings declared."""
        for login in self.trustees:
            self.trustee(login, "register")
        declared = self.submit_for_review(f"/tender/sections/{self.section}/submit")
        self.review(f"/tender/sections/{self.section}/publish", 1)
        for login in self.trustees:
            self.trustee(login, "rehearse")
        return declared

    def publish_answer(self, number: int, form: dict[str, str], **files: Any) -> None:
        """The agent drafts a clarification, the publication of that number, and two people publish it."""
        page = f"/tender/sections/{self.section}/publications/{number}"
        self.stage.as_("agent").send(f"/tender/sections/{self.section}/clarifications", form, **files)
        self.submit_for_review(f"{page}/submit")
        self.review(page, number)

    def submit_for_review(self, path: str) -> int:
        """The agent answers for every finding and hands the content on; how many findings there were."""
        agent = self.stage.as_("agent")
        found = agent.read(path).json()["concerns"]
        agent.send(path, {f"reason-{one['key']}": DECLARED for one in found})
        return len(found)

    def review(self, path: str, number: int) -> None:
        """A person of the tenderee looks at what the agent submitted and publishes exactly that."""
        with self.stage.platform.reading() as session:
            held = own_section(session, self.section, self.stage.cast.actor(self.owner))
            digest = publication(session, held, number).digest
        self.stage.as_(self.owner).send(path, {"confirmation": self.section, "digest": digest})

    def sealed(self, key: str, which: str) -> Path:
        """The folder in which a bidder keeps one sealed bid."""
        return self.stage.folder / "bidders" / key / which

    @abstractmethod
    def last_sealed(self, key: str) -> Path:
        """The folder of the bid that counts."""

    @abstractmethod
    def draft(self, key: str) -> Path:
        """The bidder's draft, written where it is not there yet."""

    def seal_and_send(self, key: str, which: str, replaces: str | None = None) -> None:
        """Seal one bid at the bidder's own machine, submit it, fetch its timestamp a minute later, verify offline."""
        out = self.sealed(key, which)
        identity = ("--identity", self.stage.keys(key))
        words: list[str | Path] = ["seal", "--server", self.stage.server, *identity]
        words += ["--section", self.section, "--out", out, "--draft", self.draft(key)]
        if replaces:
            words += ["--replaces", self.sealed(key, replaces)]
        self.stage.command(*words, machine=f"{key}-office")
        verb = "replace" if replaces and "withdrawn" not in replaces else "submit"
        self.stage.command(verb, *identity, out)
        self.stage.later(seconds=75)
        self.stage.command("receipt", "stamp", out)
        self.stage.command("receipt", "verify", out / "receipt.json")

    @abstractmethod
    def bonds_told(self) -> None:
        """What the institutions do when they look at the platform."""

    @abstractmethod
    def committee(self, meets_at: datetime) -> dict[str, str]:
        """The committee as the agent asks for it."""

    @abstractmethod
    def points(self, bid: Bid, place: int, number: int, criterion: dict[str, Any]) -> str:
        """What the expert in that place gives the bid for the criterion of that number."""

    def short(self, key: str) -> str:
        """A bidder's short name."""
        return parties()[key].short


def key_of(bid: Bid) -> str:
    """Whose bid it is, as the cast calls them."""
    return next(key for key, party in parties().items() if party.uscc == bid.identifier)


def notice_fields(tenderee: Party, dates: TenderDates) -> list[tuple[str, str]]:
    """What every notice of the cast says alike: how documents are got and bids handed in, who is asked."""
    local = "%Y-%m-%dT%H:%M"
    return [
        ("credit_rule", CREDIT_RULE),
        ("decrypt_minutes", "30"),
        ("documents_until_at", dates.documents_until_at.astimezone(BEIJING).strftime(local)),
        ("deadline_at", dates.deadline_at.astimezone(BEIJING).strftime(local)),
        ("obtaining", "公告发布之日起在本平台免费下载，无需报名"),
        ("submission", "通过本平台递交加密投标文件，以回执为准"),
        ("address", tenderee.address),
        ("contact", f"{tenderee.contact} {tenderee.telephone}"),
        ("objection_contact", f"{AGENT.contact} {AGENT.telephone}，本平台异议栏目"),
        ("media", "中国招标投标公共服务平台"),
    ]


def criterion_fields(rows: Iterable[tuple[str, str, object, str, bool]]) -> list[tuple[str, str]]:
    """The scoring items (name, group, points, standard, objective) as the form takes them."""
    form = []
    for number, (name, group, points, text, objective) in enumerate(rows, 1):
        form += [("criterion_name", name), ("criterion_group", group), ("criterion_points", str(points))]
        form += [("criterion_text", text), *([("criterion_objective", str(number))] if objective else [])]
    return form


def slot_fields(slots: Iterable[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """The files of a bid (name, slot, envelope), all required, as the form takes them."""
    form = []
    for number, (name, slot, envelope) in enumerate(slots, 1):
        form += [("slot_name", name), ("slot_code", slot), ("slot_envelope", envelope), ("slot_required", str(number))]
    return form


def leaning(points: Decimal, quality: str, place: int, number: int, bid: int) -> str:
    """A score by the bid's quality with a leaning of the expert's own."""
    own = Decimal((place * 7 + number * 3 + bid * 5) % 9 - 4) / 100
    return str((points * (Decimal(quality) + own)).quantize(Decimal("0.1")))


def committee_form(meets_at: datetime, counts: Sequence[str], place: str = "交易中心 301 评标室") -> dict[str, str]:
    """The form that asks for a committee with one representative and so many experts of each speciality."""
    form = {
        "size": str(1 + sum(map(int, counts))),
        "representatives": "1",
        "meets_at": meets_at.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M"),
        "hours": "8",
        "place": place,
    }
    for row, (name, count) in enumerate(zip(SPECIALITIES, counts, strict=False), 1):
        form |= {f"speciality-{row}": name, f"count-{row}": count}
    return form
