"""For platforms above: records of the national dataset to fetch, and verdicts on each, with reasons; sent again."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from accounts.routes.api.frame import operation
from accounts.rules import Role
from core.act import Act
from core.api.cursors import cursor, place
from core.api.fields import Asked, Given, Instant, Page, PageAsked, Plain, Told, among
from core.errors import Missing
from window import queries, services
from window.models import HandedRecord
from window.queries.exchange import VERDICTS
from window.routes.api.shapes import Code
from window.routes.blueprint import blueprint
from window.routes.opendata import national_records
from window.rules import national
from window.services.exchange import Verdict

KEEPERS = (Role.OPERATOR, Role.SUPERVISOR)
READ, WRITE = "exchange:read", "exchange:write"


class RecordTold(Told):
    """A record of the national dataset with its key and the digest of what it says."""

    key: str
    tender: str
    digest: str
    record: dict[str, str]


class DatasetAsked(Asked):
    """Of which tender, or of how many from a cursor on."""

    tender: Code | None = None
    tenders: int = Field(20, ge=1, le=50)
    cursor: str | None = Field(None, min_length=1, max_length=400, pattern="^[A-Za-z0-9_-]+$")


class HandedTold(Told):
    """A record for an upper platform and its verdict: waiting, accepted, rejected, faulty (not sent)."""

    id: int
    group: str
    key: str
    tender: str
    digest: str
    verdict: str
    code: str | None
    reason: str | None
    sent: int
    judged_at: Instant | None
    record: dict[str, Any]


class HandedAsked(PageAsked):
    """Under which verdict."""

    verdict: Annotated[str, among(VERDICTS), Field(json_schema_extra={"enum": list(VERDICTS)})] | None = None


class VerdictGiven(Given):
    """The verdict on one record as it was when it was fetched."""

    id: Annotated[int, Field(ge=1, lt=2**53)]
    digest: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    accepted: bool
    code: Annotated[str, StringConstraints(max_length=60, pattern="^[A-Za-z0-9._-]*$")] = ""
    reason: Annotated[Plain, Field(max_length=1000)] = ""


class VerdictsGiven(Given):
    """Verdicts on many records."""

    verdicts: Annotated[list[VerdictGiven], Field(min_length=1, max_length=1000)]


class Counts(Told):
    """How many verdicts were kept; passed over: the record has changed since, or is none of this platform's."""

    accepted: int
    rejected: int
    passed_over: int


class Resent(Told):
    """How many rejected records wait again."""

    waiting: int


@operation(blueprint, "GET", "/dataset/<group>", tag="exchange", answer=Page[RecordTold], asked=DatasetAsked)
def api_dataset(session: Session, group: str, asked: DatasetAsked) -> Page[RecordTold]:
    """Records of one group of the national dataset that pass its checks, tender by tender, the newest first."""
    if group not in national.groups():
        raise Missing("dataset.unknown", group=group[:40])
    following = None
    if asked.tender is not None:
        codes = [asked.tender]
    else:
        held = place(asked.cursor, f"dataset {group}", int)
        found = queries.listed_projects(session, after=int(held[0]) if held else None, limit=asked.tenders + 1)
        codes = [one.code for one, _ in found[: asked.tenders]]
        if len(found) > asked.tenders:
            following = cursor(f"dataset {group}", found[asked.tenders - 1][0].id)
    items = [
        RecordTold(
            key=national.record_key(record, group),
            tender=code,
            digest=national.record_digest(record),
            record=record,
        )
        for code in codes
        for record in national_records(queries.process(session, code), group)
        if not national.record_faults(record, group)
    ]
    return Page(items=items, next=following)


def _told(one: HandedRecord) -> HandedTold:
    return HandedTold(
        id=one.id,
        group=one.group_name,
        key=one.record_key,
        tender=one.project,
        digest=one.digest,
        verdict=one.verdict,
        code=one.code or None,
        reason=one.reason or None,
        sent=one.sent,
        judged_at=one.judged_at,
        record=one.record,
    )


@operation(
    blueprint, "GET", "/exchange/<platform>/records", tag="exchange", answer=Page[HandedTold], asked=HandedAsked,
    scope=READ, roles=KEEPERS,
)  # fmt: skip
def api_handed_records(session: Session, platform: str, asked: HandedAsked) -> Page[HandedTold]:
    """Records for an upper platform, by verdict, each rejected one with its reason."""
    held = queries.exchange_platform(session, platform, "upper")
    name = f"handed {held.code}"
    after = place(asked.cursor, name, int)
    found = queries.handed_records(
        session, held, verdict=asked.verdict or "", after=int(after[0]) if after else None, limit=asked.limit + 1
    )
    shown = found[: asked.limit]
    following = cursor(name, shown[-1].id) if len(found) > len(shown) else None
    return Page(items=[_told(one) for one in shown], next=following)


@operation(
    blueprint, "POST", "/exchange/<platform>/verdicts", tag="exchange", answer=Counts, given=VerdictsGiven,
    scope=WRITE, roles=KEEPERS, takes_key=True,
)  # fmt: skip
def judge_handed_records(act: Act, platform: str, given: VerdictsGiven) -> Counts:
    """The verdicts of an upper platform that fetches its records itself."""
    held = queries.exchange_platform(act.session, platform, "upper")
    verdicts = [Verdict(one.id, one.digest, one.accepted, one.code, one.reason) for one in given.verdicts]
    return Counts(**services.judge(act, held, verdicts))


@operation(
    blueprint, "POST", "/exchange/<platform>/resend", tag="exchange", answer=Resent, scope=WRITE, roles=KEEPERS
)  # fmt: skip
def resend_handed_records(act: Act, platform: str) -> Resent:
    """Every rejected record waits to be sent again."""
    held = queries.exchange_platform(act.session, platform, "upper")
    rejected = queries.handed_records(act.session, held, verdict="rejected", limit=10_000)
    return Resent(waiting=services.resend(act, held, rejected))
