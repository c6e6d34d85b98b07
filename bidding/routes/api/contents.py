"""The shapes of what a section asks of its bidders: criteria, envelopes, files, who is invited, its own documents."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from bidding.forms import LONG, STAR
from bidding.rules.envelopes import ENVELOPES, SITTINGS
from bidding.rules.method import (
    BASES,
    COMPUTABLE,
    FORMULAS,
    GROUPS,
    MOST_DRAWN,
    POLICIES,
    POLICY,
    SECONDS,
    check_method,
)
from core.api.fields import Asked, Filled, Given, Plain, Told, among

Points = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3})?$")]
CriterionCode = Annotated[str, StringConstraints(pattern="^[A-Za-z][A-Za-z0-9]{0,9}$")]
SlotCode = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,31}$")]


Group = Annotated[str, among((*GROUPS, POLICY)), Field(json_schema_extra={"enum": [*GROUPS, POLICY]})]
Policy = Annotated[str, among(POLICIES), Field(json_schema_extra={"enum": list(POLICIES)})]
Basis = Annotated[str, among(BASES), Field(json_schema_extra={"enum": list(BASES)})]
Second = Annotated[str, among(SECONDS), Field(json_schema_extra={"enum": list(SECONDS)})]
Down = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,3}(\.[0-9]{1,4})?$")]
Downs = Annotated[list[Down], Field(min_length=1, max_length=MOST_DRAWN)]
Formula = Annotated[str, among(FORMULAS), Field(json_schema_extra={"enum": list(FORMULAS)})]
Envelope = Annotated[str, among(ENVELOPES), Field(json_schema_extra={"enum": list(ENVELOPES)})]
Sitting = Annotated[str, among(SITTINGS), Field(json_schema_extra={"enum": list(SITTINGS)})]
Computed = Annotated[str, among(COMPUTABLE), Field(json_schema_extra={"enum": list(COMPUTABLE)})]


class ComputedGiven(Given):
    """A criterion computed from the schedule: full points at `full` or fewer, none at `none` or more."""

    of: Computed
    full: Annotated[int, Field(ge=1, le=36_500)]
    none: Annotated[int, Field(ge=2, le=36_500)]


class CriterionGiven(Given):
    """One criterion; `levels`: the scores it may have, highest first; neither levels nor computed: freely scored.

    Of the group `policy` it gives no points: `deduct` per cent come off the price of who is entitled (levels 1, 0).
    """

    code: CriterionCode
    name: Annotated[Filled, Field(max_length=80)]
    group: Group
    points: Points
    objective: bool = False
    text: Annotated[Plain, Field(max_length=LONG)] = ""
    levels: Annotated[list[Points], Field(min_length=2, max_length=20)] | None = None
    computed: ComputedGiven | None = None
    policy: Policy | None = None
    deduct: Points | None = None
    add: Points | None = None


class PriceGiven(Given):
    """How the price is scored: `lowest-first/v1` takes the first two, every other K, above and below and its own.

    `weight` or `weights`: `ceiling-mean/v1`; `basis`: `reasonable-low/v1`, with `weights` where it is `ceiling`;
    `second`: `second-mean/v1`; `interval`: `interval-mean/v1`; `band_from`, `downs`: `banded-mean/v1`, which has no
    `trim_from`.
    """

    formula: Formula
    points: Points
    k_range: Annotated[list[Points], Field(min_length=2, max_length=2)] | None = None
    step: Points | None = None
    above: Points | None = None
    below: Points | None = None
    trim_from: Annotated[int, Field(ge=3, le=99)] | None = None
    weight: Points | None = None
    weights: Annotated[list[Points], Field(min_length=1, max_length=MOST_DRAWN)] | None = None
    basis: Basis | None = None
    second: Second | None = None
    interval: Annotated[list[Points], Field(min_length=2, max_length=2)] | None = None
    band_from: Annotated[int, Field(ge=1, le=99)] | None = None
    downs: Annotated[list[Downs], Field(min_length=3, max_length=3)] | None = None


class ClauseGiven(Given):
    """A clause of the review; a substantive one allows no deviation and is marked ★ (R-125)."""

    code: CriterionCode
    text: Annotated[Filled, Field(max_length=300)]
    source: Annotated[Plain, Field(max_length=200)] = "招标文件"
    substantive: bool = False


class LowPriceGiven(Given):
    """Lines below which a price is asked to be explained, in percent (R-441)."""

    of_mean: Points | None = None
    of_second: Points | None = None
    of_maximum: Points | None = None


class MethodGiven(Given):
    """The evaluation method; it replaces the one before as a whole."""

    type: Literal["comprehensive/v1"] = "comprehensive/v1"
    criteria: Annotated[list[CriterionGiven], Field(max_length=200)]
    price: PriceGiven
    review: Annotated[list[ClauseGiven], Field(max_length=200, default_factory=list)]
    reference_opinions: bool = False
    low_price: LowPriceGiven | None = None

    def checked(self) -> dict[str, Any]:
        """The method as a section holds it; Invalid with the place for one that cannot be scored by."""
        told = self.model_dump(exclude_none=True, exclude_defaults=False)
        for clause in told["review"]:
            clause["substantive"] = clause["substantive"] or clause["text"].startswith(STAR)
            if not clause["substantive"]:
                del clause["substantive"]
            elif not clause["text"].startswith(STAR):
                clause["text"] = STAR + clause["text"]
        if not told["reference_opinions"]:
            del told["reference_opinions"]
        if not told.get("low_price"):
            told.pop("low_price", None)
        return check_method(told)


class EnvelopeGiven(Given):
    """An envelope in the order of opening: in which sitting, whether it hides its author."""

    name: Envelope
    opens: Sitting = "first"
    anonymous: bool = False


class SlotGiven(Given):
    """A named file of a bid, in which envelope, needed or not."""

    envelope: Envelope
    slot: SlotCode
    name: Annotated[Filled, Field(max_length=80)]
    required: bool = True


class EnvelopeTold(Told):
    """An envelope of the bids."""

    name: str
    opens: str
    anonymous: bool


class SlotTold(Told):
    """A named file of a bid."""

    envelope: str
    slot: str
    name: str
    required: bool


class DocumentTold(Told):
    """A document of the draft by its hash; `bill` and `bill_template` are made from the bill of quantities."""

    slot: str
    name: str
    sha256: str
    size: int


class DocumentAsked(Asked):
    """The name of the file sent, with its ending."""

    name: Annotated[Filled, Field(max_length=200)]


class InviteeGiven(Given):
    """One who may be invited; the name of a registered unit is taken from the register."""

    identifier: Annotated[str, StringConstraints(pattern="^[0-9A-Za-z]{18}$")]
    name: Annotated[Plain, Field(max_length=200)] = ""


class InviteesGiven(Given):
    """The whole list; it replaces the one before."""

    items: Annotated[list[InviteeGiven], Field(max_length=200)]


class InviteeTold(Told):
    """One who may be invited; only the tenderee's side sees this before the opening (R-043)."""

    identifier: str
    name: str
    is_invited: bool


class InviteesTold(Told):
    """The list of a section that is not open to all."""

    items: list[InviteeTold]
